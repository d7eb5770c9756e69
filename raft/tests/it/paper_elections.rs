//! One test per claim: leader election (§5.1, §5.2), and how a leader that works is left alone
//! (dissertation §4.2.3, §6.2, §9.6).
use synod_protocol::{NodeId, Quorum};
use synod_raft::{Body, Index, LastLog, Outcome, RaftEvent, RoleName, Term, Timer};

use crate::cluster::{Cluster, n, put};

/// When servers start up, they begin as followers, and wait for a leader. §5.2
#[test]
fn servers_begin_as_followers() {
    let cluster = Cluster::new(3);
    for id in cluster.ids() {
        assert_eq!(cluster.node(id).role_name(), RoleName::Follower);
        assert_eq!(cluster.node(id).current_term(), Term(0));
        assert!(cluster.is_armed(id, Timer::Election));
    }
    assert!(cluster.network.is_empty(), "followers are passive: they issue no requests on their own");
}

/// A follower that receives no communication over the election timeout increments its term, votes for
/// itself, and asks all others in parallel. §5.2
#[test]
fn a_follower_that_hears_nothing_stands_for_election() {
    let mut cluster = Cluster::new(3);
    cluster.fire(1, Timer::Election);
    assert_eq!(cluster.node(1).current_term(), Term(0), "asking whether it could win changes no term");
    cluster.deliver_if(|it| matches!(it.message.body, Body::PreVote(_) | Body::PreVoteReply { .. }));
    assert_eq!(cluster.node(1).role_name(), RoleName::Candidate);
    assert_eq!(cluster.node(1).current_term(), Term(1));
    assert_eq!(cluster.node(1).voted_for(), Some(n(1)));
    assert_eq!(cluster.kinds_on_the_way(), [(1, 2, "RequestVote"), (1, 3, "RequestVote")]);
}

/// A candidate wins with votes from a majority of the servers in the full cluster for the same term. §5.2
#[test]
fn a_majority_of_the_full_cluster_elects() {
    let mut cluster = Cluster::new(5);
    cluster.crash(5);
    cluster.isolate(4);
    cluster.elect(1);
    assert_eq!(cluster.leader(), Some(1));
}

/// … and not with less, whatever the number of servers that are up. §5.2
#[test]
fn less_than_a_majority_elects_nobody() {
    let mut cluster = Cluster::new(5);
    for down in [3, 4, 5] {
        cluster.crash(down);
    }
    cluster.elect(1);
    assert_eq!(cluster.leader(), None);
    assert_eq!(cluster.node(1).current_term(), Term(0), "pre-vote: it does not even begin");
}

/// The same server's vote counts once, however often it arrives. §5.2
#[test]
fn a_repeated_vote_counts_once() {
    let mut cluster = Cluster::new(5);
    cluster.fire(1, Timer::Election);
    for _ in 0..3 {
        cluster.hand(2, 1, 0, Body::PreVoteReply { granted: true });
    }
    assert_eq!(cluster.node(1).role_name(), RoleName::PreCandidate);
    cluster.hand(3, 1, 0, Body::PreVoteReply { granted: true });
    for _ in 0..3 {
        cluster.hand(2, 1, 1, Body::RequestVoteReply { granted: true });
    }
    assert_eq!(cluster.node(1).role_name(), RoleName::Candidate);
}

/// Once a candidate wins, it sends heartbeats to all others to establish its authority. §5.2
#[test]
fn a_new_leader_speaks_at_once() {
    let mut cluster = Cluster::new(3);
    cluster.fire(1, Timer::Election);
    cluster.deliver_if(|it| !matches!(it.message.body, Body::AppendEntries(_)));
    assert_eq!(cluster.kinds_on_the_way(), [(1, 2, "AppendEntries"), (1, 3, "AppendEntries")]);
}

