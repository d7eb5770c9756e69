//! What the simulator keeps for a node, and the node must not see: its disk, its outputs that wait, its
//! alarms and its clock.
use std::collections::VecDeque;

use synod_protocol::{Answer, Caller, Durable, Node, NodeId, Time};

use crate::clock::{Clock, LifeKeys};
use crate::config::Config;
use crate::draw::Draws;
use crate::nemesis::Doom;
use crate::queue::Queue;
use crate::stall::Stall;
use crate::store::{Recovered, Store};
use crate::timers::Timers;

#[derive(Clone)]
pub(crate) struct Server<N: Node> {
    /// Lives are numbered from 1.
    pub(crate) life: u64,
    pub(crate) clock: Clock,
    pub(crate) keys: LifeKeys,
    pub(crate) timers: Timers<N::Timer>,
    /// In this life.
    pub(crate) timers_set: u64,
    pub(crate) disk: Disk<N>,
    /// Oldest first.
    pub(crate) outputs: VecDeque<Output<N>>,
    /// It will crash in the middle of something soon.
    pub(crate) doomed: Option<Doom>,
    /// It has a new disk, and was not seen to be whole since.
    pub(crate) is_new: bool,
    /// Its disk failed: it never comes back.
    pub(crate) has_ended: bool,
    pub(crate) stall: Option<Box<Stall<N>>>,
    /// It crashes soon after each boot, as these say.
    pub(crate) crash_loop: Option<Draws>,
}

/// Records are written to its end, and are durable from the front.
#[derive(Clone)]
pub(crate) struct Disk<N: Node> {
    /// The fold of the records that are durable, but for the newest.
    durable: N::Durable,
    /// Those: they are folded when somebody looks, which is when a node boots.
    unfolded: Vec<N::Record>,
    /// How many are durable.
    pub(crate) synced: u64,
    pub(crate) unsynced: VecDeque<N::Record>,
    /// The sync under way covers the records up to this one.
    pub(crate) syncing: Option<u64>,
    /// In this life.
    pub(crate) syncs: u64,
    pub(crate) is_slow: bool,
    pub(crate) fails_next_sync: bool,
    /// Until then nothing can be written; the last so many records that were asked for were not.
    pub(crate) full_until: Option<Time>,
    pub(crate) unwritten: u64,
    /// The same in bytes, in runs that have faults of bytes.
    pub(crate) store: Option<Box<Store>>,
}

/// An output that waits for records.
#[derive(Clone)]
pub(crate) struct Output<N: Node> {
    pub(crate) cause: u64,
    pub(crate) effect: u32,
    /// All records up to this one must be durable first.
    pub(crate) after_records: u64,
    pub(crate) content: Content<N>,
}

#[derive(Clone)]
pub(crate) enum Content<N: Node> {
    Message(NodeId, N::Message),
    Answer(Caller, Answer<N::Response>),
}

impl<N: Node> Server<N> {
    pub(crate) fn new(config: &Config, id: NodeId) -> Self {
        Server {
            life: 0,
            clock: Clock::new(config.seed, &config.clock, id.0, 0),
            keys: LifeKeys::new(config.seed, id.0, 0),
            timers: Timers::default(),
            timers_set: 0,
            disk: Disk::empty(config, id),
            outputs: VecDeque::new(),
            doomed: None,
            is_new: config.process.may_wipe,
            has_ended: false,
            stall: None,
            crash_loop: None,
        }
    }

    /// The next life begins.
    pub(crate) fn begin_life(&mut self, config: &Config, id: NodeId) {
        self.life += 1;
        self.clock = Clock::new(config.seed, &config.clock, id.0, self.life);
        self.keys = LifeKeys::new(config.seed, id.0, self.life);
        self.timers_set = 0;
        self.disk.syncs = 0;
    }

    /// Only the disk outlives the crash, with so many records.
    pub(crate) fn end_life<E>(&mut self, records: u64, queue: &mut Queue<E>) {
        if let Some(store) = &mut self.disk.store {
            store.crash(records);
        }
        self.disk.make_durable(records);
        self.disk.unsynced.clear();
        self.disk.unwritten = 0;
        self.disk.syncing = None;
        self.outputs.clear();
        self.timers.iter_mut().for_each(|(_, alarm)| alarm.cancel(queue));
        self.doomed = None;
    }

    /// Must an output wait that is asked for now? It may not overtake one that waits already.
    #[inline]
    pub(crate) fn must_wait(&self) -> bool {
        !self.disk.unsynced.is_empty() || !self.outputs.is_empty()
    }

    /// The oldest output, if the records before it are durable.
    pub(crate) fn next_output(&mut self) -> Option<Output<N>> {
        self.outputs.pop_front_if(|output| output.after_records <= self.disk.synced)
    }
}

impl<N: Node> Disk<N> {
    pub(crate) fn empty(config: &Config, id: NodeId) -> Self {
        Disk {
            durable: N::Durable::default(),
            unfolded: Vec::new(),
            synced: 0,
            unsynced: VecDeque::new(),
            syncing: None,
            syncs: 0,
            is_slow: false,
            fails_next_sync: false,
            full_until: None,
            unwritten: 0,
            store: config.has_bytes().then(|| Box::new(Store::new(config.seed, id, config.disk.torn))),
        }
    }

    pub(crate) fn written(&self) -> u64 {
        self.synced + self.unsynced.len() as u64
    }

    /// Asks for a record to be written: it is durable after a sync.
    #[inline]
    pub(crate) fn write(&mut self, record: N::Record) {
        if let Some(store) = &mut self.store {
            store.write(&record);
        }
        self.unwritten += u64::from(self.full_until.is_some());
        self.unsynced.push_back(record);
    }

    /// The sync is over that covered the records up to this one.
    pub(crate) fn synced(&mut self, records: u64) {
        if let Some(store) = &mut self.store {
            store.sync(records);
        }
        self.make_durable(records);
    }

    /// Nothing more happens to it.
    pub(crate) fn heal(&mut self) {
        (self.is_slow, self.fails_next_sync, self.full_until) = (false, false, None);
    }

    /// The records up to this one are safe.
    pub(crate) fn make_durable(&mut self, records: u64) {
        let count = (records - self.synced) as usize;
        self.unfolded.extend(self.unsynced.drain(..count));
        self.synced = records;
    }

    /// How many records are folded.
    pub(crate) fn folded(&self) -> u64 {
        self.synced - self.unfolded.len() as u64
    }

    /// Do the bytes say what was written?
    pub(crate) fn agrees_with(&mut self, read: &Recovered<N::Record>) -> bool {
        if read.known + read.records.len() as u64 != self.synced {
            return false;
        }
        if read.known == self.folded() {
            return read.records == self.unfolded;
        }
        let fold = |mut durable: N::Durable, records: &[N::Record]| {
            records.iter().for_each(|record| durable.apply(record));
            durable
        };
        read.known == 0 && fold(N::Durable::default(), &read.records) == *self.durable()
    }

    /// It holds what its bytes say, whatever was written. What the last boot has read is folded already.
    pub(crate) fn is_read_back(&mut self, read: Recovered<N::Record>) {
        if read.known == 0 {
            self.durable = N::Durable::default();
        }
        self.synced = read.known + read.records.len() as u64;
        self.unfolded = read.records;
    }

    /// What a node would boot from.
    pub(crate) fn durable(&mut self) -> &N::Durable {
        self.unfolded.drain(..).for_each(|record| self.durable.apply(&record));
        &self.durable
    }
}
