//! Both kinds of Paxos, every behaviour within a budget: the exact number of states is pinned, so that a change of
//! what can happen is noticed. A duel from the first message on has two servers: with three it has too many states for
//! `cargo test`. The scopes of three begin where it is open what will be chosen.
use std::sync::atomic::AtomicBool;

use synod_cli::{
    check::{CheckOptions, Explored, check},
    multipaxos::MultiPaxos,
    paxos::Paxos,
};
use synod_model_check::{Engine, Limits};

/// Explores a scope to its end: unique states, and what came about.
fn explored<A: Explored>(scope: &str, nodes: u32) -> (u64, Vec<&'static str>) {
    let options = CheckOptions {
        scope: Some(scope.to_owned()),
        nodes: Some(nodes),
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
    let (states, came_about) = explored::<Paxos>("duel", 2);
    for name in ["a value is chosen", "a ballot is overruled", "somebody is told another's value"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 381);
}

#[test]
fn two_candidates_and_a_crash() {
    let (states, came_about) = explored::<MultiPaxos>("duel", 2);
    for name in ["a ballot is led", "two candidates stand", "a ballot is overruled"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 104);
}

#[test]
fn three_acceptors_and_two_values() {
    let (states, came_about) = explored::<Paxos>("small", 3);
    for name in [
        "a value is chosen",
        "a proposer is bound by an earlier vote",
        "votes for two values stand side by side",
    ] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 127_308);
}

#[test]
fn three_servers_two_calls_and_a_crash() {
    let (states, came_about) = explored::<MultiPaxos>("small", 3);
    for name in ["a call returned", "a command is chosen", "a crash lost a record", "a node came back"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 8_395);
}

/// Two acceptors that decide one after the other.
#[test]
fn an_acceptor_takes_the_place_of_another() {
    let (states, came_about) = explored::<MultiPaxos>("handover", 2);
    for name in ["other acceptors decide", "a hole is filled with a no-op", "two candidates stand"] {
        assert!(came_about.contains(&name), "{name}: {came_about:?}");
    }
    assert_eq!(states, 3_110);
}
