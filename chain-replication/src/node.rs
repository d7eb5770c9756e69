//! One node: its state, dispatch by message, and the rule for all servers: only the same epoch is heard.
use alloc::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effects, Node, NodeId, Replicated, Stable, StateMachine};

use crate::{
    Config, Configuration, Detector, Entry, Epoch, Index, RoleName,
    event::{ChainEvent, View},
    master::Master as _,
    message::{Body, ChainMessage},
    read::WaitingReads,
    record::{Persistent, Record},
    update::Link,
};

/// A node of a cluster that replicates `S` along a chain: a server, or the master, or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chain<S: StateMachine> {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    pub(crate) persistent: Stable<Persistent<S>>,
    /// The configuration that this node lives in: the latest on its disk, or the first.
    pub(crate) configuration: Configuration,
    /// What this node knows of its successor, in this epoch.
    pub(crate) link: Link,
    /// Updates before `acked` that the server which joins may lack: the tail keeps them for it.
    pub(crate) kept: VecDeque<Entry<S::Command>>,
    /// Updates that overtook those before them.
    pub(crate) early: BTreeMap<Index, Entry<S::Command>>,
    pub(crate) reads: WaitingReads<S::Command>,
    /// The master's.
    pub(crate) detector: Option<Detector>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A server tells the master that it lives.
    Heartbeat,
    /// A server sends again what was not answered.
    Resend,
    /// The master looks whom it heard.
    Detect,
}

impl<S: StateMachine> Node for Chain<S> {
    type Config = Config;
    type Message = ChainMessage<S>;
    type Timer = Timer;
    /// A command of the state machine.
    type Request = S::Command;
    type Response = S::Output;
    type Event = ChainEvent;
    type Record = Record<S>;
    type Durable = Persistent<S>;
    type View = View;

    /// A server that restarts is what it was, in the epoch that it was in. If the master has taken it for dead
    /// since, nobody of the later epoch listens to it, and it will hear of that.
    ///
    /// Spec: ChainReplication!Restart
    fn boot(id: NodeId, config: &Config, durable: Self::Durable, out: &mut Effects<Self>) -> Self {
        config
            .validate()
            .unwrap_or_else(|error| panic!("a chain has a head, a tail, and nobody twice: {error}"));
        let is_new = config.rejoins && config.servers.contains(&id) && durable.configuration.is_none();
        let configuration = match &durable.configuration {
            Some(configuration) => configuration.clone(),
            None if is_new => Configuration::default(),
            None => Configuration::first(&config.servers, config.least),
        };
        // A clock shows another time whenever it is read, so no two disks of a server have one name.
        let disk = (is_new && durable.disk.is_none()).then(|| out.now());
        let mut node = Chain {
            id,
            config: config.clone(),
            persistent: Stable::recovered(durable),
            configuration,
            link: Link::default(),
            kept: VecDeque::new(),
            early: BTreeMap::new(),
            reads: WaitingReads::default(),
            detector: (id == config.master).then(Detector::default),
        };
        out.note(ChainEvent::Booted { life: node.persistent.life.saturating_add(1) });
        let begin = node.begin();
        node.persistent.write(Record::Booted { begin, disk }, out);
        node.reads.live(node.persistent.life);
        node.link.sent = node.acked();
        if node.is_server() {
            out.set_timer(Timer::Resend, config.resend());
            node.send_heartbeat(out);
        }
        if node.is_master() {
            out.set_timer(Timer::Detect, node.config.detection());
        }
        // A tail may have gone down between an update and its commitment.
        node.settle(out);
        node
    }

    fn on_message(&mut self, from: NodeId, message: &Self::Message, out: &mut Effects<Self>) {
        let ChainMessage { epoch, body } = message;
        let by_master = from == self.config.master;
        let to_master = self.is_master() && self.config.servers.contains(&from);
        match body {
            Body::Heartbeat if to_master => self.on_heartbeat(from, *epoch, out),
            Body::Hello { disk } if to_master => self.on_hello(from, *disk, out),
            Body::Confirm { round } if to_master => self.confirm(from, *epoch, *round, out),
            Body::Joined if to_master => self.on_joined(*epoch, out),
            Body::Welcome { disk, configuration } if by_master => self.on_welcome(*disk, configuration, out),
            Body::Configured(configuration) if by_master => {
                // Before it is welcome it is nobody, whatever was said to a server with this number.
                if !self.is_nobody() {
                    self.on_configured(configuration, out);
                }
            }
            Body::Confirmed { round } if by_master => self.on_confirmed(*epoch, *round, out),
            Body::Call { caller, command } if by_master || self.config.servers.contains(&from) => {
                self.on_call(*caller, command, out);
            }
            Body::Update { .. } | Body::Ack { .. } | Body::State { .. } => self.on_link(from, message, out),
            Body::VersionQuery { .. } | Body::Version { .. } => self.on_link(from, message, out),
            _ => out.note(ChainEvent::IgnoredNonsense { from }),
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::Heartbeat => self.send_heartbeat(out),
            Timer::Resend => self.resend(out),
            Timer::Detect => self.on_detect(out),
        }
    }

