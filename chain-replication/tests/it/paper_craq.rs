//! CRAQ, one test per claim of Terrace & Freedman 2009, and per bug that others had (C01, C06).
use synod_chain_replication::{ChainEvent, Config, Reads, Timer};
use synod_kv::operation;
use synod_linearizability::{History, Options, Verdict, check};
use synod_protocol::{Answer, ClientId, Message, Time};

use crate::cluster::{Cluster, config, done, get, holds, n, put};

/// "If the latest known version of the requested object is clean, the node returns this value", wherever it stands.
/// (§2.3)
#[test]
fn clean_objects_are_read_anywhere() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    for via in 1..=3 {
        assert_eq!(cluster.ask(via, 2, u64::from(via), get(7)), [holds(1)]);
    }
    let asked = |event: &ChainEvent| matches!(event, ChainEvent::AskedTail { .. });
    assert!(!cluster.events().iter().any(|(_, event)| asked(event)), "the tail was not asked");
}

/// "Otherwise, the node contacts the tail and asks for the tail's last committed version": what is under way is not
/// returned before it is answered (C01). (§2.3)
#[test]
fn dirty_objects_are_read_by_the_tails_word() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    let write = cluster.call(1, 1, 2, put(7, 2));
    cluster.deliver_kind(1, 2, "Update");
    let early = cluster.call(2, 2, 1, get(7));
    cluster.deliver_if(|envelope| envelope.message.kind() != "Update");
    assert_eq!(cluster.told_to(early), [holds(1)], "2 is under way, and nobody was told so");
    cluster.deliver_kind(2, 3, "Update");
    assert_eq!(cluster.told_to(write), [done()]);
    let late = cluster.call(2, 2, 2, get(7));
    cluster.deliver_if(|envelope| envelope.message.kind() != "Ack");
    assert_eq!(cluster.told_to(late), [holds(2)], "it was answered, whether n2 has heard of it or not");
}

/// Objects are dirty one by one.
#[test]
fn other_objects_stay_clean() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.call(1, 1, 2, put(8, 2));
    let read = cluster.call(1, 2, 1, get(7));
    cluster.deliver_if(|envelope| envelope.message.kind() != "Update");
    assert_eq!(cluster.told_to(read), [holds(1)]);
    assert!(!cluster.events().iter().any(|(_, event)| matches!(event, ChainEvent::AskedTail { .. })));
}

/// The tail's word is about the time of the question: one for an earlier read does not answer a later one, and
/// reads do not go back in time from server to server (C06).
#[test]
fn reads_do_not_go_back_in_time() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.call(1, 1, 2, put(7, 2));
    cluster.deliver_kind(1, 2, "Update");
    let first = cluster.call(1, 2, 1, get(7));
    // The tail answers this question with version 1, and its word is late.
    cluster.deliver_kind(1, 4, "Confirm");
    cluster.deliver_kind(4, 1, "Confirmed");
    cluster.deliver_kind(1, 3, "VersionQuery");
    cluster.deliver_kind(2, 3, "Update");
    assert_eq!(cluster.ask_without_acks(3, 3, 1, get(7)), [holds(2)]);
    let second = cluster.call(1, 4, 1, get(7));
    cluster.deliver_if(|envelope| envelope.message.kind() != "Ack");
    assert_eq!(cluster.told_to(first), [holds(1)], "it was asked before 2 was answered");
    assert_eq!(cluster.told_to(second), [holds(2)], "it was asked after n3 had returned 2");
}

/// A server that was taken out of the chain answers nothing, however clean it is (C05).
#[test]
fn a_middle_of_the_past_answers_no_reads() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.detect(&[1, 3]);
    cluster.drop_if(|envelope| envelope.to == n(2));
    cluster.deliver();
    cluster.fire(1, Timer::Resend);
    assert_eq!(cluster.ask(1, 1, 2, put(7, 2)), [done()]);
    let read = cluster.call(2, 2, 1, get(7));
    cluster.deliver();
    assert!(!cluster.told_to(read).contains(&holds(1)));
}

/// A confirmation of an earlier life says nothing about now: rounds begin anew with each life.
#[test]
fn a_confirmation_outlives_no_crash() {
    let mut cluster = Cluster::craq(3);
    cluster.ask(1, 1, 1, put(7, 1));
    cluster.call(2, 2, 1, get(7));
    cluster.deliver_kind(2, 4, "Confirm");
    // n2 crashes with the master's word on its way, and comes back when the chain has gone on without it.
    let late = cluster.network.iter().position(|envelope| envelope.message.kind() == "Confirmed");
    let late = cluster.network.remove(late.expect("the master said so"));
    cluster.crash(2);
    cluster.detect(&[1, 3]);
    cluster.drop_if(|envelope| envelope.to == n(2));
    cluster.deliver();
    assert_eq!(cluster.ask(1, 1, 2, put(7, 2)), [done()]);
    cluster.restart(2);
    let read = cluster.call(2, 3, 1, get(7));
    cluster.network.clear();
    cluster.network.push(late);
    cluster.deliver();
    assert!(cluster.told_to(read).is_empty(), "it was confirmed what another life had asked");
}

/// The eventual mode returns the newest version that a server knows, answered or not: two reads, one after the
/// other, go back in time, and the check of histories says so. (§2.3)
#[test]
fn the_eventual_mode_is_not_linearizable() {
    for (reads, is_linearizable) in [(Reads::Eventual, false), (Reads::Apportioned, true)] {
        let mut cluster = Cluster::with(Config { reads, ..config(3) });
        let mut history = vec![(1, put(7, 1), 0, Some(1), cluster.ask(1, 1, 1, put(7, 1)))];
        cluster.call(1, 1, 2, put(7, 2));
        history.push((1, put(7, 2), 2, None, vec![]));
        for (at, (via, number)) in [(3, (1, 1)), (5, (3, 2))] {
            let caller = cluster.call(via, 2, number, get(7));
            cluster.deliver_if(|envelope| envelope.message.kind() != "Update");
            history.push((2, get(7), at, Some(at + 1), cluster.told_to(caller)));
        }
        let operations = history.iter().map(|(client, command, called, returned, answers)| {
            let output = match answers.first() {
                Some(Answer::Done(output)) => Some(output),
                _ => None,
            };
            let returned = returned.and_then(|at| Some((Time(at), output?)));
            operation(ClientId(*client), command, Time(*called), returned)
        });
        let history = History::new(operations).expect("clients call in order");
        let verdict = check(&history, &Options::default());
        assert_eq!(
            matches!(verdict, Verdict::Linearizable { .. }),
            is_linearizable,
            "{reads:?}: {verdict:?}"
        );
    }
}
