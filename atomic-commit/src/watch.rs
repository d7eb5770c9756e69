//! AC1 to AC4 over a whole run.
use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    format,
    sync::Arc,
};
use core::marker::PhantomData;

use synod_protocol::{Effect, NodeId, Nodes, Observer, Place, Step, Violation, What};

use crate::{
    Fact, Protocol, TxnId,
    invariants::{self, Checked, name},
    transaction::Decision,
};

/// Watches each step of a run, with the memory that the properties speak of.
///
/// It goes by what nodes write, not by what they say. A record that a crash destroys takes back what it said: nobody
/// can have heard of it, since outputs wait for records.
#[derive(Clone, Debug)]
pub struct Watch<N> {
    transactions: BTreeMap<TxnId, Known>,
    disks: BTreeMap<NodeId, Disk>,
    steps: u64,
    of: PhantomData<fn(&N)>,
}

/// What is known of a transaction. Each fact stands with the number of records that its node had written before.
#[derive(Clone, Debug, Default)]
struct Known {
    participants: Option<Arc<[NodeId]>>,
    yes: BTreeMap<NodeId, u64>,
    decisions: BTreeMap<(NodeId, Role), (u64, Decision)>,
    /// Of which nodes a coordinator has a yes.
    heard: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Coordinator,
    Participant,
}

/// How many records a node wrote, and what was said by those that a crash may still destroy.
#[derive(Clone, Debug, Default)]
struct Disk {
    written: u64,
    unsynced: VecDeque<(u64, TxnId)>,
}

/// How many steps of nodes lie between two looks at all locks. After each of the first so many they are looked at, too: a short
/// story need not wait for its turn.
const MOMENT_EVERY: u64 = 64;

impl<N> Default for Watch<N> {
    fn default() -> Self {
        Watch { transactions: BTreeMap::new(), disks: BTreeMap::new(), steps: 0, of: PhantomData }
    }
}

