//! What a replicated state machine promises beside the order of its log: exactly-once calls, reads, snapshots.
use synod_paxos::multi::{Config, MultiPaxosEvent, Slot, Timer};
use synod_protocol::{Answer, Caller, Time};

use crate::servers::{
    DONE, NOTHING, campaign, elect, executed, get, holds, led, led_with, n, on, put, settle,
};

/// Who does not lead says who does.
#[test]
fn a_follower_says_who_leads() {
    let mut replicas = led(3);
    let call = replicas.call(2, 1, 1, put(1, 1));
    assert_eq!(replicas.answers_to(call), [&Answer::Elsewhere(Some(n(1)))]);
    replicas.fire(2, Timer::LeaderContact);
    let call = replicas.call(2, 2, 1, put(1, 1));
    assert_eq!(replicas.answers_to(call), [&Answer::Elsewhere(None)]);
}

/// A call that is proposed by two leaders takes two slots and one effect.
#[test]
fn a_call_takes_effect_once_though_it_has_two_slots() {
    let mut replicas = led(3);
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver_if(on(1, 3, &["Accept"]));
    replicas.drop_if(|_| true);
    replicas.crash(1);
    campaign(&mut replicas, 2);
    // 2 hears of the vote only after it was asked again.
    replicas.deliver_if(|it| !(it.from == n(2) && it.to == n(3)));
    replicas.restart(1);
    replicas.deliver();
    let again = replicas.call(2, 1, 1, put(1, 99));
    replicas.deliver();
    settle(&mut replicas, 2);
    let put_after = replicas.call(2, 2, 1, put(2, 2));
    replicas.deliver();
    assert_eq!(replicas.answers_to(again), [&Answer::Done(DONE)]);
    assert_eq!(replicas.answers_to(put_after), [&Answer::Done(DONE)]);
    let value = replicas.node(2).state_machine().get(1).cloned();
    assert!(value == Some(synod_kv::Value::Number(1)), "the first command of that number: {value:?}");
}

/// The same call with another command under its number gets the first one's answer.
#[test]
fn a_call_that_says_something_else_the_second_time_is_the_first_one() {
    let mut replicas = led(3);
    let call = replicas.call(1, 1, 1, put(1, 1));
    replicas.call(1, 1, 1, put(1, 2));
    replicas.deliver();
    replicas.call(1, 1, 1, put(1, 3));
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE); 2]);
    assert_eq!(replicas.node(1).chosen(), Slot(1));
    assert_eq!(replicas.node(1).state_machine().get(1), Some(&synod_kv::Value::Number(1)));
}

/// A leader that lost its ballot and won a later one puts the call forward again: its slot may be lost.
#[test]
fn a_leader_elected_again_does_not_wait_for_what_it_lost() {
    let mut replicas = led(3);
    let call = replicas.call(1, 1, 1, put(1, 1));
    replicas.drop_if(|_| true);
    replicas.isolate(1);
    elect(&mut replicas, 2);
    let other = replicas.call(2, 2, 1, put(2, 2));
    replicas.deliver();
    replicas.heal();
    settle(&mut replicas, 2);
    assert_eq!(replicas.answers_to(other).len(), 1);
    assert!(replicas.answers_to(call).is_empty());
    elect(&mut replicas, 1);
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver();
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
}

/// A read is answered from the leader's state machine, without the log, when a phase-2 quorum took part in
/// its ballot after the read came.
#[test]
fn a_read_needs_a_quorum_and_no_slot() {
    let mut replicas = led(3);
    replicas.call(1, 1, 1, put(7, 42));
    replicas.deliver();
    let read = replicas.call(1, 2, 1, get(7));
    assert!(replicas.answers_to(read).is_empty());
    replicas.deliver();
    assert_eq!(replicas.answers_to(read), [&Answer::Done(holds(42))]);
    assert_eq!(replicas.node(1).last_voted(), Slot(1));
}

