//! What a member says that no correct member would say then: votes and states of others, ballots that nobody leads, and
//! the last ballots that there are.
use std::{collections::BTreeMap, sync::Arc};

use synod_atomic_commit::{
    Ballot, Branch, CommitEvent, Key, MicroOp, Protocol, Run, TxnId,
    paxos_commit::{self, PaxosCommit, PaxosCommitMessage, Vote, Votes},
    three_phase::{self, Standing, ThreePhase, ThreePhaseMessage},
    two_phase::{self, TwoPhase, TwoPhaseMessage},
};
use synod_protocol::{Effect, Effects, Input, Time};

use crate::cluster::{Cluster, append, asked, n, read, txn};

const CALL: [MicroOp; 2] =
    [MicroOp::Append { key: Key(0), value: 7 }, MicroOp::Append { key: Key(1), value: 8 }];

fn it<P: Protocol>(txn: TxnId) -> (Cluster<P>, TxnId) {
    let mut cluster = Cluster::new(4);
    // Coordinated by n4, which takes no part; n1 and n2 do, and n3 has nothing to do with it.
    cluster.call(4, 3, 1, &CALL);
    (cluster, txn)
}

/// A step, without the watch: what is said may be the very opposite of what was decided.
fn said<P: Protocol>(cluster: &Cluster<P>, from: u32, to: u32, message: P::Message) -> (P, Vec<Effect<P>>) {
    let (mut node, mut out) = (cluster.node(to).clone(), Effects::default());
    out.step(Time::ZERO, &mut node, &Input::Message(n(from), message));
    (node, out.as_slice().to_vec())
}

fn is_nonsense<P: Protocol>(cluster: &Cluster<P>, from: u32, to: u32, message: P::Message) {
    let (after, effects) = said(cluster, from, to, message.clone());
    let is_noted = matches!(
        &effects[..],
        [Effect::Event(CommitEvent::IgnoredNonsense { from: noted })] if *noted == n(from)
    );
    assert!(is_noted, "{message:?}: {effects:?}");
    assert!(after == *cluster.node(to), "{message:?}");
}

#[test]
fn in_two_phase_commit() {
    use two_phase::Body::*;
    let (mut cluster, txn) = it::<TwoPhase>(txn(3, 1, 1));
    let says = |body| TwoPhaseMessage { txn, body };
    // One that takes no part votes.
    is_nonsense(&cluster, 3, 4, says(VoteYes { reads: vec![] }));
    is_nonsense(&cluster, 3, 4, says(VoteNo));
    // A commit before the vote; a yes in a life that is still to come.
    is_nonsense(&cluster, 4, 1, says(Commit));
    let later = TxnId { run: Run::in_life(u32::MAX), ..txn };
    is_nonsense(&cluster, 1, 4, TwoPhaseMessage { txn: later, body: VoteYes { reads: vec![] } });
    is_nonsense(&cluster, 1, 4, TwoPhaseMessage { txn: later, body: Inquire });
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
}

#[test]
fn in_three_phase_commit() {
    use three_phase::Body::*;
    let (mut cluster, txn) = it::<ThreePhase>(txn(3, 1, 0));
    let says = |body| ThreePhaseMessage { txn, body };
    // One that takes no part votes; a commit before the votes, at a participant and at the coordinator.
    is_nonsense(&cluster, 3, 4, says(VoteYes { reads: vec![] }));
    is_nonsense(&cluster, 3, 4, says(VoteNo));
    is_nonsense(&cluster, 4, 1, says(Commit));
    is_nonsense(&cluster, 1, 4, says(Commit));
    cluster.deliver_kind("Prepare");
    cluster.deliver_kind("VoteYes");
    // It acknowledges a pre-commit, too, and says how things stand.
    is_nonsense(&cluster, 3, 4, says(PreAck));
    cluster.lose_kind_to("PreCommit", 1);
    cluster.lose_kind_to("PreCommit", 2);
    cluster.crash(4);
    cluster.fire(1, "Doubt", txn);
    is_nonsense(&cluster, 3, 1, says(State { standing: Standing::Uncertain, was_down: true }));
    is_nonsense(&cluster, 3, 1, says(State { standing: Standing::PreCommitted, was_down: false }));
    cluster.deliver();
    cluster.fire(1, "Conclude", txn);
    cluster.deliver();
    assert!(cluster.list(0).is_empty() && cluster.node(1).locks().is_empty());
}

