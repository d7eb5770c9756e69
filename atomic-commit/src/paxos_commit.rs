//! Paxos Commit (Gray & Lamport, *Consensus on Transaction Commit*, 2006), which no single crash blocks.
//!
//! In two-phase commit one node knows the decision, and everybody waits for it. Here nobody's memory is needed alone:
//! **each participant's vote is a consensus of its own**, an instance of Paxos among 2F+1 acceptors, and the
//! transaction commits exactly if every instance chooses "prepared". Whoever can reach a majority of the acceptors can
//! find out, or bring to an end, what became of any transaction.
//!
//! ```text
//!   leader            participants           acceptors (all nodes, of which F may fail)
//!     │ ── Prepare ──────▶ │                     │
//!     │                    │ ── 2a, ballot 0 ──▶ │   each participant proposes its own vote; no phase 1,
//!     │ ◀──────────────────┼──────────────── 2b ─│   for nobody else proposes in ballot 0
//!     │ ── Commit ───────▶ │                         every instance has a majority for "prepared"
//!     │ ◀───────────── Ack │
//!     │ ── Forget ─────────┼───────────────────▶ │
//! ```
//!
//! If a vote, or the leader, is missed for too long, any participant in doubt, and any node that a client asks again,
//! leads a ballot of its own: it asks the acceptors what they took (1a, 1b) and proposes for each instance the vote of
//! the highest ballot that it hears of. Where it hears of none, none was chosen nor will be in an earlier ballot, and
//! it is free: it proposes "aborted". So a dead participant, too, blocks nobody.
//!
//! **Exactly once, at any node.** Acceptors remember, so a call needs no home: its transaction has one name, made of its
//! client, its number and what was asked ([`Run`](crate::Run)), and whoever is asked again leads the very same one to the
//! very same end. For that, acceptors keep the latest transaction of each client even when every participant has the
//! decision; earlier ones go then.
//!
//! **A number is for one call.** Something else under the same number is another transaction, and cannot be mixed up with
//! the first; who knows of the first does not begin it, and votes no.
//!
//! Refines `TCommit`, as two-phase commit does. With F = 0 it *is* two-phase commit: one acceptor, the coordinator's
//! disk.
use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effect, Effects, Node, NodeId, Quorum, Stable};

use crate::{
    Branches, CommitEvent, Config, Fact, Locks, Protocol, Response, Transaction, TxnId, View, store::Past,
    transaction::Decision,
};

mod message;
pub use message::{Body, PaxosCommitMessage, Vote, Votes};

mod record;
pub use record::{Ballots, Persistent, Record};

mod leader;
use leader::Leading;
mod acceptor;
mod participant;

/// A node: it leads transactions, holds a part of the keys, and is an acceptor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaxosCommit {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    /// The majorities of the acceptors.
    pub(crate) quorum: Quorum,
    pub(crate) persistent: Stable<Persistent>,
    /// As a leader. Nothing of it is missed after a crash.
    pub(crate) leading: BTreeMap<TxnId, Leading>,
    /// As a participant.
    pub(crate) locks: Locks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A leader has not come to a decision: it leads a later ballot.
    Lead(TxnId),
    /// A leader sends a decision again to those who have not acknowledged it.
    Resend(TxnId),
    /// A participant has promised, and hears nothing.
    Doubt(TxnId),
}

impl Node for PaxosCommit {
    type Config = Config;
    type Message = PaxosCommitMessage;
    type Timer = Timer;
    type Request = Transaction;
    type Response = Response;
    type Event = CommitEvent;
    type Record = Record;
    type Durable = Persistent;
    type View = View;

    /// What was prepared is in doubt and locked; what was led is left to whoever is in doubt.
    ///
    /// Spec: PaxosCommit!Restart
    fn boot(id: NodeId, config: &Config, durable: Persistent, out: &mut Effects<Self>) -> Self {
        config.must_admit(id);
        out.note(CommitEvent::Restarted { life: 0 });
        for (txn, _) in durable.branches.prepared() {
            out.set_timer(Timer::Doubt(txn), config.doubt.clone());
        }
        PaxosCommit {
            id,
            config: config.clone(),
            quorum: Quorum::majority_of(&config.members),
            locks: Locks::of(&durable.branches),
            leading: BTreeMap::new(),
            persistent: Stable::recovered(durable),
        }
    }

