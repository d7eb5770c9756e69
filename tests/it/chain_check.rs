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

/// (The scope `small`, a write and a read, has 37,367 states; CI explores it.)
#[test]
fn a_write_while_a_server_may_be_taken_for_dead() {
    let (states, came_about) = explored::<Chain>("write");
    for name in ["an update is answered", "a server is taken for dead"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 652);
}

/// (`small` has 80,327 of them.)
#[test]
fn a_read_of_a_dirty_object() {
    let (states, came_about) = explored::<Craq>("dirty");
    for name in ["a read is answered", "a read of a dirty object waits for the tail"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 2784);
}
