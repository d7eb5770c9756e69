//! What can happen in a world without time.
use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use synod_protocol::{Answer, Caller, ClientId, Input, Node, NodeId, Place};

use super::flights::{Content, digest};

/// One thing that happens, if it can: otherwise it is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum Action<N: Node> {
    /// Something that is on its way arrives.
    Deliver(Address),
    /// Something that is on its way is lost. What is never delivered is as good as lost; this one is so for certain,
    /// and a diagram shows it.
    Drop(Address),
    /// A timer that is armed fires.
    Fire { node: NodeId, timer: N::Timer },
    /// A node goes down and loses its last `lose` records, but none that an output relied on which arrived.
    Crash {
        node: NodeId,
        #[serde(default, skip_serializing_if = "is_zero")]
        lose: u64,
    },
    /// A node that is down comes back.
    Boot { node: NodeId },
    /// A client calls. If its last call is still open, it gives that up and goes on as another client.
    Request {
        client: ClientId,
        via: NodeId,
        request: N::Request,
        /// Is the request there at once? Otherwise it has to be delivered.
        arrives: bool,
    },
    /// A client tries its open call once more, under the same number.
    Retry { client: ClientId, via: NodeId, arrives: bool },
}

/// What is on its way: named by where it goes and what it is, not by what it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    pub from: Place,
    pub to: Place,
    /// As [`synod_protocol::Message::kind`] says; [`Address::REQUEST`] and [`Address::ANSWER`] for clients.
    pub kind: Cow<'static, str>,
    /// Not the newest of them, but the one so many before it.
    #[serde(default, skip_serializing_if = "is_zero_32")]
    pub older: u32,
    /// Does a copy of it stay on its way?
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
    /// What it said in the run that it was taken from. If such a one is on its way, it is preferred.
    #[serde(skip)]
    pub digest: Option<u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
fn is_zero_32(number: &u32) -> bool {
    *number == 0
}
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Address {
    pub const REQUEST: &'static str = "Request";
    pub const ANSWER: &'static str = "Answer";

    /// The newest of its kind.
    pub fn new(from: Place, to: Place, kind: impl Into<Cow<'static, str>>) -> Address {
        Address { from, to, kind: kind.into(), older: 0, again: false, digest: None }
    }

    /// The one that says this, if there is one.
    #[must_use]
    pub fn saying<N: Node>(self, input: &Input<N>) -> Address {
        Address { digest: Some(digest(&Content::Input(input.clone()))), ..self }
    }

    /// The answer that says this.
    #[must_use]
    pub fn answering<N: Node>(self, caller: Caller, answer: &Answer<N::Response>) -> Address {
        Address { digest: Some(digest(&Content::<N>::Answer(caller, answer.clone()))), ..self }
    }
}

impl<N: Node> Action<N> {
    /// The nodes that it names.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        let node_of = |place: Place| match place {
            Place::Node(id) => Some(id),
            _ => None,
        };
        let pair = match self {
            Action::Deliver(address) | Action::Drop(address) => [node_of(address.from), node_of(address.to)],
            Action::Fire { node, .. } | Action::Crash { node, .. } | Action::Boot { node } => {
                [Some(*node), None]
            }
            Action::Request { via, .. } | Action::Retry { via, .. } => [Some(*via), None],
        };
        pair.into_iter().flatten()
    }

    /// The client that it names.
    pub fn client(&self) -> Option<ClientId> {
        let client_of = |place: Place| match place {
            Place::Client(id) => Some(id),
            _ => None,
        };
        match self {
            Action::Deliver(address) | Action::Drop(address) => {
                client_of(address.from).or(client_of(address.to))
            }
            Action::Request { client, .. } | Action::Retry { client, .. } => Some(*client),
            _ => None,
        }
    }

    /// The same under other names.
    #[must_use]
    pub fn renamed(&self, node: impl Fn(NodeId) -> NodeId, client: impl Fn(ClientId) -> ClientId) -> Self {
        let place = |at: Place| match at {
            Place::Node(id) => Place::Node(node(id)),
            Place::Client(id) => Place::Client(client(id)),
            Place::Network => Place::Network,
        };
        let mut renamed = self.clone();
        match &mut renamed {
            Action::Deliver(address) | Action::Drop(address) => {
                (address.from, address.to) = (place(address.from), place(address.to));
            }
            Action::Fire { node: id, .. } | Action::Crash { node: id, .. } | Action::Boot { node: id } => {
                *id = node(*id);
            }
            Action::Request { client: who, via, .. } | Action::Retry { client: who, via, .. } => {
                (*who, *via) = (client(*who), node(*via));
            }
        }
        renamed
    }
}

fn name(place: Place) -> String {
    match place {
        Place::Node(id) => id.to_string(),
        Place::Client(id) => id.to_string(),
        Place::Network => "network".into(),
    }
}

/// `RequestVote n1 → n2`, `n1 crashes and loses 1 record`.
impl<N: Node> fmt::Display for Action<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Deliver(Address { from, to, kind, older, again, .. }) => {
                write!(f, "{kind} {} → {}", name(*from), name(*to))?;
                if *older > 0 {
                    write!(f, " ({older} before the newest)")?;
                }
                if *again {
                    write!(f, ", and once more")?;
                }
                Ok(())
            }
            Action::Drop(Address { from, to, kind, .. }) => {
                write!(f, "{kind} {} → {} is lost", name(*from), name(*to))
            }
            Action::Fire { node, timer } => write!(f, "{node}: {timer:?} fires"),
            Action::Crash { node, lose: 0 } => write!(f, "{node} crashes"),
            Action::Crash { node, lose: 1 } => write!(f, "{node} crashes and loses 1 record"),
            Action::Crash { node, lose } => write!(f, "{node} crashes and loses {lose} records"),
            Action::Boot { node } => write!(f, "{node} is back"),
            Action::Request { client, via, request, arrives } => {
                let lost = if *arrives { "" } else { " (on its way)" };
                write!(f, "{client} asks {via}: {request:?}{lost}")
            }
            Action::Retry { client, via, arrives } => {
                let lost = if *arrives { "" } else { " (on its way)" };
                write!(f, "{client} tries again at {via}{lost}")
            }
        }
    }
}
