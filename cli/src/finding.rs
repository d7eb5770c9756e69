//! From a seed that fails to the shortest story of it.
use synod_protocol::{Node, Observer, Recording, Violation};
use synod_simulator::{
    Config, Fault, keyed,
    untimed::{self, Extract, Minimised, Tale, minimise},
};

use crate::{
    algorithm::{Algorithm, aimed, watched},
    judge::{self, Judge},
    load::Load,
    replay_file::{Plot, Story},
};

/// How many actions may be carried out to shrink one story: some seconds' worth.
pub const PATIENCE: u64 = 20_000_000;

/// How many steps may be made to shrink a run by its deviations: some seconds' worth.
const KEYED_PATIENCE: u64 = 10_000_000;

/// A violation, and how it was shrunk.
#[derive(Clone, Debug)]
pub struct Finding<N: Node> {
    pub story: Story<N>,
    /// How many actions the run had, if it could be told without its times, or else how many deviations.
    pub before: Option<usize>,
    pub effort: Effort,
}

/// What shrinking took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    pub tries: u64,
    /// The patience was over before nothing more could be removed.
    pub is_cut_short: bool,
}

impl Effort {
    /// What a person should know of it.
    pub fn note(self) -> Option<String> {
        let Effort { tries, is_cut_short } = self;
        is_cut_short
            .then(|| format!("  shrinking was given up after {tries} tries: a shorter story may exist"))
    }
}

/// Makes the run of a seed again, and shrinks what it ends in. `None` if it does not fail.
pub fn investigate<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
) -> Option<Finding<A::Node>> {
    let mut extract = Extract::default();
    let violation = run::<A>(config, node, &mut extract)?;
    let tale = Tale { nodes: config.nodes, actions: extract.into_actions(), violation: violation.clone() };
    let before = tale.actions.len();
    // A cluster that does not go on is a matter of time by itself.
    let untimed = (violation.property != judge::LIVENESS)
        .then(|| shrink::<A>(tale, Some(config.seed), node.clone(), PATIENCE))
        .flatten();
    Some(match untimed {
        Some((story, effort)) => Finding { story, before: Some(before), effort },
        None => timed::<A>(config, node, violation),
    })
}

/// Runs a configuration to its verdict.
fn run<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
    observer: &mut dyn Observer<A::Node>,
) -> Option<Violation> {
    let mut observer = (observer, A::Watch::default());
    judge::verdict::<A>(&watched::<A>(config, node.clone(), &mut observer).ok()?.run()).0
}

/// The steps of a timed run, to be drawn.
pub fn record<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
) -> (Recording<A::Node>, Option<Violation>) {
    let mut recording = Recording::default();
    let violation = run::<A>(config, node, &mut recording);
    (recording, violation)
}

/// Shrinks a list of actions; `None` if it does not fail.
pub fn shrink<A: Algorithm>(
    tale: Tale<A::Node>,
    seed: Option<u64>,
    node: <A::Node as Node>::Config,
    patience: u64,
) -> Option<(Story<A::Node>, Effort)> {
    let judge = Judge::<A> { config: node };
    let Minimised { tale, tries, is_cut_short, .. } = minimise(&judge, tale, patience)?;
    let Tale { nodes, actions, violation } = tale;
    let node_config = untimed::Judge::config(&judge, nodes);
    Some((
        Story { seed, nodes, node_config, violation, plot: Plot::Actions(actions) },
        Effort { tries, is_cut_short },
    ))
}

/// What needs its times is told by what was odd in the run, and that is made less. Where what was odd makes another
/// run, the configuration is made plainer.
fn timed<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
    violation: Violation,
) -> Finding<A::Node> {
    match by_deviations::<A>(config, node, &violation) {
        Some(finding) => without_times::<A>(&finding).unwrap_or(finding),
        None => in_config::<A>(config, node, violation),
    }
}

