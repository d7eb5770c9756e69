//! What must survive a crash, and the records that change it.
use alloc::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Durable, Image, Replicated, StateMachine, Time};

use crate::{Configuration, Configurations, Entry, Epoch, Index, master::Change};

/// A server's disk. `Hist`, the papers' history of updates, is what `replicated` went through, then `sent`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Persistent<S: StateMachine> {
    /// How often the server booted.
    pub life: u64,
    /// The name that its first boot gave to an empty disk, where servers may lose theirs ([`Config::rejoins`](crate::Config::rejoins)).
    pub disk: Option<Time>,
    /// The latest that it heard of; none before the first change.
    pub configuration: Option<Configuration>,
    /// The state machine and the clients' sessions after the updates up to `acked`: the clean versions.
    pub replicated: Replicated<S>,
    /// The last update that this server knows the tail to have.
    pub acked: Index,
    /// `Sent`: the updates behind `acked`, in order. Their versions are dirty.
    pub sent: VecDeque<Entry<S::Command>>,
    /// Per client, the call that is in `sent`.
    pub pending: BTreeMap<ClientId, u64>,
    /// As a server that joins: the epoch in which it was given its state.
    pub copied_in: Epoch,
    /// As a tail, in this configuration: the server that joins has the last word, and not this one.
    pub handed_over: bool,
    /// As the master: what it decided.
    pub configurations: Configurations,
}

/// Not derived: that would ask for `S::Command: Default`.
impl<S: StateMachine> Default for Persistent<S> {
    fn default() -> Self {
        Persistent {
            life: 0,
            disk: None,
            configuration: None,
            replicated: Replicated::default(),
            acked: Index::ZERO,
            sent: VecDeque::new(),
            pending: BTreeMap::new(),
            copied_in: Epoch(0),
            handed_over: false,
            configurations: Configurations::default(),
        }
    }
}

/// One atomic change of [`Persistent`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Record<S: StateMachine> {
    /// A life begins; the master's first with what everybody was told, and that of an empty disk with its name.
    Booted {
        begin: Option<Change>,
        disk: Option<Time>,
    },
    Configured(Configuration),
    /// These follow what the server has.
    Updated {
        entries: Arc<[Entry<S::Command>]>,
    },
    /// The tail has everything up to here: it is clean.
    Committed {
        index: Index,
    },
    /// In place of all that the server had: the state after `index`, and what follows it.
    Restored {
        index: Index,
        image: Arc<Image<S>>,
        entries: Arc<[Entry<S::Command>]>,
    },
    HandedOver,
    /// By the master.
    Decided(Change),
}

impl<S: StateMachine> Durable for Persistent<S> {
    type Record = Record<S>;

    fn apply(&mut self, record: &Record<S>) {
        match record {
            Record::Booted { begin, disk } => {
                self.life = self.life.saturating_add(1);
                self.disk = self.disk.or(*disk);
                begin.iter().for_each(|begin| self.configurations.decide(begin));
            }
            Record::Configured(configuration) => {
                self.configuration = Some(configuration.clone());
                self.handed_over = false;
            }
            Record::Updated { entries } => self.append(entries),
            Record::Committed { index } => {
                while self.acked < *index
                    && let Some(entry) = self.sent.pop_front()
                {
                    let Entry { caller, command } = entry;
                    self.replicated.apply(caller.client, caller.number, &command);
                    self.acked = self.acked.next();
                    if self.pending.get(&caller.client) == Some(&caller.number) {
                        self.pending.remove(&caller.client);
                    }
                }
            }
            Record::Restored { index, image, entries } => {
                self.replicated = Replicated::restore(image);
                self.acked = *index;
                self.sent.clear();
                self.pending.clear();
                self.append(entries);
                self.copied_in = self.configuration.as_ref().map_or(Epoch(1), |it| it.epoch);
            }
            Record::HandedOver => self.handed_over = true,
            Record::Decided(change) => self.configurations.decide(change),
        }
    }
}

impl<S: StateMachine> Persistent<S> {
    /// The end of `Hist`.
    pub fn last(&self) -> Index {
        self.acked.plus(self.sent.len())
    }

    fn append(&mut self, entries: &[Entry<S::Command>]) {
        for entry in entries {
            self.pending.insert(entry.caller.client, entry.caller.number);
            self.sent.push_back(entry.clone());
        }
    }
}
