//! Paxos Commit: one test per claim of Gray & Lamport (2006).
use synod_atomic_commit::{
    Ballot, Branch, CommitEvent, Decision, Key, MicroOp, Protocol,
    paxos_commit::{Body, PaxosCommit, PaxosCommitMessage},
};

use crate::cluster::{Cluster, append, asked, n, read};

const BOTH: [MicroOp; 2] =
    [MicroOp::Append { key: Key(1), value: 7 }, MicroOp::Append { key: Key(2), value: 7 }];
const IT: fn() -> synod_atomic_commit::TxnId = || asked(3, 1, &BOTH);

fn promised() -> Cluster<PaxosCommit> {
    let mut cluster = Cluster::new(3);
    cluster.call(1, 3, 1, &BOTH);
    cluster.deliver_kind("Prepare");
    cluster
}

/// "The transaction commits if and only if each instance chooses Prepared." §4
#[test]
fn all_prepared_commits() {
    let mut cluster = promised();
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
}

/// One instance that chooses Aborted aborts it. §4
#[test]
fn one_aborted_aborts() {
    let mut cluster = Cluster::<PaxosCommit>::new(3);
    cluster.call(2, 1, 1, &[append(2, 5)]);
    cluster.deliver_kind("Prepare");
    cluster.call(1, 3, 1, &BOTH);
    cluster.deliver();
    assert!(cluster.has_aborted(3, 1) && cluster.has_committed(1, 1));
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![], vec![5]));
}

/// A majority of the acceptors is enough. §4
#[test]
fn a_majority_is_enough() {
    let mut cluster = promised();
    cluster.lose_kind_to("Phase2a", 3);
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
}

/// Less is not: one acceptor alone decides nothing.
#[test]
fn a_minority_is_not() {
    let mut cluster = promised();
    cluster.lose_kind_to("Phase2a", 3);
    cluster.lose_kind_to("Phase2a", 2);
    cluster.deliver();
    assert!(!cluster.has_committed(3, 1) && !cluster.has_aborted(3, 1));
}

/// No single crash blocks it: whichever node dies, and whenever, those who are up come to an end. §1
#[test]
fn no_single_crash_blocks() {
    for dead in [1, 2, 3] {
        for delivered in 0..20 {
            let mut cluster = Cluster::<PaxosCommit>::new(3);
            cluster.call(1, 3, 1, &BOTH);
            for _ in 0..delivered {
                if let Some(first) = cluster.network.first().map(|it| (it.from, it.to)) {
                    let position = cluster.network.iter().position(|it| (it.from, it.to) == first);
                    assert_eq!(position, Some(0));
                    let envelope = cluster.network.remove(0);
                    cluster.hand(envelope.from.0, envelope.to.0, envelope.message);
                }
            }
            cluster.crash(dead);
            cluster.deliver();
            for id in (1..=3).filter(|id| *id != dead) {
                if cluster.is_prepared(id, IT()) {
                    cluster.fire(id, "Doubt", IT());
                    cluster.deliver();
                }
                assert!(!cluster.is_prepared(id, IT()), "n{id} waits, with n{dead} dead after {delivered}");
            }
        }
    }
}

/// "If … no value could have been chosen, the leader is free": it proposes Aborted for who has not voted. §4
#[test]
fn a_silent_participant_is_aborted() {
    let mut cluster = Cluster::<PaxosCommit>::new(3);
    cluster.call(1, 3, 1, &BOTH);
    cluster.lose_kind_to("Prepare", 3);
    cluster.deliver();
    cluster.fire(1, "Lead", IT());
    cluster.deliver();
    assert!(cluster.has_aborted(3, 1));
    assert!(cluster.noted(2, &CommitEvent::Learned { txn: IT(), decision: Decision::Abort }));
}

