//! Three-phase commit (Skeen 1981; Bernstein, Hadzilacos & Goodman 1987, §7.5): no crash blocks it, **if the network
//! is synchronous**.
//!
//! ```text
//!   coordinator                     participant
//!  writes "begun"
//!        │ ── Prepare ─────────────▶ │  takes its locks, writes "prepared": uncertain
//!        │ ◀──────────── VoteYes ── │
//!  writes "all voted yes"            │
//!        │ ── PreCommit ───────────▶ │  writes "pre-committed": no longer uncertain
//!        │ ◀───────────── PreAck ── │
//!  writes "committed", when all have acknowledged or failed
//!        │ ── Commit ──────────────▶ │  appends, lets its locks go
//! ```
//!
//! The middle phase keeps this apart: **while anybody who is up is uncertain, nobody has committed**. So those who are
//! up can finish without the coordinator. When it is silent for too long, the first of them takes over, asks the
//! others, and goes by what it hears: a decision, if one knows it; commit, after all are pre-committed, if one is;
//! otherwise abort.
//!
//! # The assumption
//!
//! Whoever is silent has crashed. That takes links that lose nothing between nodes that are up, and a bound on how long
//! a message and a sync take, well below [`Config::patience`](crate::Config::patience). **A partition breaks it**: on
//! one side of it somebody pre-committed and commits, on the other all are uncertain and abort, each side taking the
//! other for dead. `tests/dialogues/d09_a_partition.txt` shows it, and `synod sweep 3pc --faults partition` finds it.
//!
//! # Who was down
//!
//! A node that comes back has missed things, and counts as failed for what it took part in before: it decides nothing,
//! asks, and does as it is told. Only if *everybody* who took part was down meanwhile, and all are back, is it certain
//! that nobody knows more: then what was pre-committed anywhere commits, and all else aborts.
//!
//! Refines `TCommit`: `rmState` as in two-phase commit; a pre-committed participant is "prepared".
use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effect, Effects, Node, NodeId, Stable};

use crate::{
    Branches, CommitEvent, Config, Fact, Locks, Protocol, Response, Transaction, TxnId, View,
    transaction::Decision,
};

mod message;
pub use message::{Body, Standing, ThreePhaseMessage};

mod record;
pub use record::{Begun, Persistent, Record};

mod coordinator;
use coordinator::Leading;
mod participant;

mod termination;
use termination::Asking;

/// A node: it coordinates the transactions of its clients, and holds a part of the keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThreePhase {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    pub(crate) persistent: Stable<Persistent>,
    /// As a coordinator: transactions of this life that are not decided.
    pub(crate) leading: BTreeMap<TxnId, Leading>,
    /// As a coordinator: who waits for an answer.
    pub(crate) callers: BTreeMap<TxnId, Caller>,
    /// As a coordinator: who has not yet acknowledged a decision.
    pub(crate) unacknowledged: BTreeMap<TxnId, BTreeSet<NodeId>>,
    /// As one who took over, or came back: what the others said.
    pub(crate) asking: BTreeMap<TxnId, Asking>,
    /// Undecided transactions of earlier lives: in these, this node counts as failed.
    pub(crate) recovered: BTreeSet<TxnId>,
    /// As a participant.
    pub(crate) locks: Locks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The coordinator takes those who have not voted, or not acknowledged the pre-commit, for failed.
    Patience(TxnId),
    /// The coordinator sends a decision again to those who have not acknowledged it.
    Resend(TxnId),
    /// A participant has promised, and hears nothing: it takes over. Or a node came back, and asks.
    Doubt(TxnId),
    /// Who was asked and has not answered by now is taken for failed.
    Conclude(TxnId),
}

impl Node for ThreePhase {
    type Config = Config;
    type Message = ThreePhaseMessage;
    type Timer = Timer;
    type Request = Transaction;
    type Response = Response;
    type Event = CommitEvent;
    type Record = Record;
    type Durable = Persistent;
    type View = View;

