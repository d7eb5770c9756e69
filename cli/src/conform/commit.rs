//! Steps of atomic commit, as the actions of its trace specs.
//!
//! The specs are of one call, and a run is of many. So a run is told call by call, each from an action `Call` on that
//! says who takes part. Calls meet in nothing but locks, and to refuse for a lock is something that a participant may
//! do at any time; that locks are kept is an invariant of the code.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use synod_atomic_commit::{BranchRecord, CommitEvent, Decision, Protocol, TxnId};
use synod_protocol::Effect;

use super::Done;

mod paxos_commit;
mod three_phase;
mod two_phase;

/// The actions of a step, each with its call, with what `tell` adds to it, and with what it wrote, if `wrote` says so.
fn told<P: Protocol>(
    done: &Done<'_, P>,
    tell: impl Fn(&CommitEvent, &[Effect<P>], &mut Json),
    wrote: impl Fn(&P::Record, &mut Json),
) -> Vec<(usize, Json)> {
    let mut actions = Vec::new();
    for (at, name, event) in done.events() {
        // A boot is told without being noted.
        let Some(txn) = event.txn() else { continue };
        let mut action =
            json!({ "action": name, "call": call_of(txn), "run": txn.run.life().unwrap_or_default() });
        let rest = &done.effects[at + 1..];
        let end = rest.iter().position(|effect| matches!(effect, Effect::Event(_))).unwrap_or(rest.len());
        let rest = &rest[..end];
        tell(event, rest, &mut action);
        let mut post = json!({});
        for effect in rest {
            if let Effect::Persist(record) = effect {
                wrote(record, &mut post);
            }
        }
        if post.as_object().is_some_and(|post| !post.is_empty()) {
            action["post"] = post;
        }
        actions.push((at, action));
    }
    actions
}

/// The runs of a call in one life after the other are one call; what was asked for under one number and is not the same
/// are several.
fn call_of(txn: TxnId) -> String {
    let TxnId { client, number, run } = txn;
    match run.life() {
        Some(_) => format!("{client}.{number}"),
        None => format!("{client}.{number}#{}", json!(run)),
    }
}

/// A participant's record, as its `rmState`.
fn rm_state(record: &BranchRecord) -> &'static str {
    match record {
        BranchRecord::Prepared { .. } => "prepared",
        BranchRecord::Closed { decision: Decision::Commit, .. } => "committed",
        BranchRecord::Closed { decision: Decision::Abort, .. } | BranchRecord::Refused { .. } => "aborted",
    }
}

/// Call by call. What is of no call, a crash or a boot, is in each that was under way. `opened` completes the `Call`: it
/// has the node that began it, the `participants` of its first action, and who was `down`.
fn by_call(actions: Vec<(u64, Json)>, opened: impl Fn(&mut Json, &mut [(u64, Json)])) -> Vec<(u64, Json)> {
    let mut calls: Vec<Vec<(u64, Json)>> = Vec::new();
    let mut downs: Vec<BTreeSet<String>> = Vec::new();
    let mut down = BTreeSet::new();
    let mut places = BTreeMap::<String, usize>::new();
    for (number, action) in actions {
        let Some(call) = action["call"].as_str() else {
            calls.iter_mut().for_each(|call| call.push((number, action.clone())));
            let node = action["node"].as_str().unwrap_or_default().to_owned();
            match action["action"] == "Crash" {
                true => down.insert(node),
                false => down.remove(&node),
            };
            continue;
        };
        let place = *places.entry(call.to_owned()).or_insert(calls.len());
        if place == calls.len() {
            calls.push(Vec::new());
            downs.push(down.clone());
        }
        calls[place].push((number, action));
    }
    let mut told = Vec::new();
    for (mut call, down) in calls.into_iter().zip(downs) {
        while call.pop_if(|(_, action)| action["call"].is_null()).is_some() {}
        let Some((number, first)) = call.first() else { continue };
        let participants = match &first["participants"] {
            Json::Null => json!({ "$set": [] }),
            participants => participants.clone(),
        };
        let mut opening = json!({
            "action": "Call",
            "node": first["node"],
            "call": first["call"],
            "participants": participants,
            "down": { "$set": down },
        });
        let number = *number;
        opened(&mut opening, &mut call);
        told.push((number, opening));
        told.append(&mut call);
    }
    told
}

/// A set of the spec.
fn participants<'a>(nodes: impl IntoIterator<Item = &'a synod_protocol::NodeId>) -> Json {
    json!({ "$set": nodes.into_iter().map(ToString::to_string).collect::<Vec<_>>() })
}
