//! Steps of Multi-Paxos, as the actions of `MultiPaxosTrace.tla`.
use serde_json::{Value as Json, json};
use synod_kv::{Command, Store};
use synod_paxos::multi::{
    Accept, Config, MultiPaxosEvent as Event, MultiPaxosMessage as Message, Record, Request, RoleName, Slot,
    Value, View,
};
use synod_protocol::{Effect, Event as _, Input, NodeId, StateMachine};

use super::{Conforms, Done, are_all, names, paxos::number};
use crate::multipaxos::{MultiPaxos, Server, Wire};

impl Conforms for MultiPaxos {
    const SPEC: &'static str = "paxos/MultiPaxos";

    /// Any sizes of quorums, any window, any snapshots: but all are acceptors, and no clock is read.
    fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
        match config {
            Config { lease: Some(_), .. } => Some("its leaders answer reads by lease"),
            _ if !are_all(&config.members, nodes) => Some("not all of its nodes are acceptors"),
            _ => None,
        }
    }

    fn constants(config: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        vec![
            ("Server", json!(names(nodes))),
            ("Phase1", json!(config.quorums.phase_1)),
            ("Phase2", json!(config.quorums.phase_2)),
        ]
    }

    fn actions(done: &Done<'_, Server>) -> Vec<(usize, Json)> {
        let message = match done.input {
            Some(Input::Message(from, message)) => message_of(*from, message),
            _ => None,
        };
        let mut actions: Vec<_> =
            asked(done).or_else(|| answered(done, message.as_ref())).into_iter().collect();
        let mut sent = Json::Null;
        for (at, effect) in done.effects.iter().enumerate() {
            let action = match effect {
                Effect::Event(event) => event.action().map(|name| {
                    let mut action = action_of(name, event, &done.effects[at..]);
                    if let Some(message) = message.as_ref().filter(|_| takes_message(name)) {
                        action["m"] = message.clone();
                    }
                    action
                }),
                Effect::Send(_, message) => {
                    // The same to several followers is one message without addressee.
                    let action = sends(message, &done.effects[..at]);
                    action.filter(|action| *action != sent).inspect(|action| sent = action.clone())
                }
                _ => None,
            };
            actions.extend(action.map(|action| (at, action)));
        }
        actions
    }

    fn beyond(event: &Event) -> Option<&'static str> {
        let changes = matches!(event, Event::Reconfigured { .. });
        changes.then_some(
            "the acceptors change, which MultiPaxosTrace does not follow (the models of MCMultiPaxosReconfig explore it)",
        )
    }

    fn post(view: &View) -> Json {
        let role = match view.role {
            RoleName::Follower => "follower",
            RoleName::Candidate => "candidate",
            RoleName::Leader => "leader",
        };
        json!({
            "role": role,
            "promised": number(view.promised),
            "lastVoted": view.last_voted.0,
            "chosen": view.chosen.0,
            "snapshot": view.snapshot.0,
        })
    }
}

/// A read that a leader takes leaves no event of its own.
fn asked(done: &Done<'_, Server>) -> Option<(usize, Json)> {
    let Some(Input::Request(caller, Request::Command(command))) = done.input else { return None };
    let led = done.before.is_some_and(|view| view.role == RoleName::Leader);
    let was_seen = done.effects.iter().any(|it| matches!(it, Effect::Event(Event::SawCallAgain { .. })));
    let id = format!("{}#{}@{}", caller.client, caller.number, caller.via);
    (led && !was_seen && Store::is_read_only(command)).then(|| (0, json!({ "action": "AskRead", "id": id })))
}

/// Neither does a vote that it counts: it comes with each message of its ballot.
fn answered(done: &Done<'_, Server>, message: Option<&Json>) -> Option<(usize, Json)> {
    let Some(Input::Message(_, Message::Accepted(accepted))) = done.input else { return None };
    let led = |view: &&View| view.role == RoleName::Leader && view.promised == accepted.ballot;
    done.before.filter(led)?;
    let is_nonsense = |it: &Effect<Server>| matches!(it, Effect::Event(Event::IgnoredNonsense { .. }));
    (!done.effects.iter().any(is_nonsense)).then(|| (0, json!({ "action": "HandleAccepted", "m": message })))
}

