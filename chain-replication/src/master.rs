//! The master: who is in the chain (van Renesse & Schneider §3, "a service, called the master").
//!
//! What it decides is a state machine of its own, [`Configurations`]. Every [`Change`] names the epoch that it
//! is a change of, so one that comes late or twice changes nothing. Who applies them is a [`Master`]: here a single
//! node that does not fail; a group of nodes that replicates the same state machine does as well.
//!
//! It may be wrong about who lives, and must be: over a network nobody can tell. The chain is safe whatever it
//! decides, as long as it keeps three promises:
//!
//! 1. An epoch has one configuration, and epochs only grow.
//! 2. Who enters the chain has everything that was ever answered: it was in the last chain that answered, or a
//!    tail that had handed over to it said so ([`Change::Promote`]).
//! 3. It confirms an epoch only while that is the latest.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use synod_protocol::{Effects, NodeId, StateMachine, Time};

use crate::{
    Body, Chain, Config, Configuration, Epoch, Round, event::ChainEvent, message::ChainMessage, node::Timer,
    record::Record,
};

/// What the master knows: the latest configuration, and where to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Configurations {
    /// Of epoch 0 before the first.
    pub current: Configuration,
    /// The last chain that could answer. While the current one is too short to, nothing is answered, so each of
    /// these still has everything.
    pub base: Vec<NodeId>,
    /// A shorter chain does not answer.
    pub least: usize,
    /// The last disk that each server was heard to have, where servers may lose theirs.
    pub disks: BTreeMap<NodeId, Time>,
}

/// A change of the configuration of `epoch`; of no other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Change {
    /// The first configuration.
    Begin { servers: Vec<NodeId>, least: usize },
    /// These are taken for dead.
    Exclude { epoch: Epoch, dead: BTreeSet<NodeId> },
    /// This one may join: the tail is to give it the state.
    Admit { epoch: Epoch, server: NodeId },
    /// The one that joins has everything, and is the tail now.
    Promote { epoch: Epoch },
    /// This server has a new disk in place of that one: what was on that is lost. The first disk of all takes the place
    /// of none, and its server is what everybody was told.
    Name { server: NodeId, disk: Time, of: Option<Time> },
}

impl Configurations {
    pub fn new(servers: &[NodeId], least: usize) -> Configurations {
        let current = Configuration::first(servers, least);
        Configurations { base: current.chain.clone(), current, least, disks: BTreeMap::new() }
    }

    /// Total: a change of another epoch, or one that makes no sense, changes nothing.
    pub fn decide(&mut self, change: &Change) {
        let Some(next) = self.after(change) else { return };
        match change {
            Change::Begin { least, .. } => self.least = *least,
            Change::Name { server, disk, of } => {
                self.disks.insert(*server, *disk);
                self.base.retain(|member| of.is_none() || member != server);
            }
            Change::Exclude { .. } | Change::Admit { .. } | Change::Promote { .. } => {}
        }
        if next.serves {
            self.base.clone_from(&next.chain);
        }
        self.current = next;
    }

