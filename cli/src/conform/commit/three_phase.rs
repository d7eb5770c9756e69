//! Three-phase commit, as the actions of `ThreePhaseTrace.tla`.
use serde_json::{Value as Json, json};
use synod_atomic_commit::{
    CommitEvent, Config, Decision, View,
    three_phase::{Body, Record, Standing, ThreePhase, ThreePhaseMessage},
};
use synod_protocol::{Effect, Input};

use super::{by_call, participants, rm_state, told};
use crate::{
    atomic_commit::Commit,
    conform::{Conforms, Done, names},
};

impl Conforms for Commit<ThreePhase> {
    const SPEC: &'static str = "atomic-commit/ThreePhase";
    const TELLS_CRASHES: bool = true;

    fn constants(_: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        vec![("RM", json!(names(nodes))), ("C", json!("coordinator"))]
    }

    fn actions(done: &Done<'_, ThreePhase>) -> Vec<(usize, Json)> {
        told(done, |event, rest, action| detail(done, event, rest, action), wrote)
    }

    fn post(_: &View) -> Json {
        Json::Null
    }

    fn arranged(actions: Vec<(u64, Json)>) -> Vec<(u64, Json)> {
        by_call(actions, |_, _| {})
    }
}

fn detail(done: &Done<'_, ThreePhase>, event: &CommitEvent, rest: &[Effect<ThreePhase>], action: &mut Json) {
    match event {
        CommitEvent::Began { .. } => {
            let asked = rest.iter().filter_map(|effect| match effect {
                Effect::Send(to, _) => Some(to),
                _ => None,
            });
            action["participants"] = participants(asked);
        }
        CommitEvent::GotVote { from, yes, .. } => {
            action["from"] = json!(from.to_string());
            action["yes"] = json!(yes);
        }
        CommitEvent::GotAck { from, .. } | CommitEvent::GotPreAck { from, .. } => {
            action["from"] = json!(from.to_string());
        }
        CommitEvent::Decided { decision, .. } | CommitEvent::Learned { decision, .. } => {
            action["commits"] = json!(*decision == Decision::Commit);
        }
        CommitEvent::ToldState { .. } => {
            let said = rest.iter().find_map(|effect| match effect {
                Effect::Send(_, message) => state_in(message),
                _ => None,
            });
            action["state"] = said.map_or(Json::Null, |(standing, _)| state_of(standing));
        }
        CommitEvent::GotState { from, .. } => {
            let Some(Input::Message(_, message)) = done.input else { return };
            let Some((standing, was_down)) = state_in(message) else { return };
            action["from"] = json!(from.to_string());
            action["state"] = state_of(standing);
            action["wasDown"] = json!(was_down);
        }
        _ => {}
    }
}

fn wrote(record: &Record, post: &mut Json) {
    match record {
        Record::Branch(record) => post["rm"] = json!(rm_state(record)),
        Record::PreCommitted { .. } => post["rm"] = json!("precommitted"),
        Record::Began { .. } => post["c"] = json!("begun"),
        Record::AllVotedYes { .. } => post["c"] = json!("precommitted"),
        Record::Decided { decision: Decision::Commit, .. } => post["c"] = json!("committed"),
        Record::Decided { decision: Decision::Abort, .. } => post["c"] = json!("aborted"),
        Record::Forgotten { .. } => {}
    }
}

fn state_in(message: &ThreePhaseMessage) -> Option<(Standing, bool)> {
    match message.body {
        Body::State { standing, was_down } => Some((standing, was_down)),
        _ => None,
    }
}

fn state_of(standing: Standing) -> Json {
    json!(match standing {
        Standing::Uncertain => "prepared",
        Standing::PreCommitted => "precommitted",
        Standing::Decided(Decision::Commit) => "committed",
        Standing::Decided(Decision::Abort) => "aborted",
    })
}
