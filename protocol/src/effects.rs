//! What goes into a step, and the ordered list that comes out of it.
use alloc::vec::Vec;
use core::{ops::Range, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Answer, Caller, Event, Node, NodeId, Time};

/// What a node is handed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Input<N: Node> {
    Message(NodeId, N::Message),
    Timer(N::Timer),
    Request(Caller, N::Request),
}

/// What a node asks for. Nothing has happened yet when it stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Effect<N: Node> {
    Send(NodeId, N::Message),
    Reply(Caller, Answer<N::Response>),
    Persist(N::Record),
    SetTimer(N::Timer, Range<Duration>),
    CancelTimer(N::Timer),
    Event(N::Event),
}

impl<N: Node> Effect<N> {
    /// Does it leave the node? Only such effects wait for the records before them.
    pub fn is_output(&self) -> bool {
        matches!(self, Effect::Send(..) | Effect::Reply(..))
    }
}

/// The effects of one step, in order, and what the step may read. A harness keeps one and reuses it.
#[derive(Clone, Debug)]
pub struct Effects<N: Node> {
    list: Vec<Effect<N>>,
    now: Time,
    clock_was_read: bool,
}

impl<N: Node> Default for Effects<N> {
    fn default() -> Self {
        Effects { list: Vec::new(), now: Time::ZERO, clock_was_read: false }
    }
}

/// For nodes.
impl<N: Node> Effects<N> {
    #[inline]
    pub fn send(&mut self, to: NodeId, message: N::Message) {
        self.push(|| Effect::Send(to, message));
    }

    /// The call took effect and this is its result.
    #[inline]
    pub fn reply(&mut self, to: Caller, response: N::Response) {
        self.push(|| Effect::Reply(to, Answer::Done(response)));
    }

    /// The call was not carried out here and will not be; `hint` may know better.
    #[inline]
    pub fn redirect(&mut self, to: Caller, hint: Option<NodeId>) {
        self.push(|| Effect::Reply(to, Answer::Elsewhere(hint)));
    }

    /// Prefer [`Stable::write`](crate::Stable::write), which also changes the copy in memory.
    #[inline]
    pub fn persist(&mut self, record: N::Record) {
        self.push(|| Effect::Persist(record));
    }

    /// Arms the timer, or arms it anew: a timer is armed at most once. It fires once, somewhere in the
    /// range, which is where the randomness of an algorithm comes from.
    #[inline]
    pub fn set_timer(&mut self, timer: N::Timer, after: Range<Duration>) {
        self.push(|| Effect::SetTimer(timer, after));
    }

    #[inline]
    pub fn cancel_timer(&mut self, timer: N::Timer) {
        self.push(|| Effect::CancelTimer(timer));
    }

    #[inline]
    pub fn note(&mut self, event: N::Event) {
        self.push(|| Effect::Event(event));
    }

    /// Made at its place in the list: an effect that is made elsewhere, piece by piece, and then moved in whole, keeps the
    /// processor waiting for its pieces.
    #[inline(always)]
    fn push(&mut self, effect: impl FnOnce() -> Effect<N>) {
        self.list.extend(core::iter::once_with(effect));
    }

    /// The node's own clock, which may be wrong. Only leases and the like read it; a harness that has no
    /// clock to give refuses the step.
    pub fn now(&mut self) -> Time {
        self.clock_was_read = true;
        self.now
    }

    /// Runs a node inside this node and translates its effects, one by one and in order.
    pub fn nest<M: Node, T>(
        &mut self,
        run: impl FnOnce(&mut Effects<M>) -> T,
        mut translate: impl FnMut(Effect<M>, &mut Effects<N>),
    ) -> T {
        let mut inner = Effects { list: Vec::new(), now: self.now, clock_was_read: false };
        let result = run(&mut inner);
        self.clock_was_read |= inner.clock_was_read;
        for effect in inner.list {
            translate(effect, self);
        }
        result
    }
}

/// For harnesses.
impl<N: Node> Effects<N> {
    /// Empties the list for the next step, in which the node's clock reads `now`.
    pub fn begin(&mut self, now: Time) {
        self.list.clear();
        self.now = now;
        self.clock_was_read = false;
    }

    /// One step: after it, the list holds its effects.
    pub fn step(&mut self, now: Time, node: &mut N, input: &Input<N>) {
        self.begin(now);
        match input {
            Input::Message(from, message) => node.on_message(*from, message, self),
            Input::Timer(timer) => node.on_timer(*timer, self),
            Input::Request(from, request) => node.on_request(*from, request, self),
        }
    }

    /// Boots a node: after it, the list holds the effects of the boot.
    pub fn boot(&mut self, now: Time, id: NodeId, config: &N::Config, durable: N::Durable) -> N {
        self.begin(now);
        N::boot(id, config, durable, self)
    }

    pub fn as_slice(&self) -> &[Effect<N>] {
        &self.list
    }

    pub fn drain(&mut self) -> impl Iterator<Item = Effect<N>> + '_ {
        self.list.drain(..)
    }

    pub fn clock_was_read(&self) -> bool {
        self.clock_was_read
    }

    /// Does every spec action write at most one record, before its outputs (rule 8)?
    pub fn is_cut_clean(&self) -> bool {
        let (mut records, mut outputs) = (0, 0);
        self.list.iter().all(|effect| match effect {
            Effect::Event(event) if event.action().is_some() => {
                (records, outputs) = (0, 0);
                true
            }
            Effect::Persist(_) => {
                records += 1;
                records == 1 && outputs == 0
            }
            effect => {
                outputs += u32::from(effect.is_output());
                true
            }
        })
    }
}
