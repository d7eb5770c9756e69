//! What [`non_blocking`](super::non_blocking) shows of one order of messages, of all of them: a small cluster is explored
//! exhaustively, with one node that crashes at any moment and does not come back.
//!
//! The network is synchronous: a timer fires only when nothing is on its way to a node that is up. What the victim sent
//! last may have left it or not, each message by itself. That nobody blocks is then: **from every state, those who are up
//! can still come to an end with no lock held**, without the crash being undone.
use std::{
    collections::{BTreeSet, HashMap},
    env,
    hash::{DefaultHasher, Hash, Hasher},
};

use synod_atomic_commit::{
    Config, MicroOp, Protocol, Transaction, TxnId, invariants,
    paxos_commit::PaxosCommit,
    three_phase::{ThreePhase, Timer},
    two_phase::TwoPhase,
};
use synod_protocol::{Caller, Effect, Effects, Input, NodeId, Time};

use crate::cluster::{append, asked, n, txn};

#[derive(Clone, Hash)]
struct State<P: Protocol> {
    nodes: Vec<Option<P>>,
    /// In no order.
    network: Vec<(NodeId, NodeId, P::Message)>,
    armed: Vec<BTreeSet<P::Timer>>,
    victim: Option<NodeId>,
}

/// What was explored.
#[derive(Debug, Default, PartialEq, Eq)]
struct Explored {
    states: usize,
    /// From which those who are up cannot come to an end.
    blocked: usize,
    /// Somebody committed, and the node that was asked is down.
    committed_without: usize,
}

/// In which order timers are due: all of the least rank may fire.
type Due<P> = fn(NodeId, &<P as synod_protocol::Node>::Timer) -> u32;

/// A cluster of so many, one transaction, and the node that its client asks.
struct World<P: Protocol> {
    nodes: u32,
    asked: u32,
    txn: TxnId,
    ops: Vec<MicroOp>,
    due: Due<P>,
}

impl<P: Protocol> World<P> {
    fn explore(&self) -> Explored {
        let first = self.first();
        let mut numbers = HashMap::from([(fingerprint(&first), 0)]);
        let mut states = vec![first];
        // Who leads here, unless it is by a crash: a crash is nobody's way to come to an end.
        let mut before: Vec<Vec<usize>> = vec![vec![]];
        let mut explored = Explored::default();
        let mut ended = Vec::new();
        let mut here = 0;
        while here < states.len() {
            let state = states[here].clone();
            self.holds(&state);
            if self.has_ended(&state) {
                ended.push(here);
            }
            explored.committed_without +=
                usize::from(state.victim == Some(n(self.asked)) && self.has_committed(&state));
            for (next, crashes) in self.successors(&state) {
                let number = *numbers.entry(fingerprint(&next)).or_insert(states.len());
                if number == states.len() {
                    states.push(next);
                    before.push(vec![]);
                }
                if !crashes {
                    before[number].push(here);
                }
            }
            // Only its number is needed any more.
            states[here].nodes.clear();
            here += 1;
        }
        let mut comes_to_an_end = vec![false; states.len()];
        while let Some(here) = ended.pop() {
            if !std::mem::replace(&mut comes_to_an_end[here], true) {
                ended.extend(&before[here]);
            }
        }
        explored.states = states.len();
        explored.blocked = comes_to_an_end.iter().filter(|ends| !**ends).count();
        explored
    }

    fn first(&self) -> State<P> {
        let config = Config::new((1..=self.nodes).map(NodeId));
        let boot = |id| Some(Effects::default().boot(Time::ZERO, id, &config, P::Durable::default()));
        let nodes = (1..=self.nodes).map(NodeId).map(boot).collect();
        let armed = vec![BTreeSet::new(); self.nodes as usize];
        let state = State { nodes, network: vec![], armed, victim: None };
        let caller = Caller { client: self.txn.client, number: self.txn.number, via: n(self.asked) };
        stepped(&state, n(self.asked), &Input::Request(caller, Transaction(self.ops.clone())))
    }

    /// What may happen next, and whether it is a crash.
    fn successors(&self, state: &State<P>) -> Vec<(State<P>, bool)> {
        let mut next = Vec::new();
        let is_up = |id: NodeId| state.nodes[id.0 as usize - 1].is_some();
        for place in 0..state.network.len() {
            let (from, to, message) = &state.network[place];
            let mut without = state.clone();
            without.network.remove(place);
            next.push((stepped(&without, *to, &Input::Message(*from, message.clone())), false));
            if !is_up(*from) {
                next.push((without, false));
            }
        }
        if state.network.is_empty() {
            let armed = (1..).map(NodeId).zip(&state.armed);
            let armed: Vec<_> =
                armed.flat_map(|(id, timers)| timers.iter().map(move |it| (id, *it))).collect();
            let first = armed.iter().map(|(id, timer)| (self.due)(*id, timer)).min();
            for (id, timer) in armed.iter().filter(|(id, timer)| Some((self.due)(*id, timer)) == first) {
                let mut fired = state.clone();
                fired.armed[id.0 as usize - 1].remove(timer);
                next.push((stepped(&fired, *id, &Input::Timer(*timer)), false));
            }
        }
        if state.victim.is_none() {
            for id in (1..=self.nodes).map(NodeId) {
                let mut crashed = state.clone();
                crashed.nodes[id.0 as usize - 1] = None;
                crashed.armed[id.0 as usize - 1].clear();
                crashed.network.retain(|(_, to, _)| *to != id);
                crashed.victim = Some(id);
                next.push((crashed, true));
            }
        }
        next
    }

