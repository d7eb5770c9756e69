//! `synod doctor --determinism`: is a seed one run? In this process twice, in a fresh one, and over another
//! queue.
use std::{
    fmt,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use synod_simulator::{ConfigError, Divergence, Journal, QueueKind, Simulation};

use crate::{
    algorithm::{Algorithm, aimed, watched},
    exit::Exit,
    load::Load,
    report::grouped,
    run::Failure,
    swarm::{Asked, Drawn, draw},
    sweep::{plan::Seeds, progress},
};

/// In which way a run was made once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Again,
    OtherQueue,
    FreshProcess,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Again => "a second time in this process",
            Way::OtherQueue => "over the other queue",
            Way::FreshProcess => "in a fresh process",
        })
    }
}

/// A seed that is two runs.
#[derive(Clone, Debug)]
pub struct Mismatch {
    pub seed: u64,
    pub way: Way,
    /// Where they part; `None`: the journals agree after all, so the difference comes and goes.
    pub divergence: Option<Divergence>,
}

/// What the doctor found.
#[derive(Debug)]
pub struct Diagnosis {
    pub algorithm: &'static str,
    pub seeds: Seeds,
    /// Runs that were compared with the first one of their seed.
    pub compared: u64,
    pub mismatches: Vec<Mismatch>,
}

/// With so many mismatches, one more says nothing new.
const MOST_MISMATCHES: usize = 3;

/// Makes each run of these seeds four times, and compares. `program` is `synod`, for the fresh process.
///
/// # Errors
/// The program cannot be started.
pub fn determinism<A: Algorithm>(seeds: Seeds, program: &Path) -> Result<Diagnosis, Failure> {
    let environment = |error| Failure::new(Exit::Environment)(error);
    let fresh = asked::<A>(program, "--hashes", seeds).map_err(environment)?;
    let bar = progress("looking at", seeds.range().end - seeds.range().start);
    let here: Vec<[Option<u64>; 3]> = seeds
        .range()
        .map(|seed| {
            bar.inc(1);
            let first = hash::<A>(seed, QueueKind::default());
            [first, hash::<A>(seed, QueueKind::default()), hash::<A>(seed, QueueKind::Tree)]
        })
        .collect();
    bar.finish_and_clear();
    let fresh = answered(fresh).map_err(environment)?;
    let mut fresh = fresh.lines().map(|line| u64::from_str_radix(line, 16).ok());
    let mut diagnosis = Diagnosis { algorithm: A::NAME, seeds, compared: 0, mismatches: Vec::new() };
    for (seed, [first, again, tree]) in seeds.range().zip(here) {
        let fresh = fresh.next().flatten();
        for (way, hash) in [(Way::Again, again), (Way::OtherQueue, tree), (Way::FreshProcess, fresh)] {
            diagnosis.compared += 1;
            if hash != first && diagnosis.mismatches.len() < MOST_MISMATCHES {
                let divergence = part::<A>(seed, way, program).map_err(environment)?;
                diagnosis.mismatches.push(Mismatch { seed, way, divergence });
            }
        }
    }
    Ok(diagnosis)
}

/// The trace hash of a seed's run.
fn hash<A: Algorithm>(seed: u64, kind: QueueKind) -> Option<u64> {
    let Drawn { config, node } = draw::<A>(seed, A::FAULTS, &Asked::default());
    Some(watched::<A>(&config, node, &mut ()).ok()?.on(kind).run().trace_hash)
}

/// The journal of a seed's run.
///
/// # Errors
/// Knobs that make no sense, which no seed draws.
pub fn journal<A: Algorithm>(seed: u64, kind: QueueKind) -> Result<Journal, ConfigError> {
    let Drawn { config, node } = draw::<A>(seed, A::FAULTS, &Asked::default());
    Journal::of(|recording| {
        Ok(aimed::<A, _, _>(Simulation::new(config.clone(), node, Load::<A>::of(&config), recording)?)
            .on(kind))
    })
}

