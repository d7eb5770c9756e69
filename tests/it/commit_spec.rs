//! Each protocol for atomic commit and its spec name each other.
use crate::spec_link::Link;

const EVENT: (&str, &str) = ("CommitEvent", "atomic-commit/src/event.rs");

#[test]
fn two_phase_commit_and_its_spec_name_each_other() {
    let link = Link {
        spec: "tla/atomic-commit/PresumedAbort.tla",
        code: "atomic-commit/src/two_phase",
        event: EVENT,
        without_event: &[],
    };
    link.check();
}

#[test]
fn three_phase_commit_and_its_spec_name_each_other() {
    let link = Link {
        spec: "tla/atomic-commit/ThreePhase.tla",
        code: "atomic-commit/src/three_phase",
        event: EVENT,
        without_event: &[
            ("Crash", "a crash is a step of the harness"),
            ("SpreadPreCommit", "a StartPreCommit of one who took over"),
        ],
    };
    link.check();
}

#[test]
fn paxos_commit_and_its_spec_name_each_other() {
    let link = Link {
        spec: "tla/atomic-commit/PaxosCommit.tla",
        code: "atomic-commit/src/paxos_commit",
        event: EVENT,
        without_event: &[],
    };
    link.check();
}
