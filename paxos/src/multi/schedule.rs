//! Reconfiguration through the log: which acceptors decide which slot (*Reconfiguring a State Machine*, Lamport,
//! Malkhi & Zhou 2010, §3; *Paxos Made Simple*, the end of §3).
//!
//! ```text
//!   slot        1 … i-1     i      i+1 … i+α-1     i+α …
//!   value                [C → C']   (calls, then no-ops)
//!   decided by  C           C           C             C'
//! ```
//!
//! "We can allow a leader to get α commands ahead by letting the set of servers that execute instance i + α of the
//! consensus algorithm be specified by the state after execution of the ith state machine command." So nobody has to
//! guess: whoever may propose for slot j has executed slot j − α, and knows the acceptors of j from the log alone.
//!
//! All servers of the address book hear the leader, so one that is added is warm, and one that was removed still
//! learns that it was. Only the acceptors of a slot's configuration count for it.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::iter;

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, NodeId};

use crate::{QuorumError, QuorumSizes, quorums::Quorums};

use super::{Config, Reconfiguration, Refusal, Slot};

/// Acceptors, and from which slot on they decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Era {
    /// The configuration that the servers were started with is 1.
    pub(crate) epoch: u64,
    pub(crate) from: Slot,
    pub(crate) quorums: Quorums,
}

impl Era {
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The first slot that its members decide.
    pub fn from(&self) -> Slot {
        self.from
    }

    /// In ascending order.
    pub fn members(&self) -> &[NodeId] {
        self.quorums.members()
    }

    pub fn quorums(&self) -> QuorumSizes {
        self.quorums.sizes()
    }
}

/// The configurations of all slots that are not executed yet, as far as the executed ones tell, that is up to α
/// slots further: a part of the replicated state.
///
/// 1. Epochs and first slots ascend.
/// 2. `current` governs the first slot that is not executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schedule {
    current: Era,
    later: Vec<Era>,
    /// Each client's latest wish, and what came of it: it is tried again, and takes effect once.
    calls: BTreeMap<ClientId, (u64, Outcome)>,
}

pub(crate) type Outcome = Result<(u64, Slot), Refusal>;

impl Schedule {
    /// That of a log in which nothing is executed.
    ///
    /// # Errors
    /// Its quorums make no sense.
    pub fn new(config: &Config) -> Result<Schedule, QuorumError> {
        let quorums = Quorums::new(&config.members, config.quorums)?;
        let current = Era { epoch: 1, from: Slot::ZERO.next(), quorums };
        Ok(Schedule { current, later: Vec::new(), calls: BTreeMap::new() })
    }

    /// In the order of their slots.
    pub fn eras(&self) -> impl DoubleEndedIterator<Item = &Era> {
        iter::once(&self.current).chain(&self.later)
    }

    /// Who decides the first slot that is not executed.
    pub fn current(&self) -> &Era {
        &self.current
    }

    /// The last one that was asked for.
    pub fn latest(&self) -> &Era {
        self.later.last().unwrap_or(&self.current)
    }

    /// The configuration of a slot that is not executed, and at most α after one that is.
    pub(crate) fn governing(&self, slot: Slot) -> &Era {
        self.later.iter().rev().find(|era| era.from <= slot).unwrap_or(&self.current)
    }

    /// The last slot that the configuration of this one governs.
    pub(crate) fn last_governed_with(&self, slot: Slot) -> Slot {
        self.later.iter().find(|era| era.from > slot).map_or(Slot::LAST, |next| next.from.minus(1))
    }

