//! Whatever is said to a node of chain-raft, the composition of two algorithms, it answers, ignores or refuses.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use proptest::{collection::vec, prelude::*, sample::select};
use synod_chain_replication::{
    self as chain, Ask, Body, ChainEvent, ChainMessage, Change, Configuration, Entry, Epoch, Index, Round,
};
use synod_cli::{
    algorithm::Algorithm,
    chain_raft::{ChainRaft, Event, MASTER, Message, Server},
};
use synod_kv::{Command, Store, Value};
use synod_protocol::{
    Caller, ClientId, Effect, Effects, Input, NodeId, Replicated, Shared, Time,
    by_hand::alone::{self, survives},
};
use synod_raft::{self as raft, AppendEntries, LastLog, Outcome, Payload, RaftMessage, Term};

/// Near the beginning, where messages meet, and near the end of all that can be counted.
fn number() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![9 => 0..4u64, 1 => select(vec![u64::MAX, u64::MAX - 1, 1 << 40, u64::MAX / 2])]
}

/// Masters, servers, the masters' one name, and strangers.
fn node() -> impl Strategy<Value = NodeId> {
    (0..8u32).prop_map(NodeId)
}

fn epoch() -> impl Strategy<Value = Epoch> {
    number().prop_map(Epoch)
}

fn index() -> impl Strategy<Value = Index> {
    number().prop_map(Index)
}

fn round() -> impl Strategy<Value = Round> {
    (number(), number()).prop_map(|(life, number)| Round { life, number })
}

fn command() -> impl Strategy<Value = Command> {
    (0..2u64, any::<bool>(), 0..3i64).prop_map(|(key, reads, value)| match reads {
        true => Command::Get { key },
        false => Command::Put { key, value: Value::Number(value) },
    })
}

fn caller() -> impl Strategy<Value = Caller> {
    (1..3u32, number(), node()).prop_map(|(client, number, via)| Caller {
        client: ClientId(client),
        number,
        via,
    })
}

/// Along the chain, and between it and the masters.
fn of_chain() -> impl Strategy<Value = ChainMessage<Store>> {
    let entry = || {
        (caller(), command()).prop_map(|(caller, command)| Entry { caller, command: Shared::new(command) })
    };
    let entries = || vec(entry(), 0..3).prop_map(Arc::<[_]>::from);
    let configuration = (epoch(), vec(node(), 0..4), prop::option::of(node()), any::<bool>())
        .prop_map(|(epoch, chain, joining, serves)| Configuration { epoch, chain, joining, serves });
    let body = prop_oneof![
        3 => (index(), entries()).prop_map(|(first, entries)| Body::Update { first, entries }),
        3 => (index(), index()).prop_map(|(acked, has)| Body::Ack { acked, has }),
        1 => (index(), entries()).prop_map(|(index, entries)| Body::State {
            index,
            image: Arc::new(Replicated::<Store>::default().image()),
            entries,
        }),
        1 => round().prop_map(|round| Body::VersionQuery { round }),
        1 => (round(), index()).prop_map(|(round, acked)| Body::Version { round, acked }),
        2 => (caller(), command())
            .prop_map(|(caller, command)| Body::Call { caller, command: Shared::new(command) }),
        3 => Just(Body::Heartbeat),
        3 => round().prop_map(|round| Body::Confirm { round }),
        1 => round().prop_map(|round| Body::Confirmed { round }),
        2 => Just(Body::Joined),
        3 => configuration.prop_map(Body::Configured),
    ];
    (epoch(), body).prop_map(|(epoch, body)| ChainMessage { epoch, body })
}

/// What the masters' log may have: changes that make sense, and others.
fn ask() -> impl Strategy<Value = Ask> {
    let servers = || vec(node(), 0..4);
    let change = prop_oneof![
        2 => (servers(), 0..3usize).prop_map(|(servers, least)| Change::Begin { servers, least }),
        2 => (epoch(), servers())
            .prop_map(|(epoch, dead)| Change::Exclude { epoch, dead: dead.into_iter().collect() }),
        2 => (epoch(), node()).prop_map(|(epoch, server)| Change::Admit { epoch, server }),
        1 => epoch().prop_map(|epoch| Change::Promote { epoch }),
    ];
    prop_oneof![4 => change.prop_map(Ask::Decide), 1 => Just(Ask::Latest)]
}

