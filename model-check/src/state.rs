//! A state of the whole world.
use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use synod_protocol::{Digest, Node, NodeId, Shared, Violation};

use crate::{
    Budget, Watch,
    bag::Bag,
    history::{Client, History},
    server::Server,
};

/// Everything that the future depends on, and what is checked.
///
/// 1. Parts are shared with the state before, but for what the action changed; each part knows its digest. So a
///    state costs a step of one node, and its fingerprint a word per part.
/// 2. Equal worlds are equal states: the network is sorted by digest, timers are sorted, of the history only what
///    orders calls after returns is kept, and when the last crash is spent, disks are forgotten.
#[derive(Clone, Debug)]
pub struct State<N: Node, W> {
    pub(crate) servers: Vec<Shared<Server<N>>>,
    pub(crate) bag: Bag<N>,
    pub(crate) clients: Vec<Client>,
    pub(crate) history: Shared<History<N>>,
    pub(crate) left: Budget,
    pub(crate) watch: Shared<W>,
    /// Nothing happens after a violation.
    pub(crate) broken: Option<Arc<Violation>>,
    /// What came about in the step that led here. No part of the state: another step may lead here too.
    pub(crate) seen: u64,
}

impl<N: Node, W: Watch<N>> Hash for State<N, W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.servers.iter().for_each(|server| server.hash(state));
        self.bag.hash(state);
        for client in &self.clients {
            let id = client.id.map_or(0, |id| id.0);
            state.write_u64(u64::from(id) << 32 | u64::from(client.made) << 1 | u64::from(client.is_open));
        }
        self.history.hash(state);
        let parts = self.left.parts().map(|(_, part)| part);
        state.write_u64(parts.iter().fold(0, |word, part| word << 8 | u64::from(*part)));
        self.watch.hash(state);
        if let Some(broken) = &self.broken {
            broken.hash(state);
        }
    }
}

impl<N: Node, W: Watch<N>> PartialEq for State<N, W> {
    fn eq(&self, other: &Self) -> bool {
        self.servers == other.servers
            && self.bag == other.bag
            && self.clients == other.clients
            && self.history == other.history
            && self.left == other.left
            && self.watch == other.watch
            && self.broken == other.broken
    }
}

impl<N: Node, W: Watch<N>> State<N, W> {
    /// Node 1 comes first; `None` is down.
    pub fn node(&self, id: NodeId) -> Option<&N> {
        self.servers.get((id.0 as usize).checked_sub(1)?)?.node()
    }

    /// What may still happen.
    pub fn left(&self) -> Budget {
        self.left
    }

    /// The property that the step to this state broke.
    pub fn violation(&self) -> Option<&Violation> {
        self.broken.as_deref()
    }

    /// The same on every machine. Two of a million states share one with probability 3e-8.
    pub fn fingerprint(&self) -> u64 {
        let mut digest = Digest::new(0);
        self.hash(&mut digest);
        digest.finish()
    }
}