impl<N: Protocol> Observer<N> for Watch<N> {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        let Place::Node(id) = step.place else { return Ok(()) };
        match &step.what {
            What::Booted { records, effects, .. } => {
                self.disks.insert(id, Disk { written: *records, unsynced: VecDeque::new() });
                self.effects(id, effects)
            }
            What::Handled { effects, .. } => {
                self.effects(id, effects)?;
                self.steps += 1;
                match self.steps < MOMENT_EVERY || self.steps.is_multiple_of(MOMENT_EVERY) {
                    true => invariants::check(nodes),
                    false => Ok(()),
                }
            }
            What::Synced { records } => {
                let unsynced = &mut self.disks.entry(id).or_default().unsynced;
                while unsynced.front().is_some_and(|(number, _)| number < records) {
                    unsynced.pop_front();
                }
                Ok(())
            }
            What::Crashed { records } => {
                self.crashed(id, *records);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl<N: Protocol> Watch<N> {
    fn effects(&mut self, id: NodeId, effects: &[Effect<N>]) -> Checked {
        for effect in effects {
            let disk = self.disks.entry(id).or_default();
            let number = disk.written;
            disk.written += u64::from(matches!(effect, Effect::Persist(_)));
            let Some(fact) = N::fact(effect) else { continue };
            disk.unsynced.push_back((number, fact.txn()));
            self.learn(id, number, fact)?;
        }
        Ok(())
    }

    fn learn(&mut self, id: NodeId, number: u64, fact: Fact) -> Checked {
        let txn = fact.txn();
        let known = self.transactions.entry(txn).or_default();
        match fact {
            Fact::VotedYes { participants, .. } => {
                known.participants = Some(participants);
                known.yes.insert(id, number);
                Ok(())
            }
            Fact::GotVote { from, yes, .. } => {
                if yes {
                    known.heard.entry(id).or_default().insert(from);
                }
                Ok(())
            }
            Fact::Closed { decision, .. } => self.decided(txn, (id, Role::Participant), number, decision),
            Fact::Decided { decision, .. } => {
                known.no_arbitrary_abort(txn, id, decision)?;
                self.decided(txn, (id, Role::Coordinator), number, decision)
            }
        }
    }

    fn decided(&mut self, txn: TxnId, who: (NodeId, Role), number: u64, decision: Decision) -> Checked {
        if decision == Decision::Commit {
            self.exactly_once(txn)?;
        }
        let known = self.transactions.entry(txn).or_default();
        known.unanimity(txn, who, decision)?;
        known.stability(txn, who, decision)?;
        known.agreement(txn, who, decision)?;
        known.decisions.insert(who, (number, decision));
        Ok(())
    }

    /// Of all runs of a call at most one commits. What was asked for under the same number but is something else is no
    /// run of it.
    fn exactly_once(&self, txn: TxnId) -> Checked {
        let is_run = |(other, _): &(&TxnId, &Known)| **other != txn && other.run.life().is_some();
        for (other, known) in self.transactions.range(txn.of_call()).filter(is_run) {
            if known.decisions.values().any(|(_, decision)| *decision == Decision::Commit) {
                let story = format!("{txn} commits, and so did {other}: the same call, twice");
                return Err(Violation::new(name::EXACTLY_ONCE, story));
            }
        }
        Ok(())
    }

    fn crashed(&mut self, id: NodeId, records: u64) {
        let Disk { unsynced, .. } = self.disks.remove(&id).unwrap_or_default();
        for (_, txn) in unsynced.into_iter().filter(|(number, _)| *number >= records) {
            let Some(known) = self.transactions.get_mut(&txn) else { continue };
            known.yes.retain(|node, number| *node != id || *number < records);
            known.decisions.retain(|(node, _), (number, _)| *node != id || *number < records);
        }
        self.transactions.values_mut().for_each(|known| {
            known.heard.remove(&id);
        });
    }
}

impl Known {
    fn agreement(&self, txn: TxnId, who: (NodeId, Role), decision: Decision) -> Checked {
        let other = self.decisions.iter().find(|(_, (_, other))| *other != decision);
        let Some(((other, _), (_, theirs))) = other else { return Ok(()) };
        let story = format!("of {txn}, {} decides {decision}, and {other} decided {theirs}", who.0);
        Err(Violation::new(name::AGREEMENT, story))
    }

    fn unanimity(&self, txn: TxnId, who: (NodeId, Role), decision: Decision) -> Checked {
        if decision == Decision::Abort {
            return Ok(());
        }
        let everybody = self.participants.as_deref().unwrap_or_default();
        let silent = everybody.iter().find(|participant| !self.yes.contains_key(participant));
        let story = match silent {
            Some(silent) => format!("{} commits {txn}, and {silent} has not voted yes", who.0),
            None if everybody.is_empty() => format!("{} commits {txn}, and nobody has voted yes", who.0),
            None => return Ok(()),
        };
        Err(Violation::new(name::UNANIMITY, story))
    }

    fn no_arbitrary_abort(&self, txn: TxnId, id: NodeId, decision: Decision) -> Checked {
        let (Decision::Abort, Some(everybody), Some(heard)) =
            (decision, &self.participants, self.heard.get(&id))
        else {
            return Ok(());
        };
        if everybody.iter().all(|participant| heard.contains(participant)) {
            let story = format!("{id} has a yes of every participant of {txn}, and aborts it");
            return Err(Violation::new(name::NO_ARBITRARY_ABORT, story));
        }
        Ok(())
    }

    fn stability(&self, txn: TxnId, who: (NodeId, Role), decision: Decision) -> Checked {
        match self.decisions.get(&who) {
            Some((_, before)) if *before != decision => {
                let story =
                    format!("{} decides to {decision} {txn}, which it had decided to {before}", who.0);
                Err(Violation::new(name::STABILITY, story))
            }
            _ => Ok(()),
        }
    }
}
