//! One test per claim: client interaction (§8; dissertation §6.3, §6.4).
use synod_kv::{Command, Output, Value};
use synod_protocol::Answer;
use synod_raft::{Body, RaftEvent, Term, Timer};

use crate::cluster::{Cluster, get, holds, n, put};

fn append(text: &str) -> Command {
    Command::Append { key: 0, text: text.into() }
}

/// If the client's first choice is not the leader, that server rejects the request and supplies information
/// about the most recent leader it has heard from. §8
#[test]
fn a_follower_points_to_the_leader() {
    let mut cluster = Cluster::led(3);
    let call = cluster.call(2, 1, 1, put(0, 1));
    assert_eq!(cluster.answers_to(call), [&Answer::Elsewhere(Some(n(1)))]);
    let read = cluster.call(3, 2, 1, get(0));
    assert_eq!(cluster.answers_to(read), [&Answer::Elsewhere(Some(n(1)))]);
    cluster.fire(2, Timer::LeaderContact);
    let lost = cluster.call(2, 3, 1, put(0, 1));
    assert_eq!(cluster.answers_to(lost), [&Answer::Elsewhere(None)]);
}

/// If it receives a command whose serial number has already been executed, it responds immediately without
/// re-executing the request. §8
#[test]
fn a_call_that_is_tried_again_takes_effect_once() {
    let mut cluster = Cluster::led(3);
    for _ in 0..3 {
        cluster.call(1, 1, 1, append("x"));
        cluster.deliver();
    }
    assert_eq!(cluster.node(1).state_machine().get(0), Some(&Value::Text("x".into())));
    assert_eq!(cluster.answers.len(), 3, "each try is answered");
    assert_eq!(cluster.terms(1).len(), 2, "and one stands in the log");
}

/// … also while the first try is still under way. §8
#[test]
fn a_call_that_is_under_way_is_not_appended_again() {
    let mut cluster = Cluster::led(3);
    let call = cluster.call(1, 1, 1, append("x"));
    cluster.call(1, 1, 1, append("x"));
    cluster.deliver();
    assert_eq!(cluster.terms(1).len(), 2);
    assert_eq!(cluster.answers_to(call).len(), 1);
}

/// If the leader crashes after committing the entry but before responding, the client retries with a new
/// leader, and the command is not executed a second time. §8
#[test]
fn the_next_leader_knows_what_was_executed() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, append("x"));
    cluster.deliver();
    cluster.crash(1);
    cluster.elect(2);
    let retry = cluster.call(2, 1, 1, append("x"));
    cluster.deliver();
    assert_eq!(cluster.answers_to(retry), [&Answer::Done(Output::Done)]);
    assert_eq!(cluster.node(2).state_machine().get(0), Some(&Value::Text("x".into())));
}

/// … even if the call stands in the log twice, because the retry came before the first try was committed. §8
#[test]
fn an_entry_that_stands_twice_in_the_log_is_applied_once() {
    let mut cluster = Cluster::led(3);
    cluster.isolate(3);
    cluster.call(1, 1, 1, append("x"));
    cluster.deliver_link(1, 2);
    cluster.crash(1);
    cluster.heal();
    cluster.drop_if(|_| true);
    cluster.fire(2, Timer::LeaderContact);
    cluster.fire(3, Timer::LeaderContact);
    cluster.fire(2, Timer::Election);
    cluster.deliver_if(|it| !matches!(it.message.body, Body::AppendEntries(_)));
    assert_eq!(cluster.leader(), Some(2));
    cluster.call(2, 1, 1, append("x"));
    cluster.deliver();
    cluster.settle(2);
    let commands =
        cluster.node(2).log().iter().filter(|(_, entry)| entry.payload != synod_raft::Payload::NoOp);
    assert_eq!(commands.count(), 2);
    assert_eq!(cluster.node(3).state_machine().get(0), Some(&Value::Text("x".into())));
}

/// The session table is part of the replicated state: a server that restarts has it again with its log. §8
#[test]
fn sessions_are_replicated() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, append("x"));
    cluster.deliver();
    cluster.settle(1);
    for id in cluster.ids() {
        cluster.crash(id);
        cluster.restart(id);
    }
    cluster.elect(3);
    cluster.settle(3);
    assert_eq!(cluster.node(1).replicated(), cluster.node(3).replicated());
    cluster.call(3, 1, 1, append("x"));
    cluster.deliver();
    assert_eq!(cluster.node(3).state_machine().get(0), Some(&Value::Text("x".into())));
}

/// A call that its client has moved on from is dead, wherever it was held up. Dissertation §6.3
#[test]
fn a_late_try_of_an_earlier_call_does_nothing() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, append("x"));
    cluster.deliver();
    cluster.call(1, 1, 2, append("y"));
    cluster.deliver();
    let late = cluster.call(1, 1, 1, append("x"));
    cluster.deliver();
    assert_eq!(cluster.node(1).state_machine().get(0), Some(&Value::Text("xy".into())));
    assert_eq!(cluster.answers_to(late).len(), 1, "the answer of the first time, and no other");
    assert!(
        cluster.events().iter().any(|(_, event)| matches!(event, RaftEvent::SawCallAgain { number: 1, .. }))
    );
}

