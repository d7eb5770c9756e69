//! The same over a whole run: what one moment does not show.
use alloc::{collections::BTreeMap, format, vec::Vec};

use synod_protocol::{Data, Effect, Input, NodeId, Nodes, Observer, Place, Step, Violation, What};

use crate::{
    Ballot,
    history::{Fact, Promises, Written},
};

use super::{
    Paxos, PaxosMessage,
    invariants::{self, Checked, name},
};

/// Watches each step of a run: what was ever proposed, in which ballot, who promised what, what was learned.
#[derive(Clone, Debug)]
pub struct Watch<V> {
    /// What clients proposed.
    asked: Vec<V>,
    /// The value of each ballot.
    proposed: BTreeMap<Ballot, Fact<V>>,
    promises: Promises,
    /// What each server learned.
    learned: BTreeMap<NodeId, Fact<V>>,
    /// What was learned for good.
    chosen: Option<V>,
    written: Written,
}

/// Not derived: that would ask for `V: Default`.
impl<V> Default for Watch<V> {
    fn default() -> Self {
        Watch {
            asked: Vec::new(),
            proposed: BTreeMap::new(),
            promises: Promises::default(),
            learned: BTreeMap::new(),
            chosen: None,
            written: Written::default(),
        }
    }
}

impl<V: Data> Observer<Paxos<V>> for Watch<V> {
    fn observe(&mut self, step: &Step<'_, Paxos<V>>, nodes: Nodes<'_, Paxos<V>>) -> Checked {
        let Place::Node(id) = step.place else { return Ok(()) };
        match &step.what {
            What::Booted { records, .. } => self.written.booted(id, *records),
            What::Crashed { records } => self.crashed(id, *records),
            What::Sent { .. } => self.promises.see(step),
            What::Handled { input, effects, .. } => {
                if let Input::Request(_, value) = &**input
                    && !self.asked.contains(value)
                {
                    self.asked.push(value.clone());
                }
                let written = self.written.count(id, effects);
                self.did(step.number, id, written, effects)?;
                if let Some(node) = nodes.get(id) {
                    self.learned(node, written)?;
                }
                return invariants::check(nodes);
            }
            _ => {}
        }
        Ok(())
    }
}

impl<V: Data> Watch<V> {
    fn crashed(&mut self, node: NodeId, records: u64) {
        self.promises.crashed(node);
        self.proposed.retain(|_, fact| fact.survives(node, records));
        if let Some(fact) = self.learned.remove(&node)
            && fact.survives(node, records)
        {
            self.chosen = Some(fact.what);
        }
    }

    fn did(&mut self, step: u64, id: NodeId, written: u64, effects: &[Effect<Paxos<V>>]) -> Checked {
        for (place, effect) in effects.iter().enumerate() {
            match effect {
                Effect::Send(_, PaxosMessage::Accept { ballot, value }) => {
                    self.proposed(*ballot, value, id, written)?;
                }
                Effect::Send(_, PaxosMessage::Promise { ballot, .. }) => {
                    self.promises.made(step, place, id, *ballot);
                }
                Effect::Send(_, PaxosMessage::Accepted { ballot, value }) => {
                    self.proposed(*ballot, value, id, written)?;
                    let promised = self.promises.of(id);
                    if *ballot < promised {
                        let story = format!("{id} promised {promised} and voted in {ballot}");
                        return Err(Violation::new(name::PROMISES_KEPT, story));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// 2. and 3.: what is proposed was asked for, and is the only value of its ballot.
    fn proposed(&mut self, ballot: Ballot, value: &V, id: NodeId, written: u64) -> Checked {
        if let Some(known) = self.proposed.get_mut(&ballot) {
            known.heard_from(id);
            if known.what == *value {
                return Ok(());
            }
            let story = format!("in ballot {ballot}, {:?} was proposed, and by {id} {value:?}", known.what);
            return Err(Violation::new(name::ONE_VALUE_PER_BALLOT, story));
        }
        if !self.asked.contains(value) {
            let story = format!("{id} proposed or accepted {value:?}, which no client asked for");
            return Err(Violation::new(name::VALIDITY, story));
        }
        let owner = Some((id, written));
        self.proposed.insert(ballot, Fact { what: value.clone(), owner });
        Ok(())
    }

    /// 1.: whoever learned a value, in this life or an earlier one, learned this one.
    fn learned(&mut self, node: &Paxos<V>, written: u64) -> Checked {
        let Some(learned) = node.chosen() else { return Ok(()) };
        if self.learned.contains_key(&node.id()) {
            return Ok(());
        }
        let known = self.learned.values().map(|fact| &fact.what).chain(&self.chosen);
        if let Some(other) = known.into_iter().find(|other| **other != learned.value) {
            let story = format!("{} learned {:?}, where {other:?} had been chosen", node.id(), learned.value);
            return Err(Violation::new(name::AGREEMENT, story));
        }
        let owner = Some((node.id(), written));
        self.learned.insert(node.id(), Fact { what: learned.value.clone(), owner });
        Ok(())
    }
}
