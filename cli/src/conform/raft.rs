//! Steps of the crate raft, as the actions of `RaftTrace.tla`.
use serde_json::{Value as Json, json};
use synod_kv::Store;
use synod_protocol::{Effect, Event, Input, NodeId, StateMachine};
use synod_raft::{
    AppendEntries, Body, Config, Entry, Outcome, Payload, RaftEvent, RaftMessage, RoleName, View,
};

use super::{Conforms, Done, are_all};
use crate::raft::{Raft, Server};

type Command = <Store as StateMachine>::Command;

impl Conforms for Raft {
    const SPEC: &'static str = "raft/Raft";

    /// It is of a cluster in which all vote.
    fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
        (!are_all(&config.members, nodes)).then_some("not all of its nodes are members")
    }

    fn actions(done: &Done<'_, Server>) -> Vec<(usize, Json)> {
        let message = match done.input {
            Some(Input::Message(from, message)) => Some(message_of(*from, done.node, message)),
            _ => None,
        };
        let mut actions: Vec<_> = read_of(done).map(|action| (0, action)).into_iter().collect();
        let mut sent = Json::Null;
        for (at, effect) in done.effects.iter().enumerate() {
            match effect {
                Effect::Event(event) => {
                    if let Some(action) = event.action()
                        && action != "SendHeartbeat"
                    {
                        actions.push((at, action_of(action, event, message.as_ref())));
                    }
                }
                Effect::Send(_, RaftMessage { body: Body::AppendEntries(append), .. }) => {
                    let action = sends(append);
                    // The same to several followers is one message without addressee.
                    if action != sent {
                        sent = action.clone();
                        actions.push((at, action));
                    }
                }
                _ => {}
            }
        }
        actions
    }

    fn post(view: &View) -> Json {
        let name = |id: Option<NodeId>| id.map_or("nil".to_owned(), |id| id.to_string());
        let role = match view.role {
            RoleName::Follower => "follower",
            RoleName::PreCandidate => "pre-candidate",
            RoleName::Candidate => "candidate",
            RoleName::Leader => "leader",
        };
        json!({
            "role": role,
            "currentTerm": view.current_term.0,
            "votedFor": name(view.voted_for),
            "leader": name(view.leader),
            "lastIndex": view.last_log_index.0,
            "lastTerm": view.last_log_term.0,
            "commitIndex": view.commit_index.0,
        })
    }
}

/// A read that a leader takes leaves no event of its own.
fn read_of(done: &Done<'_, Server>) -> Option<Json> {
    let Some(Input::Request(caller, command)) = done.input else { return None };
    let was_leader = done.before.is_some_and(|view| view.role == RoleName::Leader);
    let was_seen =
        done.effects.iter().any(|effect| matches!(effect, Effect::Event(RaftEvent::SawCallAgain { .. })));
    let id = format!("{}#{}@{}", caller.client, caller.number, caller.via);
    (was_leader && !was_seen && Store::is_read_only(command))
        .then(|| json!({ "action": "AskRead", "id": id }))
}

fn sends(append: &AppendEntries<Command>) -> Json {
    let prev = append.prev_log_index.0;
    let up_to = prev + append.entries.len() as u64;
    if up_to == prev {
        json!({ "action": "SendHeartbeat", "prev": prev })
    } else {
        json!({ "action": "SendAppendEntries", "prev": prev, "upTo": up_to })
    }
}

fn action_of(name: &str, event: &RaftEvent, message: Option<&Json>) -> Json {
    let mut action = json!({ "action": name });
    match event {
        RaftEvent::Appended { client, number, .. } => action["call"] = json!(format!("{client}#{number}")),
        RaftEvent::CommitAdvanced { index, .. } => action["index"] = json!(index.0),
        _ => {}
    }
    if let Some(message) = message {
        action["m"] = message.clone();
    }
    action
}

fn message_of(from: NodeId, to: NodeId, message: &RaftMessage<Command>) -> Json {
    let mut json = match &message.body {
        Body::PreVote(last) | Body::RequestVote(last) => {
            json!({ "lastTerm": last.last_log_term.0, "lastIndex": last.last_log_index.0 })
        }
        Body::PreVoteReply { granted } | Body::RequestVoteReply { granted } => {
            json!({ "granted": granted, "to": to.to_string() })
        }
        Body::AppendEntries(append) => json!({
            "prev": append.prev_log_index.0,
            "prevTerm": append.prev_log_term.0,
            "entries": append.entries.iter().map(entry_of).collect::<Vec<_>>(),
            "commit": append.leader_commit.0,
            "round": append.round,
        }),
        Body::AppendEntriesReply { round, outcome } => {
            let (outcome, index) = match outcome {
                Outcome::Matched { index } => ("matched", index.0),
                Outcome::Conflict { prev_log_index, .. } => ("conflict", prev_log_index.0),
                Outcome::StaleTerm => ("stale", 0),
            };
            json!({ "outcome": outcome, "index": index, "round": round })
        }
    };
    json["type"] = json!(synod_protocol::Message::kind(message));
    json["term"] = json!(message.term.0);
    json["from"] = json!(from.to_string());
    json
}

fn entry_of(entry: &Entry<Command>) -> Json {
    let call = match &entry.payload {
        Payload::NoOp => "no-op".to_owned(),
        Payload::Command { client, number, .. } => format!("{client}#{number}"),
    };
    json!({ "term": entry.term.0, "call": call })
}
