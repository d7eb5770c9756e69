//! Steps of Multi-Paxos, as the actions of `MultiPaxosTrace.tla`.
use serde_json::{Value as Json, json};
use synod_kv::{Command, Store};
use synod_paxos::multi::{
    Accept, Config, Era, MultiPaxosEvent as Event, MultiPaxosMessage as Message, Reconfiguration, Record,
    Request, RoleName, Schedule, Slot, Value, View,
};
use synod_protocol::{Effect, Event as _, Input, NodeId, StateMachine};

use super::{Conforms, Done, are_all, names, paxos::number};
use crate::multipaxos::{MultiPaxos, Server, Wire};

impl Conforms for MultiPaxos {
    const SPEC: &'static str = "paxos/MultiPaxos";

    /// Any acceptors, any sizes of quorums, any window, any snapshots: but no clock is read.
    fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
        match config {
            Config { lease: Some(_), .. } => Some("its leaders answer reads by lease"),
            _ if !are_all(&config.servers(), nodes) => Some("not all of its nodes are in its address book"),
            _ => None,
        }
    }

    fn constants(config: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        vec![
            ("Server", json!(names(nodes))),
            ("Phase1", json!(config.quorums.phase_1)),
            ("Phase2", json!(config.quorums.phase_2)),
            ("Members", json!(self::nodes(&config.members))),
            ("Window", json!(config.window)),
        ]
    }

    fn actions(done: &Done<'_, Server>) -> Vec<(usize, Json)> {
        let message = match done.input {
            Some(Input::Message(from, message)) => message_of(*from, message),
            _ => None,
        };
        let mut actions: Vec<_> = executed_again(done)
            .or_else(|| asked(done))
            .or_else(|| answered(done, message.as_ref()))
            .into_iter()
            .collect();
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

/// What a server that comes up executes leaves no event of its own, only those of what it says.
fn executed_again(done: &Done<'_, Server>) -> Option<(usize, Json)> {
    let reconfigured = reconfigured(done.effects);
    done.input.is_none().then(|| (0, json!({ "action": "Reexecute", "reconfigured": reconfigured })))
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
        Event::Chose { through, .. } | Event::Learned { through, .. } => {
            action["through"] = json!(through.0);
            action["reconfigured"] = reconfigured(&effects[1..]);
        }
        Event::Installed { through } => {
            action["through"] = json!(through.0);
            action["schedule"] = schedule_of(effects);
        }
        Event::TookSnapshot { through, cut } => {
            action["through"] = json!(through.0);
            action["cut"] = json!(cut.0);
            action["schedule"] = schedule_of(effects);
        }
        Event::AnsweredReads { reads, .. } => action["reads"] = json!(reads),
        _ => {}
    }
    action
}

/// The epochs that the slots which were just executed bring: up to the next action.
fn reconfigured(effects: &[Effect<Server>]) -> Json {
    let events = effects.iter().filter_map(|effect| match effect {
        Effect::Event(event) => Some(event),
        _ => None,
    });
    let here = events.take_while(|event| synod_protocol::Event::action(*event).is_none());
    let told = here.filter_map(|event| match event {
        Event::Reconfigured { epoch, from } => Some(json!({ "epoch": epoch, "from": from.0 })),
        _ => None,
    });
    json!(told.collect::<Vec<_>>())
}

/// Who decides, as the record of the snapshot says it.
fn schedule_of(effects: &[Effect<Server>]) -> Json {
    let schedule = effects.iter().find_map(|effect| match effect {
        Effect::Persist(Record::Snapshot { snapshot, .. }) => Some(&snapshot.schedule),
        _ => None,
    });
    json!(schedule.into_iter().flat_map(Schedule::eras).map(era_of).collect::<Vec<_>>())
}

fn era_of(era: &Era) -> Json {
    json!({
        "epoch": era.epoch(),
        "from": era.from().0,
        "members": { "$set": nodes(era.members()) },
        "phase1": era.quorums().phase_1,
        "phase2": era.quorums().phase_2,
    })
}

fn nodes(nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(ToString::to_string).collect()
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

/// A call, with what it asks for if that changes who decides: all else is nothing to the spec.
fn value_of(value: &Value<Command>) -> Json {
    match value {
        Value::NoOp => json!([]),
        Value::Command { client, number, command } => match &**command {
            Request::Command(_) => json!([client.0, number]),
            Request::Reconfigure(wish) => json!([client.0, number, wish_of(wish)]),
        },
    }
}

fn wish_of(wish: &Reconfiguration) -> Json {
    json!({
        "after": { "$set": wish.after.into_iter().collect::<Vec<_>>() },
        "members": nodes(&wish.members),
        "phase1": wish.quorums.phase_1,
        "phase2": wish.quorums.phase_2,
    })
}
