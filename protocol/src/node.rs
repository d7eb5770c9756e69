//! The trait, and the contract that every harness keeps and every algorithm may rely on.
use crate::{Caller, Data, Durable, Effects, Never, NodeId, Value};

/// What nodes send each other.
pub trait Message: Data {
    /// Its name in the paper, for spans, link filters and diagrams: `"RequestVote"`.
    fn kind(&self) -> &'static str;
}

/// Something worth seeing. It never influences behaviour.
pub trait Event: Data {
    /// A short name in snake case: `"became_leader"`.
    fn name(&self) -> &'static str;
    /// The spec action that begins here, if one does: the effects up to the next such event are its.
    fn action(&self) -> Option<&'static str>;
}

impl Message for Never {
    fn kind(&self) -> &'static str {
        match *self {}
    }
}

impl Event for Never {
    fn name(&self) -> &'static str {
        match *self {}
    }
    fn action(&self) -> Option<&'static str> {
        match *self {}
    }
}

/// A distributed algorithm, from the point of view of one of its servers.
///
/// # The contract
///
/// 1. **Outputs wait for records.** A send or reply is let out only when every record that the node
///    wrote before it, in this step *or an earlier one*, is durable. Otherwise outputs keep their order.
/// 2. **A crash has two cursors.** It leaves a prefix of the records ever written, and lets out a prefix
///    of the outputs that does not pass the first lost record. It need not be a prefix of the effects: a
///    record may survive although an output before it was lost. Nothing else survives.
/// 3. **A node never boots from less than it was promised.** A torn last record was never durable and is
///    cut off; a hole before a good record, or a failed sync, ends the node.
/// 4. **Timers and events are the node's own.** They act at once and wait for nothing. A timer fires at
///    most once per setting, never after it was cancelled or set anew, and not before its range begins
///    on the clock that `now()` reads. A checker without a clock lets any armed timer fire at any time,
///    so it refuses a node that reads `now()`.
/// 5. **Links may lose, repeat, delay and reorder.** A message to a node that is down is lost.
/// 6. **A call may be tried again**, at any node, with its number. No answer means: unknown.
/// 7. **Steps are total and deterministic.** Equal nodes, inputs and `now()` give equal effects. Bad
///    input from a peer is ignored and noted; a broken invariant is an assert that names it.
/// 8. **Each spec action writes at most one record, before its outputs**, so that a crash inside a step
///    is a crash between two actions with messages lost, and a spec needs nothing more
///    ([`Effects::is_cut_clean`]).
///
/// Inputs come by reference: a harness keeps what it delivers, so that observers, duplicates and a
/// model checker cost no copies, and a node copies only what it stores.
pub trait Node: Value + Sized {
    /// The same for every node of a cluster, and for all lives of a node.
    type Config: Data;
    type Message: Message;
    /// A node has at most one timer armed per value of this type.
    type Timer: Data + Ord + Copy;
    type Request: Data;
    type Response: Data;
    type Event: Event;
    type Record: Data;
    type Durable: Durable<Record = Self::Record>;
    /// What an onlooker sees of the state: a few numbers, cheap to make at each step. It is what traces
    /// record and specs are compared with.
    type View: Data;

    /// First boot and recovery are one path: the first disk is `Durable::default()`. No timer is armed;
    /// what was armed before the crash is gone.
    fn boot(id: NodeId, config: &Self::Config, durable: Self::Durable, out: &mut Effects<Self>) -> Self;
    fn on_message(&mut self, from: NodeId, message: &Self::Message, out: &mut Effects<Self>);
    /// The timer is no longer armed when this is called.
    fn on_timer(&mut self, timer: Self::Timer, out: &mut Effects<Self>);
    fn on_request(&mut self, from: Caller, request: &Self::Request, out: &mut Effects<Self>);
    fn view(&self) -> Self::View;
}
