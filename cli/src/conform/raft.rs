//! Steps of the crate raft, as the actions of `RaftTrace.tla`.
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use synod_kv::Store;
use synod_protocol::{
    Effect, Event, Input, NodeId, Nodes, Observer, Place, StateMachine, Step, Violation, What,
};
use synod_raft::{Body, Entry, Outcome, Payload, Raft, RaftEvent, RaftMessage, RoleName, View};

type Command = <Store as StateMachine>::Command;

/// The actions of a run, each with the number of the step that it is of.
#[derive(Debug, Default)]
pub struct Actions {
    list: Vec<Option<(u64, Json)>>,
    nodes: BTreeMap<NodeId, Life>,
}

/// What a node did since it came up.
#[derive(Debug, Default)]
struct Life {
    view: Option<View>,
    /// Places in the list, and how many records the node had written when the action was done.
    actions: Vec<(usize, u64)>,
    /// Ever.
    records: u64,
}

/// Follows a simulation, too.
impl Observer<Raft<Store>> for Actions {
    fn observe(&mut self, step: &Step<'_, Raft<Store>>, _: Nodes<'_, Raft<Store>>) -> Result<(), Violation> {
        self.add(step);
        Ok(())
    }
}

impl Actions {
    pub fn add(&mut self, step: &Step<'_, Raft<Store>>) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Booted { records, view, .. } => {
                let life = self.nodes.entry(id).or_default();
                *life = Life { records: *records, ..Life::default() };
                self.push(step.number, id, json!({ "action": "Restart" }));
                self.looked(step.number, id, *view);
            }
            What::Handled { input, effects, view, .. } => {
                self.handled(step.number, id, input, effects);
                self.looked(step.number, id, *view);
            }
            What::Crashed { records } => self.crashed(id, *records),
            _ => {}
        }
    }

    /// What happened, in order.
    pub fn finish(self) -> Vec<(u64, Json)> {
        self.list.into_iter().flatten().collect()
    }

    fn handled(
        &mut self,
        number: u64,
        id: NodeId,
        input: &Input<Raft<Store>>,
        effects: &[Effect<Raft<Store>>],
    ) {
        let message = match input {
            Input::Message(from, message) => Some(message_of(*from, id, message)),
            _ => None,
        };
        let was_leader =
            self.nodes.get(&id).and_then(|life| life.view).is_some_and(|view| view.role == RoleName::Leader);
        let was_seen =
            effects.iter().any(|effect| matches!(effect, Effect::Event(RaftEvent::SawCallAgain { .. })));
        if let Input::Request(caller, command) = input
            && was_leader
            && !was_seen
            && Store::is_read_only(command)
        {
            let id_of_read = format!("{}#{}@{}", caller.client, caller.number, caller.via);
            self.push(number, id, json!({ "action": "AskRead", "id": id_of_read }));
        }
        let mut sent = Json::Null;
        for effect in effects {
            match effect {
                Effect::Event(event) => {
                    if let Some(action) = event.action()
                        && action != "SendHeartbeat"
                    {
                        let action = action_of(action, event, message.as_ref());
                        self.push(number, id, action);
                    }
                }
                Effect::Send(_, RaftMessage { body: Body::AppendEntries(append), .. }) => {
                    let prev = append.prev_log_index.0;
                    let up_to = prev + append.entries.len() as u64;
                    let action = if up_to == prev {
                        json!({ "action": "SendHeartbeat", "prev": prev })
                    } else {
                        json!({ "action": "SendAppendEntries", "prev": prev, "upTo": up_to })
                    };
                    // The same to several followers is one message without addressee.
                    if action != sent {
                        sent = action.clone();
                        self.push(number, id, action);
                    }
                }
                Effect::Persist(_) => {
                    let Some(life) = self.nodes.get_mut(&id) else { continue };
                    life.records += 1;
                    if let Some(last) = life.actions.last_mut() {
                        last.1 = life.records;
                    }
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, number: u64, id: NodeId, mut action: Json) {
        action["node"] = json!(id.to_string());
        let life = self.nodes.entry(id).or_default();
        life.actions.push((self.list.len(), life.records));
        self.list.push(Some((number, action)));
    }

    /// The last action of a step says what is seen after it; a step without any must have changed nothing.
    fn looked(&mut self, number: u64, id: NodeId, view: View) {
        let life = self.nodes.entry(id).or_default();
        let before = life.view.replace(view);
        let last = life.actions.last().map(|(place, _)| *place);
        let post = post_of(&view);
        match last.and_then(|place| self.list[place].as_mut()) {
            Some((of, action)) if *of == number => action["post"] = post,
            _ if before == Some(view) => {}
            _ => self.push(number, id, json!({ "action": "Look", "post": post })),
        }
    }

    /// What was done after the last record that survived was never seen by anybody: all that left the node
    /// waited for the records before it.
    fn crashed(&mut self, id: NodeId, survived: u64) {
        let Some(life) = self.nodes.get_mut(&id) else { return };
        for (place, _) in life.actions.iter().skip_while(|(_, records)| *records <= survived) {
            self.list[*place] = None;
        }
        *life = Life::default();
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

fn post_of(view: &View) -> Json {
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
