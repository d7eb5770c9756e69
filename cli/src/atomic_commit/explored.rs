//! Atomic commit under the model checker: its invariants, and what is explored.
use synod_atomic_commit::{
    CommitEvent, Config, Decision, Fact, Key, MicroOp, Protocol, Transaction, TxnId, invariants,
    paxos_commit::{self, PaxosCommit},
    three_phase::{self, ThreePhase},
    two_phase::{self, TwoPhase},
};
use synod_model_check::{Budget, Moment, Opening, Scope, Seen, Watch};
use synod_protocol::{NodeId, Violation};

use super::{Commit, Style};
use crate::{algorithm::Algorithm, check::Explored};

/// One moment shows what must hold; what clients were told is judged by their history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory;

const COMMITTED: &str = "a transaction commits";
const ABORTED: &str = "a transaction aborts";
const REFUSED: &str = "a transaction is refused for a lock";
const DOUBT: &str = "a participant is in doubt";
const BLOCKED: &str = "all who are up are in doubt, and their coordinator is down";
const WITHOUT: &str = "those who are up commit without their coordinator";
const PRESUMED: &str = "an abort is presumed";
const TOLD: &str = "a participant is told by another";
const TOOK_OVER: &str = "a participant takes over";
const BALLOT: &str = "a later ballot is begun";

