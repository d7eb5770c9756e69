//! Laws over random inputs: whatever messages, timers and requests come, a server answers, ignores or refuses.
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use synod_kv::{Command, Store};
use synod_paxos::{
    Ballot, QuorumSizes,
    multi::{
        self, Accept, Accepted, MultiPaxos, Promise, Reconfiguration, Schedule, Slot, Snapshot, Value, Vote,
    },
    single::{self, Paxos},
};
use synod_protocol::{
    Caller, ClientId, Node, NodeId, Replicated, Shared,
    by_hand::alone::{Whatever, survives},
};

use crate::servers::{Request, Wire, Word, get, members, n, put};

/// Small numbers, so that messages meet, and those at the end of all numbers.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..4u64, 1 => prop::sample::select(vec![u64::MAX, u64::MAX - 1, u64::MAX / 2, u64::MAX / 2 + 1])]
}

fn node() -> impl Strategy<Value = NodeId> {
    prop_oneof![12 => 1..5u32, 1 => Just(0), 1 => Just(9)].prop_map(NodeId)
}

fn ballot() -> impl Strategy<Value = Ballot> {
    (number(), node()).prop_map(|(round, proposer)| Ballot { round, proposer })
}

fn slot() -> impl Strategy<Value = Slot> {
    number().prop_map(Slot)
}

fn word() -> impl Strategy<Value = Word> {
    let vote =
        prop::option::of((ballot(), 0..3u32).prop_map(|(ballot, value)| single::Vote { ballot, value }));
    prop_oneof![
        ballot().prop_map(|ballot| Word::Prepare { ballot }),
        (ballot(), vote).prop_map(|(ballot, vote)| Word::Promise { ballot, vote }),
        (ballot(), 0..3u32).prop_map(|(ballot, value)| Word::Accept { ballot, value }),
        (ballot(), 0..3u32).prop_map(|(ballot, value)| Word::Accepted { ballot, value }),
        (ballot(), ballot()).prop_map(|(ballot, promised)| Word::Nack { ballot, promised }),
    ]
}

