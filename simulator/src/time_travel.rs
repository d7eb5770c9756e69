//! Forwards and backwards through a run.
//!
//! A run is a function of what began it, so an earlier moment is a copy of a machine that was stopped before it,
//! and the steps from there done once more. Copies are taken now and then; when they get many, every other one
//! is given up.
use synod_protocol::{Node, NodeId, Nodes, Observer};

use crate::simulation::{Simulation, Workload};
use crate::untimed::{Action, World};

/// What can be stopped after each of its steps, copied, and made to go on.
pub trait Machine: Clone {
    type Node: Node;
    /// One step; `false` if it is over.
    fn advance(&mut self) -> bool;
    fn nodes(&self) -> Nodes<'_, Self::Node>;
}

impl<N: Node, W: Workload<N> + Clone, O: Observer<N> + Clone> Machine for Simulation<N, W, O> {
    type Node = N;
    fn advance(&mut self) -> bool {
        self.step()
    }
    fn nodes(&self) -> Nodes<'_, N> {
        Simulation::nodes(self)
    }
}

/// A world, and the list that it carries out; a step is an action.
#[derive(Clone)]
pub struct Replay<N: Node, O> {
    world: World<N, O>,
    actions: std::sync::Arc<[Action<N>]>,
    next: usize,
}

impl<N: Node, O: Observer<N>> Replay<N, O> {
    pub fn new(world: World<N, O>, actions: impl Into<std::sync::Arc<[Action<N>]>>) -> Self {
        Replay { world, actions: actions.into(), next: 0 }
    }

    pub fn world(&self) -> &World<N, O> {
        &self.world
    }
}

impl<N: Node, O: Observer<N> + Clone> Machine for Replay<N, O> {
    type Node = N;
    fn advance(&mut self) -> bool {
        let Some(action) = self.actions.get(self.next).filter(|_| self.world.violation().is_none()) else {
            return false;
        };
        self.world.act(action);
        self.next += 1;
        true
    }
    fn nodes(&self) -> Nodes<'_, N> {
        self.world.nodes()
    }
}

/// A run that can be stopped anywhere, looked at, and turned back.
///
/// ```
/// # use synod_protocol::*;
/// # use synod_simulator::{Config, Machine, Simulation, TimeTravel};
/// # fn example<N: Node<Config = (), Request = ()>>() -> Result<(), synod_simulator::ConfigError> {
/// let simulation = Simulation::<N, _, _>::new(Config::new(7), (), |_, _, _: &mut _| (), ())?;
/// let mut travel = TimeTravel::new(simulation);
/// travel.go_to(1_000);
/// println!("{:#?}", travel.node(NodeId(2))); // as it was after 1,000 steps
/// travel.back(1);
/// println!("{:#?}", travel.node(NodeId(2))); // and one before
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TimeTravel<M> {
    /// After 0, `every`, 2 · `every`, … steps.
    copies: Vec<M>,
    every: u64,
    present: M,
    position: u64,
}

/// Copies are taken so often at first.
const FIRST_EVERY: u64 = 64;
const MOST_COPIES: usize = 64;

impl<M: Machine> TimeTravel<M> {
    pub fn new(machine: M) -> Self {
        TimeTravel { copies: vec![machine.clone()], every: FIRST_EVERY, present: machine, position: 0 }
    }

    /// How many steps were done.
    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn machine(&self) -> &M {
        &self.present
    }

    pub fn nodes(&self) -> Nodes<'_, M::Node> {
        self.present.nodes()
    }

    /// `None`: it is down, or there is no such node.
    pub fn node(&self, id: NodeId) -> Option<&M::Node> {
        self.nodes().get(id)
    }

    /// One step; `false` if the run is over.
    pub fn forward(&mut self) -> bool {
        if !self.present.advance() {
            return false;
        }
        self.position += 1;
        if self.position == self.copies.len() as u64 * self.every {
            self.copies.push(self.present.clone());
            if self.copies.len() > MOST_COPIES {
                let mut place = 0;
                self.copies.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every *= 2;
            }
        }
        true
    }

    /// So many steps back, or to the beginning.
    pub fn back(&mut self, steps: u64) {
        self.go_to(self.position.saturating_sub(steps));
    }

    /// To the moment after so many steps, or to the end of the run; returns where it is then.
    pub fn go_to(&mut self, position: u64) -> u64 {
        if position < self.position {
            let copy = (position / self.every).min(self.copies.len() as u64 - 1);
            self.present = self.copies[copy as usize].clone();
            self.position = copy * self.every;
        }
        while self.position < position && self.forward() {}
        self.position
    }

    /// On to the first moment at which this holds, from here on; `false` if the run ends before.
    pub fn forward_until(&mut self, mut holds: impl FnMut(&M) -> bool) -> bool {
        while !holds(&self.present) {
            if !self.forward() {
                return false;
            }
        }
        true
    }
}
