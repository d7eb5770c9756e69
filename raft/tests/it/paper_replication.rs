//! One test per claim: log replication (§5.3).
use std::sync::Arc;

use synod_protocol::Answer;
use synod_raft::{
    AppendEntries, Body, Config, Entry, Index, Outcome, Payload, RaftEvent, Record, Term, Timer,
};

use crate::cluster::{Cluster, get, holds, n, put};

fn no_ops(terms: &[u64]) -> Arc<[Entry<synod_kv::Command>]> {
    terms.iter().map(|&term| Entry { term: Term(term), payload: Payload::NoOp }).collect()
}

fn append(prev: u64, prev_term: u64, entries: &[u64], commit: u64) -> Body<synod_kv::Command> {
    Body::AppendEntries(AppendEntries {
        prev_log_index: Index(prev),
        prev_log_term: Term(prev_term),
        entries: no_ops(entries),
        leader_commit: Index(commit),
        round: 0,
    })
}

/// The outcome of the last AppendEntries that n2 answered.
fn outcome(cluster: &Cluster) -> Outcome {
    match cluster.network.last().map(|envelope| &envelope.message.body) {
        Some(Body::AppendEntriesReply { outcome, .. }) => *outcome,
        other => panic!("n2 answered {other:?}"),
    }
}

/// The leader appends the command to its log, issues AppendEntries in parallel, and when the entry has been
/// safely replicated applies it and returns the result. §5.3
#[test]
fn a_command_is_answered_when_a_majority_stores_it() {
    let mut cluster = Cluster::led(5);
    let call = cluster.call(1, 1, 1, put(0, 7));
    let kinds = cluster.kinds_on_the_way();
    assert_eq!(kinds.len(), 4, "in parallel, to each of the other servers: {kinds:?}");
    cluster.deliver_link(1, 2);
    cluster.deliver_link(2, 1);
    assert!(cluster.answers_to(call).is_empty(), "two of five are no majority");
    cluster.deliver_link(1, 3);
    cluster.deliver_link(3, 1);
    assert_eq!(cluster.answers_to(call), [&Answer::Done(synod_kv::Output::Done)]);
}

/// Once a follower learns that a log entry is committed, it applies the entry. §5.3
#[test]
fn followers_apply_what_the_leader_committed() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, put(4, 2));
    cluster.deliver();
    assert!(
        cluster.node(2).state_machine().is_empty(),
        "it has the entry, and does not know that it is committed"
    );
    cluster.settle(1);
    for id in cluster.ids() {
        assert_eq!(cluster.node(id).state_machine().get(4), Some(&synod_kv::Value::Number(2)));
    }
}

/// If followers crash, or packets are lost, the leader retries AppendEntries indefinitely. §5.3
#[test]
fn lost_entries_are_sent_again() {
    let mut cluster = Cluster::led(3);
    cluster.call(1, 1, 1, put(0, 1));
    cluster.drop_if(|_| true);
    for _ in 0..3 {
        cluster.fire(1, Timer::Heartbeat);
        cluster.drop_if(|_| true);
    }
    cluster.settle(1);
    assert_eq!(cluster.commit_indexes(), [Index(2); 3]);
}

/// Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm. Figure 2
#[test]
fn a_gap_is_refused() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 1, append(3, 1, &[1], 0));
    assert_eq!(
        outcome(&cluster),
        Outcome::Conflict { prev_log_index: Index(3), term: None, first_index: Index(1) }
    );
    assert!(cluster.terms(2).is_empty());
}

/// An absent entry is not an entry of term 0.
#[test]
fn an_absent_entry_has_no_term() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 1, append(5, 0, &[], 0));
    assert!(matches!(outcome(&cluster), Outcome::Conflict { term: None, .. }));
}

/// The follower includes the term of the conflicting entry and the first index it stores for that term, so
/// that one AppendEntries will be required for each term, rather than one per entry. §5.3
#[test]
fn a_conflict_skips_a_whole_term() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 3, append(0, 0, &[1, 2, 2, 2, 3], 0));
    cluster.hand(3, 2, 5, append(4, 4, &[5], 0));
    assert_eq!(
        outcome(&cluster),
        Outcome::Conflict { prev_log_index: Index(4), term: Some(Term(2)), first_index: Index(2) }
    );
}