    /// What this change would make of the current configuration, if it changes anything at all.
    ///
    /// Spec: ChainReplication!Exclude, ChainReplication!Admit, ChainReplication!Promote, ChainReplication!Name
    pub fn after(&self, change: &Change) -> Option<Configuration> {
        let Configuration { epoch, chain, joining, .. } = &self.current;
        let of = match change {
            Change::Begin { servers, least } => {
                let is_first = epoch.0 == 0 && !servers.is_empty();
                return is_first.then(|| Configuration::first(servers, *least));
            }
            Change::Exclude { epoch, .. } | Change::Admit { epoch, .. } | Change::Promote { epoch } => *epoch,
            Change::Name { server, disk, of } => {
                let known = self.disks.get(server);
                if known != of.as_ref() || known == Some(disk) {
                    return None;
                }
                let has_no_part = !chain.contains(server) && *joining != Some(*server);
                if epoch.0 > 0 && (of.is_none() || has_no_part) {
                    return Some(self.current.clone());
                }
                *epoch
            }
        };
        if of != *epoch || epoch.0 == 0 {
            return None;
        }
        let (chain, joining) = match change {
            Change::Begin { .. } => return None,
            Change::Exclude { dead, .. } => self.without(|server| dead.contains(&server))?,
            Change::Name { server: lost, .. } => self.without(|server| server == *lost)?,
            Change::Admit { server, .. } => {
                if joining.is_some() || chain.contains(server) {
                    return None;
                }
                (chain.clone(), Some(*server))
            }
            Change::Promote { .. } => (chain.iter().copied().chain(Some((*joining)?)).collect(), None),
        };
        if chain == self.current.chain && joining == self.current.joining {
            return None;
        }
        Some(Configuration { epoch: epoch.next()?, serves: chain.len() >= self.least, chain, joining })
    }
}

impl Configurations {
    /// The chain without these, and who joins it. `None`: the last server that has everything cannot be done without.
    fn without(&self, is_dead: impl Fn(NodeId) -> bool) -> Option<(Vec<NodeId>, Option<NodeId>)> {
        let Configuration { chain, joining, serves, .. } = &self.current;
        let left = |servers: &[NodeId]| -> Vec<NodeId> {
            servers.iter().copied().filter(|server| !is_dead(*server)).collect()
        };
        let mut survivors = left(chain);
        if survivors.is_empty() && !serves {
            // One of them, for they may have parted: any may have been given the state of another.
            survivors = left(&self.base);
            survivors.truncate(1);
        }
        let joining = joining.filter(|server| !is_dead(*server) && !survivors.contains(server));
        (!survivors.is_empty()).then_some((survivors, joining))
    }
}

/// Who was heard since the last look. What it concludes may be wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Detector {
    heard: BTreeSet<NodeId>,
}

impl Detector {
    pub fn heard(&mut self, server: NodeId) {
        self.heard.insert(server);
    }

    /// Once per detection interval: what should change? Failures come before admissions.
    pub fn look(&mut self, configurations: &Configurations) -> Option<Change> {
        let heard = core::mem::take(&mut self.heard);
        let Configuration { epoch, chain, joining, .. } = &configurations.current;
        let in_use = chain.iter().chain(joining).chain(&configurations.base);
        let dead: BTreeSet<NodeId> = in_use.copied().filter(|server| !heard.contains(server)).collect();
        let exclude = Change::Exclude { epoch: *epoch, dead };
        if configurations.after(&exclude).is_some() {
            return Some(exclude);
        }
        heard
            .into_iter()
            .map(|server| Change::Admit { epoch: *epoch, server })
            .find(|admit| configurations.after(admit).is_some())
    }
}

/// The service that the servers obey, towards them: it hears who lives, decides one configuration after the other, and
/// says which is the latest. What a master does with its news is the same for all; they differ in how a change is
/// decided, and in how they know that nothing later was.
pub trait Master<S: StateMachine> {
    /// Takes what it sends.
    type Out;

    /// What was decided, as far as this one knows. It may be behind; it never takes anything back.
    fn decided(&self) -> &Configurations;

    /// `None`: this one decides nothing.
    fn detector(&mut self) -> Option<&mut Detector>;

    /// Has this change decided: now, later, or never. Whoever wants it asks again.
    fn decide(&mut self, change: Change, out: &mut Self::Out);

    /// A server asks whether its epoch is the latest. It may be told [`Body::Confirmed`] only if it is so at some
    /// moment after this.
    fn confirm(&mut self, server: NodeId, epoch: Epoch, round: Round, out: &mut Self::Out);

    fn tell(&mut self, server: NodeId, message: ChainMessage<S>, out: &mut Self::Out);