    /// AC1, and that locks are those of promises.
    fn holds(&self, state: &State<P>) {
        let up: Vec<&P> = state.nodes.iter().flatten().collect();
        for (place, one) in up.iter().enumerate() {
            invariants::locks_are_kept(*one).expect("locks are those of promises");
            for other in &up[..place] {
                invariants::agreement(*one, *other).expect("nobody decides otherwise");
            }
        }
    }

    fn has_ended(&self, state: &State<P>) -> bool {
        state.network.is_empty()
            && state.nodes.iter().flatten().all(|node| node.branches().branch(self.txn).is_none())
    }

    fn has_committed(&self, state: &State<P>) -> bool {
        state.nodes.iter().flatten().any(|node| node.branches().lists().next().is_some())
    }
}

fn stepped<P: Protocol>(state: &State<P>, id: NodeId, input: &Input<P>) -> State<P> {
    let (mut next, mut out) = (state.clone(), Effects::default());
    let node = next.nodes[id.0 as usize - 1].as_mut().expect("it is up");
    out.step(Time::ZERO, node, input);
    for effect in out.drain() {
        match effect {
            // What is for one that is down is lost.
            Effect::Send(to, _) if next.victim == Some(to) => {}
            Effect::Send(to, message) => next.network.push((id, to, message)),
            Effect::SetTimer(timer, _) => drop(next.armed[id.0 as usize - 1].insert(timer)),
            Effect::CancelTimer(timer) => drop(next.armed[id.0 as usize - 1].remove(&timer)),
            _ => {}
        }
    }
    next
}

fn fingerprint<P: Protocol>(state: &State<P>) -> u128 {
    let of = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish()
    };
    let nodes = of(&|hasher| (&state.nodes, &state.armed, state.victim).hash(hasher));
    // In no order, and each as often as it is there.
    let network = state.network.iter().map(|it| of(&|hasher| it.hash(hasher)));
    u128::from(nodes) << 64 | u128::from(network.fold(0, u64::wrapping_add))
}

/// One transaction at so many participants, of so many nodes, the first of which is asked.
fn explored<P: Protocol>(nodes: u32, participants: u64, life: Option<u32>, due: Due<P>) -> Explored {
    // Its home is the first as well.
    let ops = (0..participants).map(|key| append(key, 7)).collect::<Vec<_>>();
    let txn = life.map_or_else(|| asked(nodes, 1, &ops), |life| txn(nodes, 1, life));
    World::<P> { nodes, asked: 1, txn, ops, due }.explore()
}

#[test]
fn no_single_crash_blocks_paxos_commit() {
    let explored = |nodes, participants| explored::<PaxosCommit>(nodes, participants, None, |_, _| 0);
    assert_eq!(explored(3, 1), Explored { states: 282, blocked: 0, committed_without: 0 });
    assert_eq!(explored(3, 2), Explored { states: 5_014, blocked: 0, committed_without: 125 });
    // A minute in debug builds.
    if env::var_os("SYNOD_THREE_PARTICIPANTS").is_some() {
        assert_eq!(explored(3, 3), Explored { states: 127_981, blocked: 0, committed_without: 671 });
    }
}

/// Patience ends before doubt, and participants doubt one after the other.
#[test]
fn no_single_crash_blocks_three_phase_commit() {
    let due: Due<ThreePhase> = |id, timer| if matches!(timer, Timer::Doubt(_)) { id.0 } else { 0 };
    let explored = |nodes, participants| explored::<ThreePhase>(nodes, participants, Some(0), due);
    assert_eq!(explored(3, 3), Explored { states: 315, blocked: 0, committed_without: 12 });
    assert_eq!(explored(4, 4), Explored { states: 1_474, blocked: 0, committed_without: 131 });
}

/// The coordinator's does, with all votes and no decision.
#[test]
fn a_single_crash_blocks_two_phase_commit() {
    let explored = |nodes, participants| explored::<TwoPhase>(nodes, participants, Some(1), |_, _| 0);
    assert_eq!(explored(3, 3), Explored { states: 204, blocked: 3, committed_without: 9 });
    assert_eq!(explored(4, 4), Explored { states: 937, blocked: 10, committed_without: 73 });
}
