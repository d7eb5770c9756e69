//! Nodes that differ by their names only: of the states that renaming makes of each other, one is enough.
//!
//! Where each step of a renamed state is the renamed step, what can be reached from the two is the same but for the
//! names, and so is the verdict. The first state may tell nodes apart, as an opening does: that costs reduction and
//! no soundness. stateright's depth-first search remembers representatives only, and goes on from the states as they
//! are, so its paths are real ones.
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use stateright::Model;
use synod_protocol::{Input, Names, Node, Place, Renamed, Shared};

use crate::{
    Action, CheckError, Cluster, Cursors, State, Watch,
    bag::{Content, Packet},
    server::Server,
};

/// How to rename the nodes of a state. There is one of each algorithm that says how it is renamed.
#[derive(Debug)]
pub struct Symmetry<N: Node, W> {
    renamed: fn(&State<N, W>, &Names) -> State<N, W>,
    pub(crate) representative: fn(&State<N, W>) -> State<N, W>,
}

impl<N: Node, W> Clone for Symmetry<N, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Node, W> Copy for Symmetry<N, W> {}

impl<N, W> Symmetry<N, W>
where
    N: Node<Message: Renamed, Timer: Renamed, Record: Renamed, Durable: Renamed> + Renamed,
    W: Watch<N> + Renamed,
{
    pub const fn new() -> Self {
        Symmetry { renamed: renamed::<N, W>, representative: representative::<N, W> }
    }
}

impl<N, W> Default for Symmetry<N, W>
where
    N: Node<Message: Renamed, Timer: Renamed, Record: Renamed, Durable: Renamed> + Renamed,
    W: Watch<N> + Renamed,
{
    fn default() -> Self {
        Symmetry::new()
    }
}

/// On so many states it is tried whether renaming commutes with every step.
const TRIED: usize = 200;

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Knows how nodes are renamed, if they are alike, so that [`Engine::Dfs`](crate::Engine::Dfs) can make use of it.
    pub fn with_symmetry(mut self, symmetry: Option<Symmetry<N, W>>) -> Self {
        self.symmetry = symmetry;
        self
    }

    /// # Errors
    /// The scope or the algorithm tells nodes apart by their names. The algorithm has promised that it does not; the
    /// promise is tried on the first states.
    pub(crate) fn symmetric(&self) -> Result<Symmetry<N, W>, CheckError> {
        let symmetry = self.symmetry.ok_or(CheckError::NoSymmetry)?;
        if self.scope.cursors != Cursors::Records {
            return Err(CheckError::OutputsInOrder);
        }
        let mut known = HashSet::from([self.start.fingerprint()]);
        let mut queue = VecDeque::from([self.start.clone()]);
        let generators: Vec<_> = Names::all(self.scope.nodes).split_off(1);
        for _ in 0..TRIED {
            let Some(state) = queue.pop_front() else { break };
            let after: Vec<_> = self.steps(&state);
            for names in &generators {
                let mut expected: Vec<_> =
                    after.iter().map(|(_, after)| (symmetry.renamed)(after, names).fingerprint()).collect();
                let renamed = self.steps(&(symmetry.renamed)(&state, names));
                let odd = renamed.iter().find(|(_, after)| {
                    let place = expected.iter().position(|known| *known == after.fingerprint());
                    place.map(|place| expected.swap_remove(place)).is_none() && after.broken.is_none()
                });
                if let Some((action, _)) = odd {
                    return Err(CheckError::TellsNodesApart(action.to_string()));
                }
            }
            let fresh = after.into_iter().map(|(_, after)| after);
            queue.extend(fresh.filter(|after| after.broken.is_none() && known.insert(after.fingerprint())));
        }
        Ok(symmetry)
    }

    fn steps(&self, state: &State<N, W>) -> Vec<(Action<N>, State<N, W>)> {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        let step = |action: Action<N>| Some((action.clone(), self.next_state(state, action)?));
        actions.into_iter().filter_map(step).collect()
    }
}

/// Of all renamed states the one with the least fingerprint: it is the same for all of them.
fn representative<N, W>(state: &State<N, W>) -> State<N, W>
where
    N: Node<Message: Renamed, Timer: Renamed, Record: Renamed, Durable: Renamed> + Renamed,
    W: Watch<N> + Renamed,
{
    let others = Names::all(state.servers.len() as u32).split_off(1);
    let mut least = (state.fingerprint(), state.clone());
    for other in others.iter().map(|names| renamed(state, names)) {
        let fingerprint = other.fingerprint();
        if fingerprint < least.0 {
            least = (fingerprint, other);
        }
    }
    least.1
}

fn renamed<N, W>(state: &State<N, W>, names: &Names) -> State<N, W>
where
    N: Node<Message: Renamed, Timer: Renamed, Record: Renamed, Durable: Renamed> + Renamed,
    W: Watch<N> + Renamed,
{
    let mut servers: Vec<_> = (1..).map(synod_protocol::NodeId).zip(&state.servers).collect();
    servers.sort_by_key(|(id, _)| names.of(*id));
    let place = |place: Place| match place {
        Place::Node(id) => Place::Node(names.of(id)),
        other => other,
    };
    let packet = |packet: &Packet<N>| -> Arc<Packet<N>> {
        let content = match &packet.content {
            Content::Input(Input::Message(from, message)) => {
                Content::Input(Input::Message(names.of(*from), message.renamed(names)))
            }
            Content::Input(Input::Timer(timer)) => Content::Input(Input::Timer(timer.renamed(names))),
            Content::Input(Input::Request(caller, request)) => {
                Content::Input(Input::Request(caller.renamed(names), request.clone()))
            }
            Content::Answer(caller, answer) => Content::Answer(caller.renamed(names), answer.clone()),
        };
        Packet::new(place(packet.from), place(packet.to), content)
    };
    State {
        servers: servers.into_iter().map(|(_, server)| Shared::new(renamed_server(server, names))).collect(),
        bag: state.bag.each(packet),
        watch: Shared::new(state.watch.renamed(names)),
        ..state.clone()
    }
}

fn renamed_server<N>(server: &Server<N>, names: &Names) -> Server<N>
where
    N: Node<Timer: Renamed, Record: Renamed, Durable: Renamed> + Renamed,
{
    let mut other = Server::down(Shared::new(server.disk.renamed(names)));
    other.unsynced = server.unsynced.renamed(names);
    other.timers = server.timers.renamed(names);
    other.timers.sort_unstable();
    if let Some(node) = server.node() {
        other.set_node(node.renamed(names));
    }
    other
}
