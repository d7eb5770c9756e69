//! What holds in the composition: the invariants of both parts, and that the chain lives in nothing but what the masters
//! decided.
use std::collections::BTreeMap;

use synod_chain_replication::{Configuration, Epoch, Record as ChainRecord, invariants as of_chain};
use synod_protocol::{Effect, NodeId, Nodes, Observer, Place, Step, Violation, What};
use synod_raft::{RaftEvent, Term, invariants as of_raft};

use super::node::{Event, Record, Server};

/// Remembers who led, and what was taken for decided.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    leaders: BTreeMap<Term, NodeId>,
    /// As the masters applied them, and whether a server has lived in it.
    decided: BTreeMap<Epoch, (Configuration, bool)>,
    /// Where each server lives.
    epochs: BTreeMap<NodeId, Epoch>,
    steps: u64,
}

/// So many steps lie between two comparisons of all masters.
const MOMENT_EVERY: u64 = 256;
/// After each of the first so many they are compared: a short story need not wait for its turn.
const ONE_BY_ONE: u64 = 64;

impl Observer<Server> for Watch {
    fn observe(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>) -> Result<(), Violation> {
        let Place::Node(id) = step.place else { return Ok(()) };
        if !matches!(step.what, What::Booted { .. } | What::Handled { .. }) {
            return Ok(());
        }
        match nodes.get(id) {
            Some(Server::Master(master)) => self.decided(&master.latest(), master.is_alone())?,
            Some(server) => links(id, server, nodes)?,
            None => return Ok(()),
        }
        if let (What::Booted { .. }, Some(chain)) = (&step.what, nodes.get(id).and_then(Server::chain)) {
            // A crash may take back what it had heard and not yet written.
            self.epochs.insert(id, chain.epoch());
        }
        for effect in step.what.effects() {
            match effect {
                Effect::Event(Event::Raft(RaftEvent::BecameLeader { term, .. })) => self.leads(id, *term)?,
                Effect::Persist(Record::Chain(ChainRecord::Configured(configuration))) => {
                    self.adopted(id, configuration)?;
                }
                _ => {}
            }
        }
        self.steps += 1;
        match self.steps < ONE_BY_ONE || self.steps.is_multiple_of(MOMENT_EVERY) {
            true => masters(nodes),
            false => Ok(()),
        }
    }
}

impl Watch {
    fn leads(&mut self, id: NodeId, term: Term) -> Result<(), Violation> {
        let first = *self.leaders.entry(term).or_insert(id);
        if first == id {
            return Ok(());
        }
        Err(Violation::new(
            "Election Safety",
            format!("{first} and {id} both led term {term} of the masters"),
        ))
    }

    /// A lone master commits what is not durable yet, since nobody sees it before it is: what it loses in a crash has
    /// never happened.
    fn decided(&mut self, latest: &Configuration, by_one: bool) -> Result<(), Violation> {
        let (first, was_seen) = self.decided.entry(latest.epoch).or_insert_with(|| (latest.clone(), false));
        if first == latest {
            return Ok(());
        }
        if by_one && !*was_seen {
            first.clone_from(latest);
            return Ok(());
        }
        let story = format!("epoch {} is {first:?} to one master, and {latest:?} to another", latest.epoch);
        Err(Violation::new(of_chain::name::ONE_CONFIGURATION, story))
    }

    /// A server lives in what a master has applied, and goes on to nothing but later epochs.
    fn adopted(&mut self, id: NodeId, configuration: &Configuration) -> Result<(), Violation> {
        let before = self.epochs.insert(id, configuration.epoch).unwrap_or_default();
        if configuration.epoch <= before {
            let story = format!("{id} goes from epoch {before} to epoch {}", configuration.epoch);
            return Err(Violation::new("Epochs Only Grow", story));
        }
        if let Some((decided, was_seen)) = self.decided.get_mut(&configuration.epoch)
            && decided == configuration
        {
            *was_seen = true;
            return Ok(());
        }
        let story = format!("{id} lives in {configuration:?}, which no master has decided");
        Err(Violation::new("Configurations are Decided", story))
    }
}

/// A server and its neighbours.
fn links(id: NodeId, server: &Server, nodes: Nodes<'_, Server>) -> Result<(), Violation> {
    let Some(chain) = server.chain() else { return Ok(()) };
    let others = nodes.iter().filter(|(other, _)| *other != id).filter_map(|(_, other)| other.chain());
    for other in others.filter(|other| other.epoch() == chain.epoch()) {
        of_chain::compare(chain, other)?;
    }
    Ok(())
}

fn masters(nodes: Nodes<'_, Server>) -> Result<(), Violation> {
    let masters: Vec<_> = nodes.iter().filter_map(|(_, node)| node.master()).collect();
    for (place, one) in masters.iter().enumerate() {
        for other in &masters[place + 1..] {
            of_raft::log_matching(one, other)?;
            of_raft::leader_completeness(one, other)?;
            of_raft::leader_completeness(other, one)?;
            of_raft::state_machine_safety(one, other)?;
        }
    }
    Ok(())
}
