//! Laws over random inputs: nothing that is said to a node makes it panic, and configurations keep the master's promises.
use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};
use synod_chain_replication::{
    Body, Chain, ChainMessage, Change, Config, ConfigError, Configuration, Configurations, Entry, Epoch,
    Index, Persistent, Reads, Record, Round,
};
use synod_kv::{Command, Store, Value};
use synod_protocol::{
    Caller, ClientId, Durable, NodeId, Replicated, Shared, StateMachine, Time,
    by_hand::alone::{Whatever, survives},
};

use crate::cluster::config;

/// Near the beginning, and near the end of what can be counted.
fn number() -> impl Strategy<Value = u64> + Clone {
    select(vec![0, 1, 1, 1, 2, 2, 3, 4, u64::MAX - 1, u64::MAX])
}

fn command() -> impl Strategy<Value = Command> {
    (0..2u64, any::<bool>(), 0..3i64).prop_map(|(key, reads, value)| match reads {
        true => Command::Get { key },
        false => Command::Put { key, value: Value::Number(value) },
    })
}

fn caller() -> impl Strategy<Value = Caller> {
    (1..3u32, number(), 0..6u32).prop_map(|(client, number, via)| Caller {
        client: ClientId(client),
        number,
        via: NodeId(via),
    })
}

fn entries() -> impl Strategy<Value = Arc<[Entry<Command>]>> {
    let entry =
        (caller(), command()).prop_map(|(caller, command)| Entry { caller, command: Shared::new(command) });
    vec(entry, 0..4).prop_map(Arc::from)
}

fn nodes() -> impl Strategy<Value = Vec<NodeId>> {
    vec((0..6u32).prop_map(NodeId), 0..5)
}

fn body() -> impl Strategy<Value = Body<Store>> {
    let index = || number().prop_map(Index);
    let round = || (number(), number()).prop_map(|(life, number)| Round { life, number });
    let configuration = || {
        (number(), nodes(), prop::option::of((0..6u32).prop_map(NodeId)), any::<bool>()).prop_map(
            |(epoch, chain, joining, serves)| Configuration { epoch: Epoch(epoch), chain, joining, serves },
        )
    };
    prop_oneof![
        4 => (index(), entries()).prop_map(|(first, entries)| Body::Update { first, entries }),
        4 => (index(), index()).prop_map(|(acked, has)| Body::Ack { acked, has }),
        2 => (index(), entries()).prop_map(|(index, entries)| Body::State {
            index,
            image: Arc::new(Replicated::<Store>::default().image()),
            entries,
        }),
        1 => round().prop_map(|round| Body::VersionQuery { round }),
        1 => (round(), index()).prop_map(|(round, acked)| Body::Version { round, acked }),
        2 => (caller(), command())
            .prop_map(|(caller, command)| Body::Call { caller, command: Shared::new(command) }),
        2 => Just(Body::Heartbeat),
        1 => round().prop_map(|round| Body::Confirm { round }),
        1 => round().prop_map(|round| Body::Confirmed { round }),
        1 => Just(Body::Joined),
        1 => number().prop_map(|disk| Body::Hello { disk: Time(disk) }),
        2 => configuration().prop_map(Body::Configured),
        1 => (number(), configuration())
            .prop_map(|(disk, configuration)| Body::Welcome { disk: Time(disk), configuration }),
    ]
}

fn whatever() -> impl Strategy<Value = Whatever<ChainMessage<Store>, Command>> {
    let message = (number(), body()).prop_map(|(epoch, body)| ChainMessage { epoch: Epoch(epoch), body });
    prop_oneof![
        8 => (0..7u32, message).prop_map(|(from, message)| Whatever::Message(NodeId(from), message)),
        2 => (0..3usize).prop_map(Whatever::Timer),
        2 => (caller(), command()).prop_map(|(caller, command)| Whatever::Request(caller, command)),
        1 => Just(Whatever::Restart),
    ]
}

