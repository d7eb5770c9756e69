//! The invariants over a whole run: with the memory of what was answered.
use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    format,
    vec::Vec,
};

use synod_protocol::{
    Effect, NodeId, Nodes, Observer, Place, Replicated, StateMachine, Step, Violation, What,
};

use crate::{
    Chain, Configuration, Entry, Epoch, Index, Persistent,
    event::ChainEvent,
    invariants::{self, Checked, name},
    record::Record,
};

/// Watches each step of a run. A step costs what it changed; now and then all that one moment can show is compared
/// in full.
#[derive(Clone, Debug)]
pub struct Watch<S: StateMachine> {
    /// `Hist` of each server.
    histories: BTreeMap<NodeId, History<S>>,
    /// The updates that a tail took: they may be answered from then on.
    committed: History<S>,
    /// What these lead to.
    replicated: Replicated<S>,
    configurations: BTreeMap<Epoch, Configuration>,
    /// How many records each server wrote, and which of those made updates committed. They count when they are
    /// durable: before, nobody hears of it, and a crash may undo it.
    written: BTreeMap<NodeId, u64>,
    unsynced: BTreeMap<NodeId, VecDeque<(u64, Index)>>,
    /// They lost their disks, and nobody took them in since: what they had is not there, and they say nothing.
    blank: BTreeSet<NodeId>,
    steps: u64,
}

type History<S> = Vec<Entry<<S as StateMachine>::Command>>;

/// How many steps of nodes lie between two full comparisons.
const MOMENT_EVERY: u64 = 256;
/// After each of the first so many all is compared: a short story need not wait for its turn.
const ONE_BY_ONE: u64 = 64;

/// Not derived: that would ask for `S: Default` in places where nothing is made.
impl<S: StateMachine> Default for Watch<S> {
    fn default() -> Self {
        Watch {
            histories: BTreeMap::new(),
            committed: Vec::new(),
            replicated: Replicated::default(),
            configurations: BTreeMap::new(),
            written: BTreeMap::new(),
            unsynced: BTreeMap::new(),
            blank: BTreeSet::new(),
            steps: 0,
        }
    }
}

impl<S: StateMachine> Observer<Chain<S>> for Watch<S> {
    fn observe(&mut self, step: &Step<'_, Chain<S>>, nodes: Nodes<'_, Chain<S>>) -> Checked {
        let Place::Node(id) = step.place else { return Ok(()) };
        // What survives a crash is durable as well, though no sync said so.
        if let What::Synced { records } | What::Crashed { records } = step.what {
            return self.synced(id, records);
        }
        if let What::Wiped = step.what {
            self.blank.insert(id);
        }
        let Some(node) = nodes.get(id) else { return Ok(()) };
        match &step.what {
            What::Booted { durable, records, .. } => {
                self.booted(node, durable.unwrap_or(node.persistent()), *records);
            }
            What::Handled { .. } => {}
            _ => return Ok(()),
        }
        let mut is_tail = false;
        for effect in step.what.effects() {
            match effect {
                Effect::Event(event) => is_tail = matches!(event, ChainEvent::Committed { .. }),
                Effect::Persist(record) => self.wrote(node, record, is_tail, nodes)?,
                _ => {}
            }
        }
        self.steps += 1;
        if self.steps < ONE_BY_ONE || self.steps.is_multiple_of(MOMENT_EVERY) {
            invariants::check(nodes)?;
            self.same_state(node)?;
        }
        Ok(())
    }
}

impl<S: StateMachine> Watch<S> {
    fn booted(&mut self, node: &Chain<S>, durable: &Persistent<S>, records: u64) {
        let history = self.committed(durable.acked).iter().chain(&durable.sent).cloned().collect();
        self.histories.insert(node.id(), history);
        self.written.insert(node.id(), records);
        self.unsynced.remove(&node.id());
    }

    fn wrote(
        &mut self,
        node: &Chain<S>,
        record: &Record<S>,
        is_tail: bool,
        nodes: Nodes<'_, Chain<S>>,
    ) -> Checked {
        *self.written.entry(node.id()).or_default() += 1;
        match record {
            Record::Updated { entries } => {
                self.histories.entry(node.id()).or_default().extend(entries.iter().cloned());
                self.propagated(node, nodes)
            }
            Record::Restored { index, entries, .. } => {
                if index.0 > self.committed.len() as u64 {
                    let story = format!(
                        "{} was given the state after update {index}, and {} were answered",
                        node.id(),
                        self.committed.len()
                    );
                    return Err(Violation::new(name::IN_PROCESS, story));
                }
                let history = self.committed(*index).iter().chain(&**entries).cloned().collect();
                self.histories.insert(node.id(), history);
                self.blank.remove(&node.id());
                self.propagated(node, nodes)
            }
            Record::Committed { index } if is_tail => self.tail_has(node, *index),
            Record::Committed { index } => self.learned(node.id(), *index),
            Record::Configured(configuration) => {
                if configuration.is_member(node.id()) {
                    self.blank.remove(&node.id());
                }
                self.decided(configuration)?;
                self.propagated(node, nodes)
            }
            Record::Decided(_) => self.decided(&node.persistent().configurations.current),
            Record::Booted { .. } | Record::HandedOver => Ok(()),
        }
    }

