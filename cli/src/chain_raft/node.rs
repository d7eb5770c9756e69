//! A node of the composition: a server of the chain, or one of the masters. What they say to each other, write down and
//! wait for is what the parts do, in an enum each.
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_chain_replication::{self as chain, Ask, Chain, ChainEvent, ChainMessage, Configurations, Epoch};
use synod_kv::{Command, Output, Store};
use synod_protocol::{Answer, Caller, Durable, Effect, Effects, Node, NodeId};
use synod_raft::{self as raft, Raft, RaftEvent, RaftMessage};

use super::master::Master;

/// To the servers, all masters are one, who has a number that no node has.
pub const MASTER: NodeId = NodeId(0);

/// The masters are the first nodes, and the chain is made of the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    pub masters: raft::Config,
    pub chain: chain::Config,
}

impl Config {
    pub fn is_master(&self, id: NodeId) -> bool {
        self.masters.members.contains(&id)
    }

    pub(super) fn detection(&self) -> Range<Duration> {
        let interval = self.chain.detection_interval;
        interval..interval + interval / 10 + Duration::from_nanos(1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::large_enum_variant, reason = "there are a handful of nodes")]
pub enum Server {
    Master(Master),
    Link(Link),
}

/// A server of the chain, which asks every master: the one that leads answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    pub(super) chain: Chain<Store>,
    config: Config,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Message {
    /// Among the masters.
    Raft(RaftMessage<Ask>),
    /// Along the chain, and between it and the masters.
    Chain(ChainMessage<Store>),
}

impl synod_protocol::Message for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Raft(message) => message.kind(),
            Message::Chain(message) => message.kind(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    Raft(raft::Timer),
    Chain(chain::Timer),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    Raft(RaftEvent),
    Chain(ChainEvent),
}

impl synod_protocol::Event for Event {
    fn name(&self) -> &'static str {
        match self {
            Event::Raft(event) => event.name(),
            Event::Chain(event) => event.name(),
        }
    }

    fn action(&self) -> Option<&'static str> {
        match self {
            Event::Raft(event) => event.action(),
            Event::Chain(event) => event.action(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Record {
    Raft(raft::Record<Ask>),
    Chain(chain::Record<Store>),
}

/// Of each node, one of the two stays as it was at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Disk {
    pub(super) raft: raft::Persistent<Ask>,
    pub(super) chain: chain::Persistent<Store>,
}

impl Durable for Disk {
    type Record = Record;

    fn apply(&mut self, record: &Record) {
        match record {
            Record::Raft(record) => self.raft.apply(record),
            Record::Chain(record) => self.chain.apply(record),
        }
    }
}

/// What an onlooker sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum View {
    /// And the latest epoch that it knows to be decided.
    Master(raft::View, Epoch),
    Link(chain::View),
}

impl Node for Server {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = Command;
    type Response = Output;
    type Event = Event;
    type Record = Record;
    type Durable = Disk;
    type View = View;

    fn boot(id: NodeId, config: &Config, disk: Disk, out: &mut Effects<Self>) -> Self {
        if config.is_master(id) {
            return Server::Master(Master::boot(id, config, disk.raft, out));
        }
        let translate = |effect, out: &mut Effects<Self>| of_chain(config, effect, out);
        let chain = out.nest(|inner| Chain::boot(id, &config.chain, disk.chain, inner), translate);
        Server::Link(Link { chain, config: config.clone() })
    }

    fn on_message(&mut self, from: NodeId, message: &Message, out: &mut Effects<Self>) {
        match (self, message) {
            (Server::Master(master), Message::Raft(message)) => master.on_raft(from, message, out),
            (Server::Master(master), Message::Chain(message)) => master.on_chain(from, message, out),
            // A number that no node has.
            (Server::Link(_), Message::Chain(_)) if from == MASTER => {
                out.note(Event::Chain(ChainEvent::IgnoredNonsense { from }));
            }
            (Server::Link(link), Message::Chain(message)) => {
                let from = if link.config.is_master(from) { MASTER } else { from };
                link.run(out, |chain, out| chain.on_message(from, message, out));
            }
            (Server::Link(_), Message::Raft(_)) => {
                out.note(Event::Chain(ChainEvent::IgnoredNonsense { from }));
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match (self, timer) {
            (Server::Master(master), Timer::Raft(timer)) => master.on_raft_timer(timer, out),
            (Server::Master(master), Timer::Chain(_)) => master.on_detect(out),
            (Server::Link(link), Timer::Chain(timer)) => {
                link.run(out, |chain, out| chain.on_timer(timer, out));
            }
            (Server::Link(_), Timer::Raft(_)) => {}
        }
    }

    fn on_request(&mut self, from: Caller, command: &Command, out: &mut Effects<Self>) {
        match self {
            Server::Master(master) => out.redirect(from, master.whom_to_ask(command)),
            Server::Link(link) => link.run(out, |chain, out| chain.on_request(from, command, out)),
        }
    }

    fn view(&self) -> View {
        match self {
            Server::Master(master) => View::Master(master.raft().view(), master.epoch()),
            Server::Link(link) => View::Link(link.chain.view()),
        }
    }
}

impl Server {
    pub fn chain(&self) -> Option<&Chain<Store>> {
        match self {
            Server::Link(link) => Some(&link.chain),
            Server::Master(_) => None,
        }
    }

    pub fn master(&self) -> Option<&Raft<Configurations>> {
        match self {
            Server::Master(master) => Some(master.raft()),
            Server::Link(_) => None,
        }
    }
}

impl Link {
    fn run(
        &mut self,
        out: &mut Effects<Server>,
        step: impl FnOnce(&mut Chain<Store>, &mut Effects<Chain<Store>>),
    ) {
        let Link { chain, config } = self;
        out.nest(|inner| step(chain, inner), |effect, out| of_chain(config, effect, out));
    }
}

/// What a server of the chain does: what it says to the master, it says to all of them.
fn of_chain(config: &Config, effect: Effect<Chain<Store>>, out: &mut Effects<Server>) {
    match effect {
        Effect::Send(MASTER, message) => {
            for &master in &config.masters.members {
                out.send(master, Message::Chain(message.clone()));
            }
        }
        Effect::Send(to, message) => out.send(to, Message::Chain(message)),
        Effect::Reply(caller, Answer::Done(output)) => out.reply(caller, output),
        Effect::Reply(caller, Answer::Elsewhere(hint)) => out.redirect(caller, hint),
        Effect::Persist(record) => out.persist(Record::Chain(record)),
        Effect::SetTimer(timer, range) => out.set_timer(Timer::Chain(timer), range),
        Effect::CancelTimer(timer) => out.cancel_timer(Timer::Chain(timer)),
        Effect::Event(event) => out.note(Event::Chain(event)),
    }
}
