//! One of the masters: a server of Raft whose log decides the configurations. The one that leads listens to the chain.
//!
//! A change counts when the log has it. Whether an epoch is the latest is a read of the replicated state, which Raft
//! answers after it has asked a majority whether it still leads: a master that was deposed confirms nothing.
use std::collections::BTreeMap;

use synod_chain_replication::{
    self as chain, Ask, Body, ChainEvent, ChainMessage, Change, Configuration, Configurations, Detector,
    Epoch, Master as _, Round,
};
use synod_kv::{Command, Store};
use synod_protocol::{Answer, Caller, ClientId, Effect, Effects, Node, NodeId, StateMachine as _};
use synod_raft::{self as raft, Raft, RaftEvent, RaftMessage};

use super::node::{Config, Event, Message, Record, Server, Timer};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Master {
    id: NodeId,
    config: Config,
    raft: Raft<Configurations>,
    detector: Detector,
    /// The number of its last call to the replicated state.
    number: u64,
    /// Servers that ask whether their epoch is the latest, each with its call and what it asked.
    asked: BTreeMap<NodeId, (u64, Epoch, Round)>,
    /// The last change that it proposed, with its call, and what it makes of the chain if nothing else is decided before.
    proposed: Option<(u64, Change, Configuration)>,
}

type Log = Effects<Raft<Configurations>>;

/// As Raft says it of the terms that its numbers are made of.
const OUT_OF_NUMBERS: Event = Event::Raft(RaftEvent::OutOfTerms);

impl Master {
    pub(super) fn boot(
        id: NodeId,
        config: &Config,
        disk: raft::Persistent<Ask>,
        out: &mut Effects<Server>,
    ) -> Master {
        let raft = out.nest(
            |inner| Raft::boot(id, &config.masters, disk, inner),
            |effect, out| {
                of_raft(effect, out);
            },
        );
        out.set_timer(Timer::Chain(chain::Timer::Detect), config.detection());
        let (config, detector) = (config.clone(), Detector::default());
        Master { id, config, raft, detector, number: 0, asked: BTreeMap::new(), proposed: None }
    }

    pub(super) fn raft(&self) -> &Raft<Configurations> {
        &self.raft
    }

    /// The latest configuration that this one knows to be decided.
    pub(super) fn latest(&self) -> Configuration {
        self.decided().current.clone()
    }

    pub(super) fn is_alone(&self) -> bool {
        self.config.masters.members.len() == 1
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.decided().current.epoch
    }

    /// A client that asks a master is told whom it is for.
    pub(super) fn whom_to_ask(&self, command: &Command) -> Option<NodeId> {
        let Configuration { serves, .. } = self.decided().current;
        let current = &self.decided().current;
        match Store::is_read_only(command) {
            true => current.tail(),
            false => current.head(),
        }
        .filter(|_| serves)
    }

    pub(super) fn on_raft(&mut self, from: NodeId, message: &RaftMessage<Ask>, out: &mut Effects<Server>) {
        self.run(out, |raft, out| raft.on_message(from, message, out));
    }

    pub(super) fn on_raft_timer(&mut self, timer: raft::Timer, out: &mut Effects<Server>) {
        self.run(out, |raft, out| raft.on_timer(timer, out));
    }

    pub(super) fn on_chain(
        &mut self,
        from: NodeId,
        ChainMessage { epoch, body }: &ChainMessage<Store>,
        out: &mut Effects<Server>,
    ) {
        let is_server = self.config.chain.servers.contains(&from);
        match body {
            Body::Heartbeat if is_server => self.on_heartbeat(from, *epoch, out),
            Body::Hello { disk } if is_server => self.on_hello(from, *disk, out),
            Body::Confirm { round } if is_server => self.confirm(from, *epoch, *round, out),
            Body::Joined if is_server => self.on_joined(*epoch, out),
            _ => out.note(Event::Chain(ChainEvent::IgnoredNonsense { from })),
        }
    }

    /// All masters listen all the time, so one that comes to lead knows whom it heard.
    pub(super) fn on_detect(&mut self, out: &mut Effects<Server>) {
        out.set_timer(Timer::Chain(chain::Timer::Detect), self.config.detection());
        if self.epoch() == Epoch(0) {
            // What everybody was told is decided first.
            let chain::Config { servers, least, .. } = self.config.chain.clone();
            return self.decide(Change::Begin { servers, least }, out);
        }
        self.look_for_failures(out);
    }

