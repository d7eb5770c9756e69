//! What of Raft is explored: from where, with what calls, and how much may go wrong.
use synod_kv::{Command, Value};
use synod_model_check::{Budget, Opening, Scope};
use synod_protocol::NodeId;
use synod_raft::Timer;

use super::{Raft, Server};
use crate::algorithm::Algorithm;

pub(super) fn scopes() -> Vec<Scope<Server>> {
    let none = Budget::default();
    let each = Budget { crashes: 1, drops: 1, duplicates: 1, ..none };
    vec![
        votes("small", Budget { crashes: 1, ..none }),
        boot("boot", Budget { crashes: 1, timers: 1, ..none }),
        replication("replication", Budget { requests: 2, ..each }),
        sessions("sessions", answered_late(), Budget { requests: 1, retries: 1, ..none }),
        reads("reads", [leader(), usurper()].concat(), Budget { requests: 2, ..none }),
        takeover("takeover", Budget { timers: 1, requests: 1, ..none }),
        conflict("conflict", Budget { crashes: 1, requests: 1, ..none }),
        conflict("led-again", Budget { timers: 1, ..none }),
        figure_8("figure-8", Budget { timers: 1, ..none }),
        repeated("repeated", Budget { duplicates: 1, ..none }),
        takeover("medium", Budget { crashes: 1, timers: 1, requests: 2, ..none }),
        votes("medium-votes", each),
        sessions("medium-sessions", doubted(), Budget { timers: 1, requests: 2, retries: 1, ..none }),
        reads("medium-reads", doubted(), Budget { timers: 1, requests: 2, ..none }),
        // A loss is what never arrives, and costs nothing: one that counts would only multiply the states.
        takeover("large", Budget { drops: 0, timers: 1, requests: 2, ..each }),
    ]
}

const N1: NodeId = NodeId(1);
const N2: NodeId = NodeId(2);
const N3: NodeId = NodeId(3);

fn scope(
    name: &'static str,
    about: &'static str,
    budget: Budget,
    opening: Vec<Opening<Server>>,
    scripts: Vec<Vec<Command>>,
) -> Scope<Server> {
    // Of the other timers, heartbeats give an election nothing: a leader that is not heard is one whose messages
    // are late.
    let fires = |timer: &Timer| *timer == Timer::Election;
    Scope { opening, scripts, fires, ..Scope::new(name, about, 3, Raft::config(3), budget) }
}

/// From the first boot: pre-votes, votes, and what a crash does to them.
fn boot(name: &'static str, budget: Budget) -> Scope<Server> {
    scope(name, "elections with crash and restart, from the first boot", budget, vec![], vec![])
}

/// Two servers stand in the same term: pre-votes are a question of patience, votes one of safety.
fn votes(name: &'static str, budget: Budget) -> Scope<Server> {
    let mut opening = vec![Opening::Fire(N1, Timer::Election), Opening::Fire(N2, Timer::Election)];
    opening.extend([N1, N2, N3].map(|node| Opening::Deliver("PreVote", node)));
    let about = "two candidates of one term, whom everybody would vote for; crash and restart";
    scope(name, about, budget, opening, vec![])
}

/// n1 leads.
fn leader() -> Vec<Opening<Server>> {
    vec![Opening::Fire(N1, Timer::Election), Opening::Settle]
}

/// The others lost patience with n1: the next timer makes a candidate.
fn doubted() -> Vec<Opening<Server>> {
    [leader(), impatience().into()].concat()
}

fn impatience() -> [Opening<Server>; 2] {
    [N2, N3].map(|node| Opening::Fire(node, Timer::LeaderContact))
}

/// n3 elects n2. n1 leads on in its term and has not heard of it.
fn usurper() -> Vec<Opening<Server>> {
    let mut opening = Vec::from(impatience());
    opening.extend([
        Opening::Fire(N2, Timer::Election),
        Opening::Deliver("PreVote", N1),
        Opening::Deliver("PreVote", N3),
        Opening::Deliver("PreVoteReply", N2),
        Opening::Deliver("RequestVote", N3),
        Opening::Deliver("RequestVoteReply", N2),
        Opening::Deliver("AppendEntries", N3),
        Opening::Deliver("AppendEntriesReply", N2),
    ]);
    opening
}

fn replication(name: &'static str, budget: Budget) -> Scope<Server> {
    let about = "two calls of a client under one leader; any server may crash";
    scope(name, about, budget, leader(), vec![vec![put(1), put(2)]])
}

