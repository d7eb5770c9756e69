//! Bad input: refused or ignored with a note, and never with harm. What `paper_updates` and `paper_failures` have of it is
//! not said again.
use std::panic::{AssertUnwindSafe, catch_unwind};

use synod_chain_replication::{
    Body, ChainEvent, Change, Config, Configuration, Configurations, Epoch, Index, Reads, Round,
};
use synod_kv::{Store, Value};
use synod_protocol::{Caller, ClientId, Effects, Replicated, Shared, Time};

use crate::cluster::{Cluster, Server, config, done, get, holds, n, put};

fn configuration(epoch: u64, chain: &[u32]) -> Configuration {
    let chain = chain.iter().copied().map(n).collect();
    Configuration { epoch: Epoch(epoch), chain, joining: None, serves: true }
}

/// Strangers, the nobody that has number 0, and a server itself: whatever they say, it is noted and nothing else.
#[test]
fn strangers_are_ignored() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    let caller = Caller { client: ClientId(2), number: 1, via: n(1) };
    let round = Round { life: 1, number: 1 };
    let words = || -> Vec<Body<Store>> {
        vec![
            Body::Update { first: Index(2), entries: [].into() },
            Body::Ack { acked: Index(1), has: Index(1) },
            Body::State { index: Index(9), image: Replicated::default().image().into(), entries: [].into() },
            Body::VersionQuery { round },
            Body::Version { round, acked: Index(1) },
            Body::Call { caller, command: Shared::new(put(7, 2)) },
            Body::Heartbeat,
            Body::Confirm { round },
            Body::Confirmed { round },
            Body::Joined,
            Body::Configured(configuration(9, &[2])),
        ]
    };
    for from in [0, 9, u32::MAX] {
        for to in 1..=4 {
            for (epoch, body) in [0, 1, 7, u64::MAX]
                .into_iter()
                .flat_map(|epoch| words().into_iter().map(move |body| (epoch, body)))
            {
                let before = cluster.node(to).clone();
                cluster.hand(from, to, epoch, body.clone());
                assert_eq!(cluster.node(to), &before, "n{from} to n{to}: {body:?}");
                assert_eq!(cluster.events().pop(), Some((to, ChainEvent::IgnoredNonsense { from: n(from) })));
            }
        }
    }
    assert!(cluster.network.is_empty(), "nobody is answered");
}

/// An empty chain is no configuration, and neither is one of an epoch that is over, or of this one; the last epoch is one
/// like any other, and there is none after it.
#[test]
fn configurations_that_are_none_are_ignored() {
    let mut cluster = Cluster::new(3);
    cluster.reconfigure(&[1, 2]);
    let second = cluster.node(1).configuration().clone();
    for (epoch, chain) in [(9, vec![]), (0, vec![1]), (1, vec![1, 2, 3]), (2, vec![3])] {
        cluster.hand(4, 1, epoch, Body::Configured(configuration(epoch, &chain)));
        assert_eq!(cluster.node(1).configuration(), &second, "epoch {epoch}: {chain:?}");
    }
    let last = configuration(u64::MAX, &[1]);
    cluster.hand(4, 1, u64::MAX, Body::Configured(last.clone()));
    cluster.hand(4, 1, 0, Body::Configured(configuration(0, &[2])));
    assert_eq!(cluster.node(1).configuration(), &last);
    assert_eq!(cluster.ask(1, 1, 1, put(7, 1)), [done()], "alone");
}

