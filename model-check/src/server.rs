//! One server: the node if it is up, its disk, its timers.
use std::hash::{Hash, Hasher};

use synod_protocol::{Digest, Durable, Node, Shared};

/// What there is of one server. A crash leaves the disk alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server<N: Node> {
    node: Option<Up<N>>,
    /// The fold of the records that are durable for certain.
    pub(crate) disk: Shared<N::Durable>,
    /// Written after those, and durable when somebody acts on what waited for them; a crash may lose the last of them.
    pub(crate) unsynced: Vec<N::Record>,
    /// Armed, in order.
    pub(crate) timers: Vec<N::Timer>,
}

/// A node with its digest, which is asked for more often than the node changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Up<N> {
    digest: u64,
    node: N,
}

impl<N: Node> Hash for Server<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest());
        self.disk.hash(state);
        self.unsynced.hash(state);
        self.timers.hash(state);
    }
}

impl<N: Node> Server<N> {
    pub(crate) fn down(disk: Shared<N::Durable>) -> Self {
        Server { node: None, disk, unsynced: Vec::new(), timers: Vec::new() }
    }

    pub(crate) fn node(&self) -> Option<&N> {
        self.node.as_ref().map(|up| &up.node)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.node.is_some()
    }

    /// Of the node; 0 if it is down.
    pub(crate) fn digest(&self) -> u64 {
        self.node.as_ref().map_or(0, |up| up.digest)
    }

    pub(crate) fn set_node(&mut self, node: N) {
        let mut digest = Digest::new(1);
        node.hash(&mut digest);
        self.node = Some(Up { digest: digest.finish(), node });
    }

    pub(crate) fn arm(&mut self, timer: N::Timer) {
        if let Err(place) = self.timers.binary_search(&timer) {
            self.timers.insert(place, timer);
        }
    }

    pub(crate) fn disarm(&mut self, timer: &N::Timer) {
        if let Ok(place) = self.timers.binary_search(timer) {
            self.timers.remove(place);
        }
    }

    /// Makes the first `records` of the unsynced records durable.
    pub(crate) fn sync(&mut self, records: usize) {
        if records > 0 {
            let mut disk = N::Durable::clone(&self.disk);
            self.unsynced.drain(..records).for_each(|record| disk.apply(&record));
            self.disk = Shared::new(disk);
        }
    }
}