    /// A server lives. One that missed a configuration gets it.
    fn on_heartbeat(&mut self, from: NodeId, epoch: Epoch, out: &mut Self::Out) {
        if let Some(detector) = self.detector() {
            detector.heard(from);
        }
        if epoch < self.decided().current.epoch {
            self.tell_latest(from, out);
        }
    }

    /// A server has an empty disk. If that is not its first, it may have been counted on for what it lost: it is told who
    /// is the chain only when it is out of that.
    fn on_hello(&mut self, from: NodeId, disk: Time, out: &mut Self::Out) {
        if let Some(detector) = self.detector() {
            detector.heard(from);
        }
        let of = self.decided().disks.get(&from).copied();
        if of != Some(disk) {
            self.decide(Change::Name { server: from, disk, of }, out);
        }
        let Configurations { current, disks, .. } = self.decided();
        if disks.get(&from) == Some(&disk) {
            let (epoch, configuration) = (current.epoch, current.clone());
            self.tell(from, ChainMessage { epoch, body: Body::Welcome { disk, configuration } }, out);
        }
    }

    /// The tail of that epoch has handed over, and the server that joins has everything.
    fn on_joined(&mut self, epoch: Epoch, out: &mut Self::Out) {
        self.decide(Change::Promote { epoch }, out);
    }

    /// Once per detection interval.
    fn look_for_failures(&mut self, out: &mut Self::Out) {
        let decided = self.decided().clone();
        if let Some(change) = self.detector().and_then(|detector| detector.look(&decided)) {
            self.decide(change, out);
        }
    }

    fn tell_latest(&mut self, server: NodeId, out: &mut Self::Out) {
        let current = self.decided().current.clone();
        self.tell(server, ChainMessage { epoch: current.epoch, body: Body::Configured(current) }, out);
    }
}

/// The node that is the master, and does not fail.
impl<S: StateMachine> Master<S> for Chain<S> {
    type Out = Effects<Self>;

    fn decided(&self) -> &Configurations {
        &self.persistent.configurations
    }

    fn detector(&mut self) -> Option<&mut Detector> {
        self.detector.as_mut()
    }

    /// Spec: ChainReplication!Exclude, ChainReplication!Admit, ChainReplication!Promote, ChainReplication!Name
    fn decide(&mut self, change: Change, out: &mut Effects<Self>) {
        let Some(next) = self.persistent.configurations.after(&change) else { return };
        change.announce(&next, |event| out.note(event));
        self.persistent.write(Record::Decided(change), out);
        if next.epoch == self.epoch() {
            return;
        }
        for &server in self.config.servers.iter().filter(|&&server| server != self.id) {
            out.send(server, ChainMessage { epoch: next.epoch, body: Body::Configured(next.clone()) });
        }
        self.on_configured(&next, out);
    }

    /// Promise 3: what was the latest epoch when this came was so after the question was asked.
    ///
    /// Spec: ChainReplication!Confirm, Craq!Confirm
    fn confirm(&mut self, server: NodeId, epoch: Epoch, round: Round, out: &mut Effects<Self>) {
        if epoch != self.persistent.configurations.current.epoch {
            return self.tell_latest(server, out);
        }
        out.note(ChainEvent::Confirmed { epoch, server });
        out.send(server, ChainMessage { epoch, body: Body::Confirmed { round } });
    }

    fn tell(&mut self, server: NodeId, message: ChainMessage<S>, out: &mut Effects<Self>) {
        out.send(server, message);
    }
}

impl<S: StateMachine> Chain<S> {
    /// What everybody was told is decided first.
    pub(crate) fn begin(&self) -> Option<Change> {
        let Config { servers, least, .. } = &self.config;
        let begin = Change::Begin { servers: servers.clone(), least: *least };
        let is_first = self.is_master() && self.persistent.configurations.after(&begin).is_some();
        is_first.then_some(begin)
    }

    pub(crate) fn on_detect(&mut self, out: &mut Effects<Self>) {
        out.set_timer(Timer::Detect, self.config.detection());
        self.look_for_failures(out);
    }
}