/// What may have been chosen is proposed again, so two leaders decide alike. §3
#[test]
fn two_leaders_decide_alike() {
    let mut cluster = promised();
    cluster.deliver_kind("Phase2a");
    // The leader's answers are lost, and both participants lead at once.
    cluster.lose_if(|_| true);
    cluster.fire(2, "Doubt", IT());
    cluster.fire(3, "Doubt", IT());
    cluster.deliver();
    for id in [2, 3] {
        let learned = CommitEvent::Learned { txn: IT(), decision: Decision::Commit };
        assert!(cluster.noted(id, &learned) || !cluster.is_prepared(id, IT()));
    }
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
}

/// An acceptor that promised takes nothing of an earlier ballot, also after a crash. §3
#[test]
fn promises_are_kept() {
    let mut cluster = promised();
    let ballot = Ballot::ZERO.next(n(2)).expect("there are more");
    cluster.hand(2, 3, PaxosCommitMessage { txn: IT(), body: Body::Phase1a { ballot } });
    cluster.crash(3);
    cluster.restart(3);
    cluster.deliver_kind_to("Phase2a", 3);
    let ballots = &cluster.node(3).persistent().ballots[&IT()];
    assert_eq!((ballots.promised, ballots.accepted.len()), (ballot, 0));
}

/// A client that asks again, at another node, is told of the one time that it took effect.
#[test]
fn any_node_answers() {
    let mut cluster = promised();
    cluster.deliver_kind("Phase2a");
    cluster.crash(1);
    cluster.lose_if(|_| true);
    cluster.call(3, 3, 1, &BOTH);
    cluster.deliver();
    assert!(cluster.has_committed(3, 1), "both are up and repeat their votes");
    assert_eq!((cluster.list(1), cluster.list(2)), (vec![7], vec![7]));
}

/// The same when all is over: acceptors keep a client's latest transaction, with what its reads saw.
#[test]
fn the_latest_call_is_remembered() {
    let mut cluster = Cluster::<PaxosCommit>::new(3);
    cluster.call(1, 3, 1, &[append(1, 7), read(1)]);
    cluster.deliver();
    cluster.call(2, 3, 1, &[append(1, 7), read(1)]);
    cluster.deliver();
    cluster.fire(2, "Lead", asked(3, 1, &[append(1, 7), read(1)]));
    cluster.deliver();
    let said = cluster.said(3, 1);
    assert_eq!((said.len(), said[0] == said[1]), (2, true));
    assert_eq!(cluster.list(1), [7]);
}

/// Earlier ones go when every participant has them, and are answered no more.
#[test]
fn earlier_calls_are_forgotten() {
    let mut cluster = promised();
    cluster.deliver();
    cluster.call(1, 3, 2, &[append(1, 8)]);
    cluster.deliver();
    assert!((1..=3).all(|id| !cluster.node(id).persistent().ballots.contains_key(&IT())));
    cluster.call(2, 3, 1, &BOTH);
    assert!(cluster.noted(2, &CommitEvent::SawCallAgain { txn: IT() }) && cluster.network.is_empty());
    assert_eq!(cluster.said(3, 1).len(), 1);
    // Nor is something else prepared under its number, which they would not bring to an end.
    let other = [append(0, 9), append(1, 9)];
    let participants = [n(1), n(2)].into();
    let branch = Branch { participants, ops: vec![append(0, 9)] };
    let message = PaxosCommitMessage { txn: asked(3, 1, &other), body: Body::Prepare(branch.into()) };
    cluster.hand(3, 1, message);
    cluster.call(3, 3, 1, &other);
    cluster.deliver();
    assert!(cluster.ids().all(|id| cluster.node(id).locks().is_empty()));
    assert_eq!(cluster.list(1), [7, 8]);
}

/// Ballots end with the numbers, and nobody panics there.
#[test]
fn the_last_ballot_is_the_last() {
    let mut cluster = promised();
    let ballot = Ballot { round: u64::MAX, leader: Some(n(2)) };
    cluster.hand(2, 1, PaxosCommitMessage { txn: IT(), body: Body::Promised { ballot } });
    cluster.lose_if(|_| true);
    cluster.fire(1, "Lead", IT());
    assert!(cluster.network.is_empty());
}
