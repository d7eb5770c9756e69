//! From the command line to a verb's work, and to what it prints. Data goes to stdout, chatter to stderr.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anstream::{eprintln, print, println};
use anyhow::Context;
use serde_json::json;
use synod_model_check::{Engine, Limits};
use synod_simulator::{ConfigError, QueueKind};

use crate::{
    args::{CheckArgs, DoctorArgs, ReplayArgs, ShrinkArgs, SweepArgs},
    check::CheckOptions,
    exit::Exit,
    registry, replay,
    replay_file::algorithm_of,
    report::grouped,
    run::Failure,
    shrink,
    swarm::Asked,
    sweep::{
        self, SweepOptions,
        tally::{SCHEMA, Tally},
    },
};

/// `synod sweep`.
///
/// # Errors
/// What is wrong with the command line, or with the machine.
pub fn sweep(args: SweepArgs) -> Result<Exit, Failure> {
    let Some(algorithm) = args.algorithm else { return merge(&args) };
    let interrupted = interruptible("sweep");
    let read = |file: PathBuf| Ok(((algorithm.read_scenario)(&file)?, file));
    let scenario = args.scenario.map(read).transpose()?.map(|(scenario, file)| (file, scenario));
    // Without any, a scenario strikes alone, beside the classes that it names.
    let faults = match (args.faults, &scenario) {
        (Some(faults), _) => faults.0,
        (None, Some(_)) => Vec::new(),
        (None, None) => algorithm.faults.to_vec(),
    };
    let options = SweepOptions {
        seeds: args.seeds,
        shard: args.shard,
        faults,
        asked: Asked { scenario, set: args.set.into_iter().map(|turned| turned.0).collect() },
        jobs: args.jobs.map(usize::from),
        keep_going: args.keep_going,
        out: args.out,
    };
    let shard = args.shard.map(|shard| format!(", part {shard}")).unwrap_or_default();
    eprintln!("sweeping {} seeds {}{shard}", algorithm.name, args.seeds);
    let report = (algorithm.sweep)(&options, &interrupted)?;
    if args.json {
        println!("{:#}", report.json());
        return Ok(report.exit());
    }
    for told in &report.stories {
        told.lines.iter().for_each(|line| println!("{line}"));
        println!();
    }
    summary(&report.tally);
    eprintln!("{} seeds/s", grouped(report.seeds_per_second as u64));
    if report.was_interrupted {
        eprintln!("interrupted: {} seeds were not run", grouped(report.tally.left));
    }
    Ok(report.exit())
}

/// What all seeds came to, in a few lines.
fn summary(tally: &Tally) {
    let count = |name: &str| grouped(tally.counts.get(name).and_then(|count| count.as_u64()).unwrap_or(0));
    println!(
        "seeds        {} of {}, {} violated, {} undecided",
        grouped(tally.runs),
        grouped(tally.runs + tally.left),
        tally.violated.len(),
        tally.undecided.len()
    );
    println!(
        "simulated    {} s; {} messages, {} calls, {} crashes, {} cuts",
        grouped((tally.virtual_ns / 1_000_000_000) as u64),
        count("delivered"),
        count("ok"),
        count("crashes"),
        count("partitions"),
    );
    sometimes(tally);
    let seeds: Vec<String> =
        tally.violated.iter().take(12).map(|violated| violated.seed.to_string()).collect();
    if tally.violated.len() > 1 {
        let more = if tally.violated.len() > 12 { " …" } else { "" };
        println!("violated by  {}{more}", seeds.join(" "));
    }
}

/// Which situations the seeds came into, and which are untested.
fn sometimes(tally: &Tally) {
    for (name, count) in tally.sometimes.reached() {
        println!("sometimes    {:>9} × {}", grouped(count), name.replace('_', " "));
    }
    for name in tally.sometimes.unreached() {
        println!("untested     {}", name.replace('_', " "));
    }
}

fn merge(args: &SweepArgs) -> Result<Exit, Failure> {
    let usage = |error: anyhow::Error| Failure { exit: Exit::Usage, error };
    let mut parts = Vec::new();
    for path in &args.merge {
        parts.push(tally_of(path).map_err(usage)?);
    }
    let tally = Tally::merge(parts).map_err(|why| usage(anyhow::anyhow!("--merge: {why}")))?;
    if args.json {
        println!("{:#}", json!(tally));
    } else {
        for violated in &tally.violated {
            println!("✗ seed {}: {} violated: {}", violated.seed, violated.property, violated.story);
        }
        summary(&tally);
    }
    Ok(sweep::exit(&tally))
}

