//! All knobs of a run. A seed alone says little: print the whole of this beside it.
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use synod_protocol::{NodeId, majority};

use crate::keyed::Deviation;
use crate::{Fault, Scenario};

mod check;
pub use check::ConfigError;
mod display;
mod knobs;
pub use knobs::{KnobError, Turned};
pub(crate) use knobs::{duration, span};

/// A run is a function of this, of the algorithm and of the workload.
///
/// [`Config::new`] is a cluster without faults; [`Config::with_faults`] and [`Config::swarm`] turn the
/// knobs for classes of faults, and every knob can be turned by hand. All durations are virtual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub seed: u64,
    pub nodes: u32,
    pub clients: u32,
    /// The safety phase ends when so many calls have ended …
    pub operations: u64,
    /// … or after this time.
    pub safety: Duration,
    pub liveness: LivenessGoal,
    pub client: Client,
    pub network: Network,
    pub disk: Disk,
    pub clock: Clock,
    pub process: Process,
    pub nemesis: Nemesis,
    /// What the algorithm can do without.
    pub tolerance: Tolerance,
    /// Strikes beside those of the nemesis.
    pub scenario: Option<Scenario>,
    /// Words about what clients ask. They are kept for whoever makes the [`Workload`](crate::Workload), and not read here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub load: BTreeMap<String, String>,
    /// Nothing is drawn: all is nominal, but for these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviations: Option<Vec<Deviation>>,
}

/// How much of a cluster an algorithm can do without, so that faults ask no more of it than it promises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerance {
    /// So many nodes must be up and whole for the cluster to serve: no more disks are damaged than leave them, and
    /// the liveness phase heals just so many. `None`: a majority. Only what comes back goes below it.
    pub needed: Option<u32>,
    /// These do not fail: no strike on a node hits them, and the liveness phase heals them. Their links are as bad
    /// as all others.
    pub spared: BTreeSet<NodeId>,
    /// These may fail, but never lose their disks ([`Fault::Wipe`]).
    pub keep_disks: BTreeSet<NodeId>,
}

/// After the heal, so many new calls must succeed within that time. No calls: there is no such phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivenessGoal {
    pub operations: u64,
    pub within: Duration,
}

/// A client has one call open at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Between an answer and the next call.
    pub think: Range<Duration>,
    /// Without an answer for so long, it tries the next node.
    pub try_for: Duration,
    /// Between an "elsewhere" without a hint and the next try.
    pub back_off: Range<Duration>,
    /// So long after the call it stops waiting, and a new client takes its place.
    pub give_up_after: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub delay: Delay,
    /// A message of a node to itself takes this long, and is never lost.
    pub to_self: Duration,
    pub loss: f64,
    pub duplication: f64,
    /// Of each link between two nodes and in each direction, in bytes per second: a message has the length of
    /// its JSON and 64 bytes more, and waits for those before it.
    pub bandwidth: Option<u64>,
    /// A link that flaps is cut or whole for so long at a time.
    pub flap: Range<Duration>,
    /// Messages between nodes are delivered by priority, and not after a delay.
    pub priorities: Option<Priorities>,
}

/// Deliveries in an order that is drawn as by PCT (Burckhardt et al. 2010): of all messages under way, the next
/// one is of the link with the highest priority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Priorities {
    /// So many times a link falls behind all others …
    pub change_points: u32,
    /// … at deliveries that are drawn among the first so many.
    pub among: u64,
    /// Between a delivery and the next.
    pub slot: Range<Duration>,
}

/// How long a packet takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    Uniform(Range<Duration>),
    /// `least`, and an exponentially distributed time with this mean; at most `most` in all.
    Exponential {
        least: Duration,
        mean: Duration,
        most: Duration,
    },
    /// Mostly near; with some probability far, so that later packets overtake it.
    Bimodal {
        near: Range<Duration>,
        far: Range<Duration>,
        far_probability: f64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// How long a sync takes.
    pub sync: Range<Duration>,
    /// How long while the disk is struck.
    pub slow_sync: Range<Duration>,
    /// How often a crash that loses something leaves a part of it on the platter.
    pub torn: f64,
    /// Is what a node boots from verified? Without, it boots from whatever looks like records.
    pub checksums: bool,
    /// Faults damage the disks of so many nodes at most; `None`: of as many as leave those whole that are needed.
    pub damaged_at_most: Option<u32>,
}

