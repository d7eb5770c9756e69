//! Failures of head, middle and tail, new tails, and epochs: one test per claim of van Renesse & Schneider 2004,
//! §3, and per bug that others had (the catalogue's numbers: C02–C05).
use synod_chain_replication::{Body, ChainEvent, Change, Config, Configurations, Epoch, Index, Timer};
use synod_kv::{Command, Value};
use synod_protocol::{Message, NodeId};

use crate::cluster::{Cluster, config, done, get, holds, is, n, put};

/// "Failure of the head: the new head is the successor." Updates that it had not passed on are lost; their client
/// asks again. (§3.2)
#[test]
fn the_second_becomes_the_head() {
    let mut cluster = Cluster::new(3);
    let lost = cluster.call(1, 1, 1, put(7, 1));
    cluster.crash(1);
    cluster.network.clear();
    cluster.reconfigure(&[2, 3]);
    assert_eq!(cluster.decided(), (2, vec![2, 3], None));
    assert!(cluster.told_to(lost).is_empty());
    assert_eq!(cluster.ask(2, 1, 1, put(7, 1)), [done()]);
    assert_eq!(cluster.value(3, 7), Some(&Value::Number(1)));
}

/// A new head knows what the old one passed on: the client's retry takes effect once (C03).
#[test]
fn a_new_head_does_not_repeat_what_the_old_one_did() {
    let mut cluster = Cluster::new(3);
    let append = || Command::Append { key: 7, text: "x".into() };
    cluster.call(1, 1, 1, append());
    cluster.deliver_kind(1, 2, "Update");
    cluster.crash(1);
    cluster.network.clear();
    cluster.detect(&[2, 3]);
    cluster.deliver_kind(4, 2, "Configured");
    let again = cluster.call(2, 1, 1, append());
    cluster.deliver();
    cluster.fire(2, Timer::Resend);
    cluster.deliver();
    assert_eq!(cluster.told_to(again), [done()]);
    assert_eq!(cluster.value(3, 7), Some(&Value::Text("x".into())));
}

/// "Failure of the tail": the one before has all that the tail had, and what it has is committed by that: nothing
/// stays dirty, and the clients hear of it (C02). (§3.3)
#[test]
fn the_one_before_becomes_the_tail() {
    let mut cluster = Cluster::new(3);
    let caller = cluster.call(1, 1, 1, put(7, 1));
    cluster.deliver_kind(1, 2, "Update");
    cluster.crash(3);
    cluster.network.clear();
    cluster.reconfigure(&[1, 2]);
    assert_eq!(cluster.decided(), (2, vec![1, 2], None));
    assert_eq!(cluster.told_to(caller), [done()]);
    assert_eq!(cluster.ask(2, 2, 1, get(7)), [holds(1)]);
    assert!((1..=2).all(|id| cluster.node(id).acked() == Index(1)), "nothing stays dirty");
}

/// "Failure of other servers": the predecessor sends what the failed one may not have passed on, first (C04).
/// (§3.4.2)
#[test]
fn a_new_successor_gets_what_was_sent_to_the_old_one() {
    let mut cluster = Cluster::new(3);
    let caller = cluster.call(1, 1, 1, put(7, 1));
    cluster.deliver_kind(1, 2, "Update");
    cluster.crash(2);
    cluster.network.clear();
    cluster.reconfigure(&[1, 3]);
    assert_eq!(cluster.decided(), (2, vec![1, 3], None));
    cluster.fire(1, Timer::Resend);
    cluster.deliver();
    assert_eq!(cluster.told_to(caller), [done()]);
    assert_eq!(cluster.ask(1, 1, 2, put(7, 2)), [done()], "and what comes later comes later");
    assert_eq!(cluster.value(3, 7), Some(&Value::Number(2)));
}

/// A tail that was taken for dead and lives answers no reads: the master does not confirm its epoch (C05).
#[test]
fn a_tail_of_the_past_answers_no_reads() {
    let mut cluster = Cluster::new(3);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.detect(&[1, 2]);
    cluster.drop_if(|envelope| envelope.to == n(3));
    cluster.deliver();
    assert_eq!(cluster.ask(1, 1, 2, put(7, 2)), [done()]);
    assert_eq!(cluster.node(3).epoch(), Epoch(1), "it does not know");
    let read = cluster.call(3, 2, 1, get(7));
    cluster.deliver_kind(3, 4, "Confirm");
    assert!(cluster.told_to(read).is_empty());
    cluster.deliver();
    assert!(!cluster.told_to(read).contains(&holds(1)), "it learned that it is out, and sent the client on");
}