    fn decided(&mut self, configuration: &Configuration) -> Checked {
        let first = self.configurations.entry(configuration.epoch).or_insert_with(|| configuration.clone());
        if first != configuration {
            let story = format!("epoch {} is {first:?} and {configuration:?}", configuration.epoch);
            return Err(Violation::new(name::ONE_CONFIGURATION, story));
        }
        Ok(())
    }

    fn propagated(&self, node: &Chain<S>, nodes: Nodes<'_, Chain<S>>) -> Checked {
        let configuration = node.configuration();
        let neighbours = [configuration.predecessor(node.id()), configuration.successor(node.id())];
        let [predecessor, successor] = neighbours.map(|neighbour| nodes.get(neighbour?));
        predecessor.map_or(Ok(()), |predecessor| invariants::update_propagation(predecessor, node))?;
        successor.map_or(Ok(()), |successor| invariants::update_propagation(node, successor))
    }

    /// Everybody in the tail's chain has what it says to be in the history of all, in the same place.
    fn tail_has(&mut self, node: &Chain<S>, index: Index) -> Checked {
        let of =
            |id: NodeId, position: usize| self.histories.get(&id).and_then(|history| history.get(position));
        for position in self.committed.len()..usize::try_from(index.0).unwrap_or(usize::MAX) {
            let Some(entry) = of(node.id(), position) else { break };
            let lacks = |&&id: &&NodeId| !self.blank.contains(&id) && of(id, position) != Some(entry);
            if let Some(id) = node.configuration().chain.iter().find(lacks) {
                let story = format!(
                    "{} answers update {} in epoch {}, and {id} does not have it",
                    node.id(),
                    position + 1,
                    node.epoch()
                );
                return Err(Violation::new(name::ALL_HAVE_IT, story));
            }
        }
        let record = self.written.get(&node.id()).copied().unwrap_or_default();
        self.unsynced.entry(node.id()).or_default().push_back((record, index));
        Ok(())
    }

    /// What a tail took is durable there: now it is what everybody will have.
    fn synced(&mut self, id: NodeId, records: u64) -> Checked {
        let unsynced = self.unsynced.entry(id).or_default();
        let mut last = None;
        while let Some((_, index)) = unsynced.pop_front_if(|(record, _)| *record <= records) {
            last = Some(index);
        }
        let Some(last) = last else { return Ok(()) };
        let history = self.histories.get(&id).map(Vec::as_slice).unwrap_or_default();
        let end = usize::try_from(last.0).unwrap_or(usize::MAX).min(history.len());
        let new = history.get(self.committed.len()..end).unwrap_or_default();
        for entry in new {
            self.replicated.apply(entry.caller.client, entry.caller.number, &entry.command);
        }
        self.committed.extend_from_slice(new);
        self.learned(id, last)
    }

    /// Nobody takes for answered what no tail had, or what is not what the tail had.
    fn learned(&self, id: NodeId, index: Index) -> Checked {
        let history = self.histories.get(&id).map(Vec::as_slice).unwrap_or_default();
        let last = usize::try_from(index.0).unwrap_or(usize::MAX);
        if last > self.committed.len() {
            let story = format!(
                "{} takes update {index} for answered; the tails had {} updates",
                id,
                self.committed.len()
            );
            return Err(Violation::new(name::IN_PROCESS, story));
        }
        if history.get(..last).and_then(<[_]>::last) != self.committed(index).last() {
            let story = format!("{} takes for answered another update {index} than the tail", id);
            return Err(Violation::new(name::IN_PROCESS, story));
        }
        Ok(())
    }

    fn committed(&self, index: Index) -> &[Entry<S::Command>] {
        let end = usize::try_from(index.0).unwrap_or(usize::MAX).min(self.committed.len());
        &self.committed[..end]
    }

    fn same_state(&self, node: &Chain<S>) -> Checked {
        if node.acked().0 == self.committed.len() as u64 && *node.replicated() != self.replicated {
            let story = format!("{} has another state than its {} updates lead to", node.id(), node.acked());
            return Err(Violation::new(name::SAME_STATE, story));
        }
        Ok(())
    }
}
