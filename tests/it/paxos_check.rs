//! Both kinds of Paxos, every behaviour within a budget: the exact number of states is pinned, so that a change of
//! what can happen is noticed.
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
fn two_proposers_and_a_crash() {
    let (states, came_about) = explored::<Paxos>("small");
    for name in ["a value is chosen", "a proposer is bound by an earlier vote", "a ballot is overruled"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 1);
}

#[test]
fn a_leader_is_overruled_while_a_proposal_is_on_its_way() {
    let (states, came_about) = explored::<MultiPaxos>("small");
    for name in ["a command is chosen", "a vote of an earlier ballot is taken over", "two servers lead"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 1);
}

#[test]
fn two_candidates_and_a_crash() {
    let (states, came_about) = explored::<MultiPaxos>("duel");
    for name in ["a ballot is led", "two candidates stand", "a ballot is overruled"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 1);
}