    /// What is undecided here is decided by others, or by nobody before all are back.
    ///
    /// Spec: ThreePhase!Restart, ThreePhase!Crash
    fn boot(id: NodeId, config: &Config, durable: Persistent, out: &mut Effects<Self>) -> Self {
        config.must_admit(id);
        out.note(CommitEvent::Restarted { life: 0 });
        let (decided, undecided): (BTreeMap<TxnId, &Begun>, BTreeMap<TxnId, &Begun>) =
            durable.begun.iter().map(|(txn, begun)| (*txn, begun)).partition(|(_, it)| it.decision.is_some());
        let promised = durable.branches.prepared().map(|(txn, _)| txn);
        let recovered: BTreeSet<TxnId> = undecided.into_keys().chain(promised).collect();
        for txn in &recovered {
            out.set_timer(Timer::Doubt(*txn), Duration::ZERO..config.patience);
        }
        for txn in decided.keys() {
            out.set_timer(Timer::Resend(*txn), Duration::ZERO..config.resend);
        }
        let unacknowledged =
            decided.iter().map(|(txn, begun)| (*txn, begun.participants.iter().copied().collect())).collect();
        ThreePhase {
            id,
            config: config.clone(),
            locks: Locks::of(&durable.branches),
            leading: BTreeMap::new(),
            callers: BTreeMap::new(),
            unacknowledged,
            asking: BTreeMap::new(),
            recovered,
            persistent: Stable::recovered(durable),
        }
    }

    fn on_message(&mut self, from: NodeId, message: &ThreePhaseMessage, out: &mut Effects<Self>) {
        if !self.config.members.contains(&from) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        let txn = message.txn;
        match &message.body {
            Body::Prepare(branch) => self.on_prepare(from, txn, branch, out),
            Body::VoteYes { reads } => self.on_vote(from, txn, Some(reads), out),
            Body::VoteNo => self.on_vote(from, txn, None, out),
            Body::PreCommit => self.on_pre_commit(from, txn, out),
            Body::PreAck => self.on_pre_ack(from, txn, out),
            Body::Commit => self.on_commit(from, txn, out),
            Body::Abort => self.on_decision(txn, Decision::Abort, out),
            Body::Ack => self.on_ack(from, txn, out),
            Body::AskState => self.on_ask_state(from, txn, out),
            Body::State { standing, was_down } => self.on_state(from, txn, *standing, *was_down, out),
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::Patience(txn) => self.lose_patience(txn, out),
            Timer::Resend(txn) => self.send_again(txn, out),
            Timer::Doubt(txn) => self.take_over(txn, out),
            Timer::Conclude(txn) => self.conclude(txn, out),
        }
    }

    fn on_request(&mut self, from: Caller, transaction: &Transaction, out: &mut Effects<Self>) {
        self.on_transaction(from, transaction, out);
    }

    fn view(&self) -> View {
        View {
            life: 0,
            open: self.leading.len() as u32,
            unacknowledged: self.unacknowledged.len() as u32,
            prepared: self.persistent.branches.prepared().len() as u32,
            locks: self.locks.len() as u32,
        }
    }
}

impl Protocol for ThreePhase {
    const NAME: &'static str = "3pc";
    const KINDS: &'static [&'static str] = &[
        "Prepare",
        "VoteYes",
        "VoteNo",
        "PreCommit",
        "PreAck",
        "Commit",
        "Abort",
        "Ack",
        "AskState",
        "State",
    ];

    fn fact(effect: &Effect<Self>) -> Option<Fact> {
        match effect {
            Effect::Persist(Record::Branch(record)) => Some(Fact::of_branch(record)),
            Effect::Persist(Record::Decided { txn, decision }) => {
                Some(Fact::Decided { txn: *txn, decision: *decision })
            }
            Effect::Event(CommitEvent::GotVote { txn, from, yes }) => {
                Some(Fact::GotVote { txn: *txn, from: *from, yes: *yes })
            }
            _ => None,
        }
    }

    fn txn_of(message: &ThreePhaseMessage) -> TxnId {
        message.txn
    }

    fn txn_of_timer(timer: Timer) -> TxnId {
        let (Timer::Patience(txn) | Timer::Resend(txn) | Timer::Doubt(txn) | Timer::Conclude(txn)) = timer;
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
impl ThreePhase {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn persistent(&self) -> &Persistent {
        &self.persistent
    }
}

/// What every handler uses.
impl ThreePhase {
    pub(crate) fn coordinates(&self, txn: TxnId) -> bool {
        self.config.home(txn.client) == self.id
    }

    pub(crate) fn send(&self, to: NodeId, txn: TxnId, body: Body, out: &mut Effects<Self>) {
        out.send(to, ThreePhaseMessage { txn, body });
    }
}