/// If an existing entry conflicts with a new one, delete the existing entry and all that follow it. Figure 2
#[test]
fn a_conflicting_suffix_is_replaced() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 2, append(0, 0, &[1, 2, 2, 2], 0));
    cluster.hand(3, 2, 3, append(1, 1, &[3], 0));
    assert_eq!(cluster.terms(2), [1, 3]);
    assert_eq!(outcome(&cluster), Outcome::Matched { index: Index(2) });
}

/// … and nothing else deletes: entries that a late or short request does not speak of stay. Figure 2
#[test]
fn a_late_request_deletes_nothing() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 1, append(0, 0, &[1, 1, 1], 0));
    let written = cluster.records(2).len();
    cluster.hand(1, 2, 1, append(0, 0, &[1], 0));
    assert_eq!(cluster.terms(2), [1, 1, 1]);
    assert_eq!(
        outcome(&cluster),
        Outcome::Matched { index: Index(1) },
        "it vouches for no more than it was told"
    );
    cluster.hand(1, 2, 1, append(1, 1, &[], 0));
    assert_eq!(cluster.terms(2), [1, 1, 1], "a heartbeat deletes nothing either");
    assert_eq!(cluster.records(2).len(), written, "and nothing was written");
}

/// Append any new entries not already in the log, and only those. Figure 2
#[test]
fn only_what_is_new_is_written() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 1, append(0, 0, &[1, 1], 0));
    cluster.hand(1, 2, 1, append(0, 0, &[1, 1, 1], 0));
    let records = cluster.records(2);
    assert_eq!(records.last(), Some(&Record::Append { after: Index(2), entries: no_ops(&[1]) }));
}

/// If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry). Figure 2
#[test]
fn a_follower_commits_only_what_it_was_told_of() {
    let mut cluster = Cluster::new(3);
    // A tail of term 1 that the leader of term 2 never had.
    cluster.hand(1, 2, 1, append(0, 0, &[1, 1, 1, 1], 0));
    cluster.hand(3, 2, 2, append(1, 1, &[], 3));
    assert_eq!(cluster.node(2).commit_index(), Index(1));
}

/// The commit index never goes back, however late a request comes. §5.3
#[test]
fn a_late_request_takes_no_commitment_back() {
    let mut cluster = Cluster::new(3);
    cluster.hand(1, 2, 1, append(0, 0, &[1, 1, 1], 3));
    cluster.hand(1, 2, 1, append(0, 0, &[1], 1));
    assert_eq!(cluster.node(2).commit_index(), Index(3));
}

/// The leader forces followers' logs to duplicate its own (Figure 7): whatever a follower's log looks like,
/// conflicting entries are overwritten with entries from the leader's log. §5.3
#[test]
fn figure_7_every_follower_converges() {
    let leader: &[u64] = &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let followers: [&[u64]; 6] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    for (case, log) in ('a'..).zip(followers) {
        // n3 is the follower in question, and n2 votes.
        let mut cluster = Cluster::new(3);
        cluster.hand(2, 1, 6, append(0, 0, leader, 0));
        cluster.hand(1, 3, 7, append(0, 0, log, 0));
        cluster.hand(3, 1, 7, Body::PreVoteReply { granted: false });
        cluster.drop_if(|_| true);
        cluster.elect(1);
        assert_eq!(cluster.leader(), Some(1), "({case})");
        cluster.settle(1);
        let expected: Vec<u64> = leader.iter().copied().chain([8]).collect();
        assert_eq!(cluster.terms(3), expected, "({case})");
        assert_eq!(cluster.node(1).commit_index(), Index(11), "({case})");
    }
}

/// One rejected AppendEntries per conflicting term. §5.3
#[test]
fn backing_up_takes_one_message_per_term() {
    let mut cluster = Cluster::new(3);
    let doomed: Vec<u64> = std::iter::repeat_n(2, 50).chain(std::iter::repeat_n(3, 50)).collect();
    cluster.hand(1, 3, 3, append(0, 0, &[&[1][..], &doomed].concat(), 0));
    let long: Vec<u64> = std::iter::once(1).chain(std::iter::repeat_n(4, 200)).collect();
    cluster.hand(3, 1, 4, append(0, 0, &long, 0));
    cluster.hand(3, 2, 4, append(0, 0, &long, 0));
    cluster.drop_if(|_| true);
    cluster.elect(1);
    let conflicts = cluster
        .events()
        .iter()
        .filter(|(_, event)| matches!(event, RaftEvent::HandledAppendEntries { matched: false, .. }))
        .count();
    assert_eq!(cluster.terms(3), cluster.terms(1));
    assert!(conflicts <= 3, "{conflicts} conflicts for two terms and a shorter log");
}

