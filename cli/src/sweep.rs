//! `synod sweep`: many seeds, each a small run of its own; the first violation, shrunk to a story.
use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use synod_simulator::{ConfigError, Counting, Fault, Simulation};

use crate::{
    algorithm::{Algorithm, aimed},
    exit::Exit,
    files::Folder,
    finding::{Finding, investigate},
    judge,
    load::Load,
    replay,
    run::Failure,
    rust_test,
    swarm::{Asked, Drawn, draw},
};

mod hunt;
pub mod plan;
pub mod tally;

use hunt::{Goes, hunt};
use plan::{Seeds, Shard};
use tally::{Run, Tally};

/// What a sweep is to be.
#[derive(Clone, Debug)]
pub struct SweepOptions {
    pub seeds: Seeds,
    pub shard: Option<Shard>,
    pub faults: Vec<Fault>,
    /// What is asked for beside what the seeds draw.
    pub asked: Asked,
    /// Threads; `None`: one per core.
    pub jobs: Option<usize>,
    /// Go on after a violation.
    pub keep_going: bool,
    /// Where stories and the tally go; `None`: stories of violations to the usual place, and no tally.
    pub out: Option<PathBuf>,
}

/// What it came to.
#[derive(Debug)]
pub struct SweepReport {
    pub tally: Tally,
    pub stories: Vec<Told>,
    pub files: Vec<PathBuf>,
    pub was_interrupted: bool,
    /// Of real time, for people alone.
    pub seeds_per_second: f64,
}

/// A story, ready to be printed and written.
#[derive(Clone, Debug)]
pub struct Told {
    pub seed: u64,
    pub property: String,
    pub actions: usize,
    pub before: Option<usize>,
    pub needs_timing: bool,
    /// Of a story that needs timing, if it could be told by them.
    pub deviations: Option<usize>,
    pub lines: Vec<String>,
    /// Names and contents.
    files: Vec<(String, String)>,
}

/// With `--keep-going`, so many stories are shrunk: one per property, the first of each.
const MOST_STORIES: usize = 8;

/// Sweeps, shrinks what it found, and writes the files.
///
/// # Errors
/// The files cannot be written. A violation is no error: the report says so.
pub fn sweep<A: Algorithm>(options: &SweepOptions, interrupted: &AtomicBool) -> Result<SweepReport, Failure> {
    let folder = match &options.out {
        Some(out) => Some(Folder::open(out).map_err(Failure::new(Exit::Environment))?),
        None => None,
    };
    let Drawn { config, .. } = draw::<A>(options.seeds.from, &options.faults, &options.asked);
    A::load(&config.load).map_err(|error| Failure { exit: Exit::Usage, error: error.into() })?;
    let faults = options.faults.iter().map(ToString::to_string).collect();
    let mut tally = Tally::new(A::NAME, options.seeds, options.shard, faults);
    let jobs = options.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let mut refused: Option<(u64, ConfigError)> = None;
    let (began, bar) = (Instant::now(), progress("sweeping", tally.left));
    hunt(
        options.seeds.of(options.shard),
        jobs.max(1),
        interrupted,
        |seed| one::<A>(seed, options),
        |seed, run| {
            if let Some(error) = run.refused {
                refused = Some((seed, error));
                return Goes::Home;
            }
            let goes_home = run.violation.is_some() && !options.keep_going;
            tally.add(run);
            bar.set_position(tally.runs);
            if goes_home { Goes::Home } else { Goes::On }
        },
    );
    let seeds_per_second = tally.runs as f64 / began.elapsed().as_secs_f64().max(1e-9);
    bar.finish_and_clear();

    if let Some((seed, error)) = refused {
        let error =
            anyhow::Error::new(error).context(format!("seed {seed} makes no run with what was asked for"));
        return Err(Failure { exit: Exit::Usage, error });
    }
    let mut stories: Vec<Told> = Vec::new();
    for violated in &tally.violated {
        let is_new = stories.iter().all(|told| told.property != violated.property);
        if is_new && stories.len() < MOST_STORIES {
            stories.extend(tell::<A>(violated.seed, options));
        }
    }
    let was_interrupted = interrupted.load(Ordering::Relaxed);
    let mut report = SweepReport { tally, stories, files: Vec::new(), was_interrupted, seeds_per_second };
    report.write(folder, options).map_err(Failure::new(Exit::Environment))?;
    Ok(report)
}

/// One seed, to its verdict.
fn one<A: Algorithm>(seed: u64, options: &SweepOptions) -> Run {
    let Drawn { config, node } = draw::<A>(seed, &options.faults, &options.asked);
    let mut run = Run {
        seed,
        counts: Map::new(),
        sometimes: Default::default(),
        trace_hash: 0,
        virtual_ns: 0,
        is_undecided: false,
        violation: None,
        refused: None,
    };
    let mut counting = Counting::new(A::sometimes());
    // What clients saw is judged at the end: to watch them all the time costs a third of the seeds.
    let observer = (&mut counting, A::Watch::default());
    let simulation = match Simulation::new(config.clone(), node, Load::<A>::of(&config), observer) {
        Ok(simulation) => simulation,
        Err(error) => {
            run.refused = Some(error);
            return run;
        }
    };
    let outcome = aimed::<A, _, _>(simulation).run();
    (run.trace_hash, run.virtual_ns) = (outcome.trace_hash, outcome.end.0);
    if let Ok(Value::Object(counts)) = serde_json::to_value(outcome.counts) {
        run.counts = counts;
    }
    (run.violation, run.is_undecided) = judge::verdict::<A>(&outcome);
    run.sometimes = counting.tally;
    run
}

