//! `synod replay`: a story told again, up to any of its steps.
use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use serde_json::{Value, json};
use synod_protocol::{Node, NodeId, Nodes, Observer, Recording, Violation};
use synod_simulator::{
    Config, Simulation,
    keyed::Deviation,
    untimed::{self, Action, World},
};

use crate::{
    algorithm::{Algorithm, aimed},
    diagram::Diagram,
    exit::Exit,
    finding::record,
    judge::{self, Judge},
    load::Load,
    replay_file::{Plot, ReplayFileError, Story},
    run::Failure,
    walk::walk,
};

const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// How many rows of a long story are shown: the last ones.
pub const MOST_ROWS: usize = 60;

/// How many deviations of a run are told.
const MOST_DEVIATIONS: usize = 40;

/// What is to be replayed, and how far.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    pub file: PathBuf,
    /// Up to this row of the diagram.
    pub until: Option<usize>,
    /// The state of this node is shown, as it is then.
    pub state: Option<NodeId>,
    /// Carry out whatever actions there are.
    pub edited: bool,
}

/// What it came to.
#[derive(Debug)]
pub struct Replayed {
    pub lines: Vec<String>,
    pub violation: Option<Violation>,
    /// Did it end in what the file says?
    pub is_as_told: bool,
    /// It was to stop before the end.
    pub stopped: bool,
    pub steps: usize,
    pub state: Option<String>,
}

impl<N: Node> Story<N> {
    pub fn actions(&self) -> &[Action<N>] {
        match &self.plot {
            Plot::Actions(actions) => actions,
            Plot::Timed(_) => &[],
        }
    }

    /// What is odd in a run that needs its times; `None` if its seed draws it all.
    pub fn deviations(&self) -> Option<&[Deviation]> {
        match &self.plot {
            Plot::Actions(_) => None,
            Plot::Timed(config) => config.deviations.as_deref(),
        }
    }

    pub fn needs_timing(&self) -> bool {
        matches!(self.plot, Plot::Timed(_))
    }
}

/// What happened, in two lines, and what was odd, in a line each.
pub fn headline<N: Node>(story: &Story<N>, before: Option<usize>) -> Vec<String> {
    let seed = story.seed.map(|seed| format!("seed {seed}: ")).unwrap_or_default();
    let first =
        format!("{BAD}✗ {seed}{} violated{BAD:#}: {}", story.violation.property, story.violation.story);
    let nodes = story.nodes;
    let second = match &story.plot {
        Plot::Actions(actions) => {
            let before = before.map(|before| format!(", of {before} in the run")).unwrap_or_default();
            format!("  {} actions{before}, in a cluster of {nodes}", actions.len())
        }
        Plot::Timed(_) if story.deviations().is_some() => {
            let left = story.deviations().map_or(0, <[_]>::len);
            let before = before.map(|before| format!(", of {before} in the run")).unwrap_or_default();
            match left {
                0 => format!(
                    "  it needs timing, and nothing that is odd: a cluster of {nodes} in its plainest run"
                ),
                _ => format!("  it needs timing: {left} deviations{before}, in a cluster of {nodes}"),
            }
        }
        Plot::Timed(config) => {
            let faults: Vec<&str> = config.faults().iter().map(|fault| fault.name()).collect();
            let faults = if faults.is_empty() { "no faults".to_owned() } else { faults.join(", ") };
            format!(
                "  it needs timing: a cluster of {nodes}, {} clients, {} calls, {faults}",
                config.clients, config.operations
            )
        }
    };
    let deviations = story.deviations().unwrap_or_default();
    let told = deviations.iter().take(MOST_DEVIATIONS).map(|deviation| format!("    · {deviation}"));
    let left_out = deviations.len().saturating_sub(MOST_DEVIATIONS);
    let rest = (left_out > 0).then(|| format!("    · … and {left_out} more"));
    [first, second].into_iter().chain(told).chain(rest).collect()
}

