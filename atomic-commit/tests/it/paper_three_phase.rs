//! Three-phase commit: one test per claim of Bernstein, Hadzilacos & Goodman (1987), §7.5.
use synod_atomic_commit::{
    CommitEvent, Decision, Key, MicroOp,
    three_phase::{Body, ThreePhase, ThreePhaseMessage},
};

use crate::cluster::{Cluster, n, txn};

const BOTH: [MicroOp; 2] =
    [MicroOp::Append { key: Key(1), value: 7 }, MicroOp::Append { key: Key(2), value: 7 }];

fn promised() -> Cluster<ThreePhase> {
    let mut cluster = Cluster::new(3);
    cluster.call(1, 3, 1, &BOTH);
    cluster.deliver_kind("Prepare");
    cluster
}

/// Who took over hears the others, and concludes when its patience is over.
fn finish(cluster: &mut Cluster<ThreePhase>, id: u32) {
    let about = txn(3, 1, 0);
    cluster.fire(id, "Doubt", about);
    cluster.deliver();
    while cluster.is_armed(id, "Conclude", about) {
        cluster.fire(id, "Conclude", about);
        cluster.deliver();
    }
}

/// Without failures, all yes commits.
#[test]
fn all_yes_commits() {
    let mut cluster = promised();
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
    assert!(cluster.node(1).persistent().begun.is_empty());
}

/// A coordinator that takes no part has nothing to refuse, also when it has forgotten what it decided and is told by one
/// who asked about it and was told twice.
#[test]
fn who_has_forgotten_refuses_nothing() {
    let mut cluster = promised();
    cluster.fire(1, "Patience", txn(3, 1, 0));
    cluster.deliver();
    assert!(cluster.has_aborted(3, 1) && cluster.node(1).persistent().begun.is_empty());
    let before = cluster.node(1).clone();
    cluster.hand(2, 1, ThreePhaseMessage { txn: txn(3, 1, 0), body: Body::Abort });
    assert!(cluster.noted(1, &CommitEvent::IgnoredStale { txn: txn(3, 1, 0) }));
    assert_eq!(*cluster.node(1), before);
}

/// Nobody commits while anybody who is up is uncertain: the coordinator waits for all to be pre-committed.
#[test]
fn nobody_commits_before_all_know() {
    let mut cluster = promised();
    cluster.deliver_kind("VoteYes");
    cluster.deliver_kind_to("PreCommit", 2);
    cluster.deliver_kind("PreAck");
    assert!(!cluster.has_committed(3, 1) && cluster.network.iter().all(|it| it.to == n(3)));
}

/// Uncertain participants whose coordinator crashed abort, and need it not for that.
#[test]
fn the_uncertain_abort_without_their_coordinator() {
    let mut cluster = promised();
    cluster.crash(1);
    cluster.deliver();
    finish(&mut cluster, 2);
    for id in [2, 3] {
        assert!(cluster.noted(id, &CommitEvent::Learned { txn: txn(3, 1, 0), decision: Decision::Abort }));
    }
}

/// One that is pre-committed among them makes them commit.
#[test]
fn one_that_knows_makes_all_commit() {
    let mut cluster = promised();
    cluster.deliver_kind("VoteYes");
    cluster.deliver_kind_to("PreCommit", 3);
    cluster.crash(1);
    cluster.deliver_if(|it| it.to != n(2));
    cluster.lose_if(|_| true);
    // The uncertain one takes over, and learns of the other.
    finish(&mut cluster, 2);
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
}

