//! How a node can go down: what it loses, and what it never said (rule 2 of the contract).
use synod_protocol::{Node, NodeId, Place, Shared};

use crate::{Action, Cluster, Cursors, State, Watch, bag::Flight, cluster::happened, server::Server};

impl<N: Node, W: Watch<N>> Cluster<N, W> {
    /// Every way in which this node can go down.
    pub(crate) fn crashes(
        &self,
        state: &State<N, W>,
        node: NodeId,
        server: &Server<N>,
        actions: &mut Vec<Action<N>>,
    ) {
        let written = server.unsynced.len() as u32;
        if self.scope.cursors == Cursors::Records {
            return actions.extend((0..=written).map(|lose| Action::Crash { node, lose, unsent: 0 }));
        }
        let outputs = state.bag.iter().filter(|flight| flight.packet.from == Place::Node(node));
        let mut outputs: Vec<(u32, u32)> =
            outputs.filter(|flight| flight.order > 0).map(|flight| (flight.order, flight.relies)).collect();
        outputs.sort_unstable();
        for lose in 0..=written {
            let kept = written - lose;
            // Outputs that wait for a lost record never leave; the others are a prefix, and so is what leaves.
            let may_leave = outputs.iter().take_while(|(_, relies)| *relies <= kept).count();
            for leave in 0..=may_leave {
                // At one cursor, a record that follows an output does not survive it.
                let is_one_cut = outputs.get(leave).is_none_or(|(_, relies)| kept <= *relies);
                if self.scope.cursors == Cursors::Both || is_one_cut {
                    actions.push(Action::Crash { node, lose, unsent: (outputs.len() - leave) as u32 });
                }
            }
        }
    }

    pub(crate) fn crash(&self, state: &mut State<N, W>, node: NodeId, lose: u32, unsent: u32) -> bool {
        let here = node.0 as usize - 1;
        let server = &state.servers[here];
        let written = server.unsynced.len() as u32;
        let Some(kept) = written.checked_sub(lose).filter(|_| server.is_up()) else { return false };
        let Some(crashes) = state.left.crashes.checked_sub(1) else { return false };
        let mut disk = Server::down(server.disk.clone());
        disk.unsynced = server.unsynced[..kept as usize].to_vec();
        disk.sync(kept as usize);
        state.servers[here] = Shared::new(disk);
        let is_mine = |flight: &Flight<N>| flight.packet.from == Place::Node(node);
        if self.scope.cursors == Cursors::Records {
            state.bag.retain(|flight| !is_mine(flight) || flight.relies <= kept);
        } else {
            let mut orders: Vec<u32> =
                state.bag.iter().filter(|f| is_mine(f) && f.order > 0).map(|f| f.order).collect();
            orders.sort_unstable();
            let first_unsent = orders.len().checked_sub(unsent as usize).and_then(|leave| orders.get(leave));
            let first_unsent = first_unsent.copied().unwrap_or(u32::MAX);
            state.bag.retain(|flight| !is_mine(flight) || flight.order < first_unsent);
        }
        state.bag.left(node, u32::MAX, u32::MAX);
        state.left.crashes = crashes;
        state.seen |= happened::CRASHED | if lose > 0 { happened::LOST_A_RECORD } else { 0 };
        if crashes == 0 {
            self.last_crash(state);
        }
        true
    }

    /// No further crash will ask what is durable: nodes that are up need no disk, and nothing waits for one.
    fn last_crash(&self, state: &mut State<N, W>) {
        state.bag.settle();
        for server in state.servers.iter_mut().filter(|server| server.is_up()) {
            let mut lasting = Server::clone(server);
            lasting.unsynced.clear();
            lasting.disk = self.no_disk.clone();
            *server = Shared::new(lasting);
        }
    }
}
