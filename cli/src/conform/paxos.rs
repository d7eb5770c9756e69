//! Steps of single-decree Paxos, as the actions of `PaxosTrace.tla`.
use serde_json::{Value as Json, json};
use synod_paxos::{
    Ballot,
    single::{Config, PaxosEvent, PaxosMessage, View, Vote},
};
use synod_protocol::{Effect, Event, Input, NodeId};

use super::{Conforms, Done, are_all, names};
use crate::paxos::{Paxos, Proposal, Server};

impl Conforms for Paxos {
    const SPEC: &'static str = "paxos/Paxos";

    fn unknown(config: &Config, nodes: u32) -> Option<&'static str> {
        (!are_all(&config.members, nodes)).then_some("not all of its nodes are acceptors")
    }

    fn constants(config: &Config, nodes: u32) -> Vec<(&'static str, Json)> {
        let names = names(nodes);
        vec![
            ("Quorum1", json!(subsets(&names, config.quorums.phase_1))),
            ("Quorum2", json!(subsets(&names, config.quorums.phase_2))),
            ("Acceptor", json!(names)),
        ]
    }

    fn actions(done: &Done<'_, Server>) -> Vec<(usize, Json)> {
        let message = match done.input {
            Some(Input::Message(from, message)) => message_of(*from, message),
            _ => None,
        };
        let mut actions = Vec::new();
        for (at, effect) in done.effects.iter().enumerate() {
            let Effect::Event(event) = effect else { continue };
            let (Some(name), Some(ballot)) = (event.action(), ballot_of(event)) else { continue };
            let mut action = json!({ "action": name, "bal": number(ballot) });
            if let PaxosEvent::Proposed { .. } = event {
                // The value is in the messages that follow, and in the record of the proposer's own vote.
                let Some(value) = done.effects[at..].iter().find_map(|effect| proposed(effect, ballot))
                else {
                    continue;
                };
                action["val"] = value_of(value);
            } else if let Some(message) = message.as_ref().filter(|message| message["bal"] == action["bal"]) {
                action["m"] = message.clone();
            }
            actions.push((at, action));
        }
        actions
    }

    fn post(view: &View) -> Json {
        let or_none = |ballot: Option<Ballot>| ballot.map_or(-1, number);
        json!({
            "promised": if view.promised == Ballot::ZERO { -1 } else { number(view.promised) },
            "voted": or_none(view.voted),
            "chosen": or_none(view.chosen),
        })
    }
}

/// A pair in one number, in the same order.
pub(super) fn number(ballot: Ballot) -> i64 {
    i64::try_from(ballot.round).unwrap_or(i64::MAX >> 8) * 128 + i64::from(ballot.proposer.0)
}

/// All subsets of this size.
fn subsets(names: &[String], size: usize) -> Vec<Vec<String>> {
    match (names, size) {
        (_, 0) => vec![Vec::new()],
        ([], _) => Vec::new(),
        ([first, rest @ ..], _) => {
            let with = subsets(rest, size - 1).into_iter();
            let with = with.map(|subset| [vec![first.clone()], subset].concat());
            with.chain(subsets(rest, size)).collect()
        }
    }
}

fn ballot_of(event: &PaxosEvent) -> Option<Ballot> {
    match event {
        PaxosEvent::Prepared { ballot }
        | PaxosEvent::Promised { ballot, .. }
        | PaxosEvent::Proposed { ballot, .. }
        | PaxosEvent::Accepted { ballot } => Some(*ballot),
        _ => None,
    }
}

fn proposed(effect: &Effect<Server>, of: Ballot) -> Option<&Proposal> {
    match effect {
        Effect::Send(_, PaxosMessage::Accept { ballot, value }) if *ballot == of => Some(value),
        Effect::Persist(synod_paxos::single::Record::Voted(vote)) if vote.ballot == of => Some(&vote.value),
        _ => None,
    }
}

/// Refusals are not in the spec: they only say which ballot to begin with.
fn message_of(from: NodeId, message: &PaxosMessage<Proposal>) -> Option<Json> {
    let acceptor = json!(from.to_string());
    Some(match message {
        PaxosMessage::Prepare { ballot } => json!({ "type": "1a", "bal": number(*ballot) }),
        PaxosMessage::Promise { ballot, vote } => {
            let (in_ballot, value) = match vote {
                Some(Vote { ballot, value }) => (number(*ballot), value_of(value)),
                None => (-1, json!("none")),
            };
            let bal = number(*ballot);
            json!({ "type": "1b", "acc": acceptor, "bal": bal, "mbal": in_ballot, "mval": value })
        }
        PaxosMessage::Accept { ballot, value } => {
            json!({ "type": "2a", "bal": number(*ballot), "val": value_of(value) })
        }
        PaxosMessage::Accepted { ballot, value } => {
            json!({ "type": "2b", "acc": acceptor, "bal": number(*ballot), "val": value_of(value) })
        }
        PaxosMessage::Nack { .. } => return None,
    })
}

fn value_of(value: &Proposal) -> Json {
    json!(format!("{}#{}", value.client, value.nth))
}