/// A head that was taken for dead and lives commits nothing: the others do not listen to its epoch (C05).
#[test]
fn a_head_of_the_past_is_not_listened_to() {
    let mut cluster = Cluster::new(3);
    cluster.detect(&[2, 3]);
    cluster.drop_if(|envelope| envelope.to == n(1));
    cluster.deliver();
    let caller = cluster.call(1, 1, 1, put(7, 1));
    assert_eq!(cluster.deliver_kind(1, 2, "Update"), 1);
    assert!(cluster.events().contains(&(2, ChainEvent::IgnoredOldEpoch { from: n(1), epoch: Epoch(1) })));
    cluster.deliver();
    assert!(cluster.told_to(caller).is_empty());
    assert_eq!(cluster.node(2).last(), Index(0));
}

/// What a tail of the past still answers is in the histories of all who stay: it is not lost. (Decisions: why may an
/// old tail answer updates?)
#[test]
fn what_a_tail_of_the_past_answered_stays() {
    let mut cluster = Cluster::new(3);
    let caller = cluster.call(1, 1, 1, put(7, 1));
    cluster.deliver_kind(1, 2, "Update");
    cluster.detect(&[1, 2]);
    cluster.deliver_kind(2, 3, "Update");
    assert_eq!(cluster.told_to(caller), [done()], "n3 does not know that it is out");
    cluster.deliver();
    assert_eq!(cluster.ask(2, 2, 1, get(7)), [holds(1)]);
}

/// "A new tail": it is given the history, and then what came meanwhile; writes go on. (§3.5)
#[test]
fn a_new_tail_joins_while_writes_go_on() {
    let mut cluster = Cluster::with(Config { hand_over_within: 0, ..config(3) });
    cluster.crash(3);
    cluster.reconfigure(&[1, 2]);
    (1..=5).for_each(|number| assert_eq!(cluster.ask(1, 1, number, put(number, 1)), [done()]));
    cluster.restart(3);
    cluster.detect(&[1, 2, 3]);
    assert_eq!(cluster.decided(), (3, vec![1, 2], Some(3)));
    cluster.deliver_if(|envelope| envelope.message.kind() == "Configured");
    assert!(cluster.kinds_on_the_way().contains(&(2, 3, "State")));
    // The state is under way, and n2 answers all the same.
    let meanwhile = cluster.call(1, 1, 6, put(6, 1));
    cluster.deliver_kind(1, 2, "Update");
    assert_eq!(cluster.told_to(meanwhile), [done()]);
    cluster.deliver();
    assert_eq!(cluster.decided(), (4, vec![1, 2, 3], None));
    cluster.fire(2, Timer::Resend);
    cluster.deliver();
    assert!((1..=6).all(|key| cluster.value(3, key).is_some()), "it has what came meanwhile");
    assert_eq!(cluster.ask(3, 2, 1, get(6)), [holds(1)]);
    assert_eq!(cluster.ask(1, 1, 7, put(7, 1)), [done()]);
}

/// After it handed over, a tail answers only what the server that joins has as well, whether it crashes or not.
#[test]
fn a_tail_that_handed_over_waits_for_the_one_that_joins() {
    let mut cluster = Cluster::new(2);
    cluster.crash(2);
    cluster.reconfigure(&[1]);
    cluster.restart(2);
    cluster.detect(&[1, 2]);
    cluster.deliver_if(|envelope| !matches!(envelope.message.kind(), "Joined"));
    assert!(cluster.node(1).has_handed_over());
    for life in 0..2 {
        let caller = cluster.call(1, 1 + life, 1, put(7, 1));
        assert!(cluster.told_to(caller).is_empty(), "n1 is alone in its chain, and says nothing");
        cluster.drop_if(|envelope| is(envelope, 1, 2, "Update"));
        cluster.crash(1);
        cluster.restart(1);
    }
    cluster.fire(1, Timer::Resend);
    cluster.deliver();
    assert_eq!(cluster.decided().1, [1, 2]);
    cluster.fire(1, Timer::Resend);
    cluster.deliver();
    assert_eq!(cluster.node(2).last(), Index(2));
    assert_eq!(cluster.answers.len(), 2);
}