/// Each server votes for at most one candidate in a given term, first come, first served. §5.2
#[test]
fn a_server_votes_once_in_a_term() {
    let mut cluster = Cluster::new(3);
    let last_log = LastLog { last_log_term: Term(0), last_log_index: Index(0) };
    cluster.hand(1, 3, 1, Body::RequestVote(last_log));
    cluster.hand(2, 3, 1, Body::RequestVote(last_log));
    cluster.hand(1, 3, 1, Body::RequestVote(last_log));
    assert!(matches!(
        cluster.on_the_way(3, 1)[..],
        [Body::RequestVoteReply { granted: true }, Body::RequestVoteReply { granted: true }]
    ));
    assert!(matches!(cluster.on_the_way(3, 2)[..], [Body::RequestVoteReply { granted: false }]));
}

/// The vote is updated on stable storage before responding (Figure 2), so a crash does not give a server
/// a second vote in the same term.
#[test]
fn a_vote_survives_a_crash() {
    let mut cluster = Cluster::new(3);
    let last_log = LastLog { last_log_term: Term(0), last_log_index: Index(0) };
    cluster.hand(1, 3, 1, Body::RequestVote(last_log));
    assert!(matches!(cluster.on_the_way(3, 1)[..], [Body::RequestVoteReply { granted: true }]));
    cluster.crash(3);
    cluster.restart(3);
    assert_eq!(cluster.node(3).voted_for(), Some(n(1)));
    cluster.hand(2, 3, 1, Body::RequestVote(last_log));
    assert!(matches!(cluster.on_the_way(3, 2)[..], [Body::RequestVoteReply { granted: false }]));
}

/// … and no answer leaves before the vote is durable. Figure 2
#[test]
fn a_vote_that_is_not_durable_was_never_given() {
    let mut cluster = Cluster::new(3);
    let last_log = LastLog { last_log_term: Term(0), last_log_index: Index(0) };
    cluster.slow_disk(3);
    cluster.hand(1, 3, 1, Body::RequestVote(last_log));
    assert!(cluster.network.is_empty());
    cluster.sync(3);
    assert!(matches!(cluster.on_the_way(3, 1)[..], [Body::RequestVoteReply { granted: true }]));
    assert_eq!(cluster.disk(3).voted_for, Some(n(1)));
}

/// A candidate that hears a leader of its own term, or a later one, recognises it. §5.2
#[test]
fn a_candidate_yields_to_the_leader_of_its_term() {
    let mut cluster = Cluster::new(3);
    for candidate in [1, 2] {
        cluster.fire(candidate, Timer::Election);
    }
    cluster.deliver_if(|it| matches!(it.message.body, Body::PreVote(_) | Body::PreVoteReply { .. }));
    // Both stand in term 1, and n3 answers n1 first.
    cluster.deliver_link(1, 3);
    cluster.deliver_link(3, 1);
    assert_eq!(cluster.leader(), Some(1));
    assert_eq!(cluster.node(2).role_name(), RoleName::Candidate);
    cluster.deliver_if(|it| matches!(it.message.body, Body::AppendEntries(_)));
    assert_eq!(cluster.node(2).role_name(), RoleName::Follower);
    assert_eq!(cluster.node(2).leader(), Some(n(1)));
    assert_eq!(cluster.node(2).voted_for(), Some(n(2)), "yielding in the same term takes back no vote");
}

/// If the term in the RPC is smaller, the candidate rejects it and continues. §5.2
#[test]
fn a_candidate_ignores_a_leader_of_an_earlier_term() {
    let mut cluster = Cluster::led(3);
    cluster.isolate(1);
    cluster.elect(2);
    assert_eq!(cluster.node(2).current_term(), Term(2));
    cluster.heal();
    cluster.fire(1, Timer::Heartbeat);
    cluster.deliver_link(1, 2);
    assert_eq!(cluster.node(2).role_name(), RoleName::Leader);
    assert!(matches!(
        cluster.on_the_way(2, 1)[..],
        [.., Body::AppendEntriesReply { outcome: Outcome::StaleTerm, .. }]
    ));
}

/// If many followers become candidates at the same time, votes are split; each times out and starts a new
/// election in a new term. §5.2
#[test]
fn a_split_vote_is_tried_again_in_a_new_term() {
    let mut cluster = Cluster::new(4);
    for candidate in [1, 2] {
        cluster.fire(candidate, Timer::Election);
    }
    cluster.deliver_if(|it| matches!(it.message.body, Body::PreVote(_) | Body::PreVoteReply { .. }));
    cluster.deliver_link(1, 3);
    cluster.deliver_link(2, 4);
    cluster.deliver();
    assert_eq!(cluster.leader(), None);
    assert_eq!(cluster.node(3).voted_for(), Some(n(1)));
    assert_eq!(cluster.node(4).voted_for(), Some(n(2)));
    cluster.fire(1, Timer::Election);
    cluster.deliver();
    assert_eq!(cluster.leader(), Some(1));
    assert_eq!(cluster.node(1).current_term(), Term(2));
}