/// Of the servers 1 to 4, and of strangers; with quorums that intersect, and with others.
fn wish() -> impl Strategy<Value = Request> {
    let members = prop::collection::vec(node(), 0..4);
    (prop::option::of(number()), members, 0..4usize, 0..4usize).prop_map(
        |(after, members, phase_1, phase_2)| {
            Request::Reconfigure(Reconfiguration {
                after,
                members,
                quorums: QuorumSizes { phase_1, phase_2 },
            })
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        2 => (0..3u64).prop_map(get),
        3 => (0..3u64).prop_map(|key| put(key, 1)),
        2 => wish(),
        2 => prop::sample::select(vec![members(&[1]), members(&[1, 2, 3]), members(&[1, 2, 4]), members(&[2, 3, 4])]),
    ]
}

fn value() -> impl Strategy<Value = Value<Command>> {
    prop_oneof![
        Just(Value::NoOp),
        (1..3u32, number(), request()).prop_map(move |(client, number, request)| Value::Command {
            client: ClientId(client),
            number,
            command: Shared::new(request),
        }),
    ]
}

fn snapshot() -> impl Strategy<Value = Arc<Snapshot<Store>>> {
    (slot(), schedule()).prop_map(|(through, schedule)| {
        Arc::new(Snapshot { through, schedule, image: Replicated::default().image() })
    })
}

/// As it may come with a message: no executed slots need have led to it.
fn schedule() -> impl Strategy<Value = Schedule> {
    let quorum = |members: Vec<NodeId>, size: usize| json!({ "members": members, "size": size });
    let era = || {
        let members = prop_oneof![Just(vec![n(1), n(2), n(3)]), prop::collection::vec(node(), 0..4)];
        (number(), slot(), members, 0..4usize, 0..4usize).prop_map(move |(epoch, from, members, one, two)| {
            let quorums = json!({ "phase_1": quorum(members.clone(), one), "phase_2": quorum(members, two) });
            json!({ "epoch": epoch, "from": from, "quorums": quorums })
        })
    };
    let later = prop::collection::vec(era(), 0..3);
    let any = (era(), later).prop_map(|(current, later)| {
        let schedule = json!({ "current": current, "later": later, "calls": {} });
        serde_json::from_value(schedule).expect("it has the form of one")
    });
    prop_oneof![1 => any, 2 => Just(Schedule::new(&multi::Config::new((1..=3).map(n))).expect("it makes sense"))]
}

fn wire() -> impl Strategy<Value = Wire> {
    let votes = prop::collection::vec((slot(), ballot(), value()), 0..4).prop_map(|votes| {
        votes.into_iter().map(|(slot, ballot, value)| (slot, Vote { ballot, value })).collect::<Arc<[_]>>()
    });
    let accept = (ballot(), slot(), prop::collection::vec(value(), 0..4), slot(), number());
    let accepted = (ballot(), slot(), number(), number(), prop::option::of(slot()));
    prop_oneof![
        2 => (ballot(), slot()).prop_map(|(ballot, chosen)| Wire::Prepare { ballot, chosen }),
        2 => (ballot(), votes, prop::option::weighted(0.2, snapshot()))
            .prop_map(|(ballot, votes, snapshot)| Wire::Promise(Promise { ballot, votes, snapshot })),
        4 => accept.prop_map(|(ballot, first, values, chosen, round)| {
            Wire::Accept(Accept { ballot, first, values: values.into(), chosen, round })
        }),
        3 => accepted.prop_map(|(ballot, first, count, round, missing)| {
            Wire::Accepted(Accepted { ballot, first, count, round, missing })
        }),
        1 => (ballot(), ballot()).prop_map(|(ballot, promised)| Wire::Nack { ballot, promised }),
        1 => (ballot(), snapshot()).prop_map(|(ballot, snapshot)| Wire::Install { ballot, snapshot }),
    ]
}

fn caller() -> impl Strategy<Value = Caller> {
    (1..3u32, number()).prop_map(|(client, number)| Caller { client: ClientId(client), number, via: n(1) })
}

fn any_of<M: Clone + std::fmt::Debug + 'static, R: Clone + std::fmt::Debug + 'static>(
    message: impl Strategy<Value = M> + 'static,
    request: impl Strategy<Value = R> + 'static,
) -> impl Strategy<Value = Vec<Whatever<M, R>>> {
    let any = prop_oneof![
        12 => (node(), message).prop_map(|(from, message)| Whatever::Message(from, message)),
        4 => (0..4usize).prop_map(Whatever::Timer),
        3 => (caller(), request).prop_map(|(caller, request)| Whatever::Request(caller, request)),
        1 => Just(Whatever::Restart),
    ];
    prop::collection::vec(any, 0..60)
}

/// It survives all of it, and never takes a promise back.
fn keeps_its_promises<N: Node>(
    config: &N::Config,
    inputs: &[Whatever<N::Message, N::Request>],
    promised: fn(&N::Durable) -> Ballot,
) -> Result<(), TestCaseError> {
    let mut before = Ballot::ZERO;
    let looked = survives::<N>(config, n(1), inputs, |_, disk| {
        let is_kept = promised(disk) >= before;
        before = promised(disk);
        is_kept.then_some(()).ok_or_else(|| format!("took a promise back, down to {before}"))
    });
    looked.map_err(TestCaseError::fail)
}

proptest! {
    #[test]
    fn one_decree_survives_whatever_comes(inputs in any_of(word(), 0..3u32), phase_2 in 1..4usize) {
        let quorums = QuorumSizes { phase_1: 4 - phase_2, phase_2 };
        let config = single::Config { quorums, ..single::Config::new((1..=3).map(n)) };
        keeps_its_promises::<Paxos<u32>>(&config, &inputs, |disk| disk.promised)?;
    }

    #[test]
    fn a_replica_survives_whatever_comes(
        inputs in any_of(wire(), request()),
        phase_2 in 1..4usize,
        (snapshot_every, kept, window) in (1..4usize, 0..3usize, 1..4usize),
    ) {
        let quorums = QuorumSizes { phase_1: 4 - phase_2, phase_2 };
        let config = multi::Config {
            quorums,
            snapshot_every,
            window,
            kept_behind_snapshot: kept,
            spares: vec![n(4)],
            ..multi::Config::new((1..=3).map(n))
        };
        keeps_its_promises::<MultiPaxos<Store>>(&config, &inputs, |disk| disk.promised)?;
    }

    /// Sizes that add up to more than the members make quorums that share one; others do not.
    #[test]
    fn quorums_are_taken_exactly_if_they_intersect(members in 1..8u32, phase_1 in 0..9usize, phase_2 in 0..9usize) {
        let quorums = QuorumSizes { phase_1, phase_2 };
        let config = multi::Config { quorums, ..multi::Config::new((1..=members).map(n)) };
        let size = members as usize;
        let fit = (1..=size).contains(&phase_1) && (1..=size).contains(&phase_2);
        prop_assert_eq!(config.validate().is_ok(), fit && phase_1 + phase_2 > size);
    }

    /// Ballots are ordered by round first, and no two proposers share one.
    #[test]
    fn a_later_ballot_overrules_and_is_its_proposers(round in number(), a in 1..9u32, b in 1..9u32) {
        let ballot = Ballot { round, proposer: NodeId(a) };
        match ballot.overruled_by(NodeId(b)) {
            None => prop_assert_eq!(round, u64::MAX),
            Some(later) => prop_assert!(later > ballot && later.proposer == NodeId(b)),
        }
    }

    /// What is durable goes through serde unharmed.
    #[test]
    fn messages_are_read_as_they_were_written(wire in wire()) {
        let written = serde_json::to_string(&wire).expect("it is plain data");
        prop_assert_eq!(serde_json::from_str::<Wire>(&written).expect("it was written"), wire);
    }
}
