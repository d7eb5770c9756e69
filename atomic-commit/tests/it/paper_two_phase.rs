//! Two-phase commit with presumed abort: one test per claim. Sections are those of Bernstein, Hadzilacos & Goodman
//! (1987), chapter 7, unless it says otherwise.
use synod_atomic_commit::{
    CommitEvent, Decision, MicroOp, Response, Why,
    two_phase::{Body, TwoPhase, TwoPhaseMessage},
};
use synod_protocol::Answer;

use crate::cluster::{Cluster, append, n, read, txn};

/// c3 is at home at n1; k1 is held by n2 and k2 by n3.
const BOTH: [MicroOp; 2] = [
    MicroOp::Append { key: synod_atomic_commit::Key(1), value: 7 },
    MicroOp::Append { key: synod_atomic_commit::Key(2), value: 7 },
];

fn cluster() -> Cluster<TwoPhase> {
    Cluster::new(3)
}

/// Both participants have promised, and their votes are on their way.
fn promised() -> Cluster<TwoPhase> {
    let mut cluster = cluster();
    cluster.call(1, 3, 1, &BOTH);
    cluster.deliver_kind("Prepare");
    cluster
}

/// If all vote yes and nothing fails, the decision is to commit. §7.3
#[test]
fn all_yes_commits() {
    let mut cluster = promised();
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
}

/// One no is enough to abort, and nothing of the transaction is seen anywhere. §7.3
#[test]
fn one_no_aborts() {
    let mut cluster = cluster();
    cluster.call(2, 1, 1, &[append(2, 5)]);
    cluster.deliver_kind("Prepare");
    cluster.call(1, 3, 1, &BOTH);
    cluster.deliver();
    assert!(cluster.has_aborted(3, 1), "k2 was locked by c1");
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![], vec![5]));
}

/// A coordinator that hears nothing from somebody aborts. §7.4
#[test]
fn silence_is_a_no() {
    let mut cluster = cluster();
    cluster.call(1, 3, 1, &BOTH);
    cluster.lose_kind_to("Prepare", 3);
    cluster.deliver();
    assert!(!cluster.has_aborted(3, 1));
    cluster.fire(1, "Votes", txn(3, 1, 1));
    cluster.deliver();
    assert!(cluster.has_aborted(3, 1) && !cluster.is_prepared(2, txn(3, 1, 1)));
}

/// What a participant promised it keeps over a crash, and its locks with it. §7.4
#[test]
fn a_promise_survives_a_crash() {
    let mut cluster = promised();
    cluster.crash(2);
    cluster.restart(2);
    assert!(cluster.is_prepared(2, txn(3, 1, 1)));
    cluster.call(2, 1, 1, &[read(1)]);
    cluster.deliver_if(|it| it.message.txn == txn(1, 1, 2));
    assert!(cluster.has_aborted(1, 1), "the lock on k1 was not taken anew");
    cluster.deliver();
    assert_eq!(cluster.list(1), [7]);
}

/// A participant in doubt decides nothing, however long it waits and whoever it asks. §7.4
#[test]
fn doubt_decides_nothing() {
    let mut cluster = promised();
    cluster.crash(1);
    for _ in 0..5 {
        cluster.fire(2, "Doubt", txn(3, 1, 1));
        cluster.fire(3, "Doubt", txn(3, 1, 1));
        cluster.deliver();
    }
    assert!(cluster.is_prepared(2, txn(3, 1, 1)) && cluster.is_prepared(3, txn(3, 1, 1)));
}

/// Two-phase commit blocks, and ends when its coordinator comes back. §7.4
#[test]
fn blocking_ends_with_the_coordinator() {
    let mut cluster = promised();
    cluster.crash(1);
    cluster.deliver();
    cluster.restart(1);
    cluster.fire(2, "Doubt", txn(3, 1, 1));
    cluster.fire(3, "Doubt", txn(3, 1, 1));
    cluster.deliver();
    assert!(!cluster.is_prepared(2, txn(3, 1, 1)) && !cluster.is_prepared(3, txn(3, 1, 1)));
}

/// No record is written at the beginning, none for participants that abort, and no abort is acknowledged.
/// (Mohan, Lindsay & Obermarck 1986, §3)
#[test]
fn aborts_are_presumed() {
    let mut cluster = promised();
    cluster.crash(1);
    cluster.lose_if(|_| true);
    cluster.restart(1);
    assert!(cluster.node(1).persistent().committed.is_empty());
    cluster.fire(2, "Doubt", txn(3, 1, 1));
    cluster.deliver();
    assert!(cluster.noted(1, &CommitEvent::Presumed { txn: txn(3, 1, 1), to: n(2) }));
    assert!(cluster.noted(2, &CommitEvent::Learned { txn: txn(3, 1, 1), decision: Decision::Abort }));
    assert_eq!(cluster.deliver_kind("Ack"), 0);
}

