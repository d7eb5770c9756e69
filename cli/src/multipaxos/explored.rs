//! Multi-Paxos under the model checker: its invariants with a memory, and what is explored.
use std::hash::{Hash, Hasher};

use synod_kv::{Command, Value};
use synod_model_check::{Budget, Moment, Opening, Scope, Seen, Watch};
use synod_paxos::multi::{Config, MultiPaxosEvent, Reconfiguration, RoleName, Slot, Timer, invariants};
use synod_protocol::{Digest, NodeId, Violation};

use super::{MultiPaxos, Request, Server};
use crate::{algorithm::Algorithm, check::Explored};

const LEADER: &str = "a ballot is led";
const DUEL: &str = "two candidates stand";
const TWO: &str = "two servers lead";
const CHOSEN: &str = "a command is chosen";
const RECOVERED: &str = "a vote of an earlier ballot is taken over";
const FILLED: &str = "a hole is filled with a no-op";
const OVERRULED: &str = "a ballot is overruled";
const OTHERS: &str = "other acceptors decide";

/// What was executed in each slot, by whomever: its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    chosen: Vec<u64>,
}

impl Watch<Server> for Memory {
    const ALWAYS: &'static [&'static str] = &["Agreement", "One value per ballot", "Promises kept"];
    const SOMETIMES: &'static [&'static str] =
        &[LEADER, DUEL, TWO, CHOSEN, RECOVERED, FILLED, OVERRULED, OTHERS];

    fn watch(&mut self, moment: &Moment<'_, Server>, seen: &mut Seen) -> Result<(), Violation> {
        let after = moment.after;
        invariants::promises_kept(after)?;
        for (_, other) in moment.others() {
            invariants::agreement(after, other)?;
            invariants::one_value_per_ballot(after, other)?;
            if after.is_leader() && other.is_leader() {
                seen.see(TWO);
            }
            if [after, other].iter().all(|node| node.role_name() == RoleName::Candidate) {
                seen.see(DUEL);
            }
        }
        for event in moment.events() {
            match event {
                MultiPaxosEvent::BecameLeader { recovered, .. } => {
                    seen.see(LEADER);
                    if moment.before.is_some_and(|before| before.chosen() < *recovered) {
                        seen.see(RECOVERED);
                    }
                }
                MultiPaxosEvent::Proposed { no_ops: 1.., .. } => seen.see(FILLED),
                MultiPaxosEvent::Chose { .. } => seen.see(CHOSEN),
                MultiPaxosEvent::Refused { ballot, promised } if promised > ballot => seen.see(OVERRULED),
                _ => {}
            }
        }
        if after.schedule().current().epoch() > 1 {
            seen.see(OTHERS);
        }
        self.executed(after)
    }
}

impl Memory {
    /// What this server executed is what was ever executed there. (A phase-2 quorum of these scopes has two
    /// servers at least, so nothing is executed that a crash can take back.)
    fn executed(&mut self, node: &Server) -> Result<(), Violation> {
        for (slot, place) in (1..=node.chosen().0).map(Slot).zip(0..) {
            let Some(vote) = node.acceptor().votes.get(&slot) else { continue };
            let mut digest = Digest::new(5);
            vote.value.hash(&mut digest);
            match self.chosen.get(place) {
                None => self.chosen.push(digest.finish()),
                Some(known) if *known == digest.finish() => {}
                Some(_) => {
                    let story = format!(
                        "{} executed {:?} for slot {slot}, where another value was chosen",
                        node.id(),
                        vote.value
                    );
                    return Err(Violation::new("Agreement", story));
                }
            }
        }
        Ok(())
    }
}

impl Explored for MultiPaxos {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<Server>> {
        let none = Budget::default();
        vec![
            takeover("small", Budget { crashes: 1, requests: 1, ..none }),
            takeover("large", Budget { timers: 1, crashes: 1, ..none }),
            takeover("medium", Budget { timers: 2, crashes: 1, requests: 1, ..none }),
            duel("duel", Budget { crashes: 1, ..none }),
            handover(),
        ]
    }
}

/// One server leads, and its first proposal is on its way when others lose patience.
fn takeover(name: &'static str, budget: Budget) -> Scope<Server> {
    let put = |value| Command::Put { key: 1, value: Value::Number(value) }.into();
    Scope {
        opening: vec![
            Opening::Fire(NodeId(1), Timer::Election),
            Opening::Settle,
            Opening::Call(0, NodeId(1)),
            Opening::Fire(NodeId(2), Timer::LeaderContact),
            Opening::Fire(NodeId(3), Timer::LeaderContact),
        ],
        scripts: vec![vec![put(1)], vec![put(2)]],
        // Others give nothing to a change of leaders.
        fires: |timer| *timer == Timer::Election,
        ..Scope::new(
            name,
            "a proposal is on its way when another server begins a ballot, with crash and restart",
            3,
            MultiPaxos::config(3),
            budget,
        )
    }
}

/// Server 1 decides alone until the log says that 2 does, from the third slot on: the two have no acceptor in common.
/// It has been asked for that, and for a value in the second slot, when 2 begins a ballot.
fn handover() -> Scope<Server> {
    let only = |id| Config { members: vec![NodeId(id)], ..MultiPaxos::config(1) };
    let config = Config { spares: vec![NodeId(2)], window: 2, ..only(1) };
    let put = Command::Put { key: 1, value: Value::Number(1) }.into();
    Scope {
        opening: vec![
            Opening::Fire(NodeId(1), Timer::Election),
            Opening::Settle,
            Opening::Call(0, NodeId(1)),
        ],
        scripts: vec![vec![Request::Reconfigure(Reconfiguration::to([NodeId(2)]))], vec![put]],
        fires: |timer| *timer == Timer::Election,
        ..Scope::new(
            "handover",
            "one acceptor takes the place of another, while a call is under way",
            2,
            config,
            // No crash: what an acceptor that decides alone forgets, nobody has seen, and `Memory` would not know that.
            Budget { timers: 1, ..Budget::default() },
        )
    }
}

/// Two servers begin a ballot at once.
fn duel(name: &'static str, budget: Budget) -> Scope<Server> {
    Scope {
        opening: vec![Opening::Fire(NodeId(1), Timer::Election), Opening::Fire(NodeId(2), Timer::Election)],
        ..Scope::new(name, "two candidates at once, with crash and restart", 3, MultiPaxos::config(3), budget)
    }
}