/// The first event at which they differ.
fn part<A: Algorithm>(seed: u64, way: Way, program: &Path) -> anyhow::Result<Option<Divergence>> {
    let first = journal::<A>(seed, QueueKind::default())?;
    let other = match way {
        Way::Again => journal::<A>(seed, QueueKind::default())?,
        Way::OtherQueue => journal::<A>(seed, QueueKind::Tree)?,
        Way::FreshProcess => {
            let this = Seeds { from: seed, to: seed + 1 };
            Journal::read(&elsewhere::<A>(program, "--journal", this)?)
        }
    };
    Ok(first.divergence(&other))
}

/// What the program prints when it is started for this.
fn elsewhere<A: Algorithm>(program: &Path, what: &str, seeds: Seeds) -> anyhow::Result<String> {
    answered(asked::<A>(program, what, seeds)?)
}

/// A fresh process that works at it.
fn asked<A: Algorithm>(program: &Path, what: &str, seeds: Seeds) -> anyhow::Result<Child> {
    let mut command = Command::new(program);
    command.args(["doctor", "--determinism", "--algorithm", A::NAME, "--seeds", &seeds.to_string(), what]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().with_context(|| format!("{} cannot be started again", program.display()))
}

fn answered(fresh: Child) -> anyhow::Result<String> {
    let output = fresh.wait_with_output().context("the fresh process cannot be read")?;
    if !output.status.success() {
        bail!("started again, it ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a fresh process is asked for: a hash a line.
pub fn hashes<A: Algorithm>(seeds: Seeds) -> String {
    seeds
        .range()
        .map(|seed| format!("{:016x}\n", hash::<A>(seed, QueueKind::default()).unwrap_or(0)))
        .collect()
}

impl Diagnosis {
    pub fn exit(&self) -> Exit {
        if self.mismatches.is_empty() { Exit::Holds } else { Exit::Violated }
    }

    /// For a person.
    pub fn lines(&self) -> Vec<String> {
        let Diagnosis { algorithm, seeds, compared, mismatches } = self;
        let runs = grouped(*compared);
        if mismatches.is_empty() {
            return vec![format!(
                "✓ {algorithm}, seeds {seeds}: {runs} further runs, in this process, in a fresh one and over another queue, are the same to the bit"
            )];
        }
        let mut lines = Vec::new();
        for Mismatch { seed, way, divergence } in mismatches {
            lines.push(format!("✗ {algorithm}, seed {seed}: {way}, it is another run"));
            match divergence {
                Some(Divergence { event, one, other }) => {
                    let told = |side: &Option<String>| match side {
                        Some(told) => told.chars().take(400).collect(),
                        None => "the run is over".to_owned(),
                    };
                    lines.push(format!("  they part at event {event}:"));
                    lines.push(format!("  first: {}", told(one)));
                    lines.push(match one == other {
                        true => "  then:  the same steps; but the state of a node is another one".to_owned(),
                        false => format!("  then:  {}", told(other)),
                    });
                }
                None => lines.push("  and once more it was the same: the difference comes and goes".into()),
            }
        }
        lines.push("  a clock, a random number, an address or the order of a map decides something".into());
        lines
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let mismatches: Vec<Value> = self
            .mismatches
            .iter()
            .map(|Mismatch { seed, way, divergence }| {
                json!({
                    "seed": seed,
                    "way": way.to_string(),
                    "event": divergence.as_ref().map(|divergence| divergence.event),
                    "one": divergence.as_ref().and_then(|divergence| divergence.one.clone()),
                    "other": divergence.as_ref().and_then(|divergence| divergence.other.clone()),
                })
            })
            .collect();
        json!({
            "schema": "synod.doctor/1",
            "algorithm": self.algorithm,
            "seeds": self.seeds,
            "compared": self.compared,
            "mismatches": mismatches,
        })
    }
}
