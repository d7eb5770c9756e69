//! Atomic commit, every behaviour within a budget: the exact number of states is pinned, so that a change of what can
//! happen is noticed.
use std::sync::atomic::AtomicBool;

use synod_atomic_commit::{paxos_commit::PaxosCommit, three_phase::ThreePhase, two_phase::TwoPhase};
use synod_cli::{
    atomic_commit::Commit,
    check::{CheckOptions, Explored, Report, check},
};
use synod_model_check::{Engine, Limits};

fn explored<A: Explored>(scope: &str) -> Report {
    let options = CheckOptions {
        scope: Some(scope.to_owned()),
        nodes: None,
        budget: None,
        engine: Engine::Bfs,
        threads: 2,
        limits: Limits::default(),
        out: None,
    };
    check::<A>(&options, &AtomicBool::new(false)).unwrap_or_else(|failure| panic!("{}", failure.error))
}

/// To its end, without a violation, and with these situations.
fn holds<A: Explored>(scope: &str, must_come_about: &[&str]) -> u64 {
    let report = explored::<A>(scope);
    assert!(report.found.is_none(), "{:?}", report.found);
    assert!(report.is_exhausted);
    let came: Vec<&str> = report.sometimes.iter().filter(|it| it.did).map(|it| it.name).collect();
    for name in must_come_about {
        assert!(came.contains(name), "{name}: {came:?}");
    }
    report.counts.unique
}

const COMMITS: &str = "a transaction commits";
const ABORTS: &str = "a transaction aborts";
const BLOCKED: &str = "all who are up are in doubt, and their coordinator is down";
const WITHOUT: &str = "those who are up commit without their coordinator";

#[test]
fn two_phase_commit_blocks_and_is_safe() {
    let came = [COMMITS, ABORTS, BLOCKED, "an abort is presumed"];
    assert_eq!(holds::<Commit<TwoPhase>>("small", &came), 48_171);
}

#[test]
fn a_call_that_is_run_again_takes_effect_once() {
    assert_eq!(holds::<Commit<TwoPhase>>("again", &[COMMITS, ABORTS]), 2_609);
}

#[test]
fn three_phase_commit_ends_without_its_coordinator() {
    let came = [COMMITS, ABORTS, WITHOUT, "a participant takes over"];
    assert_eq!(holds::<Commit<ThreePhase>>("small", &came), 64_921);
}

#[test]
fn three_phase_commit_needs_a_synchronous_network() {
    let found = explored::<Commit<ThreePhase>>("asynchronous").found.expect("it is violated");
    assert!(found.property.starts_with("AC"), "{found:?}");
}

#[test]
fn paxos_commit_is_finished_by_another() {
    let came = [COMMITS, ABORTS, "a later ballot is begun"];
    assert_eq!(holds::<Commit<PaxosCommit>>("small", &came), 2_282);
}

/// Three acceptors, of which one crashes. Whatever is left undecided then, one timer ends: more of them add no state.
#[test]
fn no_single_crash_blocks_paxos_commit() {
    let came = [COMMITS, ABORTS, WITHOUT, "a later ballot is begun", "a node came back"];
    assert_eq!(holds::<Commit<PaxosCommit>>("crash", &came), 388_436);
}

#[test]
fn two_transactions_that_want_the_same_keys() {
    let refused = ["a transaction is refused for a lock", COMMITS];
    let states =
        (holds::<Commit<TwoPhase>>("locks", &refused), holds::<Commit<ThreePhase>>("locks", &refused));
    assert_eq!(states, (14_471, 29_379));
    assert_eq!(holds::<Commit<PaxosCommit>>("locks", &refused), 347_922);
}
