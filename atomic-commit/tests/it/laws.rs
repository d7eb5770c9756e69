//! Laws: any sequence of inputs, of any sense, leaves a node that stands, whose actions are cut clean, and whose memory
//! is what its records fold to.
use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, prelude::*};
use synod_atomic_commit::{
    Ballot, Branch, Config, Decision, Key, List, MicroOp, Protocol, Transaction, TxnId, invariants,
    paxos_commit, three_phase, two_phase,
};
use synod_protocol::{Caller, ClientId, Durable, Effect, Effects, Input, NodeId, Nodes, Time};

fn node() -> impl Strategy<Value = NodeId> {
    (0u32..5).prop_map(NodeId)
}

fn txn() -> impl Strategy<Value = TxnId> {
    let number = prop_oneof![Just(1), Just(2), Just(3), Just(u64::MAX)];
    let life = prop_oneof![Just(0), Just(1), Just(2), Just(u32::MAX)];
    (0u32..3, number, life).prop_map(|(client, number, life)| TxnId {
        client: ClientId(client),
        number,
        life,
    })
}

fn ops() -> impl Strategy<Value = Vec<MicroOp>> {
    let key = prop_oneof![9 => 0u64..6, 1 => Just(u64::MAX)].prop_map(Key);
    let op = (key, any::<bool>(), 0i64..9).prop_map(|(key, appends, value)| match appends {
        true => MicroOp::Append { key, value },
        false => MicroOp::Read { key },
    });
    vec(op, 0..4)
}

fn branch() -> impl Strategy<Value = Arc<Branch>> {
    let participants = vec(node(), 0..4).prop_map(Into::into);
    (participants, ops()).prop_map(|(participants, ops)| Arc::new(Branch { participants, ops }))
}

fn reads() -> impl Strategy<Value = Vec<List>> {
    vec(vec(0i64..9, 0..3).prop_map(Arc::new), 0..3)
}

fn ballot() -> impl Strategy<Value = Ballot> {
    let round = prop_oneof![Just(0), Just(1), Just(2), Just(u64::MAX)];
    (round, proptest::option::of(node())).prop_map(|(round, leader)| Ballot { round, leader })
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
    let votes = move || vec((node(), vote()), 0..3).prop_map(BTreeMap::from_iter);
    let accepted = vec((node(), (ballot(), vote())), 0..3).prop_map(BTreeMap::from_iter);
    let body = prop_oneof![
        branch().prop_map(Body::Prepare),
        ballot().prop_map(|ballot| Body::Phase1a { ballot }),
        (ballot(), accepted).prop_map(|(ballot, accepted)| Body::Phase1b { ballot, accepted }),
        (ballot(), votes(), node()).prop_map(|(ballot, votes, leader)| Body::Phase2a {
            ballot,
            votes,
            leader
        }),
        (ballot(), votes()).prop_map(|(ballot, votes)| Body::Phase2b { ballot, votes }),
        ballot().prop_map(|ballot| Body::Promised { ballot }),
        Just(Body::Commit),
        Just(Body::Abort),
        Just(Body::Ack),
        Just(Body::Forget),
    ];
    (txn(), body).prop_map(|(txn, body)| paxos_commit::PaxosCommitMessage { txn, body })
}

/// What a test may do to a node: hand it something, let one of its armed timers fire, or crash it.
#[derive(Clone, Debug)]
enum Deed<M> {
    Message(NodeId, M),
    Request(ClientId, u64, Vec<MicroOp>),
    Fire(usize),
    Crash,
}

fn deeds<M: Clone + std::fmt::Debug + 'static>(
    message: impl Strategy<Value = M> + 'static,
) -> impl Strategy<Value = Vec<Deed<M>>> {
    let deed = prop_oneof![
        8 => (node(), message).prop_map(|(from, message)| Deed::Message(from, message)),
        3 => (0u32..3, 1u64..4, ops()).prop_map(|(client, number, ops)| Deed::Request(ClientId(client), number, ops)),
        2 => (0usize..8).prop_map(Deed::Fire),
        1 => Just(Deed::Crash),
    ];
    vec(deed, 0..60)
}

fn stands<P: Protocol>(deeds: Vec<Deed<P::Message>>) -> Result<(), TestCaseError> {
    let config = Config { keys: 6, ..Config::new((1..=3).map(NodeId)) };
    let id = NodeId(1);
    let mut out = Effects::<P>::default();
    let mut durable = P::Durable::default();
    let mut armed = std::collections::BTreeSet::new();
    let mut node = out.boot(Time::ZERO, id, &config, durable.clone());
    let mut deeds = deeds.into_iter();
    loop {
        prop_assert!(out.is_cut_clean(), "{:?}", out.as_slice());
        for effect in out.as_slice() {
            match effect {
                Effect::Persist(record) => durable.apply(record),
                Effect::SetTimer(timer, _) => drop(armed.insert(*timer)),
                Effect::CancelTimer(timer) => drop(armed.remove(timer)),
                _ => {}
            }
        }
        invariants::check(Nodes::new(&[Some(node.clone())])).expect("its locks are those of its promises");
        let input = match deeds.next() {
            None => return Ok(()),
            Some(Deed::Message(from, message)) => Input::Message(from, message),
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

/// No timer is armed: a call that changes nothing does instead.
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

    /// Names of transactions come in the order in which their client made them.
    #[test]
    fn transactions_are_ordered_as_called(a in txn(), b in txn()) {
        if a.client == b.client {
            prop_assert_eq!(a < b, (a.number, a.life) < (b.number, b.life));
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