/// Answers to what was sent *before* the read came confirm nothing.
#[test]
fn an_earlier_answer_does_not_confirm_a_read() {
    let mut replicas = led(3);
    replicas.fire(1, Timer::Heartbeat);
    replicas.deliver_if(|it| it.from == n(1));
    let read = replicas.call(1, 1, 1, get(7));
    replicas.deliver_if(|it| it.to == n(1));
    assert!(replicas.answers_to(read).is_empty(), "only now is a round begun for it");
    replicas.deliver();
    assert_eq!(replicas.answers_to(read), [&Answer::Done(NOTHING)]);
}

/// A leader who was overruled and does not know it answers no read: none who promised a later ballot takes
/// part in its own.
#[test]
fn a_deposed_leader_answers_no_read() {
    let mut replicas = led(3);
    replicas.isolate(1);
    elect(&mut replicas, 2);
    replicas.call(2, 1, 1, put(7, 42));
    replicas.deliver();
    replicas.heal();
    let read = replicas.call(1, 2, 1, get(7));
    replicas.deliver_if(|it| it.to == n(1) || it.from == n(1));
    assert!(!replicas.answers_to(read).contains(&&Answer::Done(NOTHING)));
    assert_eq!(replicas.answers_to(read), [&Answer::Elsewhere(None)]);
}

/// A new leader reads only when it has executed what earlier ballots may have chosen.
#[test]
fn a_new_leader_reads_after_it_has_caught_up_with_the_past() {
    let mut replicas = led(3);
    replicas.call(1, 1, 1, put(7, 42));
    replicas.deliver();
    replicas.isolate(1);
    campaign(&mut replicas, 2);
    replicas.deliver_if(on(2, 3, &["Prepare"]));
    replicas.deliver_if(on(3, 2, &["Promise"]));
    assert!(replicas.node(2).is_leader() && replicas.node(2).chosen() == Slot(0));
    let read = replicas.call(2, 2, 1, get(7));
    // Its signs of life are answered; the vote for slot 1 is not there yet.
    replicas.drop_if(|it| matches!(&it.message, synod_paxos::multi::MultiPaxosMessage::Accept(accept) if !accept.values.is_empty()));
    replicas.deliver();
    assert!(replicas.answers_to(read).is_empty());
    settle(&mut replicas, 2);
    assert_eq!(replicas.answers_to(read), [&Answer::Done(holds(42))]);
}

fn often_cut() -> Config {
    Config { snapshot_every: 4, kept_behind_snapshot: 1, ..Config::new((1..=3).map(n)) }
}

/// What a snapshot stands for is cut off the log, but for a little.
#[test]
fn a_snapshot_takes_the_place_of_the_log() {
    let mut replicas = led_with(often_cut());
    for number in 1..=6 {
        replicas.call(1, 1, number, put(number, 1));
        replicas.deliver();
    }
    let disk = replicas.node(1).acceptor();
    assert_eq!(disk.snapshot.as_ref().map(|snapshot| snapshot.through), Some(Slot(4)));
    assert_eq!(disk.votes.keys().copied().collect::<Vec<_>>(), [Slot(4), Slot(5), Slot(6)]);
    replicas.crash(1);
    replicas.restart(1);
    assert!(replicas.node(1).chosen() >= Slot(5), "what it knew to be chosen rode on its records");
    assert_eq!(replicas.node(1).state_machine().get(4), Some(&synod_kv::Value::Number(1)));
    let again = Caller { client: synod_protocol::ClientId(1), number: 4, via: n(1) };
    replicas.call(1, 1, 4, put(4, 99));
    assert_eq!(
        replicas.answers_to(again).len(),
        1,
        "the sessions were in the snapshot: the call is outdated"
    );
}

/// A follower that lacks what the log no longer has gets the snapshot, and the rest after it.
#[test]
fn a_laggard_gets_the_snapshot() {
    let mut replicas = led_with(often_cut());
    replicas.isolate(3);
    for number in 1..=10 {
        replicas.call(1, 1, number, put(number, 1));
        replicas.deliver();
    }
    replicas.heal();
    settle(&mut replicas, 1);
    assert_eq!(executed(&replicas), [10, 10, 10]);
    let installed = |it: &(u32, MultiPaxosEvent)| matches!(it, (3, MultiPaxosEvent::Installed { .. }));
    assert!(replicas.events().iter().any(installed));
}

