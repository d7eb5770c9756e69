//! From a run to the list of what happened in it.
use std::collections::BTreeMap;

use synod_protocol::{
    Answer, Caller, ClientId, Effect, Input, Message, Node, NodeId, Nodes, Observer, PacketId, Place, Step,
    Violation, What,
};

use super::flights::{Content, digest};
use super::{Action, Address};

/// Watches a run, or is shown its recorded steps, and writes down what happened without its times.
#[derive(Debug)]
pub struct Extract<N: Node> {
    actions: Vec<Action<N>>,
    /// How many records each node wrote in all.
    written: BTreeMap<NodeId, u64>,
    has_booted: Vec<NodeId>,
    /// The packet that this one is a copy of.
    original: BTreeMap<PacketId, PacketId>,
    /// Where the latest delivery of a packet that has copies, or of one of them, stands in the list.
    delivered: BTreeMap<PacketId, usize>,
    open: BTreeMap<ClientId, u64>,
}

impl<N: Node> Default for Extract<N> {
    fn default() -> Self {
        Extract {
            actions: Vec::new(),
            written: BTreeMap::new(),
            has_booted: Vec::new(),
            original: BTreeMap::new(),
            delivered: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }
}

impl<N: Node> Extract<N> {
    pub fn actions(&self) -> &[Action<N>] {
        &self.actions
    }

    pub fn into_actions(self) -> Vec<Action<N>> {
        self.actions
    }

    fn deliver(&mut self, packet: Option<PacketId>, from: Place, to: Place, kind: &'static str, digest: u64) {
        let place = self.actions.len();
        if let Some(packet) = packet {
            let original = self.original.get(&packet).copied().unwrap_or(packet);
            // Most packets have no copy; a copy that comes later finds the delivery of its original.
            if let Some(earlier) = self.delivered.insert(original, place)
                && let Some(Action::Deliver(address)) = self.actions.get_mut(earlier)
            {
                address.again = true;
            }
        }
        self.actions.push(Action::Deliver(Address { digest: Some(digest), ..Address::new(from, to, kind) }));
    }

    fn handled(&mut self, id: NodeId, packet: Option<PacketId>, input: &Input<N>) {
        let here = Place::Node(id);
        // As the world hashes what it carries.
        let digest = digest(&Content::Input(input.clone()));
        match input {
            Input::Timer(timer) => self.actions.push(Action::Fire { node: id, timer: *timer }),
            Input::Message(from, message) => {
                self.deliver(packet, Place::Node(*from), here, message.kind(), digest);
            }
            Input::Request(caller, _) => {
                self.deliver(packet, Place::Client(caller.client), here, Address::REQUEST, digest);
            }
        }
    }

    fn called(&mut self, caller: Caller, request: &N::Request) {
        let Caller { client, number, via } = caller;
        let is_retry = self.open.insert(client, number) == Some(number);
        self.actions.push(match is_retry {
            true => Action::Retry { client, via, arrives: false },
            false => Action::Request { client, via, request: request.clone(), arrives: false },
        });
    }
}

impl<N: Node> Observer<N> for Extract<N> {
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        match (&step.what, step.place) {
            (What::Booted { .. }, Place::Node(id)) => {
                if self.has_booted.contains(&id) {
                    self.actions.push(Action::Boot { node: id });
                } else {
                    self.has_booted.push(id);
                }
            }
            (What::Handled { packet, input, .. }, Place::Node(id)) => self.handled(id, *packet, input),
            (What::Crashed { records }, Place::Node(id)) => {
                let written = self.written.entry(id).or_default();
                let lose = written.saturating_sub(*records);
                *written = *records;
                self.actions.push(Action::Crash { node: id, lose });
            }
            (What::Ended { .. }, Place::Node(id)) => self.actions.push(Action::Crash { node: id, lose: 0 }),
            (What::Duplicated { packet, twin }, _) => {
                let original = self.original.get(packet).copied().unwrap_or(*packet);
                self.original.insert(*twin, original);
            }
            (What::Called { caller, request, .. }, _) => self.called(*caller, request),
            (What::Returned { packet, caller, answer }, Place::Client(client)) => {
                if let Answer::Done(_) = &**answer {
                    let digest = digest(&Content::<N>::Answer(*caller, answer.clone().into_owned()));
                    let from = Place::Node(caller.via);
                    self.deliver(Some(*packet), from, Place::Client(client), Address::ANSWER, digest);
                }
            }
            _ => {}
        }
        if let Place::Node(id) = step.place {
            let records = step.what.effects().iter().filter(|effect| matches!(effect, Effect::Persist(_)));
            *self.written.entry(id).or_default() += records.count() as u64;
        }
        Ok(())
    }
}