    /// A call to the replicated state.
    fn ask(&mut self, ask: &Ask, out: &mut Effects<Server>) {
        let caller = Caller { client: ClientId(self.id.0), number: self.number, via: self.id };
        self.run(out, |raft, out| raft.on_request(caller, ask, out));
    }

    /// A later term has later numbers, so that no life of this node takes a number again.
    ///
    /// None in a term so late that it has no numbers of its own: no run of correct masters comes there, and such a master
    /// decides and confirms nothing.
    fn next_number(&mut self) -> Option<u64> {
        let first = self.raft.current_term().0.checked_mul(1 << 24)?;
        self.number = self.number.max(first).checked_add(1)?;
        Some(self.number)
    }

    fn run(&mut self, out: &mut Effects<Server>, step: impl FnOnce(&mut Raft<Configurations>, &mut Log)) {
        let mut answers = Vec::new();
        let raft = &mut self.raft;
        out.nest(|inner| step(raft, inner), |effect, out| answers.extend(of_raft(effect, out)));
        for (number, answer) in answers {
            self.on_answer(number, answer, out);
        }
        if !self.raft.is_leader() {
            // Whoever leads now is asked again.
            self.asked.clear();
            self.proposed = None;
        }
    }

    /// The log has it, or this master does not lead any more: then whoever asked asks again.
    fn on_answer(&mut self, number: u64, answer: Answer<Configuration>, out: &mut Effects<Server>) {
        let asked = self.asked.iter().find(|(_, (of, ..))| *of == number).map(|(server, _)| *server);
        let question = asked.and_then(|server| Some((server, self.asked.remove(&server)?)));
        let change = self.proposed.take_if(|(of, ..)| *of == number);
        let Answer::Done(latest) = answer else { return };
        if let Some((server, (_, epoch, round))) = question {
            if epoch != latest.epoch {
                return self.tell_latest(server, out);
            }
            out.note(Event::Chain(ChainEvent::Confirmed { epoch, server }));
            self.tell(server, ChainMessage { epoch, body: Body::Confirmed { round } }, out);
        }
        if let Some((_, change, next)) = change
            && next == latest
        {
            change.announce(&latest, |event| out.note(Event::Chain(event)));
            for server in self.config.chain.servers.clone() {
                self.tell_latest(server, out);
            }
        }
    }
}

impl chain::Master<Store> for Master {
    type Out = Effects<Server>;

    fn decided(&self) -> &Configurations {
        self.raft.state_machine()
    }

    fn detector(&mut self) -> Option<&mut Detector> {
        Some(&mut self.detector)
    }

    fn decide(&mut self, change: Change, out: &mut Effects<Server>) {
        let Some(next) = self.decided().after(&change).filter(|_| self.raft.is_leader()) else { return };
        let Some(number) = self.next_number() else { return out.note(OUT_OF_NUMBERS) };
        self.proposed = Some((number, change.clone(), next));
        self.ask(&Ask::Decide(change), out);
    }

    fn confirm(&mut self, server: NodeId, epoch: Epoch, round: Round, out: &mut Effects<Server>) {
        let waits = self.asked.get(&server).is_some_and(|(_, _, of)| *of == round);
        if self.raft.is_leader() && !waits {
            let Some(number) = self.next_number() else { return out.note(OUT_OF_NUMBERS) };
            self.asked.insert(server, (number, epoch, round));
            self.ask(&Ask::Latest, out);
        }
    }

    fn tell(&mut self, server: NodeId, message: ChainMessage<Store>, out: &mut Effects<Server>) {
        out.send(server, Message::Chain(message));
    }
}

/// What Raft does; an answer is for the master itself.
fn of_raft(
    effect: Effect<Raft<Configurations>>,
    out: &mut Effects<Server>,
) -> Option<(u64, Answer<Configuration>)> {
    match effect {
        Effect::Reply(caller, answer) => return Some((caller.number, answer)),
        Effect::Send(to, message) => out.send(to, Message::Raft(message)),
        Effect::Persist(record) => out.persist(Record::Raft(record)),
        Effect::SetTimer(timer, range) => out.set_timer(Timer::Raft(timer), range),
        Effect::CancelTimer(timer) => out.cancel_timer(Timer::Raft(timer)),
        Effect::Event(event) => out.note(Event::Raft(event)),
    }
    None
}
