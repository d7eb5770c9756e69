//! The last steps of a run, in a few words each.
use std::fmt;

use synod_protocol::{
    Caller, Input, Loss, Message, Node, NodeId, Nodes, Observer, PacketId, Place, Step, Time, Violation, What,
};

/// A ring of the last steps: what one wants to see first when a run fails. It copies no content and
/// allocates nothing after its first round, so that it can watch every run of a sweep; the rest of the story
/// is in the seed.
#[derive(Clone, Debug)]
pub struct Tail {
    lines: Vec<Line>,
    /// Where the next one goes, once all places are taken.
    next: usize,
    keep: usize,
}

/// A step in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    pub at: Time,
    pub place: Place,
    pub what: Brief,
}

/// [`What`] happened, without contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brief {
    Booted { records: u64 },
    TookMessage { packet: Option<PacketId>, from: NodeId, kind: &'static str },
    TookRequest { packet: Option<PacketId>, caller: Caller },
    Timer,
    Sent { packet: PacketId, to: Place },
    Dropped { packet: PacketId, why: Loss },
    Duplicated { packet: PacketId, twin: PacketId },
    Synced { records: u64 },
    Crashed { records: u64 },
    Ended,
    Wiped,
    Called { packet: PacketId, caller: Caller },
    Returned { packet: PacketId, caller: Caller },
    GaveUp { caller: Caller },
    Fault,
}

impl Default for Tail {
    /// Keeps 4,096.
    fn default() -> Self {
        Tail::of(4_096)
    }
}

impl Tail {
    /// Keeps so many, and at least one.
    pub fn of(keep: usize) -> Tail {
        let keep = keep.max(1);
        Tail { lines: Vec::with_capacity(keep), next: 0, keep }
    }

    /// The oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> {
        let (newer, older) = self.lines.split_at(self.next);
        older.iter().chain(newer)
    }
}

impl<N: Node> Observer<N> for Tail {
    #[inline]
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        let line = Line { number: step.number, at: step.at, place: step.place, what: brief(&step.what) };
        if self.lines.len() < self.keep {
            self.lines.push(line);
        } else {
            self.lines[self.next] = line;
            self.next = if self.next + 1 == self.keep { 0 } else { self.next + 1 };
        }
        Ok(())
    }
}

#[inline]
fn brief<N: Node>(what: &What<'_, N>) -> Brief {
    match what {
        What::Booted { records, .. } => Brief::Booted { records: *records },
        What::Handled { packet, input, .. } => match &**input {
            Input::Message(from, message) => {
                Brief::TookMessage { packet: *packet, from: *from, kind: message.kind() }
            }
            Input::Request(caller, _) => Brief::TookRequest { packet: *packet, caller: *caller },
            Input::Timer(_) => Brief::Timer,
        },
        What::Sent { packet, to, .. } => Brief::Sent { packet: *packet, to: *to },
        What::Dropped { packet, why } => Brief::Dropped { packet: *packet, why: *why },
        What::Duplicated { packet, twin } => Brief::Duplicated { packet: *packet, twin: *twin },
        What::Synced { records } => Brief::Synced { records: *records },
        What::Crashed { records } => Brief::Crashed { records: *records },
        What::Ended { .. } => Brief::Ended,
        What::Wiped => Brief::Wiped,
        What::Called { packet, caller, .. } => Brief::Called { packet: *packet, caller: *caller },
        What::Returned { packet, caller, .. } => Brief::Returned { packet: *packet, caller: *caller },
        What::GaveUp { caller } => Brief::GaveUp { caller: *caller },
        What::Fault { .. } => Brief::Fault,
    }
}

/// `#812 3.141s n2: AppendEntries of n1, packet 511`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {}: ", self.number, self.at, Name(self.place))?;
        match self.what {
            Brief::Booted { records } => write!(f, "boots with {records} records"),
            Brief::TookMessage { packet, from, kind } => write!(f, "{kind} of {from}{}", By(packet)),
            Brief::TookRequest { packet, caller } => {
                write!(f, "call {} of {}{}", caller.number, caller.client, By(packet))
            }
            Brief::Timer => f.write_str("a timer fires"),
            Brief::Sent { packet, to } => write!(f, "sends packet {} to {}", packet.0, Name(to)),
            Brief::Dropped { packet, why } => write!(f, "packet {} dropped: {why}", packet.0),
            Brief::Duplicated { packet, twin } => write!(f, "packet {} repeated as {}", packet.0, twin.0),
            Brief::Synced { records } => write!(f, "{records} records are durable"),
            Brief::Crashed { records } => write!(f, "crashes, {records} records survive"),
            Brief::Ended => f.write_str("ends: its disk failed"),
            Brief::Wiped => f.write_str("gets an empty disk"),
            Brief::Called { packet, caller } => {
                write!(f, "call {} by {}, packet {}", caller.number, caller.via, packet.0)
            }
            Brief::Returned { packet, caller } => {
                write!(f, "call {} answered, packet {}", caller.number, packet.0)
            }
            Brief::GaveUp { caller } => write!(f, "gives up call {}", caller.number),
            Brief::Fault => f.write_str("a fault strikes or ends"),
        }
    }
}

struct Name(Place);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Node(id) => id.fmt(f),
            Place::Client(id) => id.fmt(f),
            Place::Network => f.write_str("network"),
        }
    }
}

struct By(Option<PacketId>);

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(packet) => write!(f, ", packet {}", packet.0),
            None => Ok(()),
        }
    }
}
