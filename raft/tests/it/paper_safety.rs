//! One test per claim: safety (§5.4), and the five checks of Figure 3 seen to fail.
use std::sync::Arc;

use synod_kv::Store;
use synod_protocol::{Durable, Effects, Node, NodeId, Time};
use synod_raft::{
    AppendEntries, Body, Config, Entry, Index, LastLog, Payload, Persistent, Raft, Record, Term, Timer,
    invariants,
};

use crate::cluster::{Cluster, Server, n, put};

/// If the logs have last entries with different terms, the later term is more up-to-date; with the same
/// term, the longer log is. §5.4.1
#[test]
fn up_to_date_compares_terms_first() {
    let last = |term, index| LastLog { last_log_term: Term(term), last_log_index: Index(index) };
    assert!(last(2, 1) > last(1, 9), "the later term wins, however short the log");
    assert!(last(2, 3) > last(2, 2), "in the same term the longer log wins");
    assert!(last(1, 1) > last(0, 0));
}

/// The voter denies its vote if its own log is more up-to-date than that of the candidate. §5.4.1
#[test]
fn a_candidate_that_lacks_entries_gets_no_vote() {
    let mut cluster = Cluster::led(3);
    cluster.isolate(3);
    cluster.call(1, 1, 1, put(0, 1));
    cluster.deliver();
    cluster.crash(1);
    cluster.heal();
    let stale = cluster.node(3).log().last();
    cluster.fire(2, Timer::LeaderContact);
    cluster.hand(3, 2, 1, Body::PreVote(stale));
    assert!(matches!(cluster.on_the_way(2, 3)[..], [.., Body::PreVoteReply { granted: false }]));
    cluster.hand(3, 2, 2, Body::RequestVote(stale));
    assert!(matches!(cluster.on_the_way(2, 3)[..], [.., Body::RequestVoteReply { granted: false }]));
    // The one that has the entry wins instead, and the answered write is not lost.
    cluster.drop_if(|_| true);
    cluster.elect(2);
    assert_eq!(cluster.leader(), Some(2));
    cluster.settle(2);
    assert_eq!(cluster.node(3).state_machine().get(0), Some(&synod_kv::Value::Number(1)));
}

/// Figure 8, up to (c).
///
/// ```text
///         (a)    (b)    (c)    (d)     (e)
///   S1  1 2    1 2    1 2 4  1 3     1 2 4     S1 leads term 2, and term 4 from (c) on
///   S2  1 2    1 2    1 2    1 3     1 2 4
///   S3  1      1      1 2    1 3     1 2 4     in (c), entry 2 is on a majority
///   S4  1      1      1      1 3     1
///   S5  1      1 3    1 3    1 3     1 3       S5 leads term 3, and term 5 in (d)
/// ```
fn figure_8_c() -> Cluster {
    // (a) S1 is leader and partially replicates the log entry at index 2.
    let mut cluster = Cluster::led(5);
    cluster.crash(1);
    cluster.restart(1);
    cluster.stand(1);
    cluster.fire(1, Timer::Heartbeat);
    cluster.deliver_link(1, 2);
    cluster.drop_if(|_| true);
    assert_eq!((cluster.terms(1), cluster.terms(2), cluster.terms(3)), (vec![1, 2], vec![1, 2], vec![1]));
    // (b) S1 crashes; S5 is elected leader for term 3 with votes from S3, S4, and itself, and accepts a
    // different entry at log index 2.
    cluster.crash(1);
    cluster.isolate(2);
    cluster.stand(5);
    assert_eq!(cluster.terms(5), [1, 3]);
    // (c) S5 crashes; S1 restarts, is elected leader, and continues replication.
    cluster.crash(5);
    cluster.heal();
    cluster.restart(1);
    cluster.stand(1);
    assert_eq!((cluster.node(1).current_term(), cluster.terms(1)), (Term(4), vec![1, 2, 4]));
    let entry_2 = AppendEntries {
        prev_log_index: Index(1),
        prev_log_term: Term(1),
        entries: Arc::from([Entry { term: Term(2), payload: Payload::NoOp }]),
        leader_commit: Index(0),
        round: 0,
    };
    for follower in [2, 3] {
        cluster.hand(1, follower, 4, Body::AppendEntries(entry_2.clone()));
        cluster.deliver_if(|it| matches!(it.message.body, Body::AppendEntriesReply { .. }));
        cluster.drop_if(|_| true);
        assert_eq!(cluster.terms(follower), [1, 2]);
    }
    cluster
}

/// In (c), the entry of term 2 is stored on a majority, but it is not committed. §5.4.2
#[test]
fn figure_8_an_entry_of_an_earlier_term_is_not_committed_by_counting() {
    let cluster = figure_8_c();
    assert_eq!(cluster.node(1).commit_index(), Index(0));
}

/// If S1 crashes as in (d), S5 could be elected leader (with votes from S2, S3, and S4) and overwrite the
/// entry with its own entry from term 3. §5.4.2
#[test]
fn figure_8_d_the_later_term_overwrites_the_majority() {
    let mut cluster = figure_8_c();
    cluster.crash(1);
    cluster.restart(5);
    cluster.stand(5);
    cluster.settle(5);
    for id in 2..=5 {
        assert_eq!(cluster.terms(id), [1, 3, 5]);
    }
}