/// Two clients' calls with equal numbers are different calls. §8
#[test]
fn sessions_belong_to_clients() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, append("x"));
    cluster.call(1, 2, 1, append("y"));
    cluster.deliver();
    assert_eq!(cluster.node(1).state_machine().get(0), Some(&Value::Text("xy".into())));
}

/// Read-only operations are handled without writing anything into the log. §8
#[test]
fn a_read_writes_nothing() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, put(0, 5));
    cluster.deliver();
    let written = cluster.records(1).len();
    let read = cluster.call(1, 2, 1, get(0));
    assert!(cluster.answers_to(read).is_empty(), "not before a majority confirmed the leader");
    cluster.deliver();
    assert_eq!(cluster.answers_to(read), [&Answer::Done(holds(5))]);
    assert_eq!(cluster.records(1).len(), written);
}

/// A leader must exchange messages with a majority *after* the read came, before it answers: otherwise it
/// may have been deposed already. §8
#[test]
fn a_deposed_leader_answers_no_read() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, put(0, 1));
    cluster.deliver();
    cluster.isolate(1);
    cluster.elect(2);
    cluster.call(2, 1, 2, put(0, 2));
    cluster.deliver();
    assert!(cluster.node(1).is_leader(), "n1 does not know");
    let stale = cluster.call(1, 2, 1, get(0));
    cluster.fire(1, Timer::Heartbeat);
    cluster.deliver();
    assert!(cluster.answers_to(stale).is_empty());
    cluster.heal();
    cluster.fire(1, Timer::Heartbeat);
    cluster.deliver();
    assert_eq!(
        cluster.answers_to(stale),
        [&Answer::Elsewhere(None)],
        "it was not carried out: ask elsewhere"
    );
}

/// A confirmation of an earlier round does not count for a later read. Dissertation §6.4
#[test]
fn a_late_confirmation_confirms_nothing() {
    let mut cluster = Cluster::led(3);
    cluster.fire(1, Timer::Heartbeat);
    cluster.deliver_if(|it| matches!(it.message.body, Body::AppendEntries(_)));
    // The replies to the heartbeat are under way when the read comes.
    let read = cluster.call(1, 1, 1, get(0));
    cluster.deliver_if(|it| it.message.term == Term(1) && it.to == n(1));
    assert!(cluster.answers_to(read).is_empty());
    cluster.deliver();
    assert_eq!(cluster.answers_to(read).len(), 1);
}

/// Reads that come while a round is under way share the next one. Dissertation §6.4
#[test]
fn reads_share_a_round() {
    let mut cluster = Cluster::led(3);
    for client in 1..=5 {
        cluster.call(1, client, 1, get(0));
    }
    assert_eq!(cluster.on_the_way(1, 2).len(), 1);
    cluster.deliver();
    assert_eq!(cluster.answers.len(), 5);
    let rounds =
        cluster.events().iter().filter(|(_, event)| matches!(event, RaftEvent::StartedRound { .. })).count();
    assert_eq!(rounds, 2);
}

/// A leader must have the latest information on which entries are committed: it has committed an entry of its
/// own term before it answers reads. §8
#[test]
fn a_new_leader_waits_for_its_first_entry() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, put(0, 1));
    cluster.deliver();
    // The write is answered; n2 stores it and does not know that it is committed.
    cluster.crash(1);
    cluster.fire(2, Timer::LeaderContact);
    cluster.fire(3, Timer::LeaderContact);
    cluster.fire(2, Timer::Election);
    cluster.deliver_if(|it| !matches!(it.message.body, Body::AppendEntries(_)));
    let read = cluster.call(2, 2, 1, get(0));
    let asks = |cluster: &Cluster| {
        cluster.events().iter().any(|(_, event)| matches!(event, RaftEvent::StartedRound { .. }))
    };
    assert!(
        !asks(&cluster),
        "a confirmation could come before the commitment, and n2 does not know the write"
    );
    cluster.deliver();
    assert!(asks(&cluster));
    assert_eq!(cluster.answers_to(read), [&Answer::Done(holds(1))]);
}

/// A leader that steps down sends its reads elsewhere; of its writes nobody can say, so it is silent. §8
#[test]
fn who_steps_down_says_only_what_it_knows() {
    let mut cluster = Cluster::led(3);
    cluster.isolate(2);
    cluster.isolate(3);
    let write = cluster.call(1, 1, 1, put(0, 1));
    let read = cluster.call(1, 2, 1, get(0));
    cluster.fire(1, Timer::CheckQuorum);
    cluster.fire(1, Timer::CheckQuorum);
    assert_eq!(cluster.leader(), None);
    assert_eq!(cluster.answers_to(read), [&Answer::Elsewhere(None)]);
    assert!(cluster.answers_to(write).is_empty());
}

/// A single server needs nobody's confirmation.
#[test]
fn a_single_server_reads_at_once() {
    let mut cluster = Cluster::new(1);
    cluster.fire(1, Timer::Election);
    cluster.call(1, 1, 1, put(0, 3));
    let read = cluster.call(1, 2, 1, get(0));
    assert_eq!(cluster.answers_to(read), [&Answer::Done(holds(3))]);
}
