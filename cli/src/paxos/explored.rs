//! Single-decree Paxos under the model checker: its invariants, and what is explored.
use synod_model_check::{Budget, Moment, Opening, Scope, Seen, Watch};
use synod_paxos::single::{PaxosEvent, invariants};
use synod_protocol::{ClientId, NodeId, Violation};

use super::{Paxos, Proposal, Server};
use crate::{algorithm::Algorithm, check::Explored};

const CHOSEN: &str = "a value is chosen";
const BOUND: &str = "a proposer is bound by an earlier vote";
const OVERRULED: &str = "a ballot is overruled";
const TWO: &str = "votes for two values stand side by side";
const KNOWN: &str = "somebody is told another's value";

/// What clients were told is remembered with their calls, and judged as what they were promised; the rest a moment
/// shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory;

impl Watch<Server> for Memory {
    const ALWAYS: &'static [&'static str] = &["Agreement", "One value per ballot", "Promises kept"];
    const SOMETIMES: &'static [&'static str] = &[CHOSEN, BOUND, OVERRULED, TWO, KNOWN];

    fn watch(&mut self, moment: &Moment<'_, Server>, seen: &mut Seen) -> Result<(), Violation> {
        let after = moment.after;
        invariants::promises_kept(after)?;
        for (_, other) in moment.others() {
            invariants::agreement(after, other)?;
            invariants::one_value_per_ballot(after, other)?;
            if let (Some(ours), Some(theirs)) = (after.vote(), other.vote())
                && ours.value != theirs.value
            {
                seen.see(TWO);
            }
        }
        for event in moment.events() {
            match event {
                PaxosEvent::Learned { .. } => seen.see(CHOSEN),
                PaxosEvent::Proposed { bound_by: Some(_), .. } => seen.see(BOUND),
                PaxosEvent::Refused { ballot, promised } if promised > ballot => seen.see(OVERRULED),
                _ => {}
            }
        }
        let told_another = moment.effects.iter().any(|effect| match effect {
            synod_protocol::Effect::Reply(caller, synod_protocol::Answer::Done(chosen)) => {
                chosen.client != caller.client
            }
            _ => false,
        });
        if told_another {
            seen.see(KNOWN);
        }
        Ok(())
    }
}

impl Explored for Paxos {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<Server>> {
        let none = Budget::default();
        vec![
            known(),
            overtaken("overtaken"),
            duel("duel", Budget { crashes: 1, ..none }),
            duel("medium", Budget { crashes: 1, timers: 1, ..none }),
        ]
    }
}

/// Three acceptors. The first proposer has its promises and its own vote, and its proposal is on its way to the other
/// two when the second one begins a ballot for another value: it depends on the third acceptor whether the first value
/// is chosen, and on the promises that come first whether the second proposer may propose its own.
fn overtaken(name: &'static str) -> Scope<Server> {
    Scope {
        opening: vec![
            Opening::Call(0, NodeId(1)),
            Opening::Deliver("Prepare", NodeId(2)),
            Opening::Deliver("Prepare", NodeId(3)),
            Opening::Deliver("Promise", NodeId(1)),
            Opening::Call(1, NodeId(2)),
        ],
        ..duel(name, Budget::default())
    }
}

/// The same, where the first proposer's own vote is known to all, and the second one has asked it first.
fn known() -> Scope<Server> {
    let mut scope = overtaken("small");
    let votes = [2, 3].map(|node| Opening::Deliver("Accepted", NodeId(node)));
    scope.opening.splice(4..4, votes);
    scope.opening.push(Opening::Deliver("Prepare", NodeId(1)));
    scope
}

/// Two servers have been asked for two values; their prepares are on their way.
fn duel(name: &'static str, budget: Budget) -> Scope<Server> {
    let propose = |client| vec![Proposal { client: ClientId(client), nth: 1 }];
    Scope {
        opening: vec![Opening::Call(0, NodeId(1)), Opening::Call(1, NodeId(2))],
        scripts: vec![propose(1), propose(2)],
        ..Scope::new(name, "two proposers of two values", 3, Paxos::config(3), budget)
    }
}
