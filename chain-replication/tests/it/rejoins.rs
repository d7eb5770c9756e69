//! Servers that lose their disks come back as new ones (§3.5, after a failure that leaves nothing).
use synod_chain_replication::{Body, Config, ConfigError, RoleName, Timer};
use synod_kv::Value;
use synod_protocol::{Node as _, Time};

use crate::cluster::{Cluster, Envelope, config, done, get, holds, is, n, put};

fn forgetful(servers: u32) -> Cluster {
    Cluster::with(Config { rejoins: true, ..config(servers) })
}

fn loses_its_disk(cluster: &mut Cluster, id: u32) {
    cluster.crash(id);
    cluster.wipe(id);
    cluster.now = Time(cluster.now.0 + 1);
    cluster.restart(id);
}

/// What the master says to a server from now on arrives when the test says so.
fn keep(cluster: &mut Cluster, kept: impl Fn(&Envelope) -> bool) -> Vec<Envelope> {
    let all = std::mem::take(&mut cluster.network);
    let (kept, others) = all.into_iter().partition(kept);
    cluster.network = others;
    kept
}

fn late(cluster: &mut Cluster, envelopes: Vec<Envelope>) {
    cluster.network.extend(envelopes);
    cluster.deliver();
}

#[test]
fn an_empty_disk_is_nobodys_before_it_is_welcome() {
    let mut cluster = forgetful(3);
    assert_eq!(cluster.decided(), (1, vec![1, 2, 3], None), "the first disks are those of the first chain");
    loses_its_disk(&mut cluster, 2);
    assert_eq!(cluster.node(2).view().role, RoleName::Outside);
    let (call, read) = (cluster.call(2, 1, 1, put(7, 1)), cluster.call(2, 2, 1, get(7)));
    assert_eq!(cluster.kinds_on_the_way(), [(2, 4, "Hello")], "it passes nothing on");
    assert!(cluster.told_to(call).iter().chain(&cluster.told_to(read)).all(|answer| *answer != done()));
}

#[test]
fn who_lost_its_disk_leaves_the_chain_and_is_given_the_state() {
    for lost in 1..=3 {
        let mut cluster = forgetful(3);
        assert_eq!(cluster.ask(1, 1, 1, put(7, 42)), [done()]);
        loses_its_disk(&mut cluster, lost);
        cluster.deliver();
        let others: Vec<u32> = (1..=3).filter(|id| *id != lost).collect();
        assert_eq!(cluster.decided(), (2, others.clone(), None), "n{lost} has nothing of what was answered");
        cluster.reconfigure(&[1, 2, 3]);
        cluster.reconfigure(&[1, 2, 3]);
        let anew: Vec<u32> = others.into_iter().chain([lost]).collect();
        assert_eq!(cluster.decided(), (4, anew, None), "n{lost} is the new tail");
        assert_eq!(cluster.value(lost, 7), Some(&Value::Number(42)));
        assert_eq!(cluster.ask(lost, 2, 1, get(7)), [holds(42)]);
    }
}

/// The server was in the chain when these were said, and had what a member has.
#[test]
fn what_was_said_to_another_disk_makes_nobody_a_member() {
    let mut cluster = forgetful(2);
    assert_eq!(cluster.ask(1, 1, 1, put(7, 42)), [done()]);
    let first = cluster.node(2).configuration().clone();
    let disk = cluster.disk(2).disk.expect("it has a name");
    loses_its_disk(&mut cluster, 2);
    cluster.hand(3, 2, 1, Body::Welcome { disk, configuration: first.clone() });
    cluster.hand(3, 2, 1, Body::Configured(first));
    assert!(cluster.node(2).is_nobody());
    cluster.deliver();
    assert_eq!(cluster.node(2).view().role, RoleName::Outside);
    assert_eq!(cluster.decided(), (2, vec![1], None));
}

/// It costs the server its place, and nothing else.
#[test]
fn a_hello_of_a_disk_that_is_lost_does_no_harm() {
    let mut cluster = forgetful(3);
    cluster.fire(2, Timer::Heartbeat);
    loses_its_disk(&mut cluster, 2);
    let hello = keep(&mut cluster, |envelope| is(envelope, 2, 4, "Hello"));
    late(&mut cluster, hello.clone());
    cluster.reconfigure(&[1, 2, 3]);
    cluster.reconfigure(&[1, 2, 3]);
    assert_eq!(cluster.decided().1, [1, 3, 2]);
    loses_its_disk(&mut cluster, 2);
    cluster.deliver();
    late(&mut cluster, hello);
    assert_eq!(cluster.decided().1, [1, 3], "whose disk is that?");
    assert_eq!(cluster.ask(1, 1, 1, put(7, 42)), [done()]);
    for _ in 0..3 {
        cluster.reconfigure(&[1, 2, 3]);
    }
    assert_eq!(cluster.decided().1, [1, 3, 2]);
    assert_eq!(cluster.ask(2, 2, 1, get(7)), [holds(42)]);
}

/// The tail has what the middle had and lost: the update is answered, and not lost.
#[test]
fn what_the_tail_has_is_answered_although_others_lost_it() {
    let mut cluster = forgetful(3);
    let call = cluster.call(1, 1, 1, put(7, 42));
    cluster.deliver_kind(1, 2, "Update");
    loses_its_disk(&mut cluster, 2);
    cluster.deliver_kind(2, 3, "Update");
    assert_eq!(cluster.told_to(call), [done()]);
    cluster.deliver();
    for _ in 0..2 {
        cluster.reconfigure(&[1, 2, 3]);
    }
    assert_eq!(cluster.decided().1, [1, 3, 2]);
    assert_eq!(cluster.ask(1, 2, 1, get(7)), [holds(42)]);
}

/// The last server that has everything cannot be done without, not even by another disk of its own.
#[test]
fn who_lost_everything_is_not_welcome() {
    let mut cluster = forgetful(1);
    assert_eq!(cluster.ask(1, 1, 1, put(7, 42)), [done()]);
    loses_its_disk(&mut cluster, 1);
    cluster.deliver();
    assert!(cluster.node(1).is_nobody());
    assert_eq!(cluster.decided(), (1, vec![1], None));
    let caller = cluster.call(1, 2, 1, get(7));
    cluster.deliver();
    assert!(cluster.told_to(caller).iter().all(|answer| *answer != holds(42)));
}

#[test]
fn a_master_that_is_a_server_cannot_tell_who_lost_its_disk() {
    let config = Config { rejoins: true, ..Config::new([n(1)], n(1)) };
    assert_eq!(config.validate(), Err(ConfigError::MasterForgets));
}
