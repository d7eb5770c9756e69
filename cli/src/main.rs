//! The binary `synod`.
use std::{
    hash::{BuildHasher, RandomState},
    io::Write,
    path::PathBuf,
    process::ExitCode,
};

use anstream::{eprintln, print, println};
use clap::Parser;
use synod_cli::{
    args::{Cli, LinArgs, RunArgs, Verb},
    compare, conform,
    exit::Exit,
    lin,
    run::{Failure, RunOptions},
    spec, verbs,
};

fn main() -> ExitCode {
    // clap prints usage errors itself, and exits with 2.
    match Cli::parse().verb {
        None => {
            print!("{WELCOME}");
            Exit::Holds.into()
        }
        Some(Verb::Run(args)) => run(args),
        Some(Verb::Lin(args)) => lin(&args),
        Some(Verb::Sweep(args)) => ended(verbs::sweep(args)),
        Some(Verb::Replay(args)) => ended(verbs::replay(args)),
        Some(Verb::Shrink(args)) => ended(verbs::shrink(args)),
        Some(Verb::Doctor(args)) => ended(verbs::doctor(args)),
        Some(Verb::Check(args)) => ended(verbs::check(args)),
        Some(Verb::Compare(args)) => ended(compare::compare(&args)),
        Some(Verb::Spec(args)) => spec::spec(&args).into(),
        Some(Verb::Conform(args)) => conform::conform(&args).into(),
    }
}

fn ended(result: Result<Exit, Failure>) -> ExitCode {
    let _ = std::io::stdout().flush();
    match result {
        Ok(exit) => exit.into(),
        Err(Failure { exit, error }) => {
            eprintln!("error: {error:#}");
            exit.into()
        }
    }
}

const WELCOME: &str = "\
synod: distributed algorithms that you can read, run under faults, and judge.

One source per algorithm; here it is driven by a deterministic simulator, which loses and repeats
messages, cuts links, crashes nodes and slows disks, as one seed decides. Every step is checked
against the algorithm's invariants, and what the clients saw for linearizability.

Try first:   synod run raft                watch a cluster elect, fail over and recover
Then:        synod run raft --seed 7 -v    every vote of one run
             synod lin FILE…               is a recorded history linearizable?
             synod sweep raft              a thousand seeds; what fails is told in a few steps
             synod check raft              every behaviour of three servers, within a budget of faults
             synod spec raft               is its TLA+ spec right? (built with --features spec)
             synod run --help              faults, sizes, files, Jaeger
";

fn run(args: RunArgs) -> ExitCode {
    if args.nodes.is_multiple_of(2) && (args.algorithm.tolerance)(args.nodes).needed.is_none() {
        eprintln!(
            "warning: --nodes {}: with an even number, {} crashes stop the cluster, no more than {} nodes would stand",
            args.nodes,
            args.nodes / 2,
            args.nodes - 1
        );
    }
    // Chance from the operating system, as hash maps get theirs; printed as a number that is easy to type.
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one("seed") % 1_000_000_000);
    let out =
        args.out.unwrap_or_else(|| PathBuf::from(format!("synod-out/{}-seed-{seed}", args.algorithm.name)));
    let scenario =
        match args.scenario.map(|file| Ok(((args.algorithm.read_scenario)(&file)?, file))).transpose() {
            Ok(scenario) => scenario.map(|(scenario, file)| (file, scenario)),
            Err(Failure { exit, error }) => {
                eprintln!("error: {error:#}");
                return exit.into();
            }
        };
    let options = RunOptions {
        nodes: args.nodes,
        seed,
        faults: args.faults.map(|faults| faults.0),
        swarm: args.swarm,
        scenario,
        set: args.set.into_iter().map(|turned| turned.0).collect(),
        clients: args.clients,
        operations: args.ops,
        sim_time: args.sim_time,
        out: Some(out),
        otlp: args.otlp,
        verbose: args.verbose,
    };
    let report = match (args.algorithm.run)(&options) {
        Ok(report) => report,
        Err(Failure { exit, error }) => {
            eprintln!("error: {error:#}");
            return exit.into();
        }
    };
    if args.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.text());
    }
    if let Some(Err(error)) = &report.exported {
        eprintln!("error: --otlp: {error}");
    }
    let _ = std::io::stdout().flush();
    report.exit().into()
}

fn lin(args: &LinArgs) -> ExitCode {
    if args.html.is_some() && args.files.len() > 1 {
        eprintln!(
            "error: --html takes one FILE, and {} were given: call synod once for each",
            args.files.len()
        );
        return Exit::Usage.into();
    }
    if args.html.is_some() && !lin::consistency::has_page(args.consistency) {
        eprintln!("error: --html shows linearizability; leave out --consistency, or leave out --html");
        return Exit::Usage.into();
    }
    let judged = lin::judge(args);
    if args.json {
        println!("{:#}", lin::json(&judged));
    } else {
        for file in &judged {
            match &file.judgement {
                Ok(_) => println!("{}", file.line()),
                Err(_) => eprintln!("{}", file.line()),
            }
        }
    }
    lin::exit(&judged).into()
}