    fn on_request(&mut self, from: Caller, command: &S::Command, out: &mut Effects<Self>) {
        self.on_client_request(from, command, out);
    }

    fn view(&self) -> View {
        View {
            role: self.role(),
            epoch: self.epoch(),
            last: self.last(),
            acked: self.acked(),
            handed_over: self.persistent.handed_over,
        }
    }
}

/// What anyone may look at.
impl<S: StateMachine> Chain<S> {
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The configuration that this node lives in.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    pub fn epoch(&self) -> Epoch {
        self.configuration.epoch
    }

    pub fn role(&self) -> RoleName {
        self.configuration.role(self.id)
    }

    /// The end of `Hist`.
    pub fn last(&self) -> Index {
        self.persistent.last()
    }

    pub fn acked(&self) -> Index {
        self.persistent.acked
    }

    /// `Sent`: the updates behind `acked`.
    pub fn sent(&self) -> impl ExactSizeIterator<Item = &Entry<S::Command>> {
        self.persistent.sent.iter()
    }

    /// The state machine after the updates up to `acked`, and the sessions.
    pub fn replicated(&self) -> &Replicated<S> {
        &self.persistent.replicated
    }

    pub fn state_machine(&self) -> &S {
        self.replicated().state_machine()
    }

    pub fn has_handed_over(&self) -> bool {
        self.persistent.handed_over
    }

    pub fn persistent(&self) -> &Persistent<S> {
        &self.persistent
    }

    /// Does it believe that it answers?
    pub fn is_tail_of_serving(&self) -> bool {
        self.is_tail() && self.configuration.serves
    }

    /// Has it an empty disk, which the master did not welcome yet?
    pub fn is_nobody(&self) -> bool {
        self.epoch() == Epoch(0)
    }

    /// Has it what a member of the chain has? Only where servers lose their disks is there a doubt.
    pub fn is_whole(&self) -> bool {
        !self.config.rejoins || !self.is_server() || self.configuration.is_member(self.id)
    }

    pub fn is_master(&self) -> bool {
        self.detector.is_some()
    }
}

/// What every handler uses.
impl<S: StateMachine> Chain<S> {
    /// "The same epoch" is what fences: whoever was taken out of the chain speaks of an epoch that is over, and
    /// whoever missed a configuration hears nothing before it has caught up.
    fn on_link(&mut self, from: NodeId, message: &ChainMessage<S>, out: &mut Effects<Self>) {
        let ChainMessage { epoch, body } = message;
        if !self.config.servers.contains(&from) || !self.is_server() {
            return out.note(ChainEvent::IgnoredNonsense { from });
        }
        if *epoch < self.epoch() {
            return out.note(ChainEvent::IgnoredOldEpoch { from, epoch: *epoch });
        }
        if *epoch > self.epoch() {
            out.note(ChainEvent::FellBehind { from, epoch: *epoch });
            return self.report(out);
        }
        match body {
            Body::Update { first, entries } => self.on_update(from, *first, entries, out),
            Body::Ack { acked, has } => self.on_ack(from, *acked, *has, out),
            Body::State { index, image, entries } => self.on_state(from, *index, image, entries, out),
            Body::VersionQuery { round } => self.on_version_query(from, *round, out),
            Body::Version { round, acked } => self.on_version(from, *round, *acked, out),
            _ => out.note(ChainEvent::IgnoredNonsense { from }),
        }
    }

    pub(crate) fn is_server(&self) -> bool {
        self.config.servers.contains(&self.id)
    }

    pub(crate) fn is_tail(&self) -> bool {
        self.configuration.is_tail(self.id)
    }

    pub(crate) fn successor(&self) -> Option<NodeId> {
        self.configuration.successor(self.id)
    }

    pub(crate) fn send(&self, to: NodeId, body: Body<S>, out: &mut Effects<Self>) {
        out.send(to, ChainMessage { epoch: self.epoch(), body });
    }

    fn send_heartbeat(&mut self, out: &mut Effects<Self>) {
        out.set_timer(Timer::Heartbeat, self.config.heartbeat());
        self.report(out);
    }

    /// Tells the master that it lives.
    fn report(&mut self, out: &mut Effects<Self>) {
        match self.persistent.disk.filter(|_| self.is_nobody()) {
            Some(disk) => {
                out.note(ChainEvent::SaidHello { disk });
                self.send(self.config.master, Body::Hello { disk }, out);
            }
            None => self.send(self.config.master, Body::Heartbeat, out),
        }
    }
}
