//! Laws: any sequence of inputs, of any sense, leaves a node that stands, whose actions are cut clean, and whose memory
//! is what its records fold to.
use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, prelude::*};
use synod_atomic_commit::{
    Ballot, Branch, Config, Decision, Key, List, MicroOp, Protocol, Run, Transaction, TxnId, invariants,
    paxos_commit, three_phase, two_phase,
};
use synod_protocol::{Caller, ClientId, Durable, Effect, Effects, Input, NodeId, Nodes, Time};

fn node() -> impl Strategy<Value = NodeId> {
    prop_oneof![3 => 1u32..4, 1 => 0u32..5].prop_map(NodeId)
}

/// Mostly one call of n1's, so that things come together.
fn txn() -> impl Strategy<Value = TxnId> {
    let run = prop_oneof![Just(Run::ONLY), Just(Run::in_life(1)), a_digest(), a_digest()];
    let usual = run.prop_map(|run| TxnId { client: ClientId(0), number: 1, run });
    prop_oneof![3 => usual, 1 => any_txn()]
}

fn any_txn() -> impl Strategy<Value = TxnId> {
    let number = number();
    let life = prop_oneof![Just(0), Just(1), Just(2), Just(Run::LAST_LIFE)].prop_map(Run::in_life);
    (client(), number, prop_oneof![life, a_digest()]).prop_map(|(client, number, run)| TxnId {
        client,
        number,
        run,
    })
}

/// Of one of two commands.
fn a_digest() -> impl Strategy<Value = Run> {
    any::<bool>().prop_map(|second| Run::asking(&Transaction(commands()[usize::from(second)].clone())))
}

/// On keys of n1, and of n1 and n2.
fn commands() -> [Vec<MicroOp>; 2] {
    let append = |key| MicroOp::Append { key: Key(key), value: 7 };
    [vec![append(0)], vec![append(0), append(1)]]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(1), Just(2), Just(3), Just(u64::MAX - 1), Just(u64::MAX)]
}

fn client() -> impl Strategy<Value = ClientId> {
    prop_oneof![9 => 0u32..3, 1 => Just(u32::MAX)].prop_map(ClientId)
}