/// However, if S1 replicates an entry from its current term on a majority before crashing, as in (e), then
/// this entry is committed (S5 cannot win an election), and all preceding entries as well. §5.4.2
#[test]
fn figure_8_e_an_entry_of_the_current_term_commits_all_before_it() {
    let mut cluster = figure_8_c();
    cluster.isolate(4);
    cluster.settle(1);
    assert_eq!(cluster.node(1).commit_index(), Index(3));
    cluster.crash(1);
    cluster.restart(5);
    cluster.heal();
    for _ in 0..3 {
        cluster.elect(5);
    }
    assert!(!cluster.node(5).is_leader());
}

impl Cluster {
    /// The node is elected; what it then sends as leader is lost.
    fn stand(&mut self, id: u32) {
        for voter in self.ids() {
            if self.is_up(voter) && self.is_armed(voter, Timer::LeaderContact) {
                self.fire(voter, Timer::LeaderContact);
            }
        }
        while !self.node(id).is_leader() {
            self.fire(id, Timer::Election);
            self.deliver_if(|it| !matches!(it.message.body, Body::AppendEntries(_)));
        }
        self.drop_if(|_| true);
    }
}

/// A server of these terms, one no-op an entry.
fn server(id: u32, current_term: u64, voted_for: Option<u32>, terms: &[u64]) -> Server {
    let mut durable = Persistent::default();
    let entries = terms.iter().map(|&term| Entry { term: Term(term), payload: Payload::NoOp }).collect();
    durable.apply(&Record::Append { after: Index::ZERO, entries });
    durable.apply(&Record::Vote { current_term: Term(current_term), voted_for: voted_for.map(NodeId) });
    Raft::<Store>::boot(n(id), &Config::new((1..=3).map(NodeId)), durable, &mut Effects::default())
}

/// The same, leading the term after `current_term`.
fn leader(id: u32, current_term: u64, terms: &[u64]) -> Server {
    let mut node = server(id, current_term, None, terms);
    let mut out = Effects::default();
    let voter = n(if id == 1 { 2 } else { 1 });
    let message = |term, body| {
        synod_protocol::Input::Message(voter, synod_raft::RaftMessage { term: Term(term), body })
    };
    out.step(Time::ZERO, &mut node, &synod_protocol::Input::Timer(Timer::Election));
    out.step(Time::ZERO, &mut node, &message(current_term, Body::PreVoteReply { granted: true }));
    out.step(Time::ZERO, &mut node, &message(current_term + 1, Body::RequestVoteReply { granted: true }));
    assert!(node.is_leader());
    node
}

/// The same, told by a leader of its term that so much is committed.
fn committed(id: u32, terms: &[u64], commit: u64) -> Server {
    let term = terms.last().copied().unwrap_or(1);
    let mut node = server(id, term, None, terms);
    let sender = n(if id == 1 { 2 } else { 1 });
    let body = Body::AppendEntries(synod_raft::AppendEntries {
        prev_log_index: Index(terms.len() as u64),
        prev_log_term: Term(term),
        entries: Arc::from([]),
        leader_commit: Index(commit),
        round: 0,
    });
    let message = synod_protocol::Input::Message(sender, synod_raft::RaftMessage { term: Term(term), body });
    Effects::default().step(Time::ZERO, &mut node, &message);
    assert_eq!(node.commit_index(), Index(commit));
    node
}

fn fails_as(name: &str, checked: invariants::Checked) {
    assert_eq!(checked.expect_err("the check must fail").property, name);
}

/// Each check of Figure 3 fails on states that break it, and holds on states that do not.
#[test]
fn the_invariants_can_fail() {
    fails_as("Election Safety", invariants::election_safety(&leader(1, 1, &[1]), &leader(2, 1, &[1])));
    invariants::election_safety(&leader(1, 1, &[1]), &leader(2, 2, &[1])).expect("of different terms");

    fails_as(
        "Leader Append-Only",
        invariants::leader_append_only(&leader(1, 3, &[1, 2]), &leader(1, 3, &[1])),
    );
    invariants::leader_append_only(&leader(1, 1, &[1, 1]), &leader(1, 2, &[1])).expect("of another term");

    fails_as(
        "Log Matching",
        invariants::log_matching(&server(1, 3, None, &[1, 3]), &server(2, 3, None, &[2, 3])),
    );
    invariants::log_matching(&server(1, 3, None, &[1, 3]), &server(2, 3, None, &[1, 2]))
        .expect("they part after 1");

    fails_as(
        "Leader Completeness",
        invariants::leader_completeness(&leader(1, 3, &[1]), &committed(2, &[1, 2], 2)),
    );
    invariants::leader_completeness(&leader(1, 1, &[1]), &committed(2, &[1, 3], 2))
        .expect("a leader of the past");

    fails_as(
        "State Machine Safety",
        invariants::state_machine_safety(&committed(1, &[1, 2], 2), &committed(2, &[1, 1], 2)),
    );
    invariants::state_machine_safety(&committed(1, &[1, 2], 1), &committed(2, &[1, 1], 1))
        .expect("as far as both are");
}
