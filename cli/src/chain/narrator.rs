//! Chain replication as spans: a trace per call, per join, and per server's heartbeats.
use std::collections::BTreeMap;

use synod_chain_replication::{Body, ChainEvent, ChainMessage, Timer, View};
use synod_kv::{Command, Store};
use synod_protocol::{Effect, NodeId};
use synod_telemetry::{Milestone, Narrator, Story};

use super::Server;

/// A trace per call, per server that joins, and per server's heartbeats.
#[derive(Debug, Default)]
pub struct ChainNarrator {
    /// Whoever joins now, by the master that lets it.
    joining: BTreeMap<NodeId, Story>,
}

impl ChainNarrator {
    fn end(&mut self, master: NodeId, outcome: &'static str) -> Vec<Milestone> {
        self.joining.remove(&master).map(|story| Milestone::end(story, outcome)).into_iter().collect()
    }
}

impl Narrator<Server> for ChainNarrator {
    fn service(&self, node: NodeId) -> String {
        format!("chain-{node}")
    }

    fn timer_story(
        &mut self,
        node: NodeId,
        timer: Timer,
        effects: &[Effect<Server>],
        view: &View,
    ) -> Option<Story> {
        match timer {
            Timer::Heartbeat => {
                Some(Story::background(node, format!("heartbeats epoch={} {node}", view.epoch)))
            }
            Timer::Resend => Some(Story::background(node, format!("resends epoch={} {node}", view.epoch))),
            Timer::Detect => {
                let admitted = effects.iter().find_map(|effect| match effect {
                    Effect::Event(ChainEvent::Admitted { epoch, server }) => Some((*epoch, *server)),
                    _ => None,
                });
                match admitted {
                    Some((epoch, server)) => {
                        let story = Story::attempt(node, format!("join epoch={epoch} {server}"));
                        self.joining.insert(node, story.clone());
                        Some(story)
                    }
                    None => Some(Story::background(node, format!("detection epoch={} {node}", view.epoch))),
                }
            }
        }
    }

    /// Updates belong to the calls that they came from.
    fn message_stories(&mut self, _: NodeId, _: NodeId, message: &ChainMessage<Store>) -> Vec<Story> {
        match &message.body {
            Body::Update { entries, .. } => {
                entries.iter().map(|entry| Story::call(entry.caller.client, entry.caller.number)).collect()
            }
            Body::Call { caller, .. } => vec![Story::call(caller.client, caller.number)],
            _ => Vec::new(),
        }
    }

    fn milestones(&mut self, node: NodeId, event: &ChainEvent) -> Vec<Milestone> {
        let of_all =
            |joining: &BTreeMap<NodeId, Story>| joining.values().cloned().map(Milestone::of).collect();
        match event {
            ChainEvent::Admitted { .. } => of_all(&self.joining),
            ChainEvent::SentState { .. } | ChainEvent::Restored { .. } | ChainEvent::HandedOver { .. } => {
                of_all(&self.joining)
            }
            ChainEvent::Promoted { .. } => self.end(node, "joined"),
            ChainEvent::Excluded { .. } => self.end(node, "begins anew"),
            _ => Vec::new(),
        }
    }

    fn request_title(&self, request: &Command) -> String {
        request.to_string()
    }
}
