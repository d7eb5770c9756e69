//! What is on its way, by link.
use std::{collections::BTreeMap, hash::Hash};

use synod_protocol::{Answer, Caller, Input, Node, NodeId, PacketId, Place};

use super::Address;
use crate::hash::TraceHash;

/// Everything that was asked for and has not arrived; each link's oldest first.
#[derive(Clone)]
pub(super) struct Flights<N: Node> {
    links: BTreeMap<(Place, Place), Vec<Flight<N>>>,
    next_ticket: u64,
}

#[derive(Clone)]
pub(super) struct Flight<N: Node> {
    /// Ascends along a link.
    pub(super) ticket: u64,
    pub(super) kind: &'static str,
    pub(super) digest: u64,
    /// `None`: its node has not let it out yet.
    pub(super) packet: Option<PacketId>,
    pub(super) content: Content<N>,
}

#[derive(Clone, Hash)]
pub(super) enum Content<N: Node> {
    Input(Input<N>),
    Answer(Caller, Answer<N::Response>),
}

/// The same content has the same digest, on every machine.
pub(super) fn digest(content: &impl Hash) -> u64 {
    let mut hash = TraceHash::new(0);
    hash.add(content);
    hash.finish()
}

impl<N: Node> Flights<N> {
    pub(super) fn new() -> Self {
        Flights { links: BTreeMap::new(), next_ticket: 0 }
    }

    pub(super) fn add(
        &mut self,
        link: (Place, Place),
        kind: &'static str,
        digest: u64,
        packet: Option<PacketId>,
        content: Content<N>,
    ) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let flight = Flight { ticket, kind, digest, packet, content };
        self.links.entry(link).or_default().push(flight);
        ticket
    }

    /// Which one is meant: one that says the same, or else by its age. Of several that say the same it is the
    /// oldest, which relies on the fewest records.
    pub(super) fn find(&self, address: &Address) -> Option<&Flight<N>> {
        if let Some(digest) = address.digest
            && let Some(flight) = self.of_kind(address).rev().find(|flight| flight.digest == digest)
        {
            return Some(flight);
        }
        self.of_kind(address).nth(address.older as usize)
    }

    /// How many of its kind are newer than the one that is meant.
    pub(super) fn age(&self, address: &Address) -> Option<u32> {
        let ticket = self.find(address)?.ticket;
        self.of_kind(address).position(|flight| flight.ticket == ticket).map(|age| age as u32)
    }

    /// The newest first.
    fn of_kind(&self, address: &Address) -> impl DoubleEndedIterator<Item = &Flight<N>> {
        let link = self.links.get(&(address.from, address.to)).map_or(&[][..], Vec::as_slice);
        link.iter().rev().filter(|flight| flight.kind == address.kind)
    }

    /// Whatever is on its way to this node, the newest of each link first.
    pub(super) fn to(&self, node: NodeId) -> impl Iterator<Item = (Address, &Content<N>)> {
        let links = self.links.iter().filter(move |((_, to), _)| *to == Place::Node(node));
        links.flat_map(|(&(from, to), flights)| {
            flights.iter().rev().map(move |flight| {
                let digest = Some(flight.digest);
                (Address { digest, ..Address::new(from, to, flight.kind) }, &flight.content)
            })
        })
    }

    pub(super) fn get_mut(&mut self, link: (Place, Place), ticket: u64) -> Option<&mut Flight<N>> {
        let flights = self.links.get_mut(&link)?;
        let place = flights.binary_search_by_key(&ticket, |flight| flight.ticket).ok()?;
        Some(&mut flights[place])
    }

    pub(super) fn take(&mut self, link: (Place, Place), ticket: u64) -> Option<Flight<N>> {
        let flights = self.links.get_mut(&link)?;
        let place = flights.binary_search_by_key(&ticket, |flight| flight.ticket).ok()?;
        Some(flights.remove(place))
    }
}
