//! The network: a multiset of packets, in an order that is a function of what is in it.
use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
    sync::Arc,
};

use synod_protocol::{Answer, Caller, Digest, Input, Message, Node, NodeId, Place};

/// What is on its way. Shared by all states in which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<N: Node> {
    pub from: Place,
    pub to: Place,
    pub content: Content<N>,
    digest: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content<N: Node> {
    Input(Input<N>),
    Answer(Caller, Answer<N::Response>),
}

impl<N: Node> Packet<N> {
    pub(crate) fn new(from: Place, to: Place, content: Content<N>) -> Arc<Self> {
        let mut digest = Digest::new(2);
        (from, to, &content).hash(&mut digest);
        Arc::new(Packet { from, to, digest: digest.finish(), content })
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// As [`Message::kind`] says.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Input(Input::Message(_, message)) => message.kind(),
            Content::Input(_) => "Request",
            Content::Answer(..) => "Answer",
        }
    }
}

/// Copies of a packet that are alike in all that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flight<N: Node> {
    pub(crate) packet: Arc<Packet<N>>,
    /// It waits for so many of its sender's unsynced records.
    pub(crate) relies: u32,
    /// Its place among the outputs of its sender that may not have left yet, from 1; 0 for one that has.
    /// Kept only where a crash chooses which outputs leave.
    pub(crate) order: u32,
    pub(crate) copies: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bag<N: Node>(Vec<Flight<N>>);

impl<N: Node> Default for Bag<N> {
    fn default() -> Self {
        Bag(Vec::new())
    }
}

impl<N: Node> Hash for Bag<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.0.len());
        for flight in &self.0 {
            state.write_u64(flight.packet.digest);
            state.write_u64(u64::from(flight.relies) << 32 | u64::from(flight.copies));
            state.write_u32(flight.order);
        }
    }
}

impl<N: Node> Flight<N> {
    fn key(&self) -> (u64, u32, u32) {
        (self.packet.digest, self.relies, self.order)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<N: Node> Bag<N> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Flight<N>> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of each content: the one that relies on the fewest records. Whatever the others could lead to, it can.
    pub(crate) fn distinct(&self) -> impl Iterator<Item = &Flight<N>> {
        self.0.chunk_by(|a, b| a.packet.digest == b.packet.digest).map(|alike| &alike[0])
    }

    pub(crate) fn add(&mut self, flight: Flight<N>) {
        match self.0.binary_search_by(|known| known.compare(&flight)) {
            Ok(place) => self.0[place].copies += flight.copies,
            Err(place) => self.0.insert(place, flight),
        }
    }

    /// Takes one copy out, of those that say this the first.
    pub(crate) fn take(&mut self, packet: &Packet<N>) -> Option<Flight<N>> {
        let place = self.0.iter().position(|flight| flight.packet.digest == packet.digest)?;
        let flight = &mut self.0[place];
        flight.copies -= 1;
        let taken = Flight { copies: 1, ..flight.clone() };
        if flight.copies == 0 {
            self.0.remove(place);
        }
        Some(taken)
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&Flight<N>) -> bool) {
        self.0.retain(keep);
    }

    /// An output of this node left, which waited for so many records and stood at this place: so did those before it.
    pub(crate) fn left(&mut self, sender: NodeId, relies: u32, order: u32) {
        if relies == 0 && order == 0 {
            return;
        }
        for flight in self.0.iter_mut().filter(|flight| flight.packet.from == Place::Node(sender)) {
            flight.relies = flight.relies.saturating_sub(relies);
            flight.order = flight.order.saturating_sub(order);
        }
        self.canonical();
    }

    /// Everything has left, and no crash will come.
    pub(crate) fn settle(&mut self) {
        self.0.iter_mut().for_each(|flight| (flight.relies, flight.order) = (0, 0));
        self.canonical();
    }

    /// With another packet for each.
    pub(crate) fn each(&self, change: impl Fn(&Packet<N>) -> Arc<Packet<N>>) -> Self {
        let change = |flight: &Flight<N>| Flight { packet: change(&flight.packet), ..flight.clone() };
        let mut other = Bag(self.0.iter().map(change).collect());
        other.canonical();
        other
    }

    fn canonical(&mut self) {
        self.0.sort_by(Flight::compare);
        self.0.dedup_by(|later, earlier| {
            let alike = later.key() == earlier.key();
            if alike {
                earlier.copies += later.copies;
            }
            alike
        });
    }
}
