//! Each model comes out as `expected.toml` says, in process.
use std::{collections::BTreeSet, fs, path::Path, thread};

use synod_tla::{Engine, Model, Shelf, When};

#[test]
fn atomic_commit() {
    as_expected("atomic-commit", 14);
}

#[test]
fn paxos() {
    as_expected("paxos", 42);
}

#[test]
fn raft() {
    as_expected("raft", 20);
}

#[test]
fn chain_replication() {
    as_expected("chain-replication", 29);
}

/// What others count with specs of the same algorithms: `expected.toml` may not be bent to fit ours.
#[test]
fn published_counts_are_reproduced() {
    const PUBLISHED: &[(&str, u64, &str)] = &[
        ("atomic-commit/MCTCommit.small", 34, "tlaplus/Examples, TCommit"),
        ("atomic-commit/MCTwoPhase.small", 288, "tlaplus/Examples, TwoPhase"),
        ("atomic-commit/MCTwoPhase.medium", 8_832, "stateright, examples/2pc.rs"),
        ("atomic-commit/MCTwoPhase.large", 296_448, "stateright, examples/2pc.rs"),
        ("paxos/MCVoting.small", 599, "tla-checker, SYNTAX_STATUS.md"),
        ("paxos/MCPaxos.small", 3_921, "tlaplus/Examples, MCPaxosTiny"),
    ];
    let shelf = shelf();
    for (cfg, distinct, by) in PUBLISHED {
        let model = shelf.model(cfg).expect("it is on the list");
        assert_eq!(model.distinct, Some(*distinct), "{cfg}, by {by}");
    }
}

/// All models of an algorithm that belong into `cargo test`; there are at least so many.
fn as_expected(algorithm: &str, at_least: usize) {
    let shelf = shelf();
    let is_quick = |model: &&Model| model.when == When::Test && model.engines.contains(&Engine::TlaChecker);
    let models: Vec<_> =
        shelf.models().iter().filter(|model| model.algorithm() == algorithm).filter(is_quick).collect();
    assert!(models.len() >= at_least, "{algorithm} has only {} quick models", models.len());
    let run = |model: &Model| -> Result<(), String> {
        let outcome = Engine::TlaChecker.run(&shelf, model).map_err(|error| error.to_string())?;
        eprintln!("{}: {outcome}", model.cfg);
        model.compare(&outcome).map_err(|difference| format!("{}: {difference}", model.cfg))
    };
    let complaints: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = models.iter().map(|model| scope.spawn(|| run(model))).collect();
        runs.into_iter().filter_map(|run| run.join().expect("the engine does not panic").err()).collect()
    });
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_cfg_has_an_expectation_and_the_other_way_round() {
    let shelf = shelf();
    let expected: BTreeSet<_> = shelf.models().iter().map(|model| model.cfg.clone()).collect();
    assert_eq!(expected.len(), shelf.models().len(), "a model is listed twice");
    let mut there = BTreeSet::new();
    for algorithm in expected.iter().filter_map(|cfg| cfg.split_once('/')).map(|(folder, _)| folder) {
        for file in fs::read_dir(shelf.folder().join(algorithm)).expect("a folder of specs can be read") {
            let name = file.expect("a folder of specs can be read").file_name();
            // Those that end in `.follow` wait for a trace.
            let name = name.to_string_lossy();
            if let Some(cfg) = name.strip_suffix(".cfg").filter(|cfg| !cfg.ends_with(".follow")) {
                there.insert(format!("{algorithm}/{cfg}"));
            }
        }
    }
    assert_eq!(expected, there);
}

#[test]
fn witnesses_and_bugs_must_break_and_nothing_else_may() {
    for model in shelf().models() {
        let must_break = model.name().starts_with("wit_") || model.name().starts_with("bug_");
        assert_eq!(model.breaks.is_some(), must_break, "{}", model.cfg);
    }
}

fn shelf() -> Shelf {
    Shelf::open(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the specs of this checkout")
}