/// What only a member outside of the transaction would make a total failure is none.
#[test]
fn a_stranger_completes_no_total_failure() {
    let (mut cluster, txn) = it::<ThreePhase>(txn(3, 1, 0));
    cluster.deliver_kind("Prepare");
    cluster.crash(1);
    cluster.crash(2);
    cluster.crash(4);
    cluster.restart(1);
    cluster.restart(2);
    cluster.fire(1, "Doubt", txn);
    let body = three_phase::Body::State { standing: Standing::Uncertain, was_down: true };
    cluster.hand(3, 1, ThreePhaseMessage { txn, body });
    cluster.deliver_kind_to("AskState", 2);
    cluster.deliver_kind_to("State", 1);
    cluster.fire(1, "Conclude", txn);
    assert!(cluster.is_prepared(1, txn), "the coordinator may know more, and is not back");
}

fn ballot(round: u64, leader: Option<u32>) -> Ballot {
    Ballot { round, leader: leader.map(n) }
}

fn prepared() -> Vote {
    Vote::Prepared { reads: Arc::default() }
}

#[test]
fn in_paxos_commit() {
    use paxos_commit::Body::*;
    let (mut cluster, txn) = it::<PaxosCommit>(asked(3, 1, &CALL));
    let says = |body| PaxosCommitMessage { txn, body };
    let votes = |of: &[u32]| -> Votes { of.iter().map(|of| (n(*of), prepared())).collect() };
    let propose = |ballot, of, leader| Phase2a { ballot, votes: votes(of), leader: n(leader) };
    // Ballots that nobody leads, that another leads, or that somebody leads who may not.
    for ballot in
        [ballot(0, Some(2)), ballot(1, None), ballot(u64::MAX, None), ballot(1, Some(1)), Ballot::ZERO]
    {
        is_nonsense(&cluster, 2, 3, says(Phase1a { ballot }));
    }
    for ballot in [ballot(0, Some(2)), ballot(1, None), ballot(u64::MAX, None), ballot(u64::MAX, Some(1))] {
        is_nonsense(&cluster, 2, 3, says(propose(ballot, &[2], 4)));
    }
    for ballot in [Ballot::ZERO, ballot(u64::MAX, None), ballot(u64::MAX, Some(9))] {
        is_nonsense(&cluster, 2, 4, says(Promised { ballot }));
    }
    // Another's vote in ballot 0, nobody's, a stranger's, or one that a stranger shall hear of.
    is_nonsense(&cluster, 2, 3, says(propose(Ballot::ZERO, &[1], 4)));
    is_nonsense(&cluster, 2, 3, says(propose(Ballot::ZERO, &[], 4)));
    is_nonsense(&cluster, 2, 3, says(propose(Ballot::ZERO, &[2], 9)));
    is_nonsense(&cluster, 2, 3, says(propose(ballot(1, Some(2)), &[1, 2, 9], 2)));
    // A commit before the vote.
    is_nonsense(&cluster, 4, 1, says(Commit));
    // Votes of one that takes no part; and in one ballot another vote than was taken.
    is_nonsense(&cluster, 2, 4, says(Phase2b { ballot: Ballot::ZERO, votes: votes(&[3]) }));
    cluster.hand(2, 4, says(Phase2b { ballot: Ballot::ZERO, votes: votes(&[1]) }));
    let other = Votes::from([(n(1), Vote::Aborted)]);
    is_nonsense(&cluster, 3, 4, says(Phase2b { ballot: Ballot::ZERO, votes: other }));
    // An acceptor took what comes only later.
    cluster.fire(4, "Lead", txn);
    for taken in [ballot(1, Some(4)), ballot(2, Some(1)), ballot(u64::MAX, Some(1))] {
        let accepted = BTreeMap::from([(n(1), (taken, prepared()))]);
        is_nonsense(&cluster, 1, 4, says(Phase1b { ballot: ballot(1, Some(4)), accepted }));
    }
    cluster.deliver();
    assert!(cluster.has_committed(3, 1) || cluster.has_aborted(3, 1));
}