/// A candidate that lacks what was cut hears of it in the promise: it would take those slots for free else.
#[test]
fn a_promise_brings_the_snapshot_that_stands_for_votes() {
    let mut replicas = led_with(often_cut());
    replicas.isolate(3);
    for number in 1..=10 {
        replicas.call(1, 1, number, put(number, 1));
        replicas.deliver();
    }
    replicas.heal();
    replicas.crash(1);
    elect(&mut replicas, 3);
    assert!(replicas.node(3).is_leader());
    settle(&mut replicas, 3);
    assert_eq!(executed(&replicas), [0, 10, 10]);
    assert_eq!(replicas.node(3).state_machine(), replicas.node(2).state_machine());
}

/// A laggard whose lack is still in the log gets the values as proposals of the leader's ballot.
#[test]
fn a_laggard_gets_the_values() {
    let mut replicas = led(3);
    replicas.isolate(3);
    for number in 1..=10 {
        replicas.call(1, 1, number, put(number, 1));
        replicas.deliver();
    }
    replicas.heal();
    settle(&mut replicas, 1);
    assert_eq!(executed(&replicas), [10, 10, 10]);
    assert_eq!(replicas.node(3).acceptor().votes.len(), 10);
}

/// A leader that no quorum answers tells its clients to look elsewhere.
#[test]
fn a_leader_that_is_alone_gives_up() {
    let mut replicas = led(3);
    replicas.fire(1, Timer::CheckQuorum);
    replicas.isolate(1);
    let read = replicas.call(1, 1, 1, get(1));
    replicas.fire(1, Timer::CheckQuorum);
    assert!(!replicas.node(1).is_leader());
    assert_eq!(replicas.answers_to(read), [&Answer::Elsewhere(None)]);
}

fn leased() -> Config {
    let ms = std::time::Duration::from_millis;
    let lease = Some(synod_paxos::multi::LeaseConfig { length: ms(100), drift: ms(10) });
    Config { lease, ..Config::new((1..=3).map(n)) }
}

fn at(replicas: &mut crate::servers::Replicas, millis: u64) {
    replicas.now = Time(millis * 1_000_000);
}

/// A leader that holds a lease answers reads without a message. It counts from when it asked, and stops early.
#[test]
fn a_lease_answers_reads_at_once_and_ends() {
    let mut replicas = crate::servers::replicas_with(leased());
    at(&mut replicas, 100);
    elect(&mut replicas, 1);
    at(&mut replicas, 120);
    replicas.fire(1, Timer::Heartbeat);
    at(&mut replicas, 150);
    replicas.deliver();
    at(&mut replicas, 209);
    let early = replicas.call(1, 1, 1, get(1));
    assert_eq!(replicas.answers_to(early), [&Answer::Done(NOTHING)], "120 + 100 - 10");
    at(&mut replicas, 210);
    let late = replicas.call(1, 2, 1, get(1));
    assert!(replicas.answers_to(late).is_empty(), "it asks a quorum again");
    replicas.deliver();
    assert_eq!(replicas.answers_to(late).len(), 1);
}

/// Whoever granted a lease helps nobody else until it has run out, and a restart does not shorten it.
#[test]
fn a_lease_is_kept_through_a_restart() {
    let mut replicas = crate::servers::replicas_with(leased());
    at(&mut replicas, 100);
    elect(&mut replicas, 1);
    replicas.isolate(1);
    replicas.crash(2);
    replicas.restart(2);
    at(&mut replicas, 199);
    replicas.fire(3, Timer::LeaderContact);
    replicas.fire(3, Timer::Election);
    replicas.deliver();
    assert_eq!(replicas.node(3).promised(), replicas.node(1).promised(), "it is bound itself");
    replicas.fire(2, Timer::Election);
    assert_eq!(replicas.node(2).promised(), replicas.node(1).promised(), "so is who has forgotten");
    at(&mut replicas, 200);
    replicas.fire(3, Timer::Election);
    replicas.deliver();
    assert!(replicas.node(3).is_leader());
}