/// The second to take over finishes what the first began.
#[test]
fn who_takes_over_may_crash_too() {
    let mut cluster = Cluster::<ThreePhase>::new(4);
    // c4 is at home at n1; k1, k2, k3 are held by n2, n3, n4.
    let ops = [1, 2, 3].map(|key| MicroOp::Append { key: Key(key), value: 7 });
    cluster.call(1, 4, 1, &ops);
    cluster.deliver_kind("Prepare");
    cluster.deliver_kind("VoteYes");
    cluster.deliver_kind_to("PreCommit", 2);
    cluster.crash(1);
    cluster.lose_if(|_| true);
    let about = txn(4, 1, 0);
    cluster.fire(2, "Doubt", about);
    cluster.deliver();
    cluster.fire(2, "Conclude", about);
    cluster.deliver_kind_to("PreCommit", 3);
    cluster.crash(2);
    cluster.lose_if(|_| true);
    cluster.fire(4, "Doubt", about);
    cluster.deliver();
    cluster.fire(4, "Conclude", about);
    cluster.deliver();
    cluster.fire(4, "Conclude", about);
    cluster.deliver();
    assert_eq!((cluster.list(2), cluster.list(3)), (vec![7], vec![7]));
    // Who comes back is told.
    cluster.restart(2);
    cluster.fire(2, "Doubt", about);
    cluster.deliver();
    assert_eq!(cluster.list(1), [7]);
}

/// One that was down does not count when those who are up decide, and learns what they did.
#[test]
fn who_was_down_is_told() {
    let mut cluster = promised();
    cluster.deliver_kind("VoteYes");
    cluster.deliver_kind_to("PreCommit", 2);
    cluster.crash(1);
    cluster.crash(2);
    cluster.lose_if(|_| true);
    cluster.restart(2);
    // n2 is pre-committed, and was down: n3, which was not, is uncertain and aborts.
    finish(&mut cluster, 3);
    cluster.deliver();
    assert!(cluster.noted(2, &CommitEvent::Learned { txn: txn(3, 1, 0), decision: Decision::Abort }));
}

/// After a total failure the last to come back completes the picture: what was pre-committed anywhere commits.
#[test]
fn after_a_total_failure_all_must_be_back() {
    let mut cluster = promised();
    cluster.deliver_kind("VoteYes");
    for id in [1, 2, 3] {
        cluster.crash(id);
    }
    cluster.lose_if(|_| true);
    cluster.restart(2);
    cluster.restart(3);
    finish_once(&mut cluster, 2);
    assert!(cluster.is_prepared(2, txn(3, 1, 0)), "n1 may have committed");
    cluster.restart(1);
    finish_once(&mut cluster, 2);
    cluster.deliver();
    // n1 had written that all voted yes.
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
}

fn finish_once(cluster: &mut Cluster<ThreePhase>, id: u32) {
    cluster.fire(id, "Doubt", txn(3, 1, 0));
    cluster.deliver();
    if cluster.is_armed(id, "Conclude", txn(3, 1, 0)) {
        cluster.fire(id, "Conclude", txn(3, 1, 0));
        cluster.deliver();
    }
}

/// A coordinator that comes back does not begin a call anew that others may have finished, and tells the client what
/// they did.
#[test]
fn a_call_is_not_begun_twice() {
    let mut cluster = promised();
    cluster.deliver_kind("VoteYes");
    cluster.deliver_kind("PreCommit");
    cluster.crash(1);
    cluster.lose_if(|_| true);
    finish(&mut cluster, 2);
    cluster.restart(1);
    cluster.call(1, 3, 1, &BOTH);
    assert!(cluster.said(3, 1).is_empty(), "n1 does not know yet");
    cluster.fire(1, "Doubt", txn(3, 1, 0));
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
    assert_eq!(cluster.list(1), [7]);
}

/// "3PC … is not resilient to communication failures": with a partition two sides decide differently. §7.5
#[test]
fn a_partition_breaks_it() {
    let mut cluster = promised();
    cluster.expect_violations();
    cluster.deliver_kind("VoteYes");
    cluster.deliver_kind_to("PreCommit", 2);
    cluster.part(&[3]);
    cluster.deliver();
    cluster.fire(1, "Patience", txn(3, 1, 0));
    cluster.deliver();
    finish(&mut cluster, 3);
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![]));
    assert_eq!(cluster.violations[0].property, "AC1 Agreement");
}
