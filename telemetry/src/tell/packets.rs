//! What happens to packets.
use synod_protocol::{Loss, Node, NodeId, PacketId};

use super::{At, TellError, Teller};
use crate::{
    attribute::{Attribute, key},
    narrator::{Home, Narrator},
    span::{Kind, Span, SpanId},
};

/// A packet on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) producer: At,
    duplicate: bool,
}

impl<N: Node, R: Narrator<N>> Teller<N, R> {
    pub(super) fn sent(
        &mut self,
        node: NodeId,
        packet: PacketId,
        cause: u64,
        effect: u32,
    ) -> Result<(), TellError> {
        let waiting = self.outputs.get_mut(&node).and_then(|outputs| outputs.remove(&(cause, effect)));
        let unknown = TellError::UnknownOutput { step: self.number, cause, effect };
        let output = waiting.ok_or(unknown)?;
        self.book.extend(output.cause, self.now);
        let producer = self.set_out(
            packet,
            output.story,
            Home::Node(node),
            output.name,
            output.parent,
            output.attributes,
        );
        self.book.span_mut(producer).links = output.links;
        Ok(())
    }

    /// A packet begins its way.
    pub(super) fn set_out(
        &mut self,
        packet: PacketId,
        story: usize,
        from: Home,
        name: String,
        parent: SpanId,
        attributes: Vec<Attribute>,
    ) -> At {
        let service = self.service(from);
        let mut span = Span::new(self.book.ids.packet(packet), name, service, Kind::Producer, self.now);
        span.parent = Some(parent);
        span.attributes = attributes;
        span.attributes.push(Attribute::new(key::PACKET, packet.0));
        let producer = self.book.add(story, span);
        self.packets.insert(packet, Packet { producer, duplicate: false });
        producer
    }

    /// A step takes a packet.
    pub(super) fn arrived(&mut self, packet: PacketId, home: Home, kind: &str) -> Result<At, TellError> {
        let Packet { producer, duplicate } = self.ended(packet, "delivered")?;
        let sent = self.book.id(producer);
        let step = self.add_step(producer.story, home, format!("{kind} handle"), sent, Kind::Consumer);
        if duplicate {
            self.book.span_mut(step).attributes.push(Attribute::new(key::DUPLICATE, true));
        }
        Ok(step)
    }

    pub(super) fn dropped(&mut self, packet: PacketId, why: Loss) -> Result<(), TellError> {
        let Packet { producer, .. } = self.ended(packet, "dropped")?;
        let span = self.book.span_mut(producer);
        span.error = Some(format!("dropped: {why}"));
        span.attributes.push(Attribute::new(key::ERROR_TYPE, loss_name(why)));
        Ok(())
    }

    /// The network made a twin: it has the same cause, and a way of its own.
    pub(super) fn duplicated(&mut self, packet: PacketId, twin: PacketId) -> Result<(), TellError> {
        let original = self.packets.get(&packet).ok_or(self.unknown(packet))?.producer;
        let mut span = self.book.span(original).clone();
        span.id = self.book.ids.packet(twin);
        (span.start, span.end) = (self.now, self.now);
        span.attributes.retain(|attribute| ![key::PACKET, key::DUPLICATE].contains(&&*attribute.key));
        span.attributes.push(Attribute::new(key::PACKET, twin.0));
        span.attributes.push(Attribute::new(key::DUPLICATE, true));
        let producer = self.book.add(original.story, span);
        self.packets.insert(twin, Packet { producer, duplicate: true });
        Ok(())
    }

    /// A packet's way ends.
    fn ended(&mut self, packet: PacketId, fate: &'static str) -> Result<Packet, TellError> {
        let ended = self.packets.remove(&packet).ok_or(self.unknown(packet))?;
        self.book.extend(ended.producer, self.now);
        self.book.span_mut(ended.producer).attributes.push(Attribute::new(key::FATE, fate));
        Ok(ended)
    }

    fn unknown(&self, packet: PacketId) -> TellError {
        TellError::UnknownPacket { step: self.number, packet: packet.0 }
    }
}

fn loss_name(why: Loss) -> &'static str {
    match why {
        Loss::Lost => "lost",
        Loss::Partitioned => "partitioned",
        Loss::Down => "down",
    }
}
