//! Links between nodes and clients.
use std::borrow::Cow;

use synod_protocol::*;

use super::{Cargo, Done, Harness, NODES};
use crate::{
    toy::{Request, Toy, ToyMessage},
    wrong::Wrong,
};

impl<O: Observer<Toy>> Harness<O> {
    pub(super) fn post(&mut self, to: Place, cargo: Cargo) -> PacketId {
        if self.newest_packet == 0 || !self.once_in(9, Wrong::ReusesPacketNumber) {
            self.newest_packet += 1;
        }
        let packet = PacketId(self.newest_packet);
        self.on_their_way.push((packet, to, cargo));
        packet
    }

    pub(super) fn deliver(&mut self) -> Done {
        if self.once_in(9, Wrong::InventsMessage) {
            let invented = Input::Message(NodeId(1), ToyMessage::Probe);
            let packet = PacketId(self.newest_packet + 1);
            return if self.nodes[1].is_some() { self.step(1, Some(packet), invented) } else { Ok(()) };
        }
        let Some(nth) = self.pick() else { return Ok(()) };
        let (packet, mut to, mut cargo) = self.on_their_way[nth].clone();
        if !self.is(Wrong::DeliversTwice) {
            self.on_their_way.swap_remove(nth);
        }
        match (&mut cargo, self.wrong) {
            (Cargo::Input(Input::Message(_, message)), Some(Wrong::AltersMessage)) => {
                *message = ToyMessage::Copy(77);
            }
            (Cargo::Input(Input::Message(from, _)), Some(Wrong::AltersSender)) => from.0 += 1,
            (Cargo::Input(Input::Request(_, request)), Some(Wrong::AltersRequest)) => {
                *request = Request::Put(77);
            }
            (Cargo::Answer(_, answer), Some(Wrong::AltersAnswer)) => *answer = Answer::Done(77_777),
            _ => {}
        }
        if let (Place::Node(NodeId(id)), Some(Wrong::MisroutesPacket)) = (to, self.wrong) {
            to = Place::Node(NodeId(id % NODES as u32 + 1));
        }
        match (to, cargo) {
            (Place::Node(NodeId(id)), Cargo::Input(input)) => {
                let i = id as usize - 1;
                if self.nodes[i].is_some() || self.is(Wrong::DeliversToDown) {
                    return self.step(i, Some(packet), input);
                }
            }
            (_, Cargo::Answer(caller, answer)) => {
                let client = &mut self.clients[caller.client.0 as usize - 1];
                let waits = client.open && client.number == caller.number;
                if waits || self.wrong == Some(Wrong::AnswersClosedCall) {
                    client.open &= matches!(answer, Answer::Elsewhere(_));
                    let mut client = caller.client;
                    if self.is(Wrong::ReturnsToAnotherClient) {
                        client.0 += 1;
                    }
                    let what = What::Returned { packet, caller, answer: Cow::Owned(answer) };
                    return self.emit(Place::Client(client), what);
                }
            }
            _ => {}
        }
        self.emit(Place::Network, What::Dropped { packet, why: Loss::Down })
    }

    pub(super) fn lose(&mut self) -> Done {
        let Some(nth) = self.pick() else { return Ok(()) };
        let mut packet = self.on_their_way.swap_remove(nth).0;
        if self.is(Wrong::DropsWhatArrived) {
            packet.0 += 1000;
        }
        let place = if self.is(Wrong::DropsAtANode) { Place::Node(NodeId(1)) } else { Place::Network };
        self.emit(place, What::Dropped { packet, why: Loss::Lost })
    }

    pub(super) fn repeat(&mut self) -> Done {
        let Some(nth) = self.pick() else { return Ok(()) };
        let (mut packet, to, cargo) = self.on_their_way[nth].clone();
        if self.is(Wrong::DuplicatesWhatArrived) {
            packet.0 += 1000;
        }
        let twin = self.post(to, cargo);
        self.emit(Place::Network, What::Duplicated { packet, twin })
    }

    fn pick(&mut self) -> Option<usize> {
        let packets = self.on_their_way.len() as u64;
        (packets > 0).then(|| self.draw(packets) as usize)
    }
}
