//! Who is the chain: one configuration an epoch, and who stands next to whom in it.
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

use crate::{Epoch, RoleName};

/// The chain of an epoch, as the master decided it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Configuration {
    pub epoch: Epoch,
    /// The head first, the tail last. Every one of them has every update that was ever answered.
    pub chain: Vec<NodeId>,
    /// A server that the tail is giving its state to. It counts for nothing until it is in the chain.
    pub joining: Option<NodeId>,
    /// Is the chain long enough to answer? A shorter one only gives its state to others.
    pub serves: bool,
}

impl Configuration {
    /// The first chain, in the order given.
    pub fn first(servers: &[NodeId], least: usize) -> Configuration {
        let chain = servers.to_vec();
        Configuration { epoch: Epoch(1), serves: chain.len() >= least, chain, joining: None }
    }

    pub fn head(&self) -> Option<NodeId> {
        self.chain.first().copied()
    }

    pub fn tail(&self) -> Option<NodeId> {
        self.chain.last().copied()
    }

    pub fn is_member(&self, id: NodeId) -> bool {
        self.chain.contains(&id)
    }

    pub fn is_head(&self, id: NodeId) -> bool {
        self.head() == Some(id)
    }

    pub fn is_tail(&self, id: NodeId) -> bool {
        self.tail() == Some(id)
    }

    pub fn is_joining(&self, id: NodeId) -> bool {
        self.joining == Some(id)
    }

    /// From whom updates come. The tail's, for a server that is joining.
    pub fn predecessor(&self, id: NodeId) -> Option<NodeId> {
        match self.position(id) {
            Some(position) => self.chain.get(position.checked_sub(1)?).copied(),
            None => self.tail().filter(|_| self.is_joining(id)),
        }
    }

    /// To whom updates go. The tail's is the server that is joining, if there is one.
    pub fn successor(&self, id: NodeId) -> Option<NodeId> {
        let position = self.position(id)?;
        self.chain.get(position + 1).copied().or(self.joining)
    }

    pub fn role(&self, id: NodeId) -> RoleName {
        match (self.is_head(id), self.is_tail(id)) {
            (true, true) => RoleName::Alone,
            (true, false) => RoleName::Head,
            (false, true) => RoleName::Tail,
            _ if self.is_member(id) => RoleName::Middle,
            _ if self.is_joining(id) => RoleName::Joining,
            _ => RoleName::Outside,
        }
    }

    fn position(&self, id: NodeId) -> Option<usize> {
        self.chain.iter().position(|&member| member == id)
    }
}
