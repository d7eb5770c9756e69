//! Clients: updates begin at the head, reads are answered at the tail (or anywhere, with CRAQ), and each call
//! takes effect once, however often it is tried.
use alloc::sync::Arc;

use synod_protocol::{Caller, Effects, Seen, Shared, StateMachine};

use crate::{Chain, Entry, event::ChainEvent, message::Body, record::Record};

impl<S: StateMachine> Chain<S> {
    /// "Update requests for objects are directed to the head, and query requests to the tail" (§2).
    ///
    /// The papers leave retries to the client. Here the sessions are part of what the chain replicates: a new
    /// head knows which updates it has, answered or not, and none takes effect twice.
    ///
    /// Spec: ChainReplication!ClientRequest · §2
    pub(crate) fn on_client_request(&mut self, from: Caller, command: &S::Command, out: &mut Effects<Self>) {
        let takes = match S::is_read_only(command) {
            true => self.answers_reads(),
            false => self.takes_updates(),
        };
        let is_known = !matches!(self.replicated().seen(from.client, from.number), Seen::Never);
        if takes || is_known {
            return self.on_call(from, &Shared::new(command.clone()), out);
        }
        // The client stays with the node that it asked; the call goes on.
        let to = match S::is_read_only(command) {
            true => self.configuration.tail(),
            false => self.configuration.head(),
        };
        match to.filter(|&to| to != self.id && self.configuration.serves) {
            Some(to) => {
                self.send(to, Body::Call { caller: from, command: Shared::new(command.clone()) }, out)
            }
            None => out.redirect(from, None),
        }
    }

    fn takes_updates(&self) -> bool {
        self.configuration.is_head(self.id) && self.configuration.serves
    }

    /// A call for this server: by the client itself, or passed on to it.
    ///
    /// Spec: ChainReplication!ClientRequest
    pub(crate) fn on_call(&mut self, from: Caller, command: &Shared<S::Command>, out: &mut Effects<Self>) {
        let Caller { client, number, .. } = from;
        match self.replicated().seen(client, number) {
            // What is clean was answered: any server may say so.
            Seen::Latest(output) => {
                out.note(ChainEvent::SawCallAgain { client, number });
                return out.reply(from, output.clone());
            }
            Seen::Outdated => return out.note(ChainEvent::SawCallAgain { client, number }),
            Seen::Never => {}
        }
        if S::is_read_only(command) {
            return self.on_read(from, command, out);
        }
        if !self.takes_updates() {
            return out.redirect(from, self.configuration.head().filter(|_| self.configuration.serves));
        }
        // It is on its way down the chain, as it was asked first; the tail will answer.
        if self.persistent.pending.get(&client).is_some_and(|&pending| number <= pending) {
            return out.note(ChainEvent::SawCallAgain { client, number });
        }
        let index = self.last().next();
        out.note(ChainEvent::Appended { epoch: self.epoch(), index, client, number });
        let entry = Entry { caller: from, command: command.clone() };
        self.persistent.write(Record::Updated { entries: Arc::from([entry]) }, out);
        self.send_on(out);
        self.settle(out);
    }
}