/// The commit record is kept until every participant has acknowledged, over any crash. (the same, §3; T03)
#[test]
fn a_commit_is_kept_until_all_have_it() {
    let mut cluster = promised();
    cluster.deliver_kind("VoteYes");
    cluster.lose_kind_to("Commit", 3);
    cluster.deliver();
    cluster.crash(1);
    cluster.restart(1);
    assert!(cluster.node(1).persistent().committed.contains_key(&txn(3, 1, 1)));
    cluster.fire(1, "Resend", txn(3, 1, 1));
    cluster.deliver();
    assert_eq!(cluster.list(2), [7]);
    assert!(cluster.node(1).persistent().committed.is_empty(), "everybody has it: it can be forgotten");
}

/// A repeated request prepares nothing twice, and a repeated commit appends nothing twice.
#[test]
fn repeated_messages_change_nothing() {
    let mut cluster = cluster();
    cluster.call(1, 3, 1, &BOTH);
    let prepare = cluster.network[0].clone();
    cluster.deliver_kind("Prepare");
    cluster.deliver_kind("VoteYes");
    let commit = TwoPhaseMessage { txn: txn(3, 1, 1), body: Body::Commit };
    cluster.deliver();
    cluster.hand(1, 2, prepare.message);
    cluster.hand(1, 2, commit);
    assert!(!cluster.is_prepared(2, txn(3, 1, 1)));
    assert_eq!(cluster.list(1), [7]);
}

/// A call that was answered is answered alike, also after a crash; one that was aborted is not run again.
#[test]
fn answers_are_kept() {
    let mut cluster = promised();
    cluster.deliver();
    cluster.call(2, 1, 1, &[append(1, 8)]);
    cluster.lose_if(|_| true);
    cluster.fire(2, "Votes", txn(1, 1, 1));
    cluster.deliver();
    cluster.crash(1);
    cluster.crash(2);
    cluster.restart(1);
    cluster.restart(2);
    cluster.call(1, 3, 1, &BOTH);
    cluster.call(2, 1, 1, &[append(1, 8)]);
    cluster.deliver();
    assert_eq!(cluster.said(3, 1).len(), 2);
    assert!(cluster.has_committed(3, 1) && cluster.has_aborted(1, 1) && !cluster.has_committed(1, 1));
    assert_eq!(cluster.list(1), [7]);
}

/// A read sees what its own transaction appended before it, and not what it appends later.
#[test]
fn reads_see_their_own_appends() {
    let mut cluster = cluster();
    cluster.call(1, 3, 1, &[append(1, 1), read(1), append(1, 2), read(2), read(1)]);
    cluster.deliver();
    let Some(Answer::Done(Response::Committed { reads })) = cluster.said(3, 1).last().copied().cloned()
    else {
        panic!("it commits")
    };
    let reads: Vec<&[i64]> = reads.iter().map(|list| list.as_slice()).collect();
    assert_eq!(reads, [&[1][..], &[], &[1, 2]]);
}

/// Readers share a lock; nobody appends under them.
#[test]
fn readers_share() {
    let mut cluster = cluster();
    cluster.call(1, 3, 1, &[read(1)]);
    cluster.call(2, 1, 1, &[read(1)]);
    cluster.call(3, 2, 1, &[append(1, 9)]);
    cluster.deliver_kind("Prepare");
    cluster.deliver();
    assert!(cluster.has_committed(3, 1) && cluster.has_committed(1, 1) && cluster.has_aborted(2, 1));
}

/// A call at another node than its client's home is sent there; one on a key that nobody holds is refused.
#[test]
fn calls_that_are_not_carried_out() {
    let mut cluster = cluster();
    cluster.call(2, 3, 1, &BOTH);
    assert_eq!(cluster.said(3, 1), [&Answer::Elsewhere(Some(n(1)))]);
    cluster.call(1, 3, 1, &[append(12, 1)]);
    let refused = Answer::Done(Response::Aborted { why: Why::UnknownKey });
    assert_eq!(cluster.said(3, 1).last(), Some(&&refused));
    assert!(cluster.network.is_empty());
}

/// A message from outside the configuration is ignored, and so is a branch with a key that is not ours.
#[test]
fn nonsense_is_ignored() {
    let mut cluster = cluster();
    cluster.call(1, 3, 1, &BOTH);
    let for_n2 = cluster.network[0].clone();
    cluster.hand(9, 2, for_n2.message.clone());
    cluster.hand(1, 3, for_n2.message);
    assert!(cluster.noted(2, &CommitEvent::IgnoredNonsense { from: n(9) }));
    assert!(cluster.noted(3, &CommitEvent::IgnoredNonsense { from: n(1) }));
    assert!(!cluster.is_prepared(2, txn(3, 1, 1)) && !cluster.is_prepared(3, txn(3, 1, 1)));
}