fn value() -> impl Strategy<Value = i64> {
    prop_oneof![9 => 0i64..9, 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn ops() -> impl Strategy<Value = Vec<MicroOp>> {
    let key = prop_oneof![9 => 0u64..6, 1 => Just(u64::MAX)].prop_map(Key);
    let op = (key, any::<bool>(), value()).prop_map(|(key, appends, value)| match appends {
        true => MicroOp::Append { key, value },
        false => MicroOp::Read { key },
    });
    vec(op, 0..4)
}

/// On keys of n1 and n2.
fn usual_ops() -> impl Strategy<Value = Vec<MicroOp>> {
    let op = (prop_oneof![3 => Just(Key(0)), 1 => Just(Key(1))], any::<bool>());
    let op = op.prop_map(|(key, appends)| match appends {
        true => MicroOp::Append { key, value: 7 },
        false => MicroOp::Read { key },
    });
    vec(op, 1..3)
}

/// Whatever, and as often what n1 may be asked to prepare.
fn branch() -> impl Strategy<Value = Arc<Branch>> {
    let whatever = (vec(node(), 0..4), ops());
    let others = prop_oneof![Just(vec![]), Just(vec![2]), Just(vec![3]), Just(vec![2, 3])];
    let its_own = (others, usual_ops()).prop_map(|(others, ops)| {
        let participants = [1].into_iter().chain(others).map(NodeId).collect();
        (participants, ops)
    });
    let branch = |(participants, ops): (Vec<NodeId>, Vec<MicroOp>)| {
        Arc::new(Branch { participants: participants.into(), ops })
    };
    prop_oneof![whatever.prop_map(branch), its_own.prop_map(branch)]
}

fn reads() -> impl Strategy<Value = Vec<List>> {
    vec(vec(value(), 0..3).prop_map(Arc::new), 0..3)
}

fn ballot() -> impl Strategy<Value = Ballot> {
    let round = prop_oneof![Just(0), Just(1), Just(2), Just(u64::MAX - 1), Just(u64::MAX)];
    let any = (round, proptest::option::of(node())).prop_map(|(round, leader)| Ballot { round, leader });
    let first = Ballot { round: 1, leader: Some(NodeId(1)) };
    prop_oneof![3 => Just(Ballot::ZERO), 3 => Just(first), 2 => any]
}

fn two_phase_message() -> impl Strategy<Value = two_phase::TwoPhaseMessage> {
    use two_phase::Body;
    let body = prop_oneof![
        branch().prop_map(Body::Prepare),
        reads().prop_map(|reads| Body::VoteYes { reads }),
        Just(Body::VoteNo),
        Just(Body::Commit),
        Just(Body::Abort),
        Just(Body::Ack),
        Just(Body::Inquire),
    ];
    (txn(), body).prop_map(|(txn, body)| two_phase::TwoPhaseMessage { txn, body })
}

fn three_phase_message() -> impl Strategy<Value = three_phase::ThreePhaseMessage> {
    use three_phase::{Body, Standing};
    let standing = prop_oneof![
        Just(Standing::Uncertain),
        Just(Standing::PreCommitted),
        Just(Standing::Decided(Decision::Commit)),
        Just(Standing::Decided(Decision::Abort)),
    ];
    let body = prop_oneof![
        branch().prop_map(Body::Prepare),
        reads().prop_map(|reads| Body::VoteYes { reads }),
        Just(Body::VoteNo),
        Just(Body::PreCommit),
        Just(Body::PreAck),
        Just(Body::Commit),
        Just(Body::Abort),
        Just(Body::Ack),
        Just(Body::AskState),
        (standing, any::<bool>()).prop_map(|(standing, was_down)| Body::State { standing, was_down }),
    ];
    (txn(), body).prop_map(|(txn, body)| three_phase::ThreePhaseMessage { txn, body })
}

fn paxos_commit_message() -> impl Strategy<Value = paxos_commit::PaxosCommitMessage> {
    use paxos_commit::{Body, Vote};
    let vote = || {
        let prepared = reads().prop_map(|reads| Vote::Prepared { reads: Arc::new(reads) });
        prop_oneof![prepared, Just(Vote::Aborted)]
    };
    let simple = || prop_oneof![Just(Vote::Prepared { reads: Arc::default() }), Just(Vote::Aborted)];
    let votes = move || {
        let any = vec((node(), vote()), 0..3).prop_map(BTreeMap::from_iter);
        let of_n1 = simple().prop_map(|vote| BTreeMap::from([(NodeId(1), vote)]));
        prop_oneof![any, of_n1]
    };
    let accepted = vec((node(), (ballot(), vote())), 0..3).prop_map(BTreeMap::from_iter);
    let body = prop_oneof![
        1 => branch().prop_map(Body::Prepare),
        1 => ballot().prop_map(|ballot| Body::Phase1a { ballot }),
        5 => (ballot(), accepted).prop_map(|(ballot, accepted)| Body::Phase1b { ballot, accepted }),
        1 => (ballot(), votes(), node()).prop_map(|(ballot, votes, leader)| Body::Phase2a {
            ballot,
            votes,
            leader
        }),
        5 => (ballot(), votes()).prop_map(|(ballot, votes)| Body::Phase2b { ballot, votes }),
        1 => ballot().prop_map(|ballot| Body::Promised { ballot }),
        1 => Just(Body::Outdated),
        1 => Just(Body::Commit),
        1 => Just(Body::Abort),
        1 => Just(Body::Ack),
        1 => Just(Body::Forget),
    ];
    (txn(), body).prop_map(|(txn, body)| paxos_commit::PaxosCommitMessage { txn, body })
}

/// What a test may do to a node: hand it something, or what it sent itself, let one of its armed timers fire, or crash
/// it.
#[derive(Clone, Debug)]
enum Deed<M> {
    Message(NodeId, M),
    Own(usize),
    Request(ClientId, u64, Vec<MicroOp>),
    Fire(usize),
    Crash,
}

fn deeds<M: Clone + std::fmt::Debug + 'static>(
    message: impl Strategy<Value = M> + 'static,
) -> impl Strategy<Value = Vec<Deed<M>>> {
    let deed = prop_oneof![
        8 => (node(), message).prop_map(|(from, message)| Deed::Message(from, message)),
        4 => (0usize..4).prop_map(Deed::Own),
        2 => any::<bool>().prop_map(|second| Deed::Request(ClientId(0), 1, commands()[usize::from(second)].clone())),
        2 => usual_ops().prop_map(|ops| Deed::Request(ClientId(0), 1, ops)),
        2 => (client(), number(), ops()).prop_map(|(client, number, ops)| Deed::Request(client, number, ops)),
        2 => (0usize..8).prop_map(Deed::Fire),
        1 => Just(Deed::Crash),
    ];
    vec(deed, 0..100)
}

fn stands<P: Protocol>(deeds: Vec<Deed<P::Message>>) -> Result<(), TestCaseError> {
    let config = Config { keys: 6, ..Config::new((1..=3).map(NodeId)) };
    let id = NodeId(1);
    let mut out = Effects::<P>::default();
    let mut durable = P::Durable::default();
    let mut armed = std::collections::BTreeSet::new();
    let mut to_itself = Vec::new();
    let mut node = out.boot(Time::ZERO, id, &config, durable.clone());
    let mut deeds = deeds.into_iter();
    loop {
        prop_assert!(out.is_cut_clean(), "{:?}", out.as_slice());
        for effect in out.as_slice() {
            match effect {
                Effect::Persist(record) => durable.apply(record),
                Effect::SetTimer(timer, _) => drop(armed.insert(*timer)),
                Effect::CancelTimer(timer) => drop(armed.remove(timer)),
                Effect::Send(to, message) if *to == id => to_itself.push(message.clone()),
                _ => {}
            }
        }
        invariants::check(Nodes::new(&[Some(node.clone())])).expect("its locks are those of its promises");
        let input = match deeds.next() {
            None => return Ok(()),
            Some(Deed::Message(from, message)) => Input::Message(from, message),
            Some(Deed::Own(nth)) if nth < to_itself.len() => Input::Message(id, to_itself.remove(nth)),
            Some(Deed::Own(_)) => continue_with(&mut out),
            Some(Deed::Request(client, number, ops)) => {
                Input::Request(Caller { client, number, via: id }, Transaction(ops))
            }
            Some(Deed::Fire(nth)) => match armed.iter().nth(nth).copied() {
                Some(timer) => {
                    armed.remove(&timer);
                    Input::Timer(timer)
                }
                None => continue_with(&mut out),
            },
            Some(Deed::Crash) => {
                armed.clear();
                let before = node.branches().clone();
                node = out.boot(Time::ZERO, id, &config, durable.clone());
                prop_assert_eq!(node.branches(), &before, "memory and disk have drifted apart");
                continue;
            }
        };
        out.step(Time::ZERO, &mut node, &input);
        prop_assert!(!out.clock_was_read());
    }
}

/// There is no such timer or message: a call that changes nothing does instead.
fn continue_with<P: Protocol>(_: &mut Effects<P>) -> Input<P> {
    Input::Request(Caller { client: ClientId(0), number: 1, via: NodeId(1) }, Transaction(Vec::new()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_phase_stands(deeds in deeds(two_phase_message())) {
        stands::<two_phase::TwoPhase>(deeds)?;
    }

    #[test]
    fn three_phase_stands(deeds in deeds(three_phase_message())) {
        stands::<three_phase::ThreePhase>(deeds)?;
    }

    #[test]
    fn paxos_commit_stands(deeds in deeds(paxos_commit_message())) {
        stands::<paxos_commit::PaxosCommit>(deeds)?;
    }

    /// Names of transactions come in the order in which their client made them; lives of a call do, and what else stands
    /// under one number does not.
    #[test]
    fn transactions_are_ordered_as_called(a in any_txn(), b in any_txn()) {
        if a.client == b.client && a.number != b.number {
            prop_assert_eq!((a < b, b.outdates(a), a.is_rival_of(b)), (a.number < b.number, a < b, false));
        } else if a.client == b.client {
            let lives = a.run.life().zip(b.run.life());
            prop_assert_eq!(b.outdates(a), lives.is_some_and(|(a, b)| a < b) || (b.run.life().is_some() && a < b));
            prop_assert_eq!(a.is_rival_of(b), a != b);
        } else {
            prop_assert!(!a.outdates(b) && !b.outdates(a) && !a.is_rival_of(b));
        }
    }

    /// The parts of a transaction are all of it, each at the node that holds its keys.
    #[test]
    fn parts_make_the_whole(ops in ops(), nodes in 1u32..6) {
        let config = Config { keys: 6, ..Config::new((1..=nodes).map(NodeId)) };
        let transaction = Transaction(ops);
        let Some(participants) = config.participants(&transaction) else {
            prop_assert!(transaction.0.iter().any(|op| op.key().0 >= 6));
            return Ok(());
        };
        let parts: Vec<_> = participants.iter().flat_map(|it| config.part_of(*it, &transaction)).collect();
        prop_assert_eq!(parts.len(), transaction.0.len());
        prop_assert!(participants.iter().all(|it| !config.part_of(*it, &transaction).is_empty()));
    }
}

/// A configuration that could not work is refused, with a reason.
#[test]
fn configurations_that_make_no_sense() {
    use synod_atomic_commit::ConfigError::*;
    let good = Config::new((1..=3).map(NodeId));
    assert_eq!(good.validate(), Ok(()));
    let ms = std::time::Duration::from_millis;
    for (bad, error) in [
        (Config { members: vec![], ..good.clone() }, NoMembers),
        (Config { members: vec![NodeId(1), NodeId(1)], ..good.clone() }, MemberTwice),
        (Config { keys: 0, ..good.clone() }, NoKeys),
        (Config { patience: ms(0), ..good.clone() }, NoPatience),
        (Config { doubt: ms(50)..ms(90), ..good.clone() }, DoubtsTooSoon),
        (Config { doubt: ms(500)..ms(500), ..good.clone() }, DoubtsTooSoon),
    ] {
        assert_eq!(bad.validate(), Err(error));
    }
}