/// Bounds on how wrong the clocks of the nodes are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// A clock runs too fast or too slow by at most so many millionths, for all lives of its node.
    pub drift_ppm: u32,
    /// In each life it starts so much ahead at most.
    pub offset: Duration,
    /// One that jumps is set forward by so much at most.
    pub jump: Duration,
    /// One that is strobed goes from too fast to too slow, or back, after each such time.
    pub strobe: Range<Duration>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// How long a step of a slow node takes.
    pub slow_step: Range<Duration>,
    /// In a crash loop, how long a node is up at a time, and how long it is down.
    pub loop_up: Range<Duration>,
    pub loop_down: Range<Duration>,
    /// A node that lost its disk joins the cluster anew by itself, as a node that has nothing.
    #[serde(default)]
    pub may_wipe: bool,
}

/// What strikes when. Each class keeps its own calendar, so that one can be left out alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nemesis {
    /// How often a strike is aimed at a favourite of the caller (the leader, say).
    pub at_favourite: f64,
    /// Of the classes of which it makes sense ([`Fault::STRIKES`]), those that are on.
    pub strikes: BTreeMap<Fault, Strikes>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strikes {
    /// From the end of one strike to the next.
    pub pause: Range<Duration>,
    /// How long a cut stands, a node stays down or is paused, a disk is slow.
    pub lasts: Range<Duration>,
}

impl Config {
    /// Five nodes in one hall, five clients, no faults.
    pub fn new(seed: u64) -> Config {
        let ms = Duration::from_millis;
        Config {
            seed,
            nodes: 5,
            clients: 5,
            operations: 2_000,
            safety: Duration::from_secs(60),
            liveness: LivenessGoal { operations: 10, within: Duration::from_secs(20) },
            client: Client {
                think: ms(0)..ms(200),
                try_for: ms(400),
                back_off: ms(20)..ms(80),
                give_up_after: ms(4_000),
            },
            network: Network {
                delay: Delay::Uniform(ms(1)..ms(5)),
                to_self: Duration::from_micros(10),
                loss: 0.0,
                duplication: 0.0,
                bandwidth: None,
                flap: ms(20)..ms(600),
                priorities: None,
            },
            disk: Disk {
                sync: ms(1)..ms(4),
                slow_sync: ms(50)..ms(400),
                torn: 0.0,
                checksums: true,
                damaged_at_most: None,
            },
            clock: Clock { drift_ppm: 0, offset: Duration::ZERO, jump: ms(30_000), strobe: ms(5)..ms(200) },
            process: Process {
                slow_step: ms(2)..ms(30),
                loop_up: ms(10)..ms(600),
                loop_down: ms(20)..ms(300),
                may_wipe: false,
            },
            nemesis: Nemesis { at_favourite: 0.5, strikes: BTreeMap::new() },
            tolerance: Tolerance::default(),
            scenario: None,
            load: BTreeMap::new(),
            deviations: None,
        }
    }

    /// How many nodes the algorithm needs.
    pub(crate) fn needed(&self) -> usize {
        let nodes = self.nodes as usize;
        self.tolerance.needed.map_or_else(|| majority(nodes), |needed| (needed as usize).min(nodes))
    }

    /// The nodes that may be struck.
    pub(crate) fn targets(&self) -> Vec<NodeId> {
        (1..=self.nodes).map(NodeId).filter(|id| !self.tolerance.spared.contains(id)).collect()
    }

    /// May it strike, by a class or by a rule?
    pub fn does(&self, fault: Fault) -> bool {
        self.nemesis.strikes.contains_key(&fault)
            || self.scenario.as_ref().is_some_and(|scenario| scenario.does(fault))
            || self.deviations.iter().flatten().any(|deviation| deviation.does(fault))
    }

    /// Must disks hold bytes, because something may happen to them?
    pub(crate) fn has_bytes(&self) -> bool {
        let of_bytes = [Fault::BitRot, Fault::LatentError, Fault::Misdirection];
        self.disk.torn > 0.0 || !self.disk.checksums || of_bytes.into_iter().any(|fault| self.does(fault))
    }
}
