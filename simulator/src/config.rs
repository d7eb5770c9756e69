//! All knobs of a run. A seed alone says little: print the whole of this beside it.
use std::{fmt, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};

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
    pub nemesis: Nemesis,
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
}

/// Bounds on how wrong the clocks of the nodes are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// A clock runs too fast or too slow by at most so many millionths, for all lives of its node.
    pub drift_ppm: u32,
    /// In each life it starts so much ahead at most.
    pub offset: Duration,
}

/// What strikes when. Each class keeps its own calendar, so that one can be left out alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nemesis {
    /// How often a strike is aimed at a favourite of the caller (the leader, say).
    pub at_favourite: f64,
    pub partition: Option<Strikes>,
    pub one_way: Option<Strikes>,
    pub crash: Option<Strikes>,
    pub disk: Option<Strikes>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strikes {
    /// From the end of one strike to the next.
    pub pause: Range<Duration>,
    /// How long a cut stands, a node stays down, a disk is slow.
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
            },
            disk: Disk { sync: ms(1)..ms(4), slow_sync: ms(50)..ms(400) },
            clock: Clock { drift_ppm: 0, offset: Duration::ZERO },
            nemesis: Nemesis { at_favourite: 0.5, partition: None, one_way: None, crash: None, disk: None },
        }
    }

    /// # Errors
    /// The first knob that makes no sense, and what would.
    pub fn check(&self) -> Result<(), ConfigError> {
        let strikes = [
            ("nemesis.partition", &self.nemesis.partition),
            ("nemesis.one_way", &self.nemesis.one_way),
            ("nemesis.crash", &self.nemesis.crash),
            ("nemesis.disk", &self.nemesis.disk),
        ];
        let within = |knob, value, most| match value {
            0 => Err(ConfigError::Zero { knob }),
            value if value > most => Err(ConfigError::TooMany { knob, value, most }),
            _ => Ok(()),
        };
        within("nodes", self.nodes, 1_000)?;
        if self.liveness.operations > 0 || self.clients > 0 {
            within("clients", self.clients, 1_000_000)?;
        }
        within("clock.drift_ppm", self.clock.drift_ppm.max(1), 500_000)?;
        for (knob, value) in [
            ("network.loss", self.network.loss),
            ("network.duplication", self.network.duplication),
            ("network.delay.far_probability", self.network.delay.far_probability()),
            ("nemesis.at_favourite", self.nemesis.at_favourite),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(ConfigError::NoProbability { knob, value });
            }
        }
        // Where these are zero, virtual time may stand still for ever.
        for (knob, least) in [
            ("network.delay", self.network.delay.least()),
            ("network.to_self", self.network.to_self),
            ("client.try_for", self.client.try_for),
            ("client.give_up_after", self.client.give_up_after),
        ] {
            if least < Duration::from_micros(1) {
                return Err(ConfigError::TooShort { knob });
            }
        }
        for (knob, strikes) in strikes {
            if let Some(Strikes { pause, lasts }) = strikes
                && pause.start + lasts.start < Duration::from_micros(1)
            {
                return Err(ConfigError::TooShort { knob });
            }
        }
        Ok(())
    }
}

impl Delay {
    fn least(&self) -> Duration {
        match self {
            Delay::Uniform(range) => range.start,
            Delay::Exponential { least, .. } => *least,
            Delay::Bimodal { near, far, .. } => near.start.min(far.start),
        }
    }

    fn far_probability(&self) -> f64 {
        match self {
            Delay::Bimodal { far_probability, .. } => *far_probability,
            _ => 0.0,
        }
    }
}

/// A knob that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("{knob} is 0; it must be at least 1")]
    Zero { knob: &'static str },
    #[error("{knob} is {value}; it may be at most {most}")]
    TooMany { knob: &'static str, value: u32, most: u32 },
    #[error("{knob} is {value}; a probability lies between 0 and 1")]
    NoProbability { knob: &'static str, value: f64 },
    #[error("{knob} can be shorter than a microsecond, so that time might stand still; make it longer")]
    TooShort { knob: &'static str },
}

/// One knob a line.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config {
            seed,
            nodes,
            clients,
            operations,
            safety,
            liveness,
            client,
            network,
            disk,
            clock,
            nemesis,
        } = self;
        writeln!(f, "seed = {seed}")?;
        writeln!(f, "nodes = {nodes}")?;
        writeln!(f, "clients = {clients}")?;
        writeln!(f, "operations = {operations}")?;
        writeln!(f, "safety = {safety:?}")?;
        writeln!(f, "liveness.operations = {}", liveness.operations)?;
        writeln!(f, "liveness.within = {:?}", liveness.within)?;
        writeln!(f, "client.think = {:?}", client.think)?;
        writeln!(f, "client.try_for = {:?}", client.try_for)?;
        writeln!(f, "client.back_off = {:?}", client.back_off)?;
        writeln!(f, "client.give_up_after = {:?}", client.give_up_after)?;
        match &network.delay {
            Delay::Uniform(range) => writeln!(f, "network.delay = uniform {range:?}")?,
            Delay::Exponential { least, mean, most } => {
                writeln!(f, "network.delay = exponential {least:?}..{most:?}, mean {mean:?} over {least:?}")?;
            }
            Delay::Bimodal { near, far, far_probability } => {
                writeln!(f, "network.delay = {near:?}, but {far:?} with probability {far_probability}")?;
            }
        }
        writeln!(f, "network.to_self = {:?}", network.to_self)?;
        writeln!(f, "network.loss = {}", network.loss)?;
        writeln!(f, "network.duplication = {}", network.duplication)?;
        writeln!(f, "disk.sync = {:?}", disk.sync)?;
        writeln!(f, "disk.slow_sync = {:?}", disk.slow_sync)?;
        writeln!(f, "clock.drift_ppm = {}", clock.drift_ppm)?;
        writeln!(f, "clock.offset = {:?}", clock.offset)?;
        writeln!(f, "nemesis.at_favourite = {}", nemesis.at_favourite)?;
        for (class, strikes) in [
            ("partition", &nemesis.partition),
            ("one_way", &nemesis.one_way),
            ("crash", &nemesis.crash),
            ("disk", &nemesis.disk),
        ] {
            match strikes {
                Some(Strikes { pause, lasts }) => {
                    writeln!(f, "nemesis.{class} = pause {pause:?}, lasts {lasts:?}")?;
                }
                None => writeln!(f, "nemesis.{class} = off")?,
            }
        }
        Ok(())
    }
}