impl<P: Style> Watch<P> for Memory {
    const ALWAYS: &'static [&'static str] =
        &["AC1 Agreement", "AC2 Unanimity", "AC4 Stability", "Exactly once", "Locks are kept"];
    const SOMETIMES: &'static [&'static str] =
        &[COMMITTED, ABORTED, REFUSED, DOUBT, BLOCKED, WITHOUT, PRESUMED, TOLD, TOOK_OVER, BALLOT];

    fn watch(&mut self, moment: &Moment<'_, P>, seen: &mut Seen) -> Result<(), Violation> {
        let after = moment.after;
        invariants::locks_are_kept(after)?;
        invariants::exactly_once(after)?;
        if let Some(before) = moment.before {
            invariants::stability(before, after)?;
        }
        for (_, other) in moment.others() {
            invariants::agreement(after, other)?;
        }
        for fact in moment.effects.iter().filter_map(P::fact) {
            let participants = participants_of(moment, fact.txn());
            for (id, node) in moment.others().chain([(moment.node, after)]) {
                invariants::decided_rightly(&fact, participants.contains(&id), node)?;
            }
            match fact {
                Fact::Decided { decision: Decision::Commit, txn }
                | Fact::Closed { decision: Decision::Commit, txn } => {
                    seen.see(COMMITTED);
                    if is_orphan(moment, txn) {
                        seen.see(WITHOUT);
                    }
                }
                Fact::Decided { decision: Decision::Abort, .. } => seen.see(ABORTED),
                _ => {}
            }
        }
        for event in moment.events() {
            match event {
                CommitEvent::Refused { holder: Some(_), .. } => seen.see(REFUSED),
                CommitEvent::Presumed { .. } => seen.see(PRESUMED),
                CommitEvent::Told { to, .. } if *to != moment.node => seen.see(TOLD),
                CommitEvent::TookOver { .. } => seen.see(TOOK_OVER),
                CommitEvent::StartedBallot { .. } => seen.see(BALLOT),
                CommitEvent::InDoubt { txn } => {
                    seen.see(DOUBT);
                    let participants = participants_of(moment, *txn);
                    let mut others = moment.others().filter(|(id, _)| participants.contains(id));
                    if is_orphan(moment, *txn) && others.all(|(_, it)| it.branches().branch(*txn).is_some()) {
                        seen.see(BLOCKED);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Those of a transaction, as far as somebody who is up and promised knows them.
fn participants_of<P: Protocol>(moment: &Moment<'_, P>, txn: TxnId) -> Vec<NodeId> {
    let knows = |node: &P| node.branches().branch(txn).map(|branch| branch.participants.to_vec());
    let here = moment.before.and_then(knows);
    here.or_else(|| moment.others().find_map(|(_, other)| knows(other))).unwrap_or_default()
}

/// Its coordinator is down, or what stands for one in a protocol without: the home of its client.
fn is_orphan<P: Protocol>(moment: &Moment<'_, P>, txn: TxnId) -> bool {
    let home = moment.after.config().home(txn.client);
    moment.node != home && moment.others().all(|(id, _)| id != home)
}

const NONE: Budget = Budget { crashes: 0, drops: 0, duplicates: 0, timers: 0, requests: 0, retries: 0 };

fn append(key: u64, value: i64) -> MicroOp {
    MicroOp::Append { key: Key(key), value }
}

/// At all of three nodes.
fn everywhere() -> Vec<Transaction> {
    vec![Transaction(vec![append(0, 1), append(1, 2), append(2, 3)])]
}

/// At two nodes; the home of the first client is the second of them.
fn at_two() -> Vec<Transaction> {
    vec![Transaction(vec![append(0, 1), append(1, 2)])]
}

fn config<P: Style>(nodes: u32) -> Config {
    Commit::<P>::config(nodes)
}

/// Two clients want the same keys.
fn conflict<P: Style>() -> Scope<P> {
    let read = |key| MicroOp::Read { key: Key(key) };
    Scope {
        scripts: vec![
            vec![Transaction(vec![append(0, 1), read(1)])],
            vec![Transaction(vec![append(1, 2), read(0)])],
        ],
        fires: |_| false,
        ..Scope::new(
            "locks",
            "two transactions want each other's keys",
            2,
            config::<P>(2),
            Budget { requests: 2, ..NONE },
        )
    }
}

impl Explored for Commit<TwoPhase> {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<TwoPhase>> {
        let small = Scope {
            scripts: vec![at_two()],
            fires: |timer| !matches!(timer, two_phase::Timer::Resend(_)),
            ..Scope::new(
                "small",
                "one transaction at two participants, one of which coordinates; a crash, and somebody asks",
                2,
                config::<TwoPhase>(2),
                Budget { requests: 1, crashes: 1, timers: 2, ..NONE },
            )
        };
        let three = Scope {
            scripts: vec![everywhere()],
            fires: |timer| !matches!(timer, two_phase::Timer::Resend(_)),
            ..Scope::new(
                "three",
                "the same at three participants",
                3,
                config::<TwoPhase>(3),
                Budget { requests: 1, crashes: 1, timers: 1, ..NONE },
            )
        };
        let again = Scope {
            scripts: vec![at_two()],
            ..Scope::new(
                "again",
                "a call that is tried again after its coordinator crashed",
                2,
                config::<TwoPhase>(2),
                Budget { requests: 1, crashes: 1, retries: 1, ..NONE },
            )
        };
        vec![small, three, again, conflict()]
    }
}

impl Explored for Commit<ThreePhase> {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<ThreePhase>> {
        let small = Scope {
            scripts: vec![everywhere()],
            fires: |timer| !matches!(timer, three_phase::Timer::Resend(_)),
            due: Some(due),
            ..Scope::new(
                "small",
                "a transaction at three participants in a synchronous network; one crashes, and may come back",
                3,
                config::<ThreePhase>(3),
                Budget { requests: 1, crashes: 1, timers: 4, ..NONE },
            )
        };
        let asynchronous = Scope {
            scripts: vec![at_two()],
            fires: |timer| !matches!(timer, three_phase::Timer::Resend(_)),
            ..Scope::new(
                "asynchronous",
                "no crash, but any timer at any time: what three-phase commit does not bear",
                3,
                config::<ThreePhase>(3),
                Budget { requests: 1, timers: 4, ..NONE },
            )
        };
        vec![small, asynchronous, conflict()]
    }
}

/// Patience ends before doubt, and participants doubt one after the other.
fn due(node: NodeId, timer: &three_phase::Timer) -> u32 {
    match timer {
        three_phase::Timer::Doubt(_) => node.0,
        _ => 0,
    }
}

impl Explored for Commit<PaxosCommit> {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<PaxosCommit>> {
        let one = || vec![vec![Transaction(vec![append(0, 1)])]];
        let small = Scope {
            scripts: one(),
            ..Scope::new(
                "small",
                "one participant and two acceptors, one of which leads; somebody else may lead",
                2,
                config::<PaxosCommit>(2),
                Budget { requests: 1, timers: 1, ..NONE },
            )
        };
        let crash = Scope {
            scripts: one(),
            fires: |timer| !matches!(timer, paxos_commit::Timer::Resend(_)),
            due: Some(|_, _| 0),
            ..Scope::new(
                "crash",
                "one participant and three acceptors in a synchronous network; one node crashes, and may come back",
                3,
                config::<PaxosCommit>(3),
                Budget { requests: 1, crashes: 1, timers: 2, ..NONE },
            )
        };
        let locks = Scope {
            scripts: vec![vec![Transaction(vec![append(0, 1)])], vec![Transaction(vec![append(0, 2)])]],
            opening: vec![Opening::Call(0, NodeId(1)), Opening::Deliver("Prepare", NodeId(1))],
            fires: |_| false,
            ..Scope::new(
                "locks",
                "a transaction has a lock, another one wants it; three acceptors",
                3,
                config::<PaxosCommit>(3),
                Budget { requests: 1, ..NONE },
            )
        };
        vec![small, crash, locks]
    }
}