/// The diagram of a story; of a long one, its end.
pub fn drawn<A: Algorithm>(story: &Story<A::Node>, most: usize) -> Vec<String> {
    let mut diagram = Diagram::<A>::new(story.nodes);
    match &story.plot {
        Plot::Actions(actions) => {
            let judge = Judge::<A> { config: story.node_config.clone() };
            untimed::play(&judge, story.nodes, actions, &mut diagram);
        }
        Plot::Timed(config) => {
            let (recording, _) = record::<A>(config, &story.node_config);
            show(&mut diagram, &recording);
        }
    }
    last_rows(&diagram, most)
}

fn show<A: Algorithm>(diagram: &mut Diagram<A>, recording: &Recording<A::Node>) {
    for step in recording.steps() {
        // A diagram breaks nothing.
        let _ = diagram.observe(step, Nodes::new(&[]));
    }
}

fn last_rows<A: Algorithm>(diagram: &Diagram<A>, most: usize) -> Vec<String> {
    let left_out = diagram.rows().saturating_sub(most);
    let mut lines = diagram.lines(left_out);
    if left_out > 0 {
        lines.insert(1, format!("{DIM}    … {left_out} steps before{DIM:#}"));
    }
    lines
}

/// Does the story end well? For tests that are made of one.
///
/// # Errors
/// The violation that it ends in, or what is wrong with the text.
pub fn holds<A: Algorithm>(story: &str) -> Result<(), Box<dyn std::error::Error>> {
    let story = Story::<A::Node>::read::<A>(story.as_bytes(), false)?;
    let judge = Judge::<A> { config: story.node_config.clone() };
    let violation = match &story.plot {
        Plot::Actions(actions) => untimed::play(&judge, story.nodes, actions, ()).0,
        Plot::Timed(config) => record::<A>(config, &story.node_config).1,
    };
    violation.map_or(Ok(()), |violation| Err(violation.into()))
}

/// Reads a file whole.
///
/// # Errors
/// It cannot be read.
pub fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let open = || {
        let mut file = File::open(path)?;
        // A folder opens, and cannot be read.
        file.read(&mut []).map(|_| file)
    };
    let context = || format!("{} cannot be read", path.display());
    open().map(BufReader::new).with_context(context).map_err(Failure::new(Exit::Environment))
}

/// A file that makes no sense is the user's.
pub fn refused(path: &Path) -> impl Fn(ReplayFileError) -> Failure {
    move |error| Failure {
        exit: Exit::Usage,
        error: anyhow::Error::new(error).context(path.display().to_string()),
    }
}

/// Walks through it, as the lines of `input` say.
///
/// # Errors
/// The file is no story.
pub fn walked<A: Algorithm>(options: &ReplayOptions) -> Result<(), Failure> {
    let story =
        Story::<A::Node>::read::<A>(open(&options.file)?, options.edited).map_err(refused(&options.file))?;
    let environment = |error: std::io::Error| Failure { exit: Exit::Environment, error: error.into() };
    walk::<A>(&story, std::io::stdin().lock(), anstream::stdout().lock()).map_err(environment)
}

/// Tells it.
///
/// # Errors
/// The file is no story, or there is no such step or node.
pub fn replay<A: Algorithm>(options: &ReplayOptions) -> Result<Replayed, Failure> {
    let story =
        Story::<A::Node>::read::<A>(open(&options.file)?, options.edited).map_err(refused(&options.file))?;
    let usage = |what: String| Failure { exit: Exit::Usage, error: anyhow::anyhow!(what) };
    if let Some(node) = options.state.filter(|node| !(1..=story.nodes).contains(&node.0)) {
        return Err(usage(format!("--state {}: the nodes are 1 to {}", node.0, story.nodes)));
    }
    let until = options.until.unwrap_or(usize::MAX);
    let mut told = match &story.plot {
        Plot::Actions(actions) => carried_out::<A>(&story, actions, until, options.state),
        Plot::Timed(config) => timed::<A>(&story, config, until, options.state)?,
    };
    if let Some(until) = options.until.filter(|until| *until > told.steps) {
        return Err(usage(format!("--until {until}: the story has {} steps", told.steps)));
    }
    told.is_as_told = told.violation.as_ref().is_some_and(|v| untimed::is_same(v, &story.violation));
    let mut lines = headline::<A::Node>(&story, None);
    lines.push(String::new());
    lines.append(&mut told.lines);
    lines.push(String::new());
    lines.push(match &told.violation {
        Some(violation) => format!("{BAD}✗ {}{BAD:#}: {}", violation.property, violation.story),
        None if told.stopped => format!("  stopped after step {}; nothing is violated yet", told.steps),
        None => "  nothing is violated any more".to_owned(),
    });
    if let (Some(node), Some(state)) = (options.state, &told.state) {
        lines.push(format!("\n{node} after step {}:", told.steps));
        lines.extend(state.lines().map(str::to_owned));
    }
    told.lines = lines;
    Ok(told)
}