proptest! {
    /// Head, middle, tail, master and a chain of one, in all three modes: whatever they are told, by whomever, they
    /// answer or ignore; each action writes one record, and the disk says what the memory says.
    #[test]
    fn nothing_makes_a_node_panic(
        id in 1..5u32,
        alone in any::<bool>(),
        rejoins in any::<bool>(),
        reads in select(vec![Reads::Tail, Reads::Apportioned, Reads::Eventual]),
        inputs in vec(whatever(), 0..60),
    ) {
        let config = match alone {
            true => Config { reads, ..Config::new([NodeId(id)], NodeId(id)) },
            false => Config { reads, rejoins, ..config(3) },
        };
        let looked = survives::<Chain<Store>>(&config, NodeId(id), &inputs, |node, disk| {
            let says_the_same = node.persistent() == disk && node.acked() <= node.last();
            says_the_same.then_some(()).ok_or_else(|| format!("memory {:?}, disk {disk:?}", node.persistent()))
        });
        looked.map_err(TestCaseError::fail)?;
    }

    /// Epochs grow by one or stay; nobody stands twice in a chain; no chain is empty; who enters the chain was joining
    /// and was promoted, or was in the last chain that answered.
    #[test]
    fn the_master_keeps_its_promises(
        least in 1..4usize,
        changes in vec((0..4u8, -1..2i64, vec((1..5u32).prop_map(NodeId), 0..4)), 0..40),
    ) {
        let servers: Vec<NodeId> = (1..=4).map(NodeId).collect();
        let mut all = Configurations::new(&servers, least);
        for (kind, off, nodes) in changes {
            let epoch = Epoch(all.current.epoch.0.saturating_add_signed(off));
            let change = match (kind, nodes.first()) {
                (0, _) => Change::Exclude { epoch, dead: nodes.into_iter().collect() },
                (1, Some(&server)) => Change::Admit { epoch, server },
                (2, Some(&server)) => {
                    let of = all.disks.get(&server).copied();
                    Change::Name { server, disk: Time(nodes.len() as u64), of }
                }
                _ => Change::Promote { epoch },
            };
            let before = all.clone();
            all.decide(&change);
            let Configuration { epoch, chain, joining, serves } = &all.current;
            if *epoch == before.current.epoch {
                prop_assert_eq!(&all.current, &before.current);
                if !matches!(change, Change::Name { .. }) {
                    prop_assert_eq!(&all, &before);
                }
                continue;
            }
            prop_assert_eq!(*epoch, before.current.epoch.next().expect("far from the last"));
            prop_assert!(!chain.is_empty());
            let mut distinct: Vec<_> = chain.iter().chain(joining).collect();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), chain.len() + usize::from(joining.is_some()));
            prop_assert_eq!(*serves, chain.len() >= least);
            for server in chain.iter().filter(|server| !before.current.chain.contains(server)) {
                let promoted = before.current.joining == Some(*server) && matches!(change, Change::Promote { .. });
                let back = !before.current.serves && before.base.contains(server) && chain.len() == 1;
                prop_assert!(promoted || back, "{} came from nowhere", server);
            }
        }
    }

    /// Everything that is durable goes through serde unharmed, and committing is applying.
    #[test]
    fn recovery_loses_nothing(batches in vec(entries(), 0..6), clean in 0..12u64) {
        let mut disk = Persistent::<Store>::default();
        batches.iter().for_each(|entries| disk.apply(&Record::Updated { entries: entries.clone() }));
        let all: Vec<_> = batches.iter().flat_map(|entries| entries.iter()).collect();
        disk.apply(&Record::Committed { index: Index(clean) });
        let clean = all.len().min(clean as usize);
        prop_assert_eq!((disk.acked, disk.last()), (Index(clean as u64), Index(all.len() as u64)));
        let mut expected = Replicated::<Store>::default();
        for entry in &all[..clean] {
            expected.apply(entry.caller.client, entry.caller.number, &entry.command);
        }
        prop_assert_eq!(&disk.replicated, &expected);
        let written = serde_json::to_string(&disk).expect("it is plain data");
        prop_assert_eq!(&serde_json::from_str::<Persistent<Store>>(&written).expect("it was written"), &disk);
    }
}

/// An update interferes with what reads its key, and with nothing else.
#[test]
fn keys_are_independent() {
    let put = |key| Command::Put { key, value: Value::Number(1) };
    assert!(Store::interferes(&put(1), &Command::Get { key: 1 }));
    assert!(!Store::interferes(&put(1), &Command::Get { key: 2 }));
}

/// What makes no sense is refused with its reason.
#[test]
fn configurations_are_validated() {
    let good = config(3);
    good.validate().expect("the defaults make sense");
    let cases = [
        (ConfigError::NoServers, Config { servers: vec![], ..good.clone() }),
        (ConfigError::ServerTwice, Config { servers: vec![NodeId(1), NodeId(1)], ..good.clone() }),
        (ConfigError::NeverServes, Config { least: 4, ..good.clone() }),
        (ConfigError::NeverServes, Config { least: 0, ..good.clone() }),
        (
            ConfigError::HeartbeatTooSlow,
            Config { heartbeat_interval: good.detection_interval, ..good.clone() },
        ),
        (ConfigError::NothingMayBeSent, Config { max_entries_per_update: 0, ..good.clone() }),
    ];
    for (reason, config) in cases {
        assert_eq!(config.validate(), Err(reason), "{reason}");
    }
}
