//! Rule 5: what is on its way, and who may get it.
use alloc::{collections::BTreeMap, format};

use super::{Checked, breach, rule};
use crate::{Answer, Caller, Input, Node, NodeId, PacketId, Place};

/// Everything that was sent and has neither arrived nor been lost.
#[derive(Debug)]
pub(super) struct Packets<N: Node> {
    on_their_way: BTreeMap<PacketId, (Place, Content<N>)>,
    newest: Option<PacketId>,
}

#[derive(Clone, Debug)]
pub(super) enum Content<N: Node> {
    Message(NodeId, N::Message),
    Request(Caller, N::Request),
    Answer(Caller, Answer<N::Response>),
}

impl<N: Node> Default for Packets<N> {
    fn default() -> Self {
        Packets { on_their_way: BTreeMap::new(), newest: None }
    }
}

impl<N: Node> Packets<N> {
    pub(super) fn add(&mut self, id: PacketId, to: Place, content: Content<N>) -> Checked {
        if self.newest.is_some_and(|newest| id <= newest) {
            return breach(rule::STREAM, format!("packet {} was numbered before", id.0));
        }
        self.newest = Some(id);
        self.on_their_way.insert(id, (to, content));
        Ok(())
    }

    pub(super) fn add_request(&mut self, id: PacketId, caller: Caller, request: &N::Request) -> Checked {
        self.add(id, Place::Node(caller.via), Content::Request(caller, request.clone()))
    }

    pub(super) fn drop(&mut self, id: PacketId) -> Checked {
        match self.on_their_way.remove(&id) {
            Some(_) => Ok(()),
            None => breach(rule::LINKS, format!("packet {} was dropped and is not on its way", id.0)),
        }
    }

    pub(super) fn duplicate(&mut self, id: PacketId, twin: PacketId) -> Checked {
        match self.on_their_way.get(&id).cloned() {
            Some((to, content)) => self.add(twin, to, content),
            None => breach(rule::LINKS, format!("packet {} was repeated and is not on its way", id.0)),
        }
    }

    /// Messages and requests come with the packet that brought them, and timers with none.
    pub(super) fn take_input(&mut self, id: Option<PacketId>, at: NodeId, input: &Input<N>) -> Checked {
        let brought = id.map(|id| self.take(id, Place::Node(at))).transpose()?;
        match (input, &brought) {
            (Input::Timer(_), None) => Ok(()),
            (Input::Message(from, message), Some(Content::Message(sender, sent)))
                if from == sender && message == sent =>
            {
                Ok(())
            }
            (Input::Request(caller, request), Some(Content::Request(client, sent)))
                if caller == client && request == sent =>
            {
                Ok(())
            }
            _ => breach(rule::LINKS, format!("{at} was handed {input:?}, but sent was {brought:?}")),
        }
    }

    pub(super) fn take_answer(
        &mut self,
        id: PacketId,
        caller: Caller,
        answer: &Answer<N::Response>,
    ) -> Checked {
        match self.take(id, Place::Client(caller.client))? {
            Content::Answer(to, sent) if to == caller && sent == *answer => Ok(()),
            sent => {
                breach(rule::LINKS, format!("{} was told {answer:?}, but sent was {sent:?}", caller.client))
            }
        }
    }

    /// A packet arrives at most once, and only where it was sent.
    fn take(&mut self, id: PacketId, at: Place) -> Checked<Content<N>> {
        match self.on_their_way.remove(&id) {
            Some((to, content)) if to == at => Ok(content),
            Some((to, _)) => breach(rule::LINKS, format!("packet {} to {to:?} arrived at {at:?}", id.0)),
            None => breach(rule::LINKS, format!("packet {} arrived at {at:?} and is not on its way", id.0)),
        }
    }
}
