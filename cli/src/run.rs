//! `synod run`: one run, told and judged.
use std::{
    fs,
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use indicatif::{ProgressBar, ProgressStyle};
use synod_protocol::{Node, Observer, Recording};
use synod_simulator::{Config, Counting, Draws, Fault, Outcome, Scenario, Site, Turned, Vocabulary};
use synod_telemetry::{
    grpc, jaeger_json, otlp_json, tell,
    trace_file::{Header, Writer},
};

use crate::{
    algorithm::{Algorithm, Chronicle, facing, watched},
    exit::Exit,
    files::Folder,
    node_knobs,
    promise::Promise,
    report::{Report, Verdicts},
    story::Storyteller,
    swarm::ASKS,
};

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct RunOptions {
    pub nodes: u32,
    pub seed: u64,
    /// `None`: all, or those of the scenario.
    pub faults: Option<Vec<Fault>>,
    /// Which of the faults there are, and how hard, the seed draws, and with them the size and the load.
    pub swarm: bool,
    /// Where it was read from, and what it says.
    pub scenario: Option<(PathBuf, Scenario)>,
    /// Knobs of the simulator that are turned after all else, by name, and `node.…`: those of the nodes.
    pub set: Vec<Turned>,
    pub clients: u32,
    pub operations: u64,
    pub sim_time: Duration,
    /// Where the files go; `None`: nowhere.
    pub out: Option<PathBuf>,
    pub otlp: Option<String>,
    pub verbose: bool,
}

impl RunOptions {
    /// As `synod run ALGORITHM --seed SEED` without files.
    pub fn new(seed: u64) -> RunOptions {
        RunOptions {
            nodes: 5,
            seed,
            faults: None,
            swarm: false,
            scenario: None,
            set: Vec::new(),
            clients: 8,
            operations: 3_000,
            sim_time: Duration::from_secs(60),
            out: None,
            otlp: None,
            verbose: false,
        }
    }

    /// The knobs of the simulator for it, as this algorithm can bear them.
    ///
    /// # Errors
    /// Fewer nodes than it can do with.
    pub fn config_of<A: Algorithm>(&self) -> Result<Config, Failure> {
        let usual = (self.faults.is_none() && self.scenario.is_none()).then(|| A::FAULTS.to_vec());
        let mut config =
            RunOptions { faults: usual.or_else(|| self.faults.clone()), ..self.clone() }.config();
        if self.swarm {
            config.nodes = config.nodes.max(A::LEAST_NODES);
        }
        for (name, value) in self.set.iter().filter(|(name, _)| !name.starts_with(node_knobs::PREFIX)) {
            config.turn(name, value).map_err(|error| Failure {
                exit: Exit::Usage,
                error: anyhow::anyhow!("--set {name}={value}: {error}"),
            })?;
        }
        if config.nodes < A::LEAST_NODES {
            let (name, least, asked) = (A::NAME, A::LEAST_NODES, config.nodes);
            let error = anyhow::anyhow!("--nodes {asked}: {name} needs {least} nodes at least");
            return Err(Failure { exit: Exit::Usage, error });
        }
        if self.swarm {
            // What was set stays so.
            let drawn = A::drawn_load(config.nodes, &mut Draws::new(self.seed, Site::Swarm, ASKS, 0));
            config.load = drawn.into_iter().chain(config.load).collect();
        }
        A::load(&config.load).map_err(|error| Failure { exit: Exit::Usage, error: error.into() })?;
        config.tolerance = A::tolerance_under(&config.load, config.nodes);
        config.process.may_wipe = A::FAULTS.contains(&Fault::Wipe);
        Ok(config)
    }

    /// The same for an algorithm that bears all faults, in clusters of any size, while a majority is up.
    pub fn config(&self) -> Config {
        let faults = match (&self.faults, &self.scenario) {
            (Some(faults), _) => &faults[..],
            (None, Some(_)) => &[],
            (None, None) => &Fault::ALL,
        };
        let mut config = Config::new(self.seed);
        (config.operations, config.safety) = (self.operations, self.sim_time);
        if self.swarm {
            return config.swarm_of_all(faults);
        }
        config = config.with_faults(faults);
        config.nodes = self.nodes;
        config.clients = self.clients;
        // Think so long that the calls, if nothing goes wrong, fill four fifths of the time.
        let per_call = self.sim_time.mul_f64(0.8 * f64::from(self.clients) / self.operations as f64);
        let think = per_call.saturating_sub(Duration::from_millis(20)) * 2;
        config.client.think = Duration::ZERO..think.min(Duration::from_secs(10));
        match &self.scenario {
            // Its knobs are turned after those that follow from the command line.
            Some((_, scenario)) => config.with_scenario(scenario.clone()),
            None => config,
        }
    }
}

/// Why there is no report.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit) -> impl FnOnce(anyhow::Error) -> Failure {
        move |error| Failure { exit, error }
    }
}