/// In the last ballot acceptors do as in any, and nobody leads one after it: that is noted, whoever tries.
#[test]
fn the_last_ballot() {
    use paxos_commit::Body::*;
    let (mut cluster, txn) = it::<PaxosCommit>(asked(3, 1, &CALL));
    let last = ballot(u64::MAX, Some(2));
    cluster.deliver_kind("Prepare");
    cluster.lose_if(|_| true);
    for acceptor in 1..=4 {
        cluster.hand(2, acceptor, PaxosCommitMessage { txn, body: Phase1a { ballot: last } });
        assert!(cluster.noted(acceptor, &CommitEvent::Promised { txn, ballot: last }));
    }
    cluster.lose_if(|_| true);
    // n4 hears of it, and then has none.
    cluster.fire(4, "Lead", txn);
    cluster.deliver();
    cluster.fire(4, "Lead", txn);
    assert!(cluster.noted(4, &CommitEvent::OutOfBallots { txn }) && cluster.network.is_empty());
    // So does a participant in doubt, which takes over and is told.
    cluster.fire(1, "Doubt", txn);
    cluster.deliver();
    cluster.fire(1, "Lead", txn);
    assert!(cluster.noted(1, &CommitEvent::OutOfBallots { txn }) && cluster.network.is_empty());
    // Nobody has decided anything. Who leads the last ballot can.
    let votes = Votes::from([(n(1), Vote::Aborted), (n(2), Vote::Aborted)]);
    for acceptor in 1..=4 {
        let body = Phase2a { ballot: last, votes: votes.clone(), leader: n(2) };
        cluster.hand(2, acceptor, PaxosCommitMessage { txn, body });
        assert!(cluster.noted(acceptor, &CommitEvent::Accepted { txn, ballot: last, of: n(1) }));
    }
}

/// Three acceptors bear one fault. With two they decide nothing, and wait; and go on when one is back.
#[test]
fn more_faults_than_acceptors_for() {
    let mut cluster = Cluster::<PaxosCommit>::new(3);
    let txn = asked(1, 1, &[append(0, 7)]);
    cluster.call(1, 1, 1, &[append(0, 7)]);
    cluster.deliver_kind("Prepare");
    cluster.crash(2);
    cluster.crash(3);
    for _ in 0..3 {
        cluster.deliver();
        cluster.fire(1, "Lead", txn);
        cluster.fire(1, "Doubt", txn);
    }
    cluster.deliver();
    assert!(cluster.said(1, 1).is_empty() && cluster.is_prepared(1, txn));
    cluster.restart(3);
    cluster.fire(1, "Lead", txn);
    cluster.deliver();
    assert!(cluster.has_committed(1, 1) && cluster.list(0) == [7]);
}

/// Who leads it, or took a vote on it, knows who takes part; what others would take part in is something else. The call
/// itself is answered.
#[test]
fn another_command_is_not_led() {
    let (mut cluster, txn) = it::<PaxosCommit>(asked(3, 1, &CALL));
    cluster.deliver_kind("Prepare");
    cluster.deliver_kind_to("Phase2a", 3);
    cluster.crash(4);
    cluster.fire(1, "Doubt", txn);
    // n1 leads it, and n3 took the votes.
    for via in [1, 3] {
        let on_their_way = cluster.network.len();
        cluster.call(via, 3, 1, &[read(2)]);
        let other = asked(3, 1, &[read(2)]);
        assert!(cluster.noted(via, &CommitEvent::SawCallAgain { txn: other }));
        assert_eq!(cluster.network.len(), on_their_way, "nobody is asked");
    }
    cluster.deliver();
    assert!(cluster.said(3, 1).is_empty());
    cluster.call(1, 3, 1, &[read(2)]);
    assert!(cluster.said(3, 1).is_empty());
    cluster.call(3, 3, 1, &CALL);
    cluster.deliver();
    cluster.fire(3, "Lead", txn);
    cluster.deliver();
    assert!(cluster.has_committed(3, 1) && cluster.list(0) == [7] && cluster.list(1) == [8]);
}

/// What is over for an acceptor is not begun by somebody who had no part in it: its client asks for something else under
/// the number of an earlier call. Nor does one that has promised one thing say the same of another.
#[test]
fn another_command_does_not_prepare() {
    let (mut cluster, txn) = it::<PaxosCommit>(asked(3, 1, &CALL));
    let branch = |participants: &[u32], key| {
        let participants = participants.iter().copied().map(n).collect();
        Arc::new(Branch { participants, ops: vec![append(key, 9)] })
    };
    let prepare = |branch| PaxosCommitMessage { txn, body: paxos_commit::Body::Prepare(branch) };
    cluster.deliver_kind("Prepare");
    is_nonsense(&cluster, 3, 1, prepare(branch(&[1, 2], 0)));
    is_nonsense(&cluster, 3, 1, prepare(branch(&[1, 2, 3], 0)));
    cluster.deliver();
    is_nonsense(&cluster, 3, 3, prepare(branch(&[1, 2, 3], 2)));
}