/// The story of a seed that fails.
fn tell<A: Algorithm>(seed: u64, options: &SweepOptions) -> Option<Told> {
    let Drawn { config, node } = draw::<A>(seed, &options.faults, &options.asked);
    let knobs = format!("{config}node = {node:?}\n");
    let Finding { story, before, effort } = investigate::<A>(&config, &node)?;
    let name = format!("{}-seed-{seed}", A::NAME);
    let file = options.folder(A::NAME).join(format!("{name}.replay.jsonl"));
    let mut lines = replay::headline::<A::Node>(&story, before);
    lines.extend(effort.note());
    lines.push(String::new());
    lines.extend(replay::drawn::<A>(&story, if story.needs_timing() { 12 } else { replay::MOST_ROWS }));
    lines.push(String::new());
    let mut again = format!("synod sweep {} --seeds {seed}..{}", A::NAME, seed + 1);
    if let Some((file, _)) = &options.asked.scenario {
        again += &format!(" --scenario {}", file.display());
    }
    for (name, value) in &options.asked.set {
        again += &format!(" --set '{name}={value}'");
    }
    let usual = if options.asked.scenario.is_some() { &[] } else { A::FAULTS };
    if options.faults != usual {
        let names: Vec<&str> = options.faults.iter().map(|fault| fault.name()).collect();
        again += &format!(" --faults {}", if names.is_empty() { "none".into() } else { names.join(",") });
    }
    lines.push(format!("  again:   {again}"));
    lines.push(format!("  replay:  synod replay {}", file.display()));
    lines.push(format!("  a state: synod replay {} --until 3 --state 1", file.display()));
    lines.push(format!("  a test:  {}", file.with_file_name(format!("{name}.rs")).display()));
    lines.push(format!("  knobs:   {}", file.with_file_name(format!("{name}.knobs.txt")).display()));
    let mut files = vec![(format!("{name}.replay.jsonl"), story.text::<A>())];
    files.push((format!("{name}.rs"), rust_test::text::<A>(&story)));
    files.push((format!("{name}.knobs.txt"), knobs));
    let actions = story.actions().len();
    let property = story.violation.property.to_string();
    let deviations = story.deviations().map(<[_]>::len);
    let needs_timing = story.needs_timing();
    Some(Told { seed, property, actions, before, needs_timing, deviations, lines, files })
}

impl SweepOptions {
    fn folder(&self, algorithm: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from(format!("synod-out/sweep-{algorithm}")))
    }
}

impl SweepReport {
    fn write(&mut self, folder: Option<Folder>, options: &SweepOptions) -> anyhow::Result<()> {
        let is_asked_for = folder.is_some();
        if !is_asked_for && self.stories.is_empty() {
            return Ok(());
        }
        let mut folder = match folder {
            Some(folder) => folder,
            None => Folder::open(&options.folder(&self.tally.algorithm))?,
        };
        for (name, text) in self.stories.iter().flat_map(|told| &told.files) {
            folder.write(name, |mut file| std::io::Write::write_all(&mut file, text.as_bytes()))?;
        }
        if is_asked_for {
            let name = match self.tally.shards.first() {
                Some(shard) => format!("sweep-{}-of-{}.json", shard.index, shard.of),
                None => "sweep.json".to_owned(),
            };
            let text = format!("{:#}\n", serde_json::to_value(&self.tally)?);
            folder.write(&name, |mut file| std::io::Write::write_all(&mut file, text.as_bytes()))?;
        }
        self.files = folder.finish()?;
        Ok(())
    }

    pub fn exit(&self) -> Exit {
        match (&self.tally, self.was_interrupted) {
            (_, true) => Exit::Interrupted,
            (tally, _) => exit(tally),
        }
    }

    /// For a program: the tally, and what belongs to this machine beside it.
    pub fn json(&self) -> Value {
        let stories: Vec<Value> = self
            .stories
            .iter()
            .map(|told| {
                json!({
                    "seed": told.seed,
                    "property": told.property,
                    "actions": told.actions,
                    "actions_before": told.before.filter(|_| !told.needs_timing),
                    "needs_timing": told.needs_timing,
                    "deviations": told.deviations,
                    "deviations_before": told.before.filter(|_| told.needs_timing),
                })
            })
            .collect();
        json!({
            "tally": self.tally,
            "stories": stories,
            "files": self.files,
            "interrupted": self.was_interrupted,
            "seeds_per_second": self.seeds_per_second,
        })
    }
}

/// What a tally comes to.
pub fn exit(tally: &Tally) -> Exit {
    if !tally.violated.is_empty() {
        Exit::Violated
    } else if tally.left > 0 || !tally.undecided.is_empty() {
        Exit::Inconclusive
    } else {
        Exit::Holds
    }
}

/// Seen on a terminal only. `doing` is said before the bar.
pub(crate) fn progress(doing: &str, seeds: u64) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos} of {len} seeds, {per_sec}, eta {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(seeds).with_style(style).with_prefix(doing.to_owned())
}
