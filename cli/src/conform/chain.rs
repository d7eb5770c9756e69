//! Steps of the crate chain-replication, as the actions of `ChainReplicationTrace.tla` and of `CraqTrace.tla`. They
//! differ in what is told of an object: only CRAQ's reads are of one.
use serde_json::{Value as Json, json};
use synod_chain_replication::{Body, ChainEvent, ChainMessage, Config, Reads, View};
use synod_kv::{Command, Store};
use synod_protocol::{Caller, Effect, Event, Input};

use super::{Conforms, Done, are_all, names};
use crate::chain::{Chain, Craq, Server};

impl Conforms for Chain {
    const SPEC: &'static str = "chain-replication/ChainReplication";

    fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
        let reads = (config.reads != Reads::Tail).then_some("reads are answered elsewhere than at the tail");
        reads.or_else(|| unknown(config, nodes))
    }

    fn constants(config: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        constants(config, nodes)
    }

    fn actions(done: &Done<'_, Server>) -> Vec<(usize, Json)> {
        actions(done, false)
    }

    fn post(view: &View) -> Json {
        post(view)
    }
}

impl Conforms for Craq {
    const SPEC: &'static str = "chain-replication/Craq";

    fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
        unknown(config, nodes)
    }

    fn constants(config: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        let mut constants = constants(config, nodes);
        constants.push(("Anyhow", json!(config.reads == Reads::Eventual)));
        constants
    }

    fn actions(done: &Done<'_, Server>) -> Vec<(usize, Json)> {
        actions(done, true)
    }

    fn post(view: &View) -> Json {
        post(view)
    }
}

/// The chain is of the first nodes, in their order, and the last node is the master.
fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
    let servers = config.servers.len() as u32;
    if servers > MOST_SERVERS {
        return Some("its chain has more than eight servers");
    }
    let is_usual = are_all(&config.servers, servers) && config.master.0 == nodes && nodes <= servers + 1;
    (!is_usual)
        .then_some("its first chain is not of the first nodes in their order, with the master behind them")
}

/// As many as the trace spec has names for.
const MOST_SERVERS: u32 = 8;

fn constants(config: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
    vec![
        ("Server", json!(names(nodes))),
        ("Count", json!(config.servers.len())),
        ("Shortest", json!(config.least)),
    ]
}

fn post(view: &View) -> Json {
    json!({
        "epoch": view.epoch.0,
        "last": view.last.0,
        "acked": view.acked.0,
        "handed": view.handed_over,
    })
}

fn actions(done: &Done<'_, Server>, with_objects: bool) -> Vec<(usize, Json)> {
    let mut actions: Vec<_> = heard(done).map(|action| (0, action)).into_iter().collect();
    for (at, effect) in done.effects.iter().enumerate() {
        let action = match effect {
            Effect::Event(event) => event.action().and_then(|action| {
                let mut action = action_of(action, event, &done.effects[at..], done)?;
                if with_objects {
                    tell_object(&mut action, event, done);
                }
                Some(action)
            }),
            Effect::Send(_, ChainMessage { body, .. }) => sends(body),
            _ => None,
        };
        actions.extend(action.map(|action| (at, action)));
    }
    actions
}

/// A successor says how far it is; what that leads to may be nothing that is told.
fn heard(done: &Done<'_, Server>) -> Option<Json> {
    let Some(Input::Message(_, ChainMessage { body: Body::Ack { has, .. }, .. })) = done.input else {
        return None;
    };
    let is_ignored = |event: &ChainEvent| {
        matches!(
            event,
            ChainEvent::IgnoredOldEpoch { .. }
                | ChainEvent::FellBehind { .. }
                | ChainEvent::IgnoredNonsense { .. }
        )
    };
    let ignored = done.effects.iter().any(|effect| matches!(effect, Effect::Event(it) if is_ignored(it)));
    (!ignored).then(|| json!({ "action": "LearnHas", "index": has.0 }))
}

fn sends(body: &Body<Store>) -> Option<Json> {
    match body {
        Body::Update { first, entries } => {
            let up_to = first.previous().plus(entries.len());
            Some(json!({ "action": "SendUpdate", "upTo": up_to.0 }))
        }
        Body::Ack { .. } => Some(json!({ "action": "SendAck" })),
        Body::Joined => Some(json!({ "action": "SendJoined" })),
        _ => None,
    }
}

fn action_of(
    name: &str,
    event: &ChainEvent,
    effects: &[Effect<Server>],
    done: &Done<'_, Server>,
) -> Option<Json> {
    let mut action = json!({ "action": name });
    match event {
        // Every boot is told as a restart.
        ChainEvent::Booted { .. } => return None,
        ChainEvent::Appended { client, number, .. } => action["call"] = json!(format!("{client}#{number}")),
        ChainEvent::Updated { index, .. }
        | ChainEvent::Committed { index, .. }
        | ChainEvent::Acknowledged { index, .. } => action["index"] = json!(index.0),
        ChainEvent::ToldVersion { index, to, .. } => {
            action["index"] = json!(index.0);
            action["server"] = json!(to.to_string());
        }
        ChainEvent::Restored { index, .. } => {
            action["index"] = json!(index.0);
            if let Some(Input::Message(_, ChainMessage { body: Body::State { index, .. }, .. })) = done.input
            {
                action["clean"] = json!(index.0);
            }
        }
        ChainEvent::Configured { epoch, .. } => action["epoch"] = json!(epoch.0),
        ChainEvent::Excluded { chain, joining, .. } => {
            let alive: Vec<String> = chain.iter().chain(joining).map(ToString::to_string).collect();
            action["alive"] = json!({ "$set": alive });
        }
        ChainEvent::Named { server, was_known, .. } => {
            action["action"] = json!(if *was_known { "Name" } else { "NameFirst" });
            action["server"] = json!(server.to_string());
        }
        ChainEvent::Admitted { server, .. } | ChainEvent::Confirmed { server, .. } => {
            action["server"] = json!(server.to_string());
        }
        ChainEvent::TookRead { caller } => action["id"] = json!(read(*caller, done)),
        ChainEvent::AskedTail { reads, .. } => action["reads"] = json!(reads),
        ChainEvent::AnsweredReads { clean, dirty, .. } => {
            let callers = effects.iter().filter_map(|effect| match effect {
                Effect::Reply(caller, _) => Some(read(*caller, done)),
                _ => None,
            });
            let answered: Vec<String> = callers.take(clean.saturating_add(*dirty) as usize).collect();
            action["ids"] = json!({ "$set": answered });
        }
        _ => {}
    }
    Some(action)
}

/// A read at a server. The same call may wait at another server as well.
fn read(Caller { client, number, via }: Caller, done: &Done<'_, Server>) -> String {
    format!("{client}#{number}@{via} at {}", done.node)
}

/// The object that the step's call is about.
fn tell_object(action: &mut Json, event: &ChainEvent, done: &Done<'_, Server>) {
    let command: &Command = match done.input {
        Some(Input::Request(_, command)) => command,
        Some(Input::Message(_, ChainMessage { body: Body::Call { command, .. }, .. })) => command,
        _ => return,
    };
    match event {
        ChainEvent::Appended { .. } => {
            action["call"] = json!({ "id": action["call"], "key": command.key() });
        }
        ChainEvent::TookRead { .. } | ChainEvent::AnsweredAnyhow { .. } => {
            action["key"] = json!(command.key())
        }
        _ => {}
    }
}
