//! What must survive a crash.
use serde::{Deserialize, Serialize};
use synod_protocol::{Data, Durable};

use crate::Ballot;

use super::Vote;

/// "Stable storage, preserved during failures, is used to maintain the information that the acceptor must
/// remember" (§2.5), and "each proposer remembers (in stable storage) the highest-numbered proposal it has
/// tried to issue".
///
/// 1. Neither ballot ever decreases.
/// 2. `vote` is of a ballot that is at most `promised`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "V: Data")]
pub struct Acceptor<V> {
    /// The proposer's latest ballot: after a restart it begins a later one.
    pub tried: Ballot,
    /// The acceptor takes part in no ballot before this one.
    pub promised: Ballot,
    /// "The highest-numbered proposal that it has ever accepted."
    pub vote: Option<Vote<V>>,
}

/// Not derived: that would ask for `V: Default`.
impl<V> Default for Acceptor<V> {
    fn default() -> Self {
        Acceptor { tried: Ballot::ZERO, promised: Ballot::ZERO, vote: None }
    }
}

/// One atomic change of [`Acceptor`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "V: Data")]
pub enum Record<V> {
    Tried(Ballot),
    Promised(Ballot),
    /// A vote is a promise as well: else a later vote in an earlier ballot could take its place.
    Voted(Vote<V>),
}

impl<V: Data> Durable for Acceptor<V> {
    type Record = Record<V>;

    fn apply(&mut self, record: &Record<V>) {
        match record {
            Record::Tried(ballot) => self.tried = *ballot,
            Record::Promised(ballot) => self.promised = *ballot,
            Record::Voted(vote) => {
                self.promised = vote.ballot;
                self.vote = Some(vote.clone());
            }
        }
    }
}
