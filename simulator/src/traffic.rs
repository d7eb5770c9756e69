//! Links that do more than delay: bandwidth, clogs, filters by kind, and deliveries by priority. Only runs that
//! have one of them have a [`Traffic`].
use std::collections::VecDeque;

use synod_protocol::{Input, Message, Node, NodeId, Observer, PacketId, Time};

use crate::Fault;
use crate::config::{Config, Network};
use crate::draw::{Key, Site, Span};
use crate::network::Fate;
use crate::simulation::{Event, Simulation, Workload};

mod length;
use length::length;

#[derive(Clone)]
pub(crate) struct Traffic<N: Node> {
    nodes: usize,
    /// In bytes per second, of each link.
    bandwidth: Option<u64>,
    links: Vec<Link>,
    /// From then on no link is clogged, unless one gets so again.
    clogged_until: Time,
    filters: Vec<Filter>,
    /// The kinds of messages that were sent so far, in the order in which they first were.
    pub(crate) kinds: Vec<&'static str>,
    /// Some of them, each at its place by length, to be seen at its address.
    seen: [&'static str; SEEN],
    pool: Option<Pool<N>>,
}

#[derive(Clone, Copy)]
struct Link {
    /// It has sent by then what it was given.
    free_at: Time,
    clogged_until: Time,
}

/// What passes no link from or to the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) kind: String,
    pub(crate) node: NodeId,
}

/// Of each message beside its JSON: headers of the packet.
const HEADERS: u64 = 64;
/// What would wait longer than this for its turn on a link is lost instead.
const LONGEST_BACKLOG: u64 = 1_000_000_000;
/// A power of two.
const SEEN: usize = 16;

impl<N: Node> Traffic<N> {
    pub(crate) fn new(config: &Config) -> Option<Box<Self>> {
        let of_traffic = [Fault::Clog, Fault::Filter];
        let is_needed = config.network.bandwidth.is_some()
            || config.network.priorities.is_some()
            || of_traffic.into_iter().any(|fault| config.does(fault));
        is_needed.then(|| Traffic::whatever(config))
    }

    /// Needed or not.
    pub(crate) fn whatever(config: &Config) -> Box<Self> {
        let nodes = config.nodes as usize;
        let link = Link { free_at: Time::ZERO, clogged_until: Time::ZERO };
        Box::new(Traffic {
            nodes,
            bandwidth: config.network.bandwidth,
            links: vec![link; nodes * nodes],
            clogged_until: Time::ZERO,
            filters: Vec::new(),
            kinds: Vec::new(),
            seen: [""; SEEN],
            pool: Pool::new(config),
        })
    }

    pub(crate) fn clog(&mut self, node: NodeId, until: Time) {
        let node = node.0 as usize - 1;
        self.clogged_until = self.clogged_until.max(until);
        for other in 0..self.nodes {
            for link in [node * self.nodes + other, other * self.nodes + node] {
                self.links[link].clogged_until = until;
            }
        }
    }

    pub(crate) fn filter(&mut self, filter: Filter) {
        self.filters.push(filter);
    }

    pub(crate) fn unfilter(&mut self, filter: &Filter) {
        if let Some(place) = self.filters.iter().position(|other| other == filter) {
            self.filters.remove(place);
        }
    }

    /// May it do anything to a message of this kind now? Whatever the answer, it has heard of the kind.
    #[inline]
    pub(crate) fn interferes(&mut self, now: Time, kind: &'static str) -> bool {
        // Most often the constant itself, which is seen at its address.
        if !std::ptr::eq(self.seen[kind.len() % SEEN], kind) {
            self.see(kind);
        }
        self.bandwidth.is_some()
            || self.pool.is_some()
            || !self.filters.is_empty()
            || self.clogged_until > now
    }