/// n1 put an entry into its log and was replaced by n2 before anybody heard of it.
fn replaced() -> Vec<Opening<Server>> {
    let mut opening = leader();
    opening.push(Opening::Call(0, N1));
    opening.extend(impatience());
    opening.extend([
        Opening::Fire(N2, Timer::Election),
        Opening::Deliver("PreVote", N1),
        Opening::Deliver("PreVote", N3),
        Opening::Deliver("PreVoteReply", N2),
        Opening::Deliver("RequestVote", N1),
        Opening::Deliver("RequestVote", N3),
        Opening::Deliver("RequestVoteReply", N2),
    ]);
    opening
}

/// Two logs part after their first entry, and one of the two has to give way.
fn conflict(name: &'static str, budget: Budget) -> Scope<Server> {
    let about = "a leader was replaced with an entry that nobody else has; whose is cut?";
    scope(name, about, budget, replaced(), vec![vec![put(1)], vec![put(2)]])
}

/// Figure 8 (c): n1 leads again, and sends n3 its entry of the first term, alone. n2 has one of the second.
fn figure_8(name: &'static str, budget: Budget) -> Scope<Server> {
    let mut opening = replaced();
    opening.extend([
        Opening::Deliver("AppendEntries", N2),
        Opening::Fire(N1, Timer::Election),
        Opening::Deliver("PreVote", N2),
        Opening::Deliver("PreVote", N3),
        Opening::Deliver("PreVoteReply", N1),
        Opening::Deliver("RequestVote", N2),
        Opening::Deliver("RequestVote", N3),
        Opening::Deliver("RequestVoteReply", N1),
        Opening::Deliver("AppendEntries", N3),
        Opening::Deliver("AppendEntriesReply", N1),
        Opening::Fire(N3, Timer::LeaderContact),
    ]);
    let about = "an entry of an earlier term reaches a majority, and may still be overwritten (§5.4.2)";
    let mut scope = scope(name, about, budget, opening, vec![vec![put(1)]]);
    scope.config.max_entries_per_append = 1;
    scope
}

/// Two entries are on their way to n2, in messages of their own. n3 has the first, and asks for votes.
fn repeated(name: &'static str, budget: Budget) -> Scope<Server> {
    let mut opening = leader();
    opening.extend([Opening::Call(0, N1), Opening::Deliver("AppendEntries", N3), Opening::Call(1, N1)]);
    opening.extend(impatience());
    opening.extend([
        Opening::Deliver("AppendEntriesReply", N1),
        Opening::Fire(N3, Timer::Election),
        Opening::Deliver("PreVote", N1),
        Opening::Deliver("PreVote", N2),
        Opening::Deliver("PreVoteReply", N3),
    ]);
    let about = "a message comes again after what followed it was acknowledged, before an election";
    scope(name, about, budget, opening, vec![vec![put(1)], vec![put(2)]])
}

fn takeover(name: &'static str, budget: Budget) -> Scope<Server> {
    let about = "two calls of a client while another leader takes over; any server may crash";
    scope(name, about, budget, doubted(), vec![vec![put(1), put(2)]])
}

/// n1 carried a call out; before its answer arrives, another leads.
fn answered_late() -> Vec<Opening<Server>> {
    let call = vec![
        Opening::Call(0, N1),
        Opening::Deliver("AppendEntries", N2),
        Opening::Deliver("AppendEntries", N3),
        Opening::Deliver("AppendEntriesReply", N1),
    ];
    [leader(), call, usurper()].concat()
}

/// What is appended twice is read twice.
fn sessions(name: &'static str, opening: Vec<Opening<Server>>, budget: Budget) -> Scope<Server> {
    let append = Command::Append { key: 1, text: ".".into() };
    let scripts = vec![vec![append, Command::Get { key: 1 }]];
    let about = "a call is tried again at the next leader, and its effect is read";
    scope(name, about, budget, opening, scripts)
}

/// A leader that was replaced and does not know it must not answer.
fn reads(name: &'static str, opening: Vec<Opening<Server>>, budget: Budget) -> Scope<Server> {
    let scripts = vec![vec![put(1)], vec![Command::Get { key: 1 }]];
    scope(name, "a write and a read while another leader takes over", budget, opening, scripts)
}

fn put(value: i64) -> Command {
    Command::Put { key: 1, value: Value::Number(value) }
}