fn carried_out<A: Algorithm>(
    story: &Story<A::Node>,
    actions: &[Action<A::Node>],
    until: usize,
    state: Option<NodeId>,
) -> Replayed {
    let judge = Judge::<A> { config: story.node_config.clone() };
    let observer = (Diagram::<A>::new(story.nodes), A::Watch::default());
    let mut world = World::new(story.nodes, story.node_config.clone(), observer);
    let (mut stopped, mut skipped) = (false, None);
    for (action, number) in actions.iter().zip(1..) {
        stopped = world.observer().0.rows() >= until;
        if stopped || world.violation().is_some() {
            break;
        }
        if !world.act(action) {
            skipped.get_or_insert((number, action));
        }
    }
    let in_history = || untimed::Judge::verdict(&judge, world.calls());
    let violation = world.violation().cloned().or_else(|| if stopped { None } else { in_history() });
    let diagram = &world.observer().0;
    let mut lines = last_rows(diagram, MOST_ROWS);
    if let Some((number, action)) = skipped {
        lines.push(format!("  it goes another way now: action {number} cannot happen ({action})"));
    }
    let (steps, state) = (diagram.rows(), state.map(|id| describe(world.nodes(), id)));
    Replayed { lines, violation, is_as_told: false, stopped, steps, state }
}

fn describe<N: Node>(nodes: Nodes<'_, N>, id: NodeId) -> String {
    nodes.get(id).map_or_else(|| "it is down".to_owned(), |node| format!("{node:#?}"))
}

/// The run of a seed, from its beginning.
fn timed<A: Algorithm>(
    story: &Story<A::Node>,
    config: &Config,
    until: usize,
    state: Option<NodeId>,
) -> Result<Replayed, Failure> {
    let observer = (Diagram::<A>::new(story.nodes), A::Watch::default());
    let simulation =
        Simulation::new(config.clone(), story.node_config.clone(), Load::<A>::of(config), observer)
            .map_err(|error| Failure { exit: Exit::Usage, error: error.into() })?;
    let mut simulation = aimed::<A, _, _>(simulation);
    let mut goes_on = true;
    while goes_on && simulation.observer().0.rows() < until {
        goes_on = simulation.step();
    }
    let diagram = &simulation.observer().0;
    let (lines, steps) = (last_rows(diagram, MOST_ROWS), diagram.rows());
    let state = state.map(|id| describe(simulation.nodes(), id));
    let violation = if goes_on { None } else { judge::verdict::<A>(&simulation.outcome()).0 };
    Ok(Replayed { lines, violation, is_as_told: false, stopped: goes_on, steps, state })
}

impl Replayed {
    pub fn exit(&self) -> Exit {
        if self.violation.is_some() { Exit::Violated } else { Exit::Holds }
    }

    /// For a program.
    pub fn json(&self) -> Value {
        json!({
            "schema": "synod.replayed/1",
            "violation": self.violation,
            "as_told": self.is_as_told,
            "stopped": self.stopped,
            "steps": self.steps,
            "state": self.state,
        })
    }
}