/// A history of a few thousand calls needs some thousand steps; this is for one that is hopeless.
const CHECKER_STEPS: u64 = 20_000_000;

/// Simulates, judges, and writes the files.
///
/// # Errors
/// The knobs make no sense, or the files cannot be written. A violated property is no error, and neither is
/// an endpoint that does not answer: the report says so.
pub fn run<A: Algorithm>(options: &RunOptions) -> Result<Report, Failure> {
    if let Some(endpoint) = &options.otlp {
        grpc::Exporter::check(endpoint).map_err(|error| Failure {
            exit: Exit::Usage,
            error: anyhow::Error::new(error).context("--otlp"),
        })?;
    }
    let folder =
        options.out.as_deref().map(Folder::open).transpose().map_err(Failure::new(Exit::Environment))?;
    let config = options.config_of::<A>()?;
    let mut storyteller = Storyteller::<A::Chronicle>::default();
    let node = node_knobs::turned::<A>(&config, &options.set)?;
    let outcome = simulate_with::<A>(&config, node.clone(), &mut storyteller, true)?;

    let history = A::Promise::history(&outcome.calls).map_err(internal)?;
    let judged = A::Promise::judge(&history, CHECKER_STEPS);
    let mut report = Report {
        algorithm: A::NAME,
        usual_faults: A::FAULTS,
        story: storyteller.story(options.verbose),
        summary: storyteller.chronicle.summary(),
        summary_line: storyteller.chronicle.in_a_line(),
        verdicts: Verdicts {
            invariants: outcome.violation,
            liveness: outcome.liveness,
            promise: (A::Promise::NAME, judged),
        },
        counts: outcome.counts,
        sometimes: outcome.sometimes,
        trace_hash: outcome.trace_hash,
        end: outcome.end,
        config,
        files: Vec::new(),
        exported: None,
        options: options.clone(),
    };
    if options.records() {
        let recording = record_again::<A>(&report.config, &node, report.trace_hash)?;
        let json = |error: serde_json::Error| internal(error.into());
        let (nodes, config) = (report.config.nodes, serde_json::to_value(&report.config).map_err(json)?);
        let header = Header::new(A::NAME, options.seed, nodes, config)
            .with_node_config(serde_json::to_value(&node).map_err(json)?);
        write_files::<A>(&mut report, folder, &header, &recording, &history)?;
    }
    Ok(report)
}

/// The steps of a run that is over, from a run of the same configuration: to copy each step would take the run half as
/// long again, and a run that nobody wants in full, a sweep's, pays nothing for those that somebody does.
///
/// # Errors
/// It came out otherwise.
fn record_again<A: Algorithm>(
    config: &Config,
    node: &<A::Node as Node>::Config,
    trace_hash: u64,
) -> Result<Recording<A::Node>, Failure> {
    let mut recording = Recording::default();
    let again = simulate_with::<A>(config, node.clone(), &mut recording, false)?.trace_hash;
    if again == trace_hash {
        return Ok(recording);
    }
    let seed = config.seed;
    Err(internal(anyhow::anyhow!(
        "seed {seed} came out otherwise when it was run again to be recorded: its trace hash was {trace_hash:016x} and is \
         {again:016x}; `synod doctor --determinism` looks for the first step that differs"
    )))
}

fn internal(error: anyhow::Error) -> Failure {
    Failure { exit: Exit::Internal, error }
}

impl RunOptions {
    fn records(&self) -> bool {
        self.out.is_some() || self.otlp.is_some()
    }
}

