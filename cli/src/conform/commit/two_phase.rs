//! Two-phase commit, as the actions of `PresumedAbortTrace.tla`.
use serde_json::{Value as Json, json};
use synod_atomic_commit::{
    BranchRecord, CommitEvent, Config, Decision, View,
    two_phase::{Body, Record, TwoPhase, TwoPhaseMessage},
};
use synod_protocol::{Effect, Input, Message, NodeId};

use super::{by_call, participants, rm_state, told};
use crate::{
    atomic_commit::Commit,
    conform::{Conforms, Done, names},
};

impl Conforms for Commit<TwoPhase> {
    const SPEC: &'static str = "atomic-commit/PresumedAbort";

    fn constants(_: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        vec![("RM", json!(names(nodes)))]
    }

    fn actions(done: &Done<'_, TwoPhase>) -> Vec<(usize, Json)> {
        let message = match done.input {
            Some(Input::Message(from, message)) => Some(message_of(*from, message)),
            _ => None,
        };
        let tell = |event: &CommitEvent, rest: &[Effect<TwoPhase>], action: &mut Json| {
            detail(event, rest, action);
            if let Some(message) = message.as_ref().filter(|_| takes_message(event)) {
                action["m"] = message.clone();
            }
        };
        told(done, tell, wrote)
    }

    fn post(_: &View) -> Json {
        Json::Null
    }

    /// The life in which the call was first run counts as 1.
    fn arranged(actions: Vec<(u64, Json)>) -> Vec<(u64, Json)> {
        by_call(actions, |opening, call| {
            let before = call[0].1["run"].as_u64().unwrap_or(1).saturating_sub(1);
            let mut runs = 1;
            for (_, action) in call {
                let Some(run) = action["run"].as_u64() else { continue };
                let run = run.saturating_sub(before);
                runs = runs.max(run);
                action["run"] = json!(run);
                if action["m"].is_object() {
                    action["m"]["run"] = json!(run);
                }
            }
            opening["runs"] = json!(runs);
        })
    }
}

fn detail(event: &CommitEvent, rest: &[Effect<TwoPhase>], action: &mut Json) {
    match event {
        CommitEvent::Began { .. } => {
            let asked = rest.iter().filter_map(|effect| match effect {
                Effect::Send(to, _) => Some(to),
                _ => None,
            });
            action["participants"] = participants(asked);
        }
        CommitEvent::Prepared { .. } => {
            let reads_only = rest.iter().any(|effect| match effect {
                Effect::Persist(Record::Branch(BranchRecord::Prepared { branch, .. })) => {
                    branch.ops.iter().all(|op| op.is_read())
                }
                _ => false,
            });
            action["readsOnly"] = json!(reads_only);
        }
        CommitEvent::GotVote { from, yes, .. } => {
            action["from"] = json!(from.to_string());
            action["yes"] = json!(yes);
        }
        CommitEvent::GotAck { from, .. } => action["from"] = json!(from.to_string()),
        CommitEvent::Decided { decision, .. } | CommitEvent::Learned { decision, .. } => {
            action["commits"] = json!(*decision == Decision::Commit);
        }
        CommitEvent::Told { to, decision, .. } => {
            action["to"] = json!(to.to_string());
            action["commits"] = json!(*decision == Decision::Commit);
        }
        CommitEvent::Presumed { to, .. } => action["to"] = json!(to.to_string()),
        _ => {}
    }
}

/// What follows in the same step has been said by then.
fn takes_message(event: &CommitEvent) -> bool {
    use CommitEvent::*;
    matches!(
        event,
        GotVote { .. }
            | GotAck { .. }
            | Told { .. }
            | Presumed { .. }
            | Prepared { .. }
            | Refused { .. }
            | Learned { .. }
    )
}

fn wrote(record: &Record, post: &mut Json) {
    match record {
        Record::Branch(record) => post["rm"] = json!(rm_state(record)),
        Record::Committed { .. } => {
            post["told"] = json!("committed");
            post["remembered"] = json!(true);
        }
        Record::Aborted { .. } => post["told"] = json!("aborted"),
        Record::Forgotten { .. } => post["remembered"] = json!(false),
        Record::Booted => {}
    }
}

/// What a coordinator, or one who was told by it, says is for everybody.
fn message_of(from: NodeId, message: &TwoPhaseMessage) -> Json {
    let mut json = json!({ "type": message.kind(), "run": message.txn.run.life().unwrap_or_default() });
    if !matches!(message.body, Body::Prepare(_) | Body::Commit | Body::Abort) {
        json["rm"] = json!(from.to_string());
    }
    json
}
