//! Two-phase commit (Gray 1978; Lampson & Sturgis 1979) with **presumed abort** (Mohan, Lindsay & Obermarck 1986).
//!
//! ```text
//!   coordinator                      participant
//!        │ ── Prepare ──────────────▶ │  takes its locks, writes "prepared"
//!        │ ◀───────────── VoteYes ── │  from here on it is in doubt: it may do nothing alone
//!  writes "committed"                 │
//!        │ ── Commit ───────────────▶ │  writes, appends, lets its locks go
//!        │ ◀───────────────── Ack ── │
//!  forgets, when all have acknowledged
//! ```
//!
//! Any doubt on the coordinator's side before its commit record (a no, a silence, a crash) is an abort, and costs no
//! memory: a coordinator that is asked about a transaction of which it knows nothing says "abort". That is right
//! because the two ways to know nothing of a transaction that *committed* are closed: its record is on disk before
//! anybody hears of it, and stays until every participant has the commit on its own.
//!
//! A participant in doubt asks its coordinator and the other participants (**cooperative termination**): one that was
//! told knows, and one that has not voted yet can refuse to for ever. If all who can be reached are in doubt too, it
//! waits, with its locks: two-phase commit **blocks**, and `tests/dialogues/d04_blocking.txt` shows it.
//!
//! Refines `TCommit`: a participant's `rmState` for a transaction is "prepared" while its branch is in
//! [`Branches::prepared`](crate::Branches::prepared), "committed" and "aborted" as the branch was closed, and
//! "working" before; the coordinator's `tmState` is "committed" from its commit record on.
use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effect, Effects, Node, NodeId, Stable};

use crate::{
    Branches, CommitEvent, Config, Fact, Locks, Protocol, Response, Run, Transaction, TxnId, View,
    transaction::Decision,
};

mod message;
pub use message::{Body, TwoPhaseMessage};

mod record;
pub use record::{Persistent, Record};

mod coordinator;
use coordinator::Voting;
mod participant;

/// A node: it coordinates the transactions of its clients, and holds a part of the keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TwoPhase {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    pub(crate) persistent: Stable<Persistent>,
    /// As a coordinator: who has voted. Lost in a crash, and with it the transactions themselves.
    pub(crate) voting: BTreeMap<TxnId, Voting>,
    /// As a coordinator: who has not yet acknowledged a commit.
    pub(crate) unacknowledged: BTreeMap<TxnId, BTreeSet<NodeId>>,
    /// As a participant.
    pub(crate) locks: Locks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The coordinator loses its patience with those who have not voted.
    Votes(TxnId),
    /// The coordinator sends a commit again to those who have not acknowledged it.
    Resend(TxnId),
    /// A participant has promised, and hears nothing.
    Doubt(TxnId),
}

impl Node for TwoPhase {
    type Config = Config;
    type Message = TwoPhaseMessage;
    type Timer = Timer;
    type Request = Transaction;
    type Response = Response;
    type Event = CommitEvent;
    type Record = Record;
    type Durable = Persistent;
    type View = View;

    /// What was committed is told again, what was prepared is in doubt and locked, and all else was aborted.
    ///
    /// Spec: PresumedAbort!Restart
    fn boot(id: NodeId, config: &Config, durable: Persistent, out: &mut Effects<Self>) -> Self {
        config.must_admit(id);
        assert!(durable.life < Run::LAST_LIFE, "Exactly once: no two lives of {id} have the same number");
        let mut node = TwoPhase {
            id,
            config: config.clone(),
            locks: Locks::of(&durable.branches),
            unacknowledged: durable
                .committed
                .iter()
                .map(|(txn, participants)| (*txn, participants.iter().copied().collect()))
                .collect(),
            voting: BTreeMap::new(),
            persistent: Stable::recovered(durable),
        };
        out.note(CommitEvent::Restarted { life: node.persistent.life.saturating_add(1) });
        node.persistent.write(Record::Booted, out);
        for (txn, _) in node.persistent.branches.prepared() {
            out.set_timer(Timer::Doubt(txn), config.doubt.clone());
        }
        for txn in node.unacknowledged.keys() {
            out.set_timer(Timer::Resend(*txn), Duration::ZERO..config.resend);
        }
        node
    }

    fn on_message(&mut self, from: NodeId, message: &TwoPhaseMessage, out: &mut Effects<Self>) {
        if !self.config.members.contains(&from) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        let txn = message.txn;
        match &message.body {
            Body::Prepare(branch) => self.on_prepare(from, txn, branch, out),
            Body::VoteYes { reads } => self.on_vote(from, txn, Some(reads), out),
            Body::VoteNo => self.on_vote(from, txn, None, out),
            Body::Commit => self.on_decision(from, txn, Decision::Commit, out),
            Body::Abort => self.on_decision(from, txn, Decision::Abort, out),
            Body::Ack => self.on_ack(from, txn, out),
            Body::Inquire if self.coordinates(txn) => self.on_inquire_coordinator(from, txn, out),
            Body::Inquire => self.on_inquire_participant(from, txn, out),
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::Votes(txn) => self.lose_patience(txn, out),
            Timer::Resend(txn) => self.send_again(txn, out),
            Timer::Doubt(txn) => self.ask(txn, out),
        }
    }

    fn on_request(&mut self, from: Caller, transaction: &Transaction, out: &mut Effects<Self>) {
        self.on_transaction(from, transaction, out);
    }

    fn view(&self) -> View {
        View {
            life: self.persistent.life,
            open: self.voting.len() as u32,
            unacknowledged: self.unacknowledged.len() as u32,
            prepared: self.persistent.branches.prepared().len() as u32,
            locks: self.locks.len() as u32,
        }
    }
}

/// What anyone may look at.
impl TwoPhase {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn persistent(&self) -> &Persistent {
        &self.persistent
    }
}

/// What every handler uses.
impl TwoPhase {
    pub(crate) fn coordinates(&self, txn: TxnId) -> bool {
        self.config.home(txn.client) == self.id
    }

    pub(crate) fn send(&self, to: NodeId, txn: TxnId, body: Body, out: &mut Effects<Self>) {
        out.send(to, TwoPhaseMessage { txn, body });
    }
}

impl Protocol for TwoPhase {
    const NAME: &'static str = "2pc";
    const KINDS: &'static [&'static str] =
        &["Prepare", "VoteYes", "VoteNo", "Commit", "Abort", "Ack", "Inquire"];

    fn fact(effect: &Effect<Self>) -> Option<Fact> {
        match effect {
            Effect::Persist(Record::Branch(record)) => Some(Fact::of_branch(record)),
            Effect::Persist(Record::Committed { txn, .. }) => {
                Some(Fact::Decided { txn: *txn, decision: Decision::Commit })
            }
            Effect::Persist(Record::Aborted { txn }) => {
                Some(Fact::Decided { txn: *txn, decision: Decision::Abort })
            }
            Effect::Event(CommitEvent::GotVote { txn, from, yes }) => {
                Some(Fact::GotVote { txn: *txn, from: *from, yes: *yes })
            }
            _ => None,
        }
    }

    fn txn_of(message: &TwoPhaseMessage) -> TxnId {
        message.txn
    }

    fn txn_of_timer(timer: Timer) -> TxnId {
        let (Timer::Votes(txn) | Timer::Resend(txn) | Timer::Doubt(txn)) = timer;
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
