//! Paxos Commit, as the actions of `PaxosCommitTrace.tla`.
use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use synod_atomic_commit::{
    Ballot, CommitEvent, Config, Decision, View,
    paxos_commit::{Body, PaxosCommit, PaxosCommitMessage, Record, Vote, Votes},
};
use synod_protocol::{Effect, Input};

use super::{by_call, participants, rm_state, told};
use crate::{
    atomic_commit::Commit,
    conform::{Conforms, Done, names},
};

impl Conforms for Commit<PaxosCommit> {
    const SPEC: &'static str = "atomic-commit/PaxosCommit";

    fn constants(_: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        vec![("RM", json!(names(nodes))), ("Acceptor", json!(names(nodes)))]
    }

    fn actions(done: &Done<'_, PaxosCommit>) -> Vec<(usize, Json)> {
        told(done, |event, rest, action| detail(done, event, rest, action), wrote)
    }

    fn post(_: &View) -> Json {
        Json::Null
    }

    fn arranged(actions: Vec<(u64, Json)>) -> Vec<(u64, Json)> {
        by_call(actions, |opening, call| {
            let ballots: BTreeSet<i64> =
                call.iter().filter_map(|(_, action)| action["bal"].as_i64()).collect();
            opening["ballots"] = json!({ "$set": ballots });
        })
    }
}

fn detail(
    done: &Done<'_, PaxosCommit>,
    event: &CommitEvent,
    rest: &[Effect<PaxosCommit>],
    action: &mut Json,
) {
    let handled = match done.input {
        Some(Input::Message(from, message)) => Some((from, message)),
        _ => None,
    };
    let from = handled.map(|(from, _)| json!(from.to_string()));
    match event {
        CommitEvent::Began { .. } => {
            let asked = rest.iter().filter_map(|effect| match effect {
                Effect::Send(to, _) => Some(to),
                _ => None,
            });
            action["participants"] = participants(asked);
        }
        CommitEvent::Learned { decision, .. } => {
            action["commits"] = json!(*decision == Decision::Commit);
            let kind = if *decision == Decision::Commit { "Commit" } else { "Abort" };
            action["m"] = json!({ "type": kind });
        }
        CommitEvent::GotAck { from, .. } => action["from"] = json!(from.to_string()),
        CommitEvent::StartedBallot { ballot, .. } => action["bal"] = number(*ballot),
        CommitEvent::Promised { ballot, .. } => {
            action["bal"] = number(*ballot);
            action["m"] = json!({ "type": "1a", "bal": number(*ballot) });
        }
        CommitEvent::Accepted { ballot, .. } => {
            action["bal"] = number(*ballot);
            action["votes"] = handled.map_or(Json::Null, |(_, message)| votes_in(message));
        }
        CommitEvent::Proposed { ballot, .. } => {
            let proposed = rest.iter().find_map(|effect| match effect {
                Effect::Send(_, message) => Some(votes_in(message)),
                _ => None,
            });
            action["bal"] = number(*ballot);
            action["votes"] = proposed.unwrap_or(Json::Null);
            action["from"] = from.unwrap_or(Json::Null);
        }
        CommitEvent::Decided { decision, .. } => {
            action["commits"] = json!(*decision == Decision::Commit);
            if let Some((_, PaxosCommitMessage { body: Body::Phase2b { ballot, votes }, .. })) = handled {
                action["bal"] = number(*ballot);
                action["votes"] = votes_of(votes);
                action["from"] = from.unwrap_or(Json::Null);
            }
        }
        _ => {}
    }
}

fn wrote(record: &Record, post: &mut Json) {
    match record {
        Record::Branch(record) => post["rm"] = json!(rm_state(record)),
        Record::Promised { ballot, .. } | Record::Accepted { ballot, .. } => {
            post["promised"] = number(*ballot);
        }
        Record::Forgotten { .. } => {}
    }
}

/// A pair in one number, in the same order.
fn number(ballot: Ballot) -> Json {
    let leader = ballot.leader.map_or(0, |leader| i64::from(leader.0));
    json!(i64::try_from(ballot.round).unwrap_or(i64::MAX >> 8) * 128 + leader)
}

fn votes_in(message: &PaxosCommitMessage) -> Json {
    match &message.body {
        Body::Phase2a { votes, .. } => votes_of(votes),
        _ => Json::Null,
    }
}

fn votes_of(votes: &Votes) -> Json {
    let vote = |vote: &Vote| if *vote == Vote::Aborted { "aborted" } else { "prepared" };
    votes.iter().map(|(of, it)| (of.to_string(), json!(vote(it)))).collect::<Map<_, _>>().into()
}
