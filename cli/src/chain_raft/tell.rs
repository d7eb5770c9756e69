//! What a person and Jaeger are told of the composition: of the chain what is told of every chain, and who leads the
//! masters.
use serde_json::{Map, Value, json};
use synod_protocol::{Effect, NodeId, Time};
use synod_raft::RaftEvent;
use synod_telemetry::{Milestone, Narrator, Story};

use super::node::{Event, Message, Server, Timer, View};
use crate::{
    algorithm::{Chronicle, Line, in_words},
    chain::{ChainChronicle, ChainNarrator, Server as Chain},
};

#[derive(Debug, Default)]
pub struct Told {
    chain: ChainChronicle,
    leaders: Vec<(Time, u64, NodeId)>,
}

impl Chronicle<Server> for Told {
    fn tell(&mut self, at: Time, node: NodeId, event: &Event) -> Option<Line> {
        match event {
            Event::Chain(event) => Chronicle::<Chain>::tell(&mut self.chain, at, node, event),
            Event::Raft(RaftEvent::BecameLeader { term, .. }) => {
                self.leaders.push((at, term.0, node));
                Some(Line::new(format!("{node} leads the masters in term {term}")))
            }
            Event::Raft(event @ RaftEvent::LostQuorum { .. }) => {
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            Event::Raft(_) => None,
        }
    }

    fn summary(&self) -> Map<String, Value> {
        let mut summary = Chronicle::<Chain>::summary(&self.chain);
        let told = |(at, term, node): &(Time, u64, NodeId)| json!({ "at": at, "term": term, "leader": node.to_string() });
        summary.insert("masters".to_owned(), self.leaders.iter().map(told).collect());
        summary
    }

    fn in_a_line(&self) -> String {
        let chain = Chronicle::<Chain>::in_a_line(&self.chain);
        format!("{chain}\nmasters      {} leaders", self.leaders.len())
    }
}

/// A trace per call; what masters say to each other is in the background.
#[derive(Debug, Default)]
pub struct Tale {
    chain: ChainNarrator,
}

impl Narrator<Server> for Tale {
    fn service(&self, node: NodeId) -> String {
        format!("chain-raft-{node}")
    }

    fn timer_story(
        &mut self,
        node: NodeId,
        timer: Timer,
        _: &[Effect<Server>],
        view: &View,
    ) -> Option<Story> {
        let of = match view {
            View::Master(view, _) => format!("term={}", view.current_term),
            View::Link(view) => format!("epoch={}", view.epoch),
        };
        let what = match timer {
            Timer::Raft(timer) => format!("{timer:?}"),
            Timer::Chain(timer) => format!("{timer:?}"),
        };
        Some(Story::background(node, format!("{} {of} {node}", what.to_lowercase())))
    }

    fn message_stories(&mut self, from: NodeId, to: NodeId, message: &Message) -> Vec<Story> {
        match message {
            Message::Chain(message) => Narrator::<Chain>::message_stories(&mut self.chain, from, to, message),
            Message::Raft(_) => Vec::new(),
        }
    }

    fn milestones(&mut self, node: NodeId, event: &Event) -> Vec<Milestone> {
        match event {
            Event::Chain(event) => Narrator::<Chain>::milestones(&mut self.chain, node, event),
            Event::Raft(_) => Vec::new(),
        }
    }

    fn request_title(&self, request: &synod_kv::Command) -> String {
        request.to_string()
    }
}
