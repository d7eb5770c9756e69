//! What no correct node, client or operator says, line by line and for each protocol: it is refused, or ignored with a
//! note, and nothing changes. Only a node that could not keep an invariant at all does not boot, and names it.
use std::{collections::BTreeSet, sync::Arc, time::Duration};

use synod_atomic_commit::{
    Ballot, Branch, CommitEvent, Config, Decision, Key, MicroOp, Protocol, Response, Run, TxnId, Why,
    paxos_commit, three_phase, two_phase,
};
use synod_protocol::{Answer, Effect, Effects, Message, NodeId, Quorum, Time};

use crate::cluster::{Cluster, append, asked, n, read, txn};

/// A protocol, and what it needs to be told otherwise than the others.
trait Tested: Protocol {
    /// The first run of this call of client 3.
    fn name(number: u64, ops: &[MicroOp]) -> TxnId;

    fn prepare(number: u64, branch: &Branch) -> Self::Message;

    /// One message of each kind, about a call of this number.
    fn of_each_kind(number: u64) -> Vec<Self::Message>;
}

const CALL: [MicroOp; 3] = [
    MicroOp::Append { key: Key(0), value: 7 },
    MicroOp::Append { key: Key(1), value: 8 },
    MicroOp::Read { key: Key(1) },
];

fn branch(participants: &[u32], ops: &[MicroOp]) -> Branch {
    Branch { participants: participants.iter().copied().map(n).collect(), ops: ops.to_vec() }
}

impl Tested for two_phase::TwoPhase {
    fn name(number: u64, _: &[MicroOp]) -> TxnId {
        txn(3, number, 1)
    }

    fn prepare(number: u64, branch: &Branch) -> Self::Message {
        let body = two_phase::Body::Prepare(Arc::new(branch.clone()));
        two_phase::TwoPhaseMessage { txn: txn(3, number, 1), body }
    }

    fn of_each_kind(number: u64) -> Vec<Self::Message> {
        use two_phase::{Body::*, TwoPhaseMessage};
        let bodies = [VoteYes { reads: vec![] }, VoteNo, Commit, Abort, Ack, Inquire];
        let others = bodies.into_iter().map(|body| TwoPhaseMessage { txn: txn(3, number, 1), body });
        others.chain([Self::prepare(number, &branch(&[1, 2], &[append(1, 1)]))]).collect()
    }
}

impl Tested for three_phase::ThreePhase {
    fn name(number: u64, _: &[MicroOp]) -> TxnId {
        txn(3, number, 0)
    }

    fn prepare(number: u64, branch: &Branch) -> Self::Message {
        let body = three_phase::Body::Prepare(Arc::new(branch.clone()));
        three_phase::ThreePhaseMessage { txn: txn(3, number, 0), body }
    }

    fn of_each_kind(number: u64) -> Vec<Self::Message> {
        use three_phase::{Body::*, Standing, ThreePhaseMessage};
        let state = State { standing: Standing::Decided(Decision::Commit), was_down: false };
        let bodies =
            [VoteYes { reads: vec![] }, VoteNo, PreCommit, PreAck, Commit, Abort, Ack, AskState, state];
        let others = bodies.into_iter().map(|body| ThreePhaseMessage { txn: txn(3, number, 0), body });
        others.chain([Self::prepare(number, &branch(&[1, 2], &[append(1, 1)]))]).collect()
    }
}

impl Tested for paxos_commit::PaxosCommit {
    fn name(number: u64, ops: &[MicroOp]) -> TxnId {
        asked(3, number, ops)
    }

    fn prepare(number: u64, branch: &Branch) -> Self::Message {
        let body = paxos_commit::Body::Prepare(Arc::new(branch.clone()));
        paxos_commit::PaxosCommitMessage { txn: asked(3, number, &CALL), body }
    }