/// Among the masters.
fn of_raft() -> impl Strategy<Value = RaftMessage<Ask>> {
    let index = || number().prop_map(raft::Index);
    let last_log = || {
        (number(), index())
            .prop_map(|(term, last_log_index)| LastLog { last_log_term: Term(term), last_log_index })
    };
    let command = (1..4u32, number(), ask()).prop_map(|(client, number, ask)| Payload::Command {
        client: ClientId(client),
        number,
        command: Shared::new(ask),
    });
    let payload = prop_oneof![1 => Just(Payload::NoOp), 3 => command];
    let entry = (number(), payload).prop_map(|(term, payload)| raft::Entry { term: Term(term), payload });
    let append = (index(), number(), vec(entry, 0..3), index(), number());
    let conflict = (index(), prop::option::of(number()), index());
    let outcome = prop_oneof![
        3 => index().prop_map(|index| Outcome::Matched { index }),
        1 => conflict.prop_map(|(prev_log_index, term, first_index)| Outcome::Conflict {
            prev_log_index,
            term: term.map(Term),
            first_index,
        }),
        1 => Just(Outcome::StaleTerm),
    ];
    let body = prop_oneof![
        1 => last_log().prop_map(raft::Body::PreVote),
        3 => any::<bool>().prop_map(|granted| raft::Body::PreVoteReply { granted }),
        1 => last_log().prop_map(raft::Body::RequestVote),
        3 => any::<bool>().prop_map(|granted| raft::Body::RequestVoteReply { granted }),
        3 => append.prop_map(|(prev_log_index, term, entries, leader_commit, round)| {
            let (prev_log_term, entries) = (Term(term), entries.into());
            raft::Body::AppendEntries(AppendEntries { prev_log_index, prev_log_term, entries, leader_commit, round })
        }),
        3 => (number(), outcome)
            .prop_map(|(round, outcome)| raft::Body::AppendEntriesReply { round, outcome }),
    ];
    (number(), body).prop_map(|(term, body)| RaftMessage { term: Term(term), body })
}

type Whatever = alone::Whatever<Message, Command>;

fn whatever() -> impl Strategy<Value = Whatever> {
    prop_oneof![
        6 => (node(), of_chain()).prop_map(|(from, message)| Whatever::Message(from, Message::Chain(message))),
        5 => (node(), of_raft()).prop_map(|(from, message)| Whatever::Message(from, Message::Raft(message))),
        6 => (0..4usize).prop_map(Whatever::Timer),
        2 => (caller(), command()).prop_map(|(caller, command)| Whatever::Request(caller, command)),
        1 => Just(Whatever::Restart),
    ]
}

/// Masters that break Raft's own promises are found out: the only panics are these.
const FOUND_OUT: [&str; 2] = ["Election Safety: ", "Leader Completeness: "];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Three masters and a chain of two, one master and a chain of one: whatever messages, timers and requests come, each
    /// action writes one record, terms and epochs never decrease, and the disk says what the memory says.
    #[test]
    fn a_composed_node_survives_whatever_comes(
        (nodes, id) in select(vec![(5, 1), (5, 1), (5, 4), (5, 5), (2, 1), (2, 2)]),
        inputs in vec(whatever(), 0..60),
    ) {
        let config = ChainRaft::config(nodes);
        let (mut looked, mut latest) = (Ok(()), (Term(0), Epoch(0)));
        let found_out = catch_unwind(AssertUnwindSafe(|| {
            looked = survives::<Server>(&config, NodeId(id), &inputs, |node, disk| {
                let (raft, chain) = halves(disk);
                let (now, same) = match (node.master(), node.chain()) {
                    (Some(master), _) => ((master.current_term(), latest.1), *master.log() == raft.log),
                    (None, Some(link)) => ((latest.0, link.epoch()), *link.persistent() == chain),
                    (None, None) => return Err("it is neither".into()),
                };
                let grew = now.0 >= latest.0 && now.1 >= latest.1;
                latest = now;
                (grew && same).then_some(()).ok_or_else(|| format!("{latest:?}: {node:?}, disk {disk:?}"))
            });
        }));
        looked.map_err(TestCaseError::fail)?;
        if let Err(panic) = found_out {
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            prop_assert!(FOUND_OUT.iter().any(|name| said.starts_with(name)), "{said}");
        }
    }
}