fn tally_of(path: &Path) -> anyhow::Result<Tally> {
    let refuse = |why: String| anyhow::anyhow!("{}: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| refuse(format!("it is no tally of a sweep, or it was cut short ({error})")))?;
    match value["schema"].as_str() {
        Some(SCHEMA) => {}
        other => {
            let other = other.unwrap_or("no form at all");
            return Err(refuse(format!("it has {other}, and this program reads {SCHEMA}: sweep again")));
        }
    }
    serde_json::from_value(value).map_err(|error| refuse(format!("it is no whole tally ({error})")))
}

/// `synod replay`.
///
/// # Errors
/// What is wrong with the file.
pub fn replay(args: ReplayArgs) -> Result<Exit, Failure> {
    let algorithm = algorithm_in(&args.file)?;
    let ReplayArgs { file, until, state, walk, edited, json } = args;
    let options = replay::ReplayOptions { file, until, state, edited };
    if walk {
        return (algorithm.walk)(&options).map(|()| Exit::Holds);
    }
    let replayed = (algorithm.replay)(&options)?;
    if json {
        println!("{:#}", replayed.json());
    } else {
        replayed.lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(replayed.exit())
}

/// `synod shrink`.
///
/// # Errors
/// What is wrong with the file, or with the machine.
pub fn shrink(args: ShrinkArgs) -> Result<Exit, Failure> {
    let algorithm = algorithm_in(&args.file)?;
    let ShrinkArgs { file, out, edited, json } = args;
    let out = out.unwrap_or_else(|| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = name.trim_end_matches(".jsonl").trim_end_matches(".replay");
        file.with_file_name(format!("{stem}.shrunk.replay.jsonl"))
    });
    let shrunk = (algorithm.shrink)(&shrink::ShrinkOptions { file, out, edited })?;
    if json {
        println!("{:#}", shrunk.json());
    } else {
        shrunk.lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(shrunk.exit())
}

/// `synod doctor`.
///
/// # Errors
/// What is wrong with the machine.
pub fn doctor(args: DoctorArgs) -> Result<Exit, Failure> {
    if let Some(algorithm) = args.algorithm.filter(|_| args.hashes) {
        print!("{}", (algorithm.hashes)(args.seeds));
        return Ok(Exit::Holds);
    }
    if let Some(algorithm) = args.algorithm.filter(|_| args.journal) {
        let internal = |error: ConfigError| Failure { exit: Exit::Internal, error: error.into() };
        print!("{}", (algorithm.journal)(args.seeds.from, QueueKind::default()).map_err(internal)?);
        return Ok(Exit::Holds);
    }
    let all: Vec<&registry::Entry> = match args.algorithm {
        Some(algorithm) => vec![algorithm],
        None => registry::ALGORITHMS.iter().collect(),
    };
    let program = std::env::current_exe()
        .context("this program does not know where it lies, and cannot be started once more")
        .map_err(Failure::new(Exit::Environment))?;
    let (mut exit, mut documents) = (Exit::Holds, Vec::new());
    for entry in all {
        eprintln!("{}: seeds {}, each four times", entry.name, args.seeds);
        let diagnosis = (entry.determinism)(args.seeds, &program)?;
        exit = exit.max(diagnosis.exit());
        match args.json {
            true => documents.push(diagnosis.json()),
            false => diagnosis.lines().iter().for_each(|line| println!("{line}")),
        }
    }
    if args.json {
        println!("{:#}", json!(documents));
    }
    Ok(exit)
}

/// Of which algorithm is this story, or this trace?
fn algorithm_in(path: &Path) -> Result<&'static registry::Entry, Failure> {
    use std::io::BufRead;
    let mut first = String::new();
    let usage =
        |why: String| Failure { exit: Exit::Usage, error: anyhow::anyhow!("{}: {why}", path.display()) };
    replay::open(path)?.read_line(&mut first).map_err(|error| usage(error.to_string()))?;
    let name = algorithm_of(&first).map_err(|error| usage(error.to_string()))?;
    registry::find(&name)
        .ok_or_else(|| usage(format!("it tells of {name}, which this program does not know")))
}

/// `synod check`.
///
/// # Errors
/// What is wrong with the command line, or with the machine.
pub fn check(args: CheckArgs) -> Result<Exit, Failure> {
    let usage = |what: String| Failure { exit: Exit::Usage, error: anyhow::anyhow!(what) };
    let name = args.algorithm.name;
    let Some(verb) = args.algorithm.check else {
        return Err(usage(format!("{name} has no scopes to explore yet")));
    };
    if args.scopes {
        for (scope, about) in (verb.scopes)() {
            println!("{scope:<14} {about}");
        }
        return Ok(Exit::Holds);
    }
    if args.symmetry && args.engine != "dfs" {
        return Err(usage(format!(
            "--symmetry: {} would ignore it and count every state: add --engine dfs, or leave --symmetry out",
            args.engine
        )));
    }
    let engine = match args.engine.as_str() {
        "dfs" => Engine::Dfs { symmetry: args.symmetry },
        "simulation" => Engine::Simulation { seed: args.seed },
        _ => Engine::Bfs,
    };
    let walks = matches!(engine, Engine::Simulation { .. }) && args.max_states.is_none();
    let options = CheckOptions {
        scope: args.scope,
        nodes: args.nodes,
        budget: args.budget,
        engine,
        threads: args.threads.into(),
        limits: Limits {
            states: args.max_states,
            depth: args.max_depth,
            // Random walks end when somebody says so.
            time: args.timeout.or(walks.then_some(Duration::from_secs(10))),
        },
        out: Some(args.out.unwrap_or_else(|| format!("synod-out/check-{name}").into())),
    };
    if let Some(address) = args.explore {
        (verb.explore)(&options, address)?;
        return Ok(Exit::Holds);
    }
    let report = (verb.check)(&options, &interruptible("check"))?;
    if args.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.text());
    }
    eprintln!("{}", report.pace());
    Ok(report.exit())
}

/// A flag that Ctrl-C sets; the second time it ends the process at once, as it would have.
fn interruptible(verb: &str) -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will end the {verb} without a report: {error}");
    }
    interrupted
}