/// Up to so many requests are under way to one follower, and each entry goes out once while nothing is lost.
/// Dissertation §10.2.1
#[test]
fn appends_are_pipelined_within_a_window() {
    let mut cluster = Cluster::with(Config { max_appends_in_flight: 2, ..Config::new((1..=3).map(n)) });
    cluster.elect(1);
    cluster.settle(1);
    for number in 1..=5 {
        cluster.call(1, number as u32, 1, put(0, number));
    }
    let sent: usize = cluster
        .on_the_way(1, 2)
        .iter()
        .map(|body| match body {
            Body::AppendEntries(append) => append.entries.len(),
            _ => 0,
        })
        .sum();
    assert_eq!((cluster.on_the_way(1, 2).len(), sent), (2, 2), "two requests, one entry each");
    cluster.deliver();
    assert_eq!(cluster.node(1).commit_index(), Index(6));
    let requests = cluster
        .events()
        .iter()
        .filter(|(node, event)| *node == 2 && matches!(event, RaftEvent::HandledAppendEntries { .. }))
        .count();
    assert!(requests <= 9, "the last three entries share a message or two: {requests}");
    for number in 6..=8 {
        cluster.call(1, number as u32, 1, put(0, number));
    }
    assert_eq!(cluster.on_the_way(1, 2).len(), 2, "what was acknowledged has left the window");
}

/// A late or repeated reply takes nothing back from what the leader knows of a follower.
#[test]
fn a_late_reply_is_harmless() {
    let mut cluster = Cluster::led(3);
    for number in 1..=4 {
        cluster.call(1, 1, number, put(0, number as i64));
        cluster.deliver();
    }
    let conflict = Outcome::Conflict { prev_log_index: Index(1), term: None, first_index: Index(1) };
    for outcome in [Outcome::Matched { index: Index(1) }, conflict, Outcome::Matched { index: Index(1) }] {
        cluster.hand(2, 1, 1, Body::AppendEntriesReply { round: 0, outcome });
    }
    assert!(cluster.network.is_empty(), "nothing is sent again");
    cluster.isolate(3);
    let call = cluster.call(1, 1, 5, put(0, 5));
    cluster.deliver();
    assert_eq!(cluster.answers_to(call).len(), 1);
}

/// A reply that vouches for more than the leader has sent is nonsense.
#[test]
fn a_follower_cannot_vouch_for_the_future() {
    let mut cluster = Cluster::led(3);
    cluster.hand(
        2,
        1,
        1,
        Body::AppendEntriesReply { round: 0, outcome: Outcome::Matched { index: Index(99) } },
    );
    assert!(cluster.events().contains(&(1, RaftEvent::IgnoredNonsense { from: n(2) })));
    // Terms that decrease, or that exceed the sender's, are nonsense too.
    cluster.hand(1, 2, 1, append(1, 1, &[5], 0));
    cluster.hand(1, 2, 1, append(0, 0, &[1, 0], 0));
    assert_eq!(cluster.terms(2), [1]);
}

/// A server that restarts has its log, and learns from the leader what of it is committed. Figure 2
#[test]
fn a_restarted_server_applies_its_log_anew() {
    let mut cluster = Cluster::led(3);
    for number in 1..=3 {
        cluster.call(1, 1, number, put(number, 10 * number as i64));
        cluster.deliver();
    }
    cluster.crash(2);
    cluster.restart(2);
    assert_eq!(cluster.node(2).commit_index(), Index(0));
    assert_eq!(cluster.terms(2), [1, 1, 1, 1]);
    cluster.settle(1);
    assert_eq!(cluster.node(2).state_machine(), cluster.node(1).state_machine());
}

/// All servers restart, and what was answered is still there. §5.4
#[test]
fn an_answer_survives_the_crash_of_all() {
    let mut cluster = Cluster::led(3);
    let call = cluster.call(1, 1, 1, put(3, 33));
    cluster.deliver();
    assert_eq!(cluster.answers_to(call).len(), 1);
    for id in cluster.ids() {
        cluster.crash(id);
    }
    for id in cluster.ids() {
        cluster.restart(id);
    }
    let leader = if cluster.node(2).log().last() >= cluster.node(3).log().last() { 2 } else { 3 };
    cluster.elect(leader);
    cluster.settle(leader);
    let read = cluster.call(leader, 2, 1, get(3));
    cluster.deliver();
    assert_eq!(cluster.answers_to(read), [&Answer::Done(holds(33))]);
}