/// Where little is odd, a list of actions may do that did not hold the run as it was.
fn without_times<A: Algorithm>(finding: &Finding<A::Node>) -> Option<Finding<A::Node>> {
    let Plot::Timed(config) = &finding.story.plot else { return None };
    let mut extract = Extract::default();
    let violation = run::<A>(config, &finding.story.node_config, &mut extract)?;
    if violation.property == judge::LIVENESS {
        return None;
    }
    let tale = Tale { nodes: config.nodes, actions: extract.into_actions(), violation };
    let before = Some(tale.actions.len());
    let node = finding.story.node_config.clone();
    let (story, effort) = shrink::<A>(tale, Some(config.seed), node, PATIENCE)?;
    Some(Finding { story, before, effort })
}

fn by_deviations<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
    violation: &Violation,
) -> Option<Finding<A::Node>> {
    let told = match &config.deviations {
        Some(_) => config.clone(),
        None => {
            let mut watch = A::Watch::default();
            let observer: &mut dyn Observer<A::Node> = &mut watch;
            keyed::note(config, node.clone(), Load::<A>::of(config), observer, aimed::<A, _, _>).ok()?.0
        }
    };
    let fails = |config: &Config| -> (Option<Violation>, u64) {
        let node = A::resized(node, config.nodes);
        let mut watch = A::Watch::default();
        let Ok(simulation) = watched::<A>(config, node, &mut watch) else { return (None, 0) };
        let outcome = simulation.run();
        let same = judge::verdict::<A>(&outcome).0.filter(|found| untimed::is_same(found, violation));
        (same, outcome.counts.steps)
    };
    let smaller = |config: &Config| (config.nodes > A::LEAST_NODES).then(|| smaller::<A>(config));
    let keyed::Minimised { config, before, tries, is_cut_short } =
        keyed::minimise(told, KEYED_PATIENCE, smaller, |config| {
            let (same, steps) = fails(config);
            keyed::Verdict { fails: same.is_some(), steps }
        })?;
    let violation = fails(&config).0?;
    let (seed, nodes) = (Some(config.seed), config.nodes);
    let node_config = A::resized(node, nodes);
    let plot = Plot::Timed(Box::new(config));
    Some(Finding {
        story: Story { seed, nodes, node_config, violation, plot },
        before: Some(before),
        effort: Effort { tries, is_cut_short },
    })
}

fn smaller<A: Algorithm>(config: &Config) -> Config {
    let nodes = config.nodes - 1;
    Config { nodes, tolerance: A::tolerance_under(&config.load, nodes), ..config.clone() }
}

/// What needs its times is shrunk in its configuration: without classes of faults, with fewer nodes, clients and
/// calls. Draws are keyed, so whatever is left out leaves all else as it was.
fn in_config<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
    violation: Violation,
) -> Finding<A::Node> {
    let (mut config, mut violation, mut tries) = (config.clone(), violation, 0);
    'again: loop {
        for candidate in plainer::<A>(&config) {
            tries += 1;
            let node = A::resized(node, candidate.nodes);
            if let Some(same) = run::<A>(&candidate, &node, &mut ())
                && untimed::is_same(&same, &violation)
            {
                (config, violation) = (candidate, same);
                continue 'again;
            }
        }
        break;
    }
    let (seed, nodes) = (Some(config.seed), config.nodes);
    let node_config = A::resized(node, nodes);
    let plot = Plot::Timed(Box::new(config));
    Finding {
        story: Story { seed, nodes, node_config, violation, plot },
        before: None,
        effort: Effort { tries, is_cut_short: false },
    }
}

fn plainer<A: Algorithm>(config: &Config) -> Vec<Config> {
    let mut plainer: Vec<Config> =
        config.faults().into_iter().map(|fault: Fault| config.clone().without_faults(&[fault])).collect();
    let mut with = |turn: &dyn Fn(&mut Config)| {
        let mut candidate = config.clone();
        turn(&mut candidate);
        if candidate != *config {
            plainer.push(candidate);
        }
    };
    with(&|config| config.operations = (config.operations / 2).max(1));
    with(&|config| config.clients = (config.clients / 2).max(1));
    with(&|config| config.safety /= 2);
    with(&|config| {
        if config.nodes > A::LEAST_NODES.max(3) {
            *config = smaller::<A>(config);
        }
    });
    plainer.retain(|candidate| !candidate.safety.is_zero());
    plainer
}