/// Election timeouts are chosen randomly from a fixed interval. §5.2, §9.3
#[test]
fn election_timeouts_leave_room_to_draw() {
    let cluster = Cluster::new(3);
    let config = synod_raft::Config::new((1..=3).map(NodeId));
    assert_eq!(
        config.election_timeout,
        std::time::Duration::from_millis(150)..std::time::Duration::from_millis(300)
    );
    assert!(cluster.is_armed(1, Timer::Election));
}

/// Current terms are exchanged whenever servers communicate; the smaller one is updated. §5.1
#[test]
fn a_later_term_is_taken_over() {
    let mut cluster = Cluster::new(3);
    cluster.hand(2, 1, 7, Body::PreVoteReply { granted: false });
    assert_eq!(cluster.node(1).current_term(), Term(7));
    assert_eq!(cluster.disk(1).current_term, Term(7), "and stored");
    assert_eq!(cluster.node(1).voted_for(), None);
}

/// If a candidate or leader discovers that its term is out of date, it immediately reverts to follower. §5.1
#[test]
fn a_leader_of_an_old_term_steps_down() {
    let mut cluster = Cluster::led(3);
    cluster.hand(2, 1, 9, Body::RequestVoteReply { granted: false });
    assert_eq!(cluster.node(1).role_name(), RoleName::Follower);
    assert!(cluster.is_armed(1, Timer::Election));
    assert!(!cluster.is_armed(1, Timer::Heartbeat), "a follower issues no requests");
    assert!(!cluster.is_armed(1, Timer::CheckQuorum));
}

/// If a server receives a request with a stale term number, it rejects the request. §5.1
#[test]
fn a_stale_request_is_rejected_with_the_new_term() {
    let mut cluster = Cluster::led(3);
    cluster.hand(3, 2, 0, Body::RequestVote(LastLog { last_log_term: Term(9), last_log_index: Index(9) }));
    let reply = cluster.network.last().expect("it answers");
    assert_eq!(
        (reply.message.term, &reply.message.body),
        (Term(1), &Body::RequestVoteReply { granted: false })
    );
}

/// A vote that was given in an earlier term elects nobody in a later one. §5.2
#[test]
fn a_late_vote_of_an_earlier_term_does_not_count() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.isolate(1);
    cluster.elect(2);
    assert_eq!(cluster.node(2).current_term(), Term(2));
    cluster.hand(3, 1, 1, Body::RequestVoteReply { granted: true });
    let mut cluster = Cluster::new(5);
    cluster.fire(1, Timer::Election);
    for voter in [2, 3] {
        cluster.hand(voter, 1, 0, Body::PreVoteReply { granted: true });
    }
    assert_eq!(cluster.node(1).current_term(), Term(1));
    cluster.hand(4, 1, 0, Body::RequestVoteReply { granted: true });
    cluster.hand(5, 1, 0, Body::RequestVoteReply { granted: true });
    assert_eq!(cluster.node(1).role_name(), RoleName::Candidate);
}

/// A server that was cut off comes back without disturbing the leader: in Pre-Vote, a candidate only
/// increments its term if it learns that it could win. Dissertation §9.6
#[test]
fn a_server_that_comes_back_does_not_depose_the_leader() {
    let mut cluster = Cluster::led(5);
    cluster.isolate(5);
    cluster.fire(5, Timer::LeaderContact);
    for _ in 0..10 {
        cluster.fire(5, Timer::Election);
        cluster.deliver();
    }
    cluster.heal();
    cluster.fire(5, Timer::Election);
    cluster.deliver();
    assert_eq!(cluster.leader(), Some(1));
    assert_eq!(cluster.node(5).current_term(), Term(1));
    cluster.settle(1);
    assert_eq!(cluster.node(5).leader(), Some(n(1)));
}

