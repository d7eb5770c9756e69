//! How the toy is told.
use std::collections::BTreeMap;

use synod_protocol::{Effect, NodeId};
use synod_telemetry::{Milestone, Narrator, Story};

use super::node::{Add, Ballot, Event, Message, Role, Timer, View};

/// Tells elections, heartbeats and calls.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    /// What each node stood for last.
    stood: BTreeMap<NodeId, u64>,
}

fn election(node: NodeId, term: u64) -> Story {
    Story::attempt(node, format!("election term={term} {node}"))
}

fn heartbeats(node: NodeId, term: u64) -> Story {
    Story::background(node, format!("heartbeats term={term} {node}"))
}

impl Narrator<Ballot> for Teller {
    fn service(&self, node: NodeId) -> String {
        format!("toy-{node}")
    }

    fn timer_story(
        &mut self,
        node: NodeId,
        timer: Timer,
        _: &[Effect<Ballot>],
        view: &View,
    ) -> Option<Story> {
        Some(match timer {
            Timer::Election => election(node, view.term),
            Timer::Heartbeat => heartbeats(node, view.term),
        })
    }

    /// Sums travel in the trace of the call that they are for.
    fn message_stories(&mut self, _: NodeId, _: NodeId, message: &Message) -> Vec<Story> {
        match message {
            Message::Store { entries, .. } => {
                entries.iter().map(|entry| Story::call(entry.caller.client, entry.caller.number)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn milestones(&mut self, node: NodeId, event: &Event) -> Vec<Milestone> {
        match *event {
            Event::BecameCandidate { term } => {
                let before = self.stood.insert(node, term);
                let timed_out = before.map(|term| Milestone::end(election(node, term), "timed out"));
                timed_out.into_iter().chain([Milestone::of(election(node, term))]).collect()
            }
            Event::Voted { term, candidate } => vec![Milestone::of(election(candidate, term))],
            Event::BecameLeader { term } => vec![Milestone::end(election(node, term), "won")],
            Event::SteppedDown { role, .. } => {
                let term = self.stood.get(&node).copied().unwrap_or_default();
                match role {
                    Role::Leader => vec![Milestone::end(heartbeats(node, term), "stepped down")],
                    _ => vec![Milestone::end(election(node, term), "lost")],
                }
            }
        }
    }

    fn request_title(&self, Add(amount): &Add) -> String {
        format!("add {amount}")
    }
}
