//! What must survive a crash, and the records that change it.
use alloc::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use synod_protocol::{Durable, Image, StateMachine};

use crate::Ballot;

use super::{Schedule, Slot, Value, Vote};

/// One promise for all slots, a vote per slot, and what the chosen slots came to.
///
/// 1. `promised` never decreases, and no vote is of a later ballot.
/// 2. Every slot in (`cut`, `chosen`] has a vote, and it is for what was chosen.
/// 3. `cut` is at most the snapshot's slot, which is at most `chosen`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Acceptor<S: StateMachine> {
    pub promised: Ballot,
    /// The latest vote for each slot after `cut`. There may be holes.
    pub votes: BTreeMap<Slot, Vote<S::Command>>,
    /// Up to here this server knew the slots to be chosen. It may lag: it rides on other records.
    pub chosen: Slot,
    /// Votes up to here are gone: the snapshot stands for them.
    pub cut: Slot,
    pub snapshot: Option<Arc<Snapshot<S>>>,
}

/// What the chosen values up to a slot came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<S: StateMachine> {
    pub through: Slot,
    /// Who decides the slots after it.
    pub schedule: Schedule,
    pub image: Image<S>,
}

/// Not derived: that would ask for `S::Command: Default`.
impl<S: StateMachine> Default for Acceptor<S> {
    fn default() -> Self {
        Acceptor {
            promised: Ballot::ZERO,
            votes: BTreeMap::new(),
            chosen: Slot::ZERO,
            cut: Slot::ZERO,
            snapshot: None,
        }
    }
}

/// One atomic change of [`Acceptor`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Record<S: StateMachine> {
    Promised(Ballot),
    /// Votes for `values` in the slots from `first` on. A vote is a promise as well.
    Voted {
        ballot: Ballot,
        first: Slot,
        values: Arc<[Value<S::Command>]>,
        chosen: Slot,
    },
    /// Keeps this snapshot, its own or another server's, and cuts the votes up to `cut`.
    Snapshot {
        snapshot: Arc<Snapshot<S>>,
        cut: Slot,
    },
}

impl<S: StateMachine> Durable for Acceptor<S> {
    type Record = Record<S>;

    fn apply(&mut self, record: &Record<S>) {
        match record {
            Record::Promised(ballot) => self.promised = *ballot,
            Record::Voted { ballot, first, values, chosen } => {
                self.promised = *ballot;
                self.chosen = *chosen;
                for (value, slot) in values.iter().zip(first.0..) {
                    self.votes.insert(Slot(slot), Vote { ballot: *ballot, value: value.clone() });
                }
            }
            Record::Snapshot { snapshot, cut } => {
                self.chosen = self.chosen.max(snapshot.through);
                self.cut = *cut;
                self.votes = self.votes.split_off(&cut.next());
                self.snapshot = Some(snapshot.clone());
            }
        }
    }
}