    #[cold]
    fn see(&mut self, kind: &'static str) {
        self.seen[kind.len() % SEEN] = kind;
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// What becomes of a message that the weather lets pass: it waits for its turn and for the clog, and
    /// passes no filter.
    fn fate(&mut self, now: Time, from: NodeId, to: NodeId, message: &N::Message, fate: Fate) -> Fate {
        let Fate::Carried { mut after, mut twin_after } = fate else { return Fate::Lost };
        let kind = message.kind();
        if self.filters.iter().any(|filter| filter.kind == kind && [from, to].contains(&filter.node)) {
            return Fate::Lost;
        }
        let link = &mut self.links[(from.0 as usize - 1) * self.nodes + to.0 as usize - 1];
        let mut waits = 0;
        if let Some(bandwidth) = self.bandwidth {
            let begins = link.free_at.max(now);
            let takes = (HEADERS + length(message)) * 1_000_000_000 / bandwidth;
            waits = begins.0 + takes - now.0;
            if waits > LONGEST_BACKLOG.max(takes) {
                return Fate::Lost;
            }
            link.free_at = Time(begins.0 + takes);
        }
        waits = waits.max(link.clogged_until.0.saturating_sub(now.0));
        after += waits;
        twin_after = twin_after.map(|after| after + waits);
        Fate::Carried { after, twin_after }
    }

    /// Those that wait for their turn by priority.
    pub(crate) fn pooled(&self) -> impl Iterator<Item = &Event<N>> {
        self.pool.iter().flat_map(|pool| pool.lanes.iter().flat_map(|lane| &lane.events))
    }
}

/// Deliveries one after the other, of all that is under way the oldest on the lane of highest priority, after
/// Burckhardt et al. 2010: lanes between nodes take the place of their threads. Priorities are drawn, and at a
/// few drawn deliveries the lane whose turn it is falls behind all others. A bug that needs d such orderings
/// is found with a probability that falls with d, and not with the length of the run.
#[derive(Clone)]
struct Pool<N: Node> {
    lanes: Vec<Lane<N>>,
    /// The numbers of the deliveries before which a lane falls behind, the next one last.
    change_points: Vec<u64>,
    deliveries: u64,
    waiting: usize,
    slot: Span,
    key: Key,
}

#[derive(Clone)]
struct Lane<N: Node> {
    priority: u64,
    events: VecDeque<Event<N>>,
}

impl<N: Node> Pool<N> {
    fn new(config: &Config) -> Option<Self> {
        let priorities = config.network.priorities.as_ref()?;
        let key = Key::new(config.seed, Site::Priority, 0, 0);
        let among = Span::of(1, priorities.among.max(1) + 1);
        let mut change_points: Vec<u64> =
            (0..priorities.change_points).map(|k| among.at(key.bits(k.into()))).collect();
        change_points.sort_unstable_by(|a, b| b.cmp(a));
        let lane = |link: u64| {
            // Above those that fell behind.
            let priority = u64::from(priorities.change_points)
                + (Key::new(config.seed, Site::Priority, 1, link).bits(0) >> 1);
            Lane { priority, events: VecDeque::new() }
        };
        let lanes = (0..u64::from(config.nodes).pow(2)).map(lane).collect();
        let slot = Span::new(&priorities.slot);
        let key = Key::new(config.seed, Site::Priority, 2, 0);
        Some(Pool { lanes, change_points, deliveries: 0, waiting: 0, slot, key })
    }

    fn first(&mut self) -> Option<Event<N>> {
        self.deliveries += 1;
        while self.change_points.last() == Some(&self.deliveries) {
            self.change_points.pop();
            let behind = self.change_points.len() as u64;
            if let Some(lane) = self.highest() {
                lane.priority = behind;
            }
        }
        let event = self.highest()?.events.pop_front();
        self.waiting -= 1;
        event
    }

    fn highest(&mut self) -> Option<&mut Lane<N>> {
        self.lanes.iter_mut().filter(|lane| !lane.events.is_empty()).max_by_key(|lane| lane.priority)
    }
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn carry_in_traffic(
        &mut self,
        packet: PacketId,
        from: NodeId,
        to: NodeId,
        fate: Fate,
        message: N::Message,
    ) {
        let (now, link) = (self.now, self.cuts.index(from, to));
        let Some(traffic) = &mut self.traffic else { return };
        let fate = traffic.fate(now, from, to, &message, fate);
        let is_clogged = traffic.links[link].clogged_until > now;
        let waits = traffic.pool.is_some() && !is_clogged && fate != Fate::Lost;
        let mut fate = fate;
        if let Some(script) = &mut self.script {
            let at = [from.0.into(), to.0.into(), self.lanes[link].sent() - 1];
            if waits { script.pool(packet, at, now, fate) } else { fate = script.packet(at, fate) }
        }
        let event = || Event::Arrival(packet, to, Input::Message(from, message));
        match (&mut traffic.pool, fate) {
            (Some(pool), Fate::Carried { twin_after, .. }) if !is_clogged => {
                let event = event();
                let twin = twin_after.map(|after| (after, event.clone()));
                pool.lanes[link].events.push_back(event);
                pool.waiting += 1;
                if pool.waiting == 1 {
                    let at = Time(now.0 + pool.slot.at(pool.key.bits(pool.deliveries)).max(1));
                    self.queue.push(at, Event::Deliver);
                }
                if let Some((after, event)) = twin {
                    self.carry_twin(packet, after, event);
                }
            }
            _ => {
                self.carry(packet, fate, event);
            }
        }
    }

    /// The next one by priority.
    pub(crate) fn deliver(&mut self) {
        let Some(pool) = self.traffic.as_mut().and_then(|traffic| traffic.pool.as_mut()) else { return };
        let Some(event) = pool.first() else { return };
        if let (Some(script), Event::Arrival(packet, ..)) = (&mut self.script, &event) {
            script.unpool(*packet, self.now);
        }
        if pool.waiting > 0 {
            let at = Time(self.now.0 + pool.slot.at(pool.key.bits(pool.deliveries)).max(1));
            self.queue.push(at, Event::Deliver);
        }
        self.queue.push(self.now, event);
    }

    /// Clean links: what waits for its turn has it now.
    pub(crate) fn end_traffic(&mut self) {
        let Some(traffic) = self.traffic.take() else { return };
        for lane in traffic.pool.into_iter().flat_map(|pool| pool.lanes) {
            for event in lane.events {
                let at = self.now.after(self.config.network.to_self);
                if let (Some(script), Event::Arrival(packet, ..)) = (&mut self.script, &event) {
                    script.unpool(*packet, at);
                }
                self.queue.push(at, event);
            }
        }
        if self.script.is_some() {
            let network = Network { bandwidth: None, priorities: None, ..self.config.network.clone() };
            self.traffic = Some(Traffic::whatever(&Config { network, ..self.config.clone() }));
        }
    }
}