/// A server that joins has no say: if the tail fails before it has everything, it begins anew.
#[test]
fn a_join_is_broken_off_by_the_tail_that_fails() {
    let mut cluster = Cluster::new(3);
    cluster.crash(3);
    cluster.reconfigure(&[1, 2]);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.restart(3);
    cluster.detect(&[1, 2, 3]);
    cluster.deliver_if(|envelope| envelope.message.kind() == "Configured");
    cluster.crash(2);
    cluster.reconfigure(&[1, 3]);
    // What the dead had sent is of an epoch that is over.
    assert_eq!(cluster.decided().1, [1, 3]);
    assert_eq!(cluster.ask(1, 1, 2, get(7)), [holds(1)]);
}

/// The state of a server that comes back may have parted from the chain: it is replaced, not mended.
#[test]
fn what_nobody_else_had_is_gone_after_a_join() {
    let mut cluster = Cluster::new(2);
    let lost = cluster.call(1, 1, 1, put(7, 1));
    cluster.crash(1);
    cluster.network.clear();
    cluster.reconfigure(&[2]);
    assert_eq!(cluster.ask(2, 2, 1, put(7, 2)), [done()]);
    cluster.restart(1);
    assert_eq!(cluster.node(1).last(), Index(1), "its own update is on its disk");
    cluster.reconfigure(&[1, 2]);
    assert_eq!(cluster.decided().1, [2, 1]);
    assert!(cluster.told_to(lost).is_empty());
    assert_eq!(cluster.value(1, 7), Some(&Value::Number(2)));
}

/// A server that restarts within the epoch goes on with its disk; nobody need notice.
#[test]
fn a_short_absence_changes_nothing() {
    let mut cluster = Cluster::new(3);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.crash(2);
    cluster.restart(2);
    cluster.reconfigure(&[1, 2, 3]);
    assert_eq!(cluster.decided(), (1, vec![1, 2, 3], None));
    assert_eq!(cluster.ask(1, 1, 2, put(7, 2)), [done()]);
}

/// A chain that is too short answers nothing, so any server of the last one that did may go on.
#[test]
fn a_short_chain_can_go_back_to_another_server() {
    let mut cluster = Cluster::with(Config { least: 2, ..config(3) });
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.reconfigure(&[1]);
    cluster.reconfigure(&[2]);
    assert_eq!(cluster.decided(), (3, vec![2], None));
    cluster.reconfigure(&[2, 3]);
    assert_eq!(cluster.decided().1, [2, 3]);
    cluster.fire(2, Timer::Resend);
    cluster.deliver();
    assert_eq!(cluster.ask(3, 2, 1, get(7)), [holds(1)]);
}

/// A change names the epoch that it changes: late ones, repeated ones and senseless ones change nothing.
#[test]
fn changes_are_of_an_epoch() {
    let servers: Vec<NodeId> = (1..=3).map(NodeId).collect();
    let mut all = Configurations::default();
    let admit = |epoch, server| Change::Admit { epoch: Epoch(epoch), server: n(server) };
    let exclude = |epoch, dead: &[u32]| Change::Exclude {
        epoch: Epoch(epoch),
        dead: dead.iter().copied().map(NodeId).collect(),
    };
    all.decide(&exclude(0, &[1]));
    assert_eq!(all, Configurations::default(), "there is nothing to change yet");
    all.decide(&Change::Begin { servers: servers.clone(), least: 1 });
    let first = all.clone();
    let nothing = [
        Change::Begin { servers, least: 1 },
        exclude(0, &[1]),
        exclude(2, &[1]),
        exclude(1, &[9]),
        exclude(1, &[1, 2, 3]),
        admit(1, 2),
        Change::Promote { epoch: Epoch(1) },
    ];
    for change in nothing {
        all.decide(&change);
        assert_eq!(all, first, "{change:?}");
    }
    let once = exclude(1, &[2]);
    all.decide(&once);
    all.decide(&once);
    assert_eq!((all.current.epoch, all.current.chain.len()), (Epoch(2), 2));
    all.current.epoch = Epoch(u64::MAX);
    let last = all.clone();
    all.decide(&exclude(u64::MAX, &[1]));
    assert_eq!(all, last, "there is no epoch after the last");
}

/// A report by a tail of an earlier epoch does not promote whoever joins now.
#[test]
fn late_reports_promote_nobody() {
    let mut cluster = Cluster::new(3);
    cluster.crash(3);
    cluster.reconfigure(&[1, 2]);
    cluster.restart(3);
    cluster.detect(&[1, 2, 3]);
    cluster.hand(2, 4, 2, Body::Joined);
    assert_eq!(cluster.decided(), (3, vec![1, 2], Some(3)));
}