    fn of_each_kind(number: u64) -> Vec<Self::Message> {
        use paxos_commit::{Body::*, PaxosCommitMessage, Vote, Votes};
        let votes = || Votes::from([(n(9), Vote::Aborted)]);
        let ballot = Ballot { round: 1, leader: Some(n(9)) };
        let bodies = [
            Phase1a { ballot },
            Phase1b { ballot, accepted: [].into() },
            Phase2a { ballot, votes: votes(), leader: n(9) },
            Phase2b { ballot, votes: votes() },
            Promised { ballot },
            Outdated,
            Commit,
            Abort,
            Ack,
            Forget,
        ];
        let others = bodies.into_iter().map(|body| PaxosCommitMessage { txn: asked(3, number, &CALL), body });
        others.chain([Self::prepare(number, &branch(&[1, 2], &[append(1, 1)]))]).collect()
    }
}

/// Each sentence, of each protocol.
macro_rules! each {
    ($($sentence:ident),* $(,)?) => {
        mod two_phase_commit { $(#[test] fn $sentence() { super::$sentence::<super::two_phase::TwoPhase>(); })* }
        mod three_phase_commit { $(#[test] fn $sentence() { super::$sentence::<super::three_phase::ThreePhase>(); })* }
        mod paxos_commit_too { $(#[test] fn $sentence() { super::$sentence::<super::paxos_commit::PaxosCommit>(); })* }
    };
}

each! {
    nodes_outside_the_configuration_are_not_heard,
    branches_that_make_no_sense_are_not_prepared,
    unknown_keys_are_refused,
    nothing_to_do_is_done,
    a_key_twice_is_one_lock,
    a_member_alone_is_a_cluster,
    another_command_under_the_same_number,
    another_command_while_the_first_is_open,
    the_last_numbers,
    no_members,
    a_member_twice,
    no_keys,
    not_a_member,
    waits_that_overflow,
}

/// All that the node does is to note this.
fn only_notes<P: Protocol>(
    cluster: &mut Cluster<P>,
    from: u32,
    to: u32,
    message: P::Message,
    event: CommitEvent,
) {
    let before = cluster.node(to).clone();
    cluster.hand(from, to, message.clone());
    let effects = &cluster.told.last().expect("it was handed something").effects;
    assert!(matches!(&effects[..], [Effect::Event(noted)] if *noted == event), "{message:?}: {effects:?}");
    assert_eq!(*cluster.node(to), before, "{message:?}");
}

/// A call of n1's client that appends under 0 and 1, at n1 and n2, all of whose messages are still on their way.
fn called<P: Tested>(number: u64) -> Cluster<P> {
    let mut cluster = Cluster::new(3);
    cluster.call(1, 3, number, &CALL);
    cluster
}

fn nodes_outside_the_configuration_are_not_heard<P: Tested>() {
    let kinds: BTreeSet<&str> = P::of_each_kind(1).iter().map(Message::kind).collect();
    assert_eq!(kinds, P::KINDS.iter().copied().collect(), "one of each kind");
    for of_what_is_under_way in [true, false] {
        for message in P::of_each_kind(if of_what_is_under_way { 1 } else { 2 }) {
            let mut cluster = called::<P>(1);
            cluster.deliver_kind_to("Prepare", 2);
            only_notes(&mut cluster, 9, 2, message.clone(), CommitEvent::IgnoredNonsense { from: n(9) });
            only_notes(&mut cluster, 9, 1, message, CommitEvent::IgnoredNonsense { from: n(9) });
        }
    }
}

fn branches_that_make_no_sense_are_not_prepared<P: Tested>() {
    let nonsense = CommitEvent::IgnoredNonsense { from: n(1) };
    for (participants, ops) in [
        // Unknown participants, one twice, out of order, none, not the one that is asked.
        (&[1, 2, 9][..], &[append(1, 1)][..]),
        (&[2, 2], &[append(1, 1)]),
        (&[2, 1], &[append(1, 1)]),
        (&[], &[append(1, 1)]),
        (&[1, 3], &[append(1, 1)]),
        // An unknown key, the largest there is, another's, nothing.
        (&[1, 2], &[append(13, 1)]),
        (&[1, 2], &[append(1, 1), read(u64::MAX)]),
        (&[1, 2], &[append(1, 1), append(0, 1)]),
        (&[1, 2], &[]),
    ] {
        let mut cluster = Cluster::<P>::new(3);
        let message = P::prepare(1, &branch(participants, ops));
        only_notes(&mut cluster, 1, 2, message, nonsense.clone());
    }
    let mut cluster = Cluster::<P>::new(3);
    cluster.hand(1, 2, P::prepare(1, &branch(&[1, 2], &[append(1, 1)])));
    assert!(cluster.is_prepared(2, P::name(1, &CALL)), "what makes sense is");
}

fn unknown_keys_are_refused<P: Tested>() {
    for key in [12, 13, u64::MAX] {
        let mut cluster = Cluster::<P>::new(3);
        cluster.call(1, 3, 1, &[append(0, 7), append(key, 8)]);
        assert_eq!(cluster.said(3, 1), [&Answer::Done(Response::Aborted { why: Why::UnknownKey })]);
        assert!(cluster.network.is_empty(), "nobody is asked");
    }
}

fn nothing_to_do_is_done<P: Tested>() {
    let mut cluster = Cluster::<P>::new(3);
    cluster.call(1, 3, 1, &[]);
    assert_eq!(cluster.said(3, 1), [&Answer::Done(Response::Committed { reads: vec![] })]);
    assert!(cluster.network.is_empty(), "nobody is asked");
}

fn a_key_twice_is_one_lock<P: Tested>() {
    let mut cluster = Cluster::<P>::new(3);
    cluster.call(1, 3, 1, &[read(1), append(1, 7), read(1), append(1, 8), read(1)]);
    cluster.deliver();
    let lists = [vec![], vec![7], vec![7, 8]].map(Arc::new);
    assert_eq!(cluster.said(3, 1), [&Answer::Done(Response::Committed { reads: lists.into() })]);
    assert_eq!(cluster.list(1), [7, 8]);
    assert!(cluster.node(2).locks().is_empty());
}

fn a_member_alone_is_a_cluster<P: Tested>() {
    let mut cluster = Cluster::<P>::new(1);
    cluster.call(1, 3, 1, &[append(0, 7), append(1, 8)]);
    cluster.deliver();
    assert!(cluster.has_committed(3, 1));
    cluster.crash(1);
    cluster.restart(1);
    assert_eq!((cluster.list(0), cluster.list(1)), (vec![7], vec![8]));
}

/// The first has ended: the second is answered as the first was, or not at all, and does nothing, wherever it comes.
fn another_command_under_the_same_number<P: Tested>() {
    for others in
        [&[append(0, 9), append(1, 9)][..], &[append(2, 9)], &[append(0, 9)], &[read(2), append(1, 9)]]
    {
        for via in 1..=3 {
            let mut cluster = called::<P>(1);
            cluster.deliver();
            assert!(cluster.has_committed(3, 1));
            cluster.call(via, 3, 1, others);
            cluster.deliver();
            assert_eq!((cluster.list(0), cluster.list(1), cluster.list(2)), (vec![7], vec![8], vec![]));
            assert!(!cluster.has_aborted(3, 1));
            cluster.call(1, 3, 2, &[append(0, 10), append(1, 10), append(2, 10)]);
            cluster.deliver();
            assert!(cluster.has_committed(3, 2), "nobody else is in its way");
        }
    }
}

/// The first is under way at the same node.
fn another_command_while_the_first_is_open<P: Tested>() {
    for others in
        [&[append(0, 9), append(1, 9)][..], &[append(2, 9)], &[append(0, 9), append(1, 9), append(2, 9)]]
    {
        let mut cluster = called::<P>(1);
        cluster.deliver_kind_to("Prepare", 2);
        let on_their_way = cluster.network.len();
        cluster.call(1, 3, 1, others);
        assert!(cluster.noted(1, &CommitEvent::SawCallAgain { txn: P::name(1, others) }));
        assert_eq!(cluster.network.len(), on_their_way, "nobody is asked");
        cluster.deliver();
        assert_eq!((cluster.list(0), cluster.list(1), cluster.list(2)), (vec![7], vec![8], vec![]));
        assert!(cluster.said(3, 1).iter().all(|answer| {
            matches!(answer, Answer::Done(Response::Committed { reads }) if reads[..] == [Arc::new(vec![8])])
        }));
    }
}

/// After the last number there is none, and an earlier one is outdated.
fn the_last_numbers<P: Tested>() {
    let mut cluster = called::<P>(u64::MAX);
    cluster.deliver();
    assert!(cluster.has_committed(3, u64::MAX));
    for _ in 0..2 {
        cluster.call(1, 3, u64::MAX, &CALL);
        cluster.call(1, 3, u64::MAX - 1, &[append(0, 9)]);
        cluster.deliver();
        assert_eq!((cluster.list(0), cluster.list(1)), (vec![7], vec![8]));
        cluster.crash(1);
        cluster.restart(1);
    }
    // The last client, with its home wherever that is.
    let home = cluster.config.home(synod_protocol::ClientId(u32::MAX)).0;
    cluster.call(home, u32::MAX, u64::MAX, &[append(2, i64::MAX), append(2, i64::MIN)]);
    cluster.deliver();
    assert!(cluster.has_committed(u32::MAX, u64::MAX));
}

fn boots<P: Tested>(id: u32, config: &Config, durable: P::Durable) -> P {
    Effects::<P>::default().boot(Time::ZERO, n(id), config, durable)
}

/// What a node says that cannot boot.
fn why_not<P: Tested>(id: u32, config: Config, durable: P::Durable) -> String {
    let caught =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(boots::<P>(id, &config, durable))));
    *caught.expect_err("it must not boot").downcast::<String>().expect("a reason")
}

fn refuses<P: Tested>(id: u32, change: impl Fn(&mut Config), reason: &str) {
    let mut config = Config::new((1..=3).map(NodeId));
    drop(boots::<P>(1, &config, P::Durable::default()));
    change(&mut config);
    let said = why_not::<P>(id, config, P::Durable::default());
    assert!(said.contains(reason), "{said}");
}

fn no_members<P: Tested>() {
    refuses::<P>(1, |config| config.members.clear(), "at least one member");
}

fn a_member_twice<P: Tested>() {
    refuses::<P>(1, |config| config.members.push(n(2)), "listed twice");
}

fn no_keys<P: Tested>() {
    refuses::<P>(1, |config| config.keys = 0, "keys must be at least 1");
}

fn not_a_member<P: Tested>() {
    refuses::<P>(4, |_| {}, "n4 must be a member");
}

fn waits_that_overflow<P: Tested>() {
    refuses::<P>(1, |config| config.resend = Duration::MAX, "at most a day");
    refuses::<P>(1, |config| config.doubt.end = Duration::MAX, "at most a day");
}

/// Names of runs are made of lives. When they are used up, the node must not come up again.
#[test]
fn the_last_life() {
    let config = Config::new([n(1)]);
    let persistent = |life| two_phase::Persistent { life, ..Default::default() };
    let node = boots::<two_phase::TwoPhase>(1, &config, persistent(Run::LAST_LIFE - 1));
    assert_eq!(node.persistent().life, Run::LAST_LIFE);
    let said = why_not::<two_phase::TwoPhase>(1, config, persistent(Run::LAST_LIFE));
    assert!(said.starts_with("Exactly once"), "{said}");
}

/// Paxos Commit has no quorums to choose: majorities of the members, however many these are, intersect.
#[test]
fn any_two_majorities_intersect() {
    for members in 1..=7 {
        let members: Vec<NodeId> = (1..=members).map(NodeId).collect();
        let quorum = Quorum::majority_of(&members);
        assert!(quorum.intersects(&quorum), "{members:?}");
    }
}
