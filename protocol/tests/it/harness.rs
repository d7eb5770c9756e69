//! A small harness for the [`Toy`]: virtual time, disks with explicit syncs, an output gate, links and
//! clients. It is honest, unless it is told to be [`Wrong`] in one way.
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use synod_protocol::{contract::Checker, *};

use crate::{
    toy::{Config, Defect, Record, Timer, Toy},
    wrong::Wrong,
};

mod clients;
mod links;
mod nodes;
mod timers;

pub(crate) type Done<T = ()> = Result<T, Violation>;

const NODES: u64 = 3;
const CLIENTS: u64 = 2;

pub(crate) struct Harness<O> {
    wrong: Option<Wrong>,
    observer: O,
    config: Config,
    draws: u64,
    at: Time,
    number: u64,
    newest_packet: u64,
    nodes: Vec<Option<Toy>>,
    servers: Vec<Server>,
    on_their_way: Vec<(PacketId, Place, Cargo)>,
    clients: Vec<Client>,
}

#[derive(Default)]
struct Server {
    /// All that is on the disk or on its way there; the first `durable` are safe.
    records: Vec<Record>,
    durable: usize,
    outputs: VecDeque<Output>,
    /// On the node's clock: when the range begins, and when it fires.
    timers: BTreeMap<Timer, (Time, Time)>,
    /// Settings that must not fire any more; only wrong harnesses keep them.
    ghosts: Vec<(Timer, Time)>,
    clock: Time,
    ended: bool,
}

struct Output {
    cause: u64,
    effect: u32,
    after_records: usize,
    to: Place,
    cargo: Cargo,
}

#[derive(Clone)]
enum Cargo {
    Input(Input<Toy>),
    Answer(Caller, Answer<u64>),
}

#[derive(Default)]
struct Client {
    number: u64,
    put: u64,
    open: bool,
}

impl Harness<Checker<Toy>> {
    /// A run of that many turns, judged as it goes.
    pub(crate) fn judged(seed: u64, wrong: Option<Wrong>, turns: u32) -> Done {
        let defect = match wrong {
            Some(Wrong::NodeReadsAGlobal) => Some(Defect::ReadsAGlobal),
            Some(Wrong::NodeWritesTwoRecords) => Some(Defect::TwoRecordsInAnAction),
            Some(Wrong::NodeWritesAfterOutput) => Some(Defect::RecordAfterOutput),
            Some(Wrong::NodeWritesTwoRecordsAtBoot) => Some(Defect::TwoRecordsAtBoot),
            _ => None,
        };
        let config = Config { nodes: NODES as u32, defect };
        Harness::new(seed, wrong, config, Checker::new(config)).run(turns)
    }
}

impl<O: Observer<Toy>> Harness<O> {
    pub(crate) fn new(seed: u64, wrong: Option<Wrong>, config: Config, observer: O) -> Self {
        Harness {
            wrong,
            observer,
            config,
            draws: seed,
            at: Time::ZERO,
            number: 0,
            newest_packet: 0,
            nodes: (0..NODES).map(|_| None).collect(),
            servers: (0..NODES).map(|_| Server::default()).collect(),
            on_their_way: Vec::new(),
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
        }
    }

    pub(crate) fn run(&mut self, turns: u32) -> Done {
        for _ in 0..turns {
            self.at = self.at.after(Duration::from_micros(self.draw(400)));
            let server = self.draw(NODES) as usize;
            match self.draw(40) {
                0..13 => self.deliver()?,
                13..20 => self.let_out(server)?,
                20..24 => self.sync(server)?,
                24..30 => self.fire(server)?,
                30..34 => self.ask()?,
                34 => self.lose()?,
                35 => self.repeat()?,
                36 => self.crash(server)?,
                _ => self.boot(server)?,
            }
        }
        Ok(())
    }

    fn emit(&mut self, place: Place, what: What<'_, Toy>) -> Done {
        let mut step = Step { number: self.number, at: self.at, place, what };
        if self.once_in(9, Wrong::SkipsStepNumber) {
            step.number += 1;
        }
        if self.once_in(9, Wrong::TimeGoesBack) {
            step.at = Time::ZERO;
        }
        if self.is(Wrong::NamesClientForNode) && matches!(step.what, What::Synced { .. }) {
            step.place = Place::Client(ClientId(1));
        }
        self.number += 1;
        let seen = if self.is(Wrong::HidesNodes) { &[] } else { &self.nodes[..] };
        self.observer.observe(&step, Nodes::new(seen))
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    fn once_in(&mut self, times: u64, wrong: Wrong) -> bool {
        self.is(wrong) && self.draw(times) == 0
    }

    /// SplitMix64 (Steele, Lea & Flood 2014), below a bound.
    fn draw(&mut self, below: u64) -> u64 {
        self.draws = self.draws.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.draws;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % below
    }
}

fn node_id(i: usize) -> NodeId {
    NodeId(i as u32 + 1)
}
