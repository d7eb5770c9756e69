//! What a person is told of a chain: who is in it, and why.
use serde_json::{Map, Value, json};
use synod_chain_replication::{ChainEvent, Epoch};
use synod_protocol::{NodeId, Time};

use super::{Server, diagram::in_order};
use crate::algorithm::{Chronicle, Line, in_words};

/// The configurations, and how the reads were answered.
#[derive(Debug, Default)]
pub struct ChainChronicle {
    configurations: Vec<(Time, Epoch, Vec<NodeId>)>,
    excluded: u64,
    lost: u64,
    joined: u64,
    clean: u64,
    dirty: u64,
}

impl Chronicle<Server> for ChainChronicle {
    fn tell(&mut self, at: Time, node: NodeId, event: &ChainEvent) -> Option<Line> {
        match event {
            ChainEvent::Excluded { epoch, chain, serves, .. } => {
                self.excluded += 1;
                self.configurations.push((at, *epoch, chain.clone()));
                let short = if *serves { "" } else { ", too short to answer" };
                Some(Line::new(format!(
                    "{node} takes servers for dead: epoch {epoch} is {}{short}",
                    in_order(chain)
                )))
            }
            ChainEvent::Admitted { epoch, server } => {
                Some(Line::new(format!("{node} lets {server} join in epoch {epoch}")))
            }
            ChainEvent::Named { server, was_known: true, .. } => {
                self.lost += 1;
                Some(Line::new(format!(
                    "{server} has lost its disk, and has no part in anything before it joins anew"
                )))
            }
            ChainEvent::Promoted { epoch, chain } => {
                self.joined += 1;
                self.configurations.push((at, *epoch, chain.clone()));
                Some(Line::new(format!("a new tail: epoch {epoch} is {}", in_order(chain))))
            }
            ChainEvent::HandedOver { to, index, .. } => {
                Some(Line::new(format!("{node} has handed over to {to}, at update {index}")))
            }
            ChainEvent::Restored { .. } | ChainEvent::SentState { .. } | ChainEvent::Configured { .. } => {
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            ChainEvent::AnsweredReads { clean, dirty, .. } => {
                self.clean += clean;
                self.dirty += dirty;
                None
            }
            _ => None,
        }
    }

    fn summary(&self) -> Map<String, Value> {
        let told = |(at, epoch, chain): &(Time, Epoch, Vec<NodeId>)| json!({ "at": at, "epoch": epoch, "chain": chain.iter().map(NodeId::to_string).collect::<Vec<_>>() });
        let chain = json!({
            "excluded": self.excluded,
            "lost_disks": self.lost,
            "joined": self.joined,
            "configurations": self.configurations.iter().map(told).collect::<Vec<_>>(),
        });
        let reads = json!({ "clean": self.clean, "dirty": self.dirty });
        Map::from_iter([("chain".to_owned(), chain), ("reads".to_owned(), reads)])
    }

    fn in_a_line(&self) -> String {
        let last = self.configurations.last().map_or(Epoch(1), |(_, epoch, _)| *epoch);
        let ChainChronicle { excluded, joined, clean, dirty, .. } = self;
        format!(
            "chain        {excluded} times shorter, {joined} new tails, up to epoch {last}; reads: {clean} clean, {dirty} dirty"
        )
    }
}
