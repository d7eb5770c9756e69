//! What clients do: a call, with all its tries, is one story.
use synod_protocol::{Answer, Caller, Node, PacketId};

use super::{At, TellError, Teller};
use crate::{
    attribute::{Attribute, key},
    narrator::{Home, Narrator, Story},
};

impl<N: Node, R: Narrator<N>> Teller<N, R> {
    pub(super) fn called(&mut self, packet: PacketId, caller: Caller, request: &N::Request) {
        let call = Story::call(caller.client, caller.number);
        let asked = Attribute::fields_under("request", request);
        let story = self.book.find(&call).unwrap_or_else(|| {
            let title = format!("{} {}", self.narrator.request_title(request), call.key);
            let story = self.story(call.titled(title));
            let root = self.book.span_mut(At::root_of(story));
            root.attributes.push(Attribute::new(key::CLIENT, caller.client.to_string()));
            root.attributes.extend(asked.iter().cloned());
            story
        });
        let root = self.book.id(At::root_of(story));
        self.set_out(packet, story, Home::Clients, format!("request -> {}", caller.via), root, asked);
    }

    pub(super) fn returned(
        &mut self,
        packet: PacketId,
        caller: Caller,
        answer: &Answer<N::Response>,
    ) -> Result<(), TellError> {
        self.arrived(packet, Home::Clients, "answer")?;
        let story = self.story(Story::call(caller.client, caller.number));
        match answer {
            Answer::Done(response) => {
                self.mark(story, "returned", Attribute::fields_under("response", response));
                self.book.end(story, "done");
            }
            Answer::Elsewhere(hint) => {
                self.mark(story, "redirected", Attribute::fields_under("hint", hint));
            }
        }
        Ok(())
    }

    pub(super) fn gave_up(&mut self, caller: Caller) {
        let story = self.story(Story::call(caller.client, caller.number));
        self.mark(story, "gave_up", Vec::new());
        let why = "the client gave up: whether the call took effect is not known";
        self.book.fail(story, "unknown", why.to_owned());
    }
}