/// # Errors
/// There is no such file, or it makes no sense: with its line, and with what would.
pub fn read_scenario<A: Algorithm>(file: &Path) -> Result<Scenario, Failure> {
    let usage = |error: anyhow::Error| Failure { exit: Exit::Usage, error };
    let text = fs::read_to_string(file).map_err(|error| {
        usage(anyhow::Error::new(error).context(format!("--scenario {}", file.display())))
    })?;
    let predicates = A::predicates().names();
    Scenario::read(&text, Vocabulary { predicates: &predicates, kinds: A::KINDS })
        .map_err(|error| usage(anyhow::anyhow!("--scenario {}, {error}", file.display())))
}

/// The simulation alone, of nodes that are configured as usual.
///
/// # Errors
/// The knobs make no sense.
pub fn simulate<A: Algorithm>(
    config: &Config,
    observer: &mut dyn Observer<A::Node>,
    shows_progress: bool,
) -> Result<Outcome<A::Node>, Failure> {
    simulate_with::<A>(config, facing::<A>(config, A::config(config.nodes)), observer, shows_progress)
}

/// The simulation alone, with the algorithm's invariants behind the observer, and its clients judged as they go.
///
/// # Errors
/// The knobs make no sense.
fn simulate_with<A: Algorithm>(
    config: &Config,
    node: <A::Node as Node>::Config,
    observer: &mut dyn Observer<A::Node>,
    shows_progress: bool,
) -> Result<Outcome<A::Node>, Failure> {
    let safety = config.safety;
    let mut counting = Counting::new(A::sometimes());
    let judges = (A::Watch::default(), <A::Promise as Promise<A>>::Monitor::default());
    let mut observers = (observer, (&mut counting, judges));
    let mut simulation = watched::<A>(config, node, &mut observers)
        .map_err(|error| Failure { exit: Exit::Usage, error: error.into() })?;
    let bar = progress(shows_progress, safety);
    let mut events = 0u64;
    while simulation.step() {
        events += 1;
        if events.is_multiple_of(1 << 16) {
            bar.set_position(simulation.now().0 / 1_000_000);
        }
    }
    bar.finish_and_clear();
    let outcome = simulation.outcome();
    Ok(Outcome { sometimes: counting.tally, ..outcome })
}

/// Virtual milliseconds; seen on a terminal only, and by indicatif's rules only after a while.
fn progress(shows: bool, safety: Duration) -> ProgressBar {
    if !shows || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("simulating {bar:30} {pos} of {len} virtual ms, eta {eta}");
    ProgressBar::new(safety.as_millis() as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn write_files<A: Algorithm>(
    report: &mut Report,
    folder: Option<Folder>,
    header: &Header,
    recording: &Recording<A::Node>,
    history: &<A::Promise as Promise<A>>::History,
) -> Result<(), Failure> {
    let spans =
        tell(header, recording.steps(), A::Narrator::default()).map_err(|error| internal(error.into()))?;
    if let Some(mut folder) = folder {
        let mut write = || -> anyhow::Result<()> {
            folder.write("trace.jsonl", |file| {
                let mut writer = Writer::new(file, header)?;
                for step in recording.steps() {
                    writer.step(step)?;
                }
                writer.finish().map(drop)
            })?;
            folder.write("history.jsonl", |mut file| A::Promise::write(history, &mut file))?;
            folder.write("trace.otlp.jsonl", |mut file| otlp_json::write(&mut file, &spans))?;
            folder.write("trace.jaeger.json", |mut file| jaeger_json::write(&mut file, &spans))
        };
        write().map_err(Failure::new(Exit::Environment))?;
        report.files = folder.finish().map_err(Failure::new(Exit::Environment))?;
    }
    if let Some(endpoint) = &report.options.otlp {
        let export = || grpc::Exporter::connect(endpoint)?.export(&spans, SystemTime::now());
        report.exported = Some(export());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::Raft;

    #[test]
    fn a_run_is_recorded_by_running_it_again_and_no_other_is_taken_for_it() {
        let mut config = Config::new(3).with_faults(&Fault::ALL);
        config.operations = 40;
        let outcome = simulate::<Raft>(&config, &mut (), false).expect("the knobs make sense");
        let recording =
            record_again::<Raft>(&config, &Raft::config(5), outcome.trace_hash).expect("it is the same run");
        assert_eq!(recording.steps().len() as u64, outcome.counts.steps);
        let failure = record_again::<Raft>(&config, &Raft::config(5), outcome.trace_hash ^ 1)
            .expect_err("it is another run");
        assert_eq!(failure.exit, Exit::Internal);
        assert!(failure.error.to_string().contains("doctor --determinism"), "{}", failure.error);
    }
}
