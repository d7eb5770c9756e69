//! A chain of two and its master, every behaviour within a budget: the exact number of states is pinned, so that a change
//! of what can happen is noticed.
use std::sync::atomic::AtomicBool;

use synod_cli::{
    chain::{Chain, Craq},
    check::{CheckOptions, Explored, check},
};
use synod_model_check::{Engine, Limits};

/// Explores a scope to its end: unique states, and what came about.
fn explored<A: Explored>(scope: &str) -> (u64, Vec<&'static str>) {
    let options = CheckOptions {
        scope: Some(scope.to_owned()),
        nodes: None,
        budget: None,
        engine: Engine::Bfs,
        threads: 2,
        limits: Limits::default(),
        out: None,
    };
    let report = match check::<A>(&options, &AtomicBool::new(false)) {
        Ok(report) => report,
        Err(failure) => panic!("{}", failure.error),
    };
    assert!(report.found.is_none(), "{:?}", report.found);
    assert!(report.is_exhausted);
    let came_about = report.sometimes.iter().filter(|event| event.did).map(|event| event.name);
    (report.counts.unique, came_about.collect())
}

#[test]
fn a_write_and_a_read_while_a_server_may_be_taken_for_dead() {
    let (states, came_about) = explored::<Chain>("small");
    for name in ["an update is answered", "a server is taken for dead", "two servers believe to be the tail"]
    {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 37_367);
}

#[test]
fn the_same_with_reads_at_every_server() {
    let (states, came_about) = explored::<Craq>("small");
    for name in ["a read is answered", "a read of a dirty object waits for the tail"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 80_327);
}

#[test]
fn two_writes_a_crash_and_a_loss() {
    let (states, came_about) = explored::<Chain>("crash");
    for name in ["a crash lost a record", "a message was lost", "an update is answered"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 32_052);
}