/// A master decides nothing on an empty chain, on an epoch that is over or to come, or on servers twice.
#[test]
fn a_master_decides_only_what_follows() {
    let first = Configurations::new(&[n(1), n(2), n(3)], 1);
    let exclude = |epoch, dead: &[u32]| Change::Exclude {
        epoch: Epoch(epoch),
        dead: dead.iter().copied().map(n).collect(),
    };
    let begin =
        |servers: &[u32]| Change::Begin { servers: servers.iter().copied().map(n).collect(), least: 1 };
    for change in [
        begin(&[4, 5]),
        exclude(0, &[1]),
        exclude(2, &[1]),
        exclude(u64::MAX, &[1]),
        exclude(1, &[1, 2, 3]),
        exclude(1, &[9]),
        Change::Admit { epoch: Epoch(1), server: n(2) },
        Change::Promote { epoch: Epoch(1) },
    ] {
        let mut all = first.clone();
        all.decide(&change);
        assert_eq!(all, first, "{change:?}");
    }
    let mut none = Configurations::default();
    none.decide(&begin(&[]));
    assert_eq!(none, Configurations::default(), "there is no first chain without servers");
}

/// An update past the last place of all finds none, and one beyond what waits for others is sent again.
#[test]
fn places_at_the_end_of_all_numbers() {
    let mut cluster = Cluster::new(2);
    let caller = Caller { client: ClientId(1), number: u64::MAX, via: n(1) };
    let entry = |value| synod_chain_replication::Entry { caller, command: Shared::new(put(7, value)) };
    for first in [u64::MAX, u64::MAX - 1, 1 << 40] {
        cluster.hand(1, 2, 1, Body::Update { first: Index(first), entries: [entry(1), entry(2)].into() });
        assert_eq!(cluster.node(2).last(), Index::ZERO, "{first}");
    }
    for (acked, has) in [(u64::MAX, u64::MAX), (0, u64::MAX), (u64::MAX, 0)] {
        cluster.hand(2, 1, 1, Body::Ack { acked: Index(acked), has: Index(has) });
        assert_eq!(cluster.events().pop(), Some((1, ChainEvent::IgnoredNonsense { from: n(2) })));
    }
    cluster.drop_if(|_| true);
    assert_eq!(cluster.ask(1, 1, u64::MAX, put(7, 5)), [done()], "the last number of all");
    assert_eq!(cluster.value(2, 7), Some(&Value::Number(5)));
    assert_eq!(cluster.ask(1, 1, 3, put(7, 6)), [], "its client has moved on");
}

/// A call that comes again with another command is the call that it was: while it is on its way, and afterwards.
#[test]
fn a_call_that_changes_its_mind_is_noted() {
    let mut cluster = Cluster::craq(2);
    let saw = |id, number| Some((id, ChainEvent::SawCallAgain { client: ClientId(1), number }));
    let call = cluster.call(1, 1, 1, put(7, 1));
    cluster.call(1, 1, 1, put(7, 2));
    assert_eq!(cluster.events().pop(), saw(1, 1));
    cluster.deliver();
    assert_eq!(cluster.told_to(call), [done()], "once");
    cluster.call(1, 1, 1, put(7, 3));
    assert_eq!(cluster.events().pop(), saw(1, 1));
    assert_eq!(cluster.value(2, 7), Some(&Value::Number(1)));
    let read = cluster.call(2, 1, 2, get(7));
    cluster.call(2, 1, 2, get(8));
    assert_eq!(cluster.events().pop(), saw(2, 2));
    cluster.deliver();
    assert_eq!(cluster.told_to(read), [holds(1)]);
}

/// No server starts in a chain of none, in one where somebody stands twice, or in one that is never long enough to answer.
#[test]
fn a_server_does_not_start_with_a_configuration_that_makes_no_sense() {
    let good = config(3);
    for (config, why) in [
        (Config { servers: vec![], ..good.clone() }, "at least one server"),
        (Config { servers: vec![n(1), n(2), n(1)], ..good.clone() }, "listed twice"),
        (Config { least: 4, ..good.clone() }, "least must be"),
        (Config { least: 0, reads: Reads::Apportioned, ..good.clone() }, "least must be"),
    ] {
        let boot = || {
            let _: Server = Effects::default().boot(Time::ZERO, n(1), &config, Default::default());
        };
        let panic = catch_unwind(AssertUnwindSafe(boot)).expect_err("it starts");
        let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(said.contains(why), "{said}");
    }
}