/// What is durable, of either part.
fn halves(disk: &synod_cli::chain_raft::Disk) -> (raft::Persistent<Ask>, chain::Persistent<Store>) {
    let json = serde_json::to_value(disk).expect("it is plain data");
    let part = |name: &str| json[name].clone();
    let raft = serde_json::from_value(part("raft")).expect("it was written");
    (raft, serde_json::from_value(part("chain")).expect("it was written"))
}

fn effects(node: &mut Server, from: u32, message: Message) -> Vec<Effect<Server>> {
    let mut out = Effects::default();
    out.step(Time::ZERO, node, &Input::Message(NodeId(from), message));
    out.drain().collect()
}

/// To the servers all masters are one, by a number that no node has: who comes with that number itself is a stranger.
#[test]
fn nobody_takes_the_masters_name() {
    let config = ChainRaft::config(5);
    let mut out = Effects::default();
    let mut server: Server = out.boot(Time::ZERO, NodeId(4), &config, Default::default());
    let forged = Configuration { epoch: Epoch(9), chain: vec![NodeId(4)], joining: None, serves: true };
    let message = || Message::Chain(ChainMessage { epoch: Epoch(9), body: Body::Configured(forged.clone()) });
    for from in [MASTER.0, 4, 5, 9] {
        let ignored = Effect::Event(Event::Chain(ChainEvent::IgnoredNonsense { from: NodeId(from) }));
        assert_eq!(effects(&mut server, from, message()), [ignored], "n{from}");
    }
    assert_eq!(server.chain().map(|chain| chain.epoch()), Some(Epoch(1)));
    effects(&mut server, 2, message());
    assert_eq!(server.chain().map(|chain| chain.epoch()), Some(Epoch(9)), "a master's word counts");
}

/// A master in a term that has no numbers of its own for its calls decides nothing, and says so; it could take a number
/// again that was taken in another life.
#[test]
fn a_master_in_a_term_too_late_decides_nothing() {
    let config = ChainRaft::config(2);
    for (term, decides) in [(1u64 << 39, true), (1 << 40, false), (u64::MAX - 2, false)] {
        let mut disk = synod_cli::chain_raft::Disk::default();
        let vote = raft::Record::Vote { current_term: Term(term), voted_for: None };
        synod_protocol::Durable::apply(&mut disk, &synod_cli::chain_raft::Record::Raft(vote));
        let mut out = Effects::default();
        let mut master: Server = out.boot(Time::ZERO, NodeId(1), &config, disk);
        let mut fire = |timer| {
            out.step(Time::ZERO, &mut master, &Input::Timer(timer));
            out.as_slice().to_vec()
        };
        fire(synod_cli::chain_raft::Timer::Raft(raft::Timer::Election));
        let done = fire(synod_cli::chain_raft::Timer::Chain(chain::Timer::Detect));
        let out_of_numbers = Effect::Event(Event::Raft(raft::RaftEvent::OutOfTerms));
        assert_eq!(done.contains(&out_of_numbers), !decides, "term {term}: {done:?}");
        let decided =
            |it: &Effect<Server>| matches!(it, Effect::Event(Event::Chain(ChainEvent::Excluded { .. })));
        assert_eq!(done.iter().any(decided), decides, "term {term}: {done:?}");
    }
}