    fn on_message(&mut self, from: NodeId, message: &PaxosCommitMessage, out: &mut Effects<Self>) {
        if !self.config.members.contains(&from) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        let txn = message.txn;
        match &message.body {
            Body::Prepare(branch) => self.on_prepare(from, txn, branch, out),
            Body::Phase1a { ballot } => self.on_phase_1a(from, txn, *ballot, out),
            Body::Phase1b { ballot, accepted } => self.on_phase_1b(from, txn, *ballot, accepted, out),
            Body::Phase2a { ballot, votes, leader } => {
                self.on_phase_2a(from, txn, *ballot, votes, *leader, out);
            }
            Body::Phase2b { ballot, votes } => self.on_phase_2b(from, txn, *ballot, votes, out),
            Body::Promised { ballot } => self.on_promised(from, txn, *ballot, out),
            Body::Outdated => self.on_outdated(from, txn, out),
            Body::Commit => self.on_decision(from, txn, Decision::Commit, out),
            Body::Abort => self.on_decision(from, txn, Decision::Abort, out),
            Body::Ack => self.on_ack(from, txn, out),
            Body::Forget => self.on_forget(txn, out),
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::Lead(txn) => self.start_ballot(txn, out),
            Timer::Resend(txn) => self.send_again(txn, out),
            Timer::Doubt(txn) => self.take_over(txn, out),
        }
    }

    fn on_request(&mut self, from: Caller, transaction: &Transaction, out: &mut Effects<Self>) {
        self.on_transaction(from, transaction, out);
    }

    fn view(&self) -> View {
        let decided = self.leading.values().filter(|leading| leading.is_decided()).count();
        View {
            life: 0,
            open: (self.leading.len() - decided) as u32,
            unacknowledged: decided as u32,
            prepared: self.persistent.branches.prepared().len() as u32,
            locks: self.locks.len() as u32,
        }
    }
}

impl Protocol for PaxosCommit {
    const NAME: &'static str = "paxos-commit";
    const KINDS: &'static [&'static str] = &[
        "Prepare", "Phase1a", "Phase1b", "Phase2a", "Phase2b", "Promised", "Outdated", "Commit", "Abort",
        "Ack", "Forget",
    ];

    fn fact(effect: &Effect<Self>) -> Option<Fact> {
        match effect {
            Effect::Persist(Record::Branch(record)) => Some(Fact::of_branch(record)),
            Effect::Event(CommitEvent::Decided { txn, decision }) => {
                Some(Fact::Decided { txn: *txn, decision: *decision })
            }
            _ => None,
        }
    }

    fn txn_of(message: &PaxosCommitMessage) -> TxnId {
        message.txn
    }

    fn txn_of_timer(timer: Timer) -> TxnId {
        let (Timer::Lead(txn) | Timer::Resend(txn) | Timer::Doubt(txn)) = timer;
        txn
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn branches(&self) -> &Branches {
        &self.persistent.branches
    }

    fn locks(&self) -> &Locks {
        &self.locks
    }
}

/// What anyone may look at.
impl PaxosCommit {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn persistent(&self) -> &Persistent {
        &self.persistent
    }
}

/// What every handler uses.
impl PaxosCommit {
    /// As an acceptor or a participant.
    pub(crate) fn knows(&self, txn: TxnId) -> bool {
        let Persistent { branches, ballots, .. } = &*self.persistent;
        ballots.contains_key(&txn) || branches.branch(txn).is_some() || branches.past(txn) != Past::Never
    }

    /// Something else that the same client asked for under the same number: as a leader, an acceptor or a participant.
    pub(crate) fn knows_rival(&self, txn: TxnId) -> bool {
        let is_rival = |other: &TxnId| other.is_rival_of(txn);
        let Persistent { branches, ballots, .. } = &*self.persistent;
        self.leading.range(txn.of_call()).any(|(other, _)| is_rival(other))
            || ballots.range(txn.of_call()).any(|(other, _)| is_rival(other))
            || branches.knows_rival(txn)
    }

    pub(crate) fn send(&self, to: NodeId, txn: TxnId, body: Body, out: &mut Effects<Self>) {
        out.send(to, PaxosCommitMessage { txn, body });
    }

    pub(crate) fn to_acceptors(&self, txn: TxnId, body: &Body, out: &mut Effects<Self>) {
        for acceptor in self.quorum.each() {
            self.send(acceptor, txn, body.clone(), out);
        }
    }
}
