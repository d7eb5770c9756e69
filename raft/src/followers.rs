//! What a leader knows of the others: nextIndex\[\] and matchIndex\[\] (Figure 2), and what pipelining adds.
use alloc::{collections::VecDeque, vec::Vec};

use synod_protocol::{Names, NodeId, Renamed};

use crate::Index;

/// What the leader knows of each follower, by name. A list: clusters are small, and each reply asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Followers(Vec<(NodeId, Progress)>);

impl Followers {
    pub(crate) fn new(peers: impl Iterator<Item = NodeId>, last_index: Index) -> Self {
        let mut followers: Vec<_> = peers.map(|peer| (peer, Progress::new(last_index))).collect();
        followers.sort_unstable_by_key(|(peer, _)| *peer);
        Followers(followers)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(NodeId, Progress)> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Progress> {
        self.0.iter_mut().map(|(_, progress)| progress)
    }

    pub(crate) fn get(&self, follower: NodeId) -> Option<&Progress> {
        self.0.iter().find(|(peer, _)| *peer == follower).map(|(_, progress)| progress)
    }

    pub(crate) fn place_of(&self, follower: NodeId) -> Option<usize> {
        self.0.iter().position(|(peer, _)| *peer == follower)
    }

    pub(crate) fn at(&mut self, place: usize) -> Option<(NodeId, &mut Progress)> {
        self.0.get_mut(place).map(|(peer, progress)| (*peer, progress))
    }
}

/// Renamed, they stand by their new names.
impl Renamed for Followers {
    fn renamed(&self, names: &Names) -> Self {
        let mut followers: Vec<_> =
            self.0.iter().map(|(peer, progress)| (names.of(*peer), progress.clone())).collect();
        followers.sort_unstable_by_key(|(peer, _)| *peer);
        Followers(followers)
    }
}

/// What the leader knows of one follower's log.
///
/// 1. `match_index < next_index`: nothing that is known to be there is sent again.
/// 2. `match_index` never decreases within a term: a late reply takes nothing back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// "Index of highest log entry known to be replicated on server."
    pub(crate) match_index: Index,
    /// "Index of the next log entry to send to that server." While replicating it runs ahead of the
    /// acknowledgements (dissertation §10.2.1).
    pub(crate) next_index: Index,
    /// Is it still open where the logs part? Then one message at a time is sent, and `next_index` stays.
    pub(crate) probing: bool,
    /// The last index of each AppendEntries with entries that was not answered yet. None is below the one before it.
    pub(crate) in_flight: VecDeque<Index>,
    /// A heartbeat interval began with something in flight, and nothing was acknowledged since.
    pub(crate) stalled: bool,
    /// It answered since the last check of the quorum.
    pub(crate) heard: bool,
    /// The latest round that it confirmed.
    pub(crate) round: u64,
}

impl Progress {
    /// "Initialized to leader last log index + 1."
    fn new(last_index: Index) -> Self {
        Progress {
            match_index: Index::ZERO,
            next_index: last_index.next(),
            probing: true,
            in_flight: VecDeque::new(),
            stalled: false,
            heard: false,
            round: 0,
        }
    }

    /// Its log agrees with the leader's up to here.
    pub(crate) fn matched(&mut self, index: Index) {
        if index > self.match_index {
            self.match_index = index;
            self.stalled = false;
        }
        if index >= self.match_index {
            self.probing = false;
            self.next_index = self.next_index.max(index.next());
            while self.in_flight.front().is_some_and(|&last| last <= index) {
                self.in_flight.pop_front();
            }
        }
    }

    /// Starts over from what is known for certain, or from a better guess.
    pub(crate) fn probe_from(&mut self, next_index: Index) {
        self.next_index = next_index.max(self.match_index.next());
        self.probing = true;
        self.in_flight.clear();
        self.stalled = false;
    }
}
