//! What can happen in a state.
use std::{fmt, sync::Arc};

use synod_protocol::{Node, NodeId, Place};

use crate::bag::{Content, Packet};

/// One thing that can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<N: Node> {
    /// A packet arrives. `again`: a copy of it stays on its way.
    Deliver { packet: Arc<Packet<N>>, again: bool },
    /// A packet is lost.
    Drop { packet: Arc<Packet<N>> },
    /// An armed timer fires.
    Fire { node: NodeId, timer: N::Timer },
    /// A client makes the next call of its script, the place of which among the scripts this is.
    Call { script: u8, via: NodeId },
    /// A client tries its open call again.
    Retry { script: u8, via: NodeId },
    /// A node goes down, inside its last step if it loses something of it: it loses its last `lose` records, and
    /// of its outputs that may not have left yet `unsent`, the last ones, never leave.
    Crash { node: NodeId, lose: u32, unsent: u32 },
    /// A node comes back with what its disk holds.
    Boot { node: NodeId },
}

fn name(place: Place) -> String {
    match place {
        Place::Node(id) => id.to_string(),
        Place::Client(id) => id.to_string(),
        Place::Network => "network".into(),
    }
}

/// `RequestVote n1 → n2`, as an Explorer lists it.
impl<N: Node> fmt::Display for Packet<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.kind(), name(self.from), name(self.to))?;
        match &self.content {
            Content::Input(synod_protocol::Input::Message(_, message)) => write!(f, ": {message:?}"),
            Content::Input(_) => Ok(()),
            Content::Answer(_, answer) => write!(f, ": {answer:?}"),
        }
    }
}

impl<N: Node> fmt::Display for Action<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Deliver { packet, again: false } => packet.fmt(f),
            Action::Deliver { packet, again: true } => write!(f, "{packet}, and once more"),
            Action::Drop { packet } => write!(f, "{packet} is lost"),
            Action::Fire { node, timer } => write!(f, "{node}: {timer:?} fires"),
            Action::Call { script, via } => write!(f, "client {} calls {via}", script + 1),
            Action::Retry { script, via } => write!(f, "client {} tries again at {via}", script + 1),
            Action::Crash { node, lose, unsent } => {
                write!(f, "{node} crashes")?;
                if *lose > 0 {
                    write!(f, ", loses {lose} records")?;
                }
                if *unsent > 0 {
                    write!(f, ", {unsent} outputs never left")?;
                }
                Ok(())
            }
            Action::Boot { node } => write!(f, "{node} is back"),
        }
    }
}
