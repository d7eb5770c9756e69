//! Packets: from an output that leaves its node, or a client's try, to the event that it arrives.
use std::mem::ManuallyDrop;

use synod_protocol::{
    Answer, Caller, Input, Loss, Message, Node, NodeId, Observer, PacketId, Place, Step, Time, What,
};

use crate::network::Fate;
use crate::server::Content;
use crate::simulation::{Event, Simulation, Workload};

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// It waited for records, or for a crash.
    pub(crate) fn send(&mut self, id: NodeId, cause: u64, effect: u32, content: Content<N>) {
        match content {
            Content::Message(to, message) => self.send_message(id, cause, effect, to, message),
            Content::Answer(caller, answer) => self.send_answer(id, cause, effect, caller, answer),
        }
    }

    /// An output leaves its node.
    #[inline(always)]
    fn sent(&mut self, id: NodeId, cause: u64, effect: u32, to: Place) -> PacketId {
        let packet = self.new_packet();
        self.counts.sent += 1;
        let what = What::Sent { packet, to, cause, effect };
        let step = Step { number: self.stream.number(), at: self.now, place: Place::Node(id), what };
        self.stream.emit_step(&ManuallyDrop::new(step), &self.nodes);
        packet
    }

    pub(crate) fn send_answer(
        &mut self,
        id: NodeId,
        cause: u64,
        effect: u32,
        caller: Caller,
        answer: Answer<N::Response>,
    ) {
        let packet = self.sent(id, cause, effect, Place::Client(caller.client));
        self.carry_answer(packet, caller, answer);
    }

    pub(crate) fn send_message(
        &mut self,
        from: NodeId,
        cause: u64,
        effect: u32,
        to: NodeId,
        message: N::Message,
    ) {
        let packet = self.sent(from, cause, effect, Place::Node(to));
        if from == to {
            let at = self.now.after(self.config.network.to_self);
            self.queue.push_with(at, || Event::Arrival(packet, to, Input::Message(from, message)));
            return;
        }
        let Some(link) = self.cuts.index_of(from, to) else { return self.dropped(packet, Loss::Down) };
        if self.cuts.is_cut_at(link) {
            return self.dropped(packet, Loss::Partitioned);
        }
        let fate = self.weather.fate(&mut self.lanes[link]);
        if let Some(traffic) = &mut self.traffic {
            let is_carried = matches!(fate, Fate::Carried { .. });
            let interferes = is_carried && traffic.interferes(self.now, message.kind());
            // A script has a say in everything.
            if interferes || self.script.is_some() {
                return self.carry_in_traffic(packet, from, to, fate, message);
            }
        }
        self.carry(packet, fate, || Event::Arrival(packet, to, Input::Message(from, message)));
    }

    /// Does with a packet what the network has decided; returns how many copies are on their way.
    #[inline(always)]
    pub(crate) fn carry(&mut self, packet: PacketId, fate: Fate, event: impl FnOnce() -> Event<N>) -> u32 {
        match fate {
            Fate::Carried { after, twin_after: None } => {
                self.queue.push_with(Time(self.now.0 + after), event);
                1
            }
            Fate::Carried { after, twin_after: Some(twin_after) } => {
                self.carry_both(packet, after, twin_after, event())
            }
            Fate::Lost => {
                self.dropped(packet, Loss::Lost);
                0
            }
        }
    }

    #[cold]
    fn carry_both(&mut self, packet: PacketId, after: u64, twin_after: u64, event: Event<N>) -> u32 {
        self.carry_twin(packet, twin_after, event.clone());
        self.queue.push(Time(self.now.0 + after), event);
        2
    }

    pub(crate) fn carry_twin(&mut self, packet: PacketId, after: u64, event: Event<N>) {
        let twin = self.new_packet();
        self.counts.duplicated += 1;
        self.stream.emit(self.now, Place::Network, What::Duplicated { packet, twin }, &self.nodes);
        let event = match event {
            Event::Arrival(_, to, input) => Event::Arrival(twin, to, input),
            Event::Answer(_, caller, answer) => Event::Answer(twin, caller, answer),
            other => other,
        };
        self.queue.push(Time(self.now.0 + after), event);
    }

    pub(crate) fn dropped(&mut self, packet: PacketId, why: Loss) {
        match why {
            Loss::Lost => self.counts.lost += 1,
            Loss::Partitioned => self.counts.partitioned += 1,
            Loss::Down => self.counts.down += 1,
        }
        self.stream.emit(self.now, Place::Network, What::Dropped { packet, why }, &self.nodes);
    }

    #[inline]
    pub(crate) fn new_packet(&mut self) -> PacketId {
        self.next_packet += 1;
        PacketId(self.next_packet - 1)
    }
}
