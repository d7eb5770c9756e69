//! `synod shrink`: what was recorded or found, as short as it gets.
use std::{io::BufRead, path::PathBuf};

use serde_json::{Value, json};
use synod_protocol::{Node, Nodes, Observer};
use synod_simulator::untimed::{self, Extract, Tale};
use synod_telemetry::trace_file::Reader;

use crate::{
    algorithm::Algorithm,
    conform::recorded::node_config,
    exit::Exit,
    files::Folder,
    finding::{Effort, PATIENCE, investigate, shrink as minimised},
    judge::Judge,
    replay::{self, open, refused},
    replay_file::{self, Plot, Story},
    run::Failure,
    rust_test,
};

/// What is to be shrunk.
#[derive(Clone, Debug)]
pub struct ShrinkOptions {
    /// A story, or the trace of a run.
    pub file: PathBuf,
    /// Where the shorter story goes.
    pub out: PathBuf,
    /// Carry out whatever actions there are.
    pub edited: bool,
}

/// What became of it.
#[derive(Debug)]
pub struct Shrunk {
    pub lines: Vec<String>,
    /// Actions before and after; or deviations, in a story that needs timing.
    pub before: usize,
    pub after: usize,
    pub needs_timing: bool,
    pub effort: Effort,
    pub property: Option<String>,
    pub files: Vec<PathBuf>,
}

/// Shrinks it, and writes the story and a test made of it.
///
/// # Errors
/// The file is neither a story nor a trace, or nothing can be written.
pub fn shrink<A: Algorithm>(options: &ShrinkOptions) -> Result<Shrunk, Failure> {
    let mut first = String::new();
    let input = &options.file;
    open(input)?
        .read_line(&mut first)
        .map_err(|error| refused(input)(replay_file::ReplayFileError::Read { line: 1, source: error }))?;
    let is_trace = first.contains(synod_telemetry::trace_file::SCHEMA);
    let found = if is_trace { of_trace::<A>(options)? } else { of_story::<A>(options)? };
    let Some((story, before, effort)) = found else {
        let lines = vec!["nothing is violated: there is nothing to shrink".to_owned()];
        return Ok(Shrunk {
            lines,
            before: 0,
            after: 0,
            needs_timing: false,
            effort: Effort::default(),
            property: None,
            files: Vec::new(),
        });
    };
    let environment = || Failure::new(Exit::Environment);
    let (parent, name) = (options.out.parent(), options.out.file_name());
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty()).map_or("./".into(), PathBuf::from);
    let name = name.map_or_else(|| "story.replay.jsonl".into(), |name| name.to_string_lossy().into_owned());
    let mut folder = Folder::open(&parent).map_err(environment())?;
    let test = format!("{}.rs", name.trim_end_matches(".jsonl").trim_end_matches(".replay"));
    for (name, text) in [(name, story.text::<A>()), (test, rust_test::text::<A>(&story))] {
        folder
            .write(&name, |mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .map_err(environment())?;
    }
    let files = folder.finish().map_err(environment())?;
    let mut lines = replay::headline(&story, Some(before));
    lines.extend(effort.note());
    lines.push(String::new());
    lines.extend(replay::drawn::<A>(&story, replay::MOST_ROWS));
    lines.push(String::new());
    lines.extend(files.iter().map(|file| format!("  wrote    {}", file.display())));
    let after = story.actions().len() + story.deviations().map_or(0, <[_]>::len);
    let needs_timing = story.needs_timing();
    let property = Some(story.violation.property.to_string());
    Ok(Shrunk { lines, before, after, needs_timing, effort, property, files })
}

type Found<N> = Option<(Story<N>, usize, Effort)>;

fn of_story<A: Algorithm>(options: &ShrinkOptions) -> Result<Found<A::Node>, Failure> {
    let story =
        Story::<A::Node>::read::<A>(open(&options.file)?, options.edited).map_err(refused(&options.file))?;
    let Story { seed, nodes, node_config, violation, plot } = story;
    match plot {
        Plot::Actions(actions) => {
            let before = actions.len();
            Ok(of_list::<A>(seed, nodes, node_config, actions, Some(violation))
                .map(|(story, effort)| (story, before, effort)))
        }
        Plot::Timed(config) => Ok(investigate::<A>(&config, &node_config)
            .map(|finding| (finding.story, finding.before.unwrap_or(0), finding.effort))),
    }
}

/// A trace does not say what was violated: its actions are carried out once to see it.
fn of_trace<A: Algorithm>(options: &ShrinkOptions) -> Result<Found<A::Node>, Failure> {
    let usage = |error: synod_telemetry::trace_file::TraceFileError| Failure {
        exit: Exit::Usage,
        error: anyhow::Error::new(error).context(options.file.display().to_string()),
    };
    let reader = Reader::new(open(&options.file)?).map_err(usage)?;
    let header = reader.header().clone();
    if header.algorithm != A::NAME {
        return Err(refused(&options.file)(replay_file::ReplayFileError::OtherAlgorithm {
            found: header.algorithm,
        }));
    }
    let mut extract = Extract::<A::Node>::default();
    for step in reader.steps::<A::Node>() {
        // It breaks nothing.
        let _ = extract.observe(&step.map_err(usage)?, Nodes::new(&[]));
    }
    let actions = extract.into_actions();
    let before = actions.len();
    let config = node_config::<A>(&header).map_err(|error| Failure { exit: Exit::Usage, error })?;
    Ok(of_list::<A>(Some(header.seed), header.nodes, config, actions, None)
        .map(|(story, effort)| (story, before, effort)))
}

fn of_list<A: Algorithm>(
    seed: Option<u64>,
    nodes: u32,
    config: <A::Node as Node>::Config,
    actions: Vec<untimed::Action<A::Node>>,
    said: Option<synod_protocol::Violation>,
) -> Option<(Story<A::Node>, Effort)> {
    let judge = Judge::<A> { config: config.clone() };
    let violation = match untimed::play(&judge, nodes, &actions, ()).0 {
        Some(violation) => violation,
        // What an assertion ended has no last step: it is found again while shrinking.
        None => said?,
    };
    minimised::<A>(Tale { nodes, actions, violation }, seed, config, PATIENCE)
}

impl Shrunk {
    pub fn exit(&self) -> Exit {
        if self.property.is_some() { Exit::Violated } else { Exit::Holds }
    }

    /// For a program.
    pub fn json(&self) -> Value {
        json!({
            "schema": "synod.shrunk/1",
            "property": self.property,
            "actions_before": if self.needs_timing { 0 } else { self.before },
            "actions": if self.needs_timing { 0 } else { self.after },
            "needs_timing": self.needs_timing,
            "deviations_before": if self.needs_timing { self.before } else { 0 },
            "deviations": if self.needs_timing { self.after } else { 0 },
            "tries": self.effort.tries,
            "cut_short": self.effort.is_cut_short,
            "files": self.files,
        })
    }
}
