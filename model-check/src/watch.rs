//! What is checked: invariants with a memory, and events that should be reachable.
use synod_protocol::{Effect, Input, Node, NodeId, Shared, Value, Violation};

use crate::server::Server;

/// An algorithm's invariants, with what they remember: a part of the state, so keep it small and canonical.
///
/// It is handed each step of a node and looks at what the step changed; "at most one leader *can be elected*
/// in a term" needs to remember who was. What it never remembers costs no state.
pub trait Watch<N: Node>: Value + Default {
    /// The names of the invariants, as violations bear them.
    const ALWAYS: &'static [&'static str];
    /// What should come about sometimes, or the check says little.
    const SOMETIMES: &'static [&'static str];

    /// # Errors
    /// An invariant that this step broke.
    fn watch(&mut self, moment: &Moment<'_, N>, seen: &mut Seen) -> Result<(), Violation>;

    /// What holds when all nodes are up, nothing is on its way and the network lost nothing: what was said was heard.
    /// A crash may have kept outputs from leaving; to see that, let it choose [`Both`](crate::Cursors::Both) cursors.
    ///
    /// # Errors
    /// What does not hold then.
    fn settled(&self, _nodes: &mut dyn Iterator<Item = &N>) -> Result<(), Violation> {
        Ok(())
    }
}

/// Nobody watches: assertions of the nodes and the clients' view are checked all the same.
impl<N: Node> Watch<N> for () {
    const ALWAYS: &'static [&'static str] = &[];
    const SOMETIMES: &'static [&'static str] = &[];
    fn watch(&mut self, _: &Moment<'_, N>, _: &mut Seen) -> Result<(), Violation> {
        Ok(())
    }
}

/// One step of one node, or its boot.
#[derive(Debug)]
pub struct Moment<'a, N: Node> {
    pub node: NodeId,
    /// `None`: it booted.
    pub input: Option<&'a Input<N>>,
    pub before: Option<&'a N>,
    pub after: &'a N,
    pub effects: &'a [Effect<N>],
    pub(crate) servers: &'a [Shared<Server<N>>],
}

impl<'a, N: Node> Moment<'a, N> {
    /// The other nodes that are up.
    pub fn others(&self) -> impl Iterator<Item = (NodeId, &'a N)> {
        let me = self.node;
        let all = (1..).map(NodeId).zip(self.servers);
        all.filter(move |(id, _)| *id != me).filter_map(|(id, server)| Some((id, server.node()?)))
    }

    /// The events that it noted.
    pub fn events(&self) -> impl Iterator<Item = &'a N::Event> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Event(event) => Some(event),
            _ => None,
        })
    }
}

/// Which of the events that should come about did so in a step. At most 64.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub(crate) names: &'static [&'static str],
    pub(crate) from: u32,
    pub(crate) bits: u64,
}

impl Seen {
    /// It came about. The name is one of [`Watch::SOMETIMES`].
    pub fn see(&mut self, name: &str) {
        let place = self.names.iter().position(|known| *known == name);
        let place = place.unwrap_or_else(|| panic!("{name:?} must be among the watch's SOMETIMES"));
        self.bits |= 1 << (self.from + place as u32);
    }
}