/// Servers do not grant a pre-vote within the shortest election timeout of hearing from a current leader.
/// Dissertation §4.2.3, §9.6
#[test]
fn who_hears_a_leader_helps_nobody_else() {
    let mut cluster = Cluster::led(3);
    cluster.fire(2, Timer::LeaderContact);
    cluster.fire(2, Timer::Election);
    cluster.deliver();
    assert_eq!(cluster.node(2).role_name(), RoleName::PreCandidate, "n1 leads, and n3 hears it");
    cluster.fire(3, Timer::LeaderContact);
    cluster.fire(2, Timer::Election);
    cluster.deliver();
    assert_eq!(cluster.leader(), Some(2), "n3 does not hear it any more");
}

/// A pre-vote binds nobody: it is not stored and postpones no election of the voter's own. Dissertation §9.6
#[test]
fn a_pre_vote_leaves_no_trace_on_the_voter() {
    let mut cluster = Cluster::new(3);
    let before = cluster.node(2).clone();
    cluster.fire(1, Timer::Election);
    cluster.deliver_link(1, 2);
    assert!(matches!(cluster.on_the_way(2, 1)[..], [Body::PreVoteReply { granted: true }]));
    assert_eq!(cluster.node(2), &before);
    assert!(cluster.records(2).is_empty());
}

/// A server whose term lags behind learns the term from those who refuse it, or it would be refused for
/// ever. Dissertation §9.6
#[test]
fn a_refused_pre_vote_teaches_the_term() {
    let mut cluster = Cluster::new(3);
    cluster.isolate(3);
    cluster.elect(1);
    cluster.crash(1);
    cluster.heal();
    cluster.fire(2, Timer::LeaderContact);
    cluster.fire(3, Timer::Election);
    cluster.deliver();
    assert_eq!(cluster.node(3).current_term(), Term(1));
    // n2 has the longer log; it can win, and n3 helps it.
    cluster.fire(2, Timer::Election);
    cluster.deliver();
    assert_eq!(cluster.leader(), Some(2));
}

/// A leader steps down if an election timeout elapses without a successful round of heartbeats to a
/// majority of its cluster. Dissertation §6.2
#[test]
fn a_leader_that_hears_no_majority_steps_down() {
    let mut cluster = Cluster::led(5);
    for gone in [3, 4, 5] {
        cluster.isolate(gone);
    }
    // The first check still sees the answers from before.
    cluster.fire(1, Timer::CheckQuorum);
    assert_eq!(cluster.leader(), Some(1));
    cluster.settle(1);
    cluster.fire(1, Timer::CheckQuorum);
    assert_eq!(cluster.leader(), None);
    assert!(cluster.events().contains(&(1, RaftEvent::LostQuorum { term: Term(1) })));
    assert_eq!(cluster.node(1).current_term(), Term(1), "without a new term");
}

/// … and stays if it hears one.
#[test]
fn a_leader_that_hears_a_majority_stays() {
    let mut cluster = Cluster::led(5);
    for gone in [4, 5] {
        cluster.isolate(gone);
    }
    for _ in 0..3 {
        cluster.settle(1);
        cluster.fire(1, Timer::CheckQuorum);
    }
    assert_eq!(cluster.leader(), Some(1));
}

/// A cluster of one elects itself and commits alone.
#[test]
fn a_single_server_leads_itself() {
    let mut cluster = Cluster::new(1);
    cluster.fire(1, Timer::Election);
    assert_eq!(cluster.leader(), Some(1));
    let call = cluster.call(1, 1, 1, put(0, 5));
    assert_eq!(cluster.answers_to(call).len(), 1);
}

/// Whoever is not a member of the cluster is not listened to.
#[test]
fn strangers_are_ignored() {
    let mut cluster = Cluster::led(3);
    cluster.hand(8, 1, 99, Body::PreVoteReply { granted: false });
    assert_eq!(cluster.leader(), Some(1));
    assert!(cluster.events().contains(&(1, RaftEvent::IgnoredNonsense { from: n(8) })));
    assert_eq!(Quorum::majority_of(&[n(1), n(2), n(3)]).size(), 2);
}