fn takes_message(action: &str) -> bool {
    ["Promise", "HandlePromise", "Accept", "Learn", "InstallSnapshot"].contains(&action)
}

fn action_of(name: &str, event: &Event, effects: &[Effect<Server>]) -> Json {
    let mut action = json!({ "action": name });
    match event {
        Event::Prepared { ballot, .. } => action["ballot"] = json!(number(*ballot)),
        Event::BecameLeader { recovered, .. } => action["recovered"] = json!(recovered.0),
        Event::Proposed { first, .. } => {
            // The values are in the record of its own votes.
            let values = effects.iter().find_map(|effect| match effect {
                Effect::Persist(Record::Voted { values, .. }) => Some(values_of(values)),
                _ => None,
            });
            action["first"] = json!(first.0);
            action["values"] = values.unwrap_or_else(|| json!([]));
        }
        Event::Chose { through, .. } | Event::Learned { through, .. } | Event::Installed { through } => {
            action["through"] = json!(through.0);
        }
        Event::TookSnapshot { through, cut } => {
            action["through"] = json!(through.0);
            action["cut"] = json!(cut.0);
        }
        Event::AnsweredReads { reads, .. } => action["reads"] = json!(reads),
        _ => {}
    }
    action
}

/// What is sent beside the proposals, whose messages are a part of `Propose`.
fn sends(message: &Wire, before: &[Effect<Server>]) -> Option<Json> {
    match message {
        Message::Accept(Accept { first, values, round, .. }) => {
            let was_proposed = before.iter().any(|effect| match effect {
                Effect::Event(Event::Proposed { first: of, .. }) => of == first && !values.is_empty(),
                _ => false,
            });
            let first = if values.is_empty() { Slot::ZERO } else { *first };
            (!was_proposed).then(
                || json!({ "action": "SendAccept", "first": first.0, "count": values.len(), "round": round }),
            )
        }
        Message::Install { .. } => Some(json!({ "action": "SendInstall" })),
        _ => None,
    }
}

/// Refusals are not in the spec: they only say which ballot to begin with.
fn message_of(from: NodeId, message: &Wire) -> Option<Json> {
    let mut json = match message {
        Message::Prepare { ballot, chosen } => json!({ "ballot": number(*ballot), "chosen": chosen.0 }),
        Message::Promise(promise) => {
            let votes = promise.votes.iter().map(|(slot, vote)| {
                json!({ "slot": slot.0, "ballot": number(vote.ballot), "value": value_of(&vote.value) })
            });
            json!({
                "ballot": number(promise.ballot),
                "votes": { "$set": votes.collect::<Vec<_>>() },
                "snapshot": promise.snapshot.as_ref().map_or(0, |snapshot| snapshot.through.0),
            })
        }
        Message::Accept(accept) => json!({
            "ballot": number(accept.ballot),
            "first": accept.first.0,
            "values": values_of(&accept.values),
            "chosen": accept.chosen.0,
            "round": accept.round,
        }),
        Message::Accepted(accepted) => json!({
            "ballot": number(accepted.ballot),
            "first": accepted.first.0,
            "count": accepted.count,
            "round": accepted.round,
            "missing": accepted.missing.map_or(0, |slot| slot.0),
        }),
        Message::Install { ballot, snapshot } => {
            json!({ "ballot": number(*ballot), "snapshot": snapshot.through.0 })
        }
        Message::Nack { .. } => return None,
    };
    json["type"] = json!(synod_protocol::Message::kind(message));
    json["from"] = json!(from.to_string());
    Some(json)
}

fn values_of(values: &[Value<Command>]) -> Json {
    json!(values.iter().map(value_of).collect::<Vec<_>>())
}

fn value_of(value: &Value<Command>) -> Json {
    match value {
        Value::NoOp => json!("no-op"),
        Value::Command { client, number, .. } => json!(format!("{client}#{number}")),
    }
}
