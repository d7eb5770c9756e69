//! Both kinds of Paxos, every behaviour within a budget: the exact number of states is pinned, so that a change of
//! what can happen is noticed. Two servers: with three, a duel has too many states for `cargo test`
//! (`synod check paxos --max-states 1000000`).
use std::sync::atomic::AtomicBool;

use synod_cli::{
    check::{CheckOptions, Explored, check},
    multipaxos::MultiPaxos,
    paxos::Paxos,
};
use synod_model_check::{Engine, Limits};

/// Explores a scope to its end: unique states, and what came about.
fn explored<A: Explored>(scope: &str) -> (u64, Vec<&'static str>) {
    let options = CheckOptions {
        scope: Some(scope.to_owned()),
        nodes: Some(2),
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
fn two_proposers_and_a_crash() {
    let (states, came_about) = explored::<Paxos>("small");
    for name in ["a value is chosen", "a ballot is overruled", "somebody is told another's value"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 381);
}

#[test]
fn two_candidates_and_a_crash() {
    let (states, came_about) = explored::<MultiPaxos>("duel");
    for name in ["a ballot is led", "two candidates stand", "a ballot is overruled"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 104);
}