    /// May whom these promised propose for all slots to come that it knows the acceptors of, α from the last executed
    /// one on?
    ///
    /// It may propose v for slot j in ballot b only if nothing else can have been chosen for j before b. Why that holds
    /// while acceptors change:
    ///
    /// 1. Slot j has one configuration C, that of the log up to j − α. Whoever proposes for j has executed that much (the
    ///    window), and by Agreement for those slots it is the same log. So nobody ever counts votes for j by another one.
    /// 2. If a value was chosen for j in an earlier ballot, a phase-2 quorum *of C* voted for it.
    /// 3. So a phase-1 quorum *of C* must have promised b, whichever others did: it shares a member with that one. From
    ///    there on the argument is Paxos's (`single::Paxos::propose`).
    /// 4. The slots of the window may have several configurations; a quorum of the latest says nothing of the slots that an
    ///    earlier one still decides, and none of theirs says anything of its slots. Hence: a quorum of each.
    /// 5. Promises are for all slots, so one that was given while its acceptor was in C counts for it in C' too. A leader
    ///    that executes a reconfiguration whose phase-1 quorum it lacks begins a later ballot.
    pub(crate) fn is_promised_by(&self, promises: &BTreeSet<NodeId>) -> bool {
        self.eras().all(|era| era.quorums.phase_1.reached(|member| promises.contains(&member)))
    }

    /// Is this server an acceptor of any slot to come?
    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.eras().any(|era| era.quorums.has(node))
    }

    /// What came of this call, if it was one for another configuration and took effect; `Some(None)`: a later one of
    /// its client did.
    pub(crate) fn recall(&self, client: ClientId, number: u64) -> Option<Option<Outcome>> {
        let (latest, outcome) = self.calls.get(&client)?;
        (*latest >= number).then(|| (*latest == number).then_some(*outcome))
    }

    /// Slot `slot` is executed, and says this. It is the first of its call to be so.
    pub(crate) fn execute(
        &mut self,
        (client, number): (ClientId, u64),
        wish: &Reconfiguration,
        slot: Slot,
        window: usize,
        servers: &[NodeId],
    ) -> Outcome {
        let outcome = self.scheduled(wish, slot, window, servers);
        self.calls.insert(client, (number, outcome));
        outcome
    }

    /// It takes effect α slots later: up to there, leaders may have proposed without knowing what it says.
    fn scheduled(
        &mut self,
        wish: &Reconfiguration,
        slot: Slot,
        window: usize,
        servers: &[NodeId],
    ) -> Outcome {
        let quorums = wish.quorums(servers)?;
        let latest = self.latest().epoch;
        if let Some(after) = wish.after.filter(|after| *after != latest) {
            return Err(Refusal::NotTheLatest { after, latest });
        }
        let era = Era { epoch: latest.saturating_add(1), from: slot.plus(window), quorums };
        let scheduled = (era.epoch, era.from);
        self.later.push(era);
        Ok(scheduled)
    }

    /// All slots up to this one are executed. Does another configuration govern the next one?
    pub(crate) fn executed(&mut self, through: Slot) -> bool {
        let begun = self.later.iter().take_while(|era| era.from <= through.next()).count();
        match self.later.drain(..begun).next_back() {
            None => false,
            Some(era) => {
                self.current = era;
                true
            }
        }
    }

    /// Could executed slots have led to it? A message may say anything.
    pub(crate) fn is_sane(&self, through: Slot, window: usize, servers: &[NodeId]) -> bool {
        let ascend = self.eras().zip(self.eras().skip(1)).all(|(a, b)| a.epoch < b.epoch && a.from < b.from);
        let known = |era: &Era| era.quorums.is_sane() && era.members().iter().all(|it| servers.contains(it));
        ascend
            && self.eras().all(known)
            && self.current.from <= through.next()
            && self.later.first().is_none_or(|era| era.from > through.next())
            && self.latest().from <= through.plus(window)
    }
}

impl Reconfiguration {
    /// # Errors
    /// They name a server that nobody knows, or their quorums make no sense.
    pub(crate) fn quorums(&self, servers: &[NodeId]) -> Result<Quorums, Refusal> {
        if let Some(node) = self.members.iter().find(|node| !servers.contains(node)) {
            return Err(Refusal::Stranger { node: *node });
        }
        Quorums::new(&self.members, self.quorums).map_err(Refusal::Quorums)
    }
}
