//! Classes of faults, to be switched on and off one by one.
use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Config, Delay, Strikes};

/// A class of faults. It owns some knobs of the [`Config`], and no two classes share one.
///
/// The order is part of what a seed means: append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Links lose packets.
    Loss,
    /// Links deliver packets twice.
    Duplication,
    /// Some packets take long, so that later ones overtake them.
    Delay,
    /// The nodes fall apart: into halves, into one and the rest, into two groups that one node bridges,
    /// or into a ring in which each sees another majority.
    Partition,
    /// A node hears and is not heard, or the other way round.
    OneWay,
    /// Nodes crash and come back: one, a minority, or all at once.
    Crash,
    /// Disks get slow, so that much is unsynced when a crash comes.
    Disk,
    /// Clocks drift, and start with an offset.
    Clock,
    /// A crash leaves a part of a record, which is cut off at boot.
    Torn,
    /// A sync fails: the node is gone for good.
    FailedSync,
    /// No record can be written for a while: the node stops, and comes back when there is space.
    FullDisk,
    /// A bit of a disk flips. Its node restarts, sees it, and is gone for good.
    BitRot,
    /// A sector of a disk cannot be read any more, with the same end.
    LatentError,
    /// A sector is written to a wrong place, with the same end.
    Misdirection,
    /// A node crashes, and again soon after each boot.
    CrashLoop,
    /// A node handles nothing for a while, and then all that has arrived, as after a collection of garbage.
    Pause,
    /// Each step of a node takes time.
    SlowNode,
    /// A clock is set forward.
    ClockJump,
    /// A clock runs too fast and too slow in turn.
    ClockStrobe,
    /// A link carries so many bytes a second.
    Bandwidth,
    /// The links of a node hold what they are given, and release it later.
    Clog,
    /// One kind of message is lost on the links of a node.
    Filter,
    /// The nodes fall apart and come together, again and again.
    Flapping,
    /// A node goes down and loses its disk: it comes back as a new one. Only algorithms bear it whose nodes join anew
    /// by themselves ([`Process::may_wipe`](crate::Process::may_wipe)).
    Wipe,
}

impl Fault {
    /// Those that any algorithm can be asked to bear.
    pub const ALL: [Fault; 23] = [
        Fault::Loss,
        Fault::Duplication,
        Fault::Delay,
        Fault::Partition,
        Fault::OneWay,
        Fault::Crash,
        Fault::Disk,
        Fault::Clock,
        Fault::Torn,
        Fault::FailedSync,
        Fault::FullDisk,
        Fault::BitRot,
        Fault::LatentError,
        Fault::Misdirection,
        Fault::CrashLoop,
        Fault::Pause,
        Fault::SlowNode,
        Fault::ClockJump,
        Fault::ClockStrobe,
        Fault::Bandwidth,
        Fault::Clog,
        Fault::Filter,
        Fault::Flapping,
    ];

    /// All of them, and those that only some algorithms bear.
    pub const EVERY: [Fault; 24] = {
        let mut every = [Fault::Wipe; 24];
        let mut at = 0;
        while at < Fault::ALL.len() {
            every[at] = Fault::ALL[at];
            at += 1;
        }
        every
    };

    /// Those that strike now and then.
    pub const STRIKES: [Fault; 18] = [
        Fault::Partition,
        Fault::OneWay,
        Fault::Crash,
        Fault::Disk,
        Fault::FailedSync,
        Fault::FullDisk,
        Fault::BitRot,
        Fault::LatentError,
        Fault::Misdirection,
        Fault::CrashLoop,
        Fault::Pause,
        Fault::SlowNode,
        Fault::ClockJump,
        Fault::ClockStrobe,
        Fault::Clog,
        Fault::Filter,
        Fault::Flapping,
        Fault::Wipe,
    ];

    /// Those that end nodes for good, a minority at most.
    pub const DAMAGE: [Fault; 4] =
        [Fault::FailedSync, Fault::BitRot, Fault::LatentError, Fault::Misdirection];

    pub fn name(self) -> &'static str {
        match self {
            Fault::Loss => "loss",
            Fault::Duplication => "duplication",
            Fault::Delay => "delay",
            Fault::Partition => "partition",
            Fault::OneWay => "one-way",
            Fault::Crash => "crash",
            Fault::Disk => "disk",
            Fault::Clock => "clock",
            Fault::Torn => "torn",
            Fault::FailedSync => "failed-sync",
            Fault::FullDisk => "full-disk",
            Fault::BitRot => "bit-rot",
            Fault::LatentError => "latent-error",
            Fault::Misdirection => "misdirection",
            Fault::CrashLoop => "crash-loop",
            Fault::Pause => "pause",
            Fault::SlowNode => "slow-node",
            Fault::ClockJump => "clock-jump",
            Fault::ClockStrobe => "clock-strobe",
            Fault::Bandwidth => "bandwidth",
            Fault::Clog => "clog",
            Fault::Filter => "filter",
            Fault::Flapping => "flapping",
            Fault::Wipe => "wipe",
        }
    }

    /// Reads `all`, `none`, or names with commas between them.
    ///
    /// # Errors
    /// The first name that is none.
    pub fn list(names: &str) -> Result<Vec<Fault>, UnknownFault> {
        match names.trim() {
            "all" => Ok(Fault::ALL.to_vec()),
            "none" | "" => Ok(Vec::new()),
            names => names.split(',').map(|name| name.trim().parse()).collect(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;
    fn from_str(name: &str) -> Result<Fault, UnknownFault> {
        let same = |fault: &&Fault| fault.name().eq_ignore_ascii_case(name);
        Fault::EVERY.iter().find(same).copied().ok_or_else(|| UnknownFault { name: name.to_owned() })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault class \"{name}\"; there are {}", names())]
pub struct UnknownFault {
    name: String,
}

fn names() -> String {
    Fault::EVERY.map(Fault::name).join(", ")
}

const MS: fn(u64) -> Duration = Duration::from_millis;

/// For faults.
impl Config {
    /// Turns these classes on, as hard as leaves a sound algorithm some thousand operations in a minute.
    #[must_use]
    pub fn with_faults(mut self, faults: &[Fault]) -> Config {
        faults.iter().for_each(|&fault| self.set(fault, Some(0.5)));
        self
    }

    /// Turns these classes off.
    #[must_use]
    pub fn without_faults(mut self, faults: &[Fault]) -> Config {
        faults.iter().for_each(|&fault| self.set(fault, None));
        self
    }

    /// The classes that are on.
    pub fn faults(&self) -> Vec<Fault> {
        let is_on = |fault: &Fault| match fault {
            Fault::Loss => self.network.loss > 0.0,
            Fault::Duplication => self.network.duplication > 0.0,
            Fault::Delay => !matches!(self.network.delay, Delay::Uniform(_)),
            Fault::Clock => self.clock.drift_ppm > 0 || !self.clock.offset.is_zero(),
            Fault::Torn => self.disk.torn > 0.0,
            Fault::Bandwidth => self.network.bandwidth.is_some(),
            strikes => self.nemesis.strikes.contains_key(strikes),
        };
        Fault::EVERY.into_iter().filter(is_on).collect()
    }

    /// How hard: 0 is the mildest, 1 the hardest that makes sense, and the scale between is logarithmic.
    pub(crate) fn set(&mut self, fault: Fault, hardness: Option<f64>) {
        let level = |mildest: f64, hardest: f64| hardness.map_or(0.0, |x| geometric(mildest, hardest, x));
        match fault {
            Fault::Loss => self.network.loss = level(0.002, 0.2),
            Fault::Duplication => self.network.duplication = level(0.002, 0.2),
            Fault::Delay => {
                let near = self.network.delay.near();
                self.network.delay = match hardness {
                    None => Delay::Uniform(near),
                    Some(_) => Delay::Bimodal {
                        near,
                        far: MS(10)..MS(level(100.0, 1_000.0) as u64),
                        far_probability: level(0.01, 0.16),
                    },
                };
            }
            Fault::Clock => {
                self.clock.drift_ppm = level(1_000.0, 100_000.0) as u32;
                self.clock.offset = MS(level(100.0, 10_000.0) as u64);
            }
            Fault::Torn => self.disk.torn = level(0.2, 1.0),
            Fault::Bandwidth => {
                self.network.bandwidth = hardness.map(|_| level(1_000_000.0, 20_000.0) as u64);
            }
            strikes => {
                let strikes_of_it = hardness.map(|hardness| strikes.strikes(hardness));
                match strikes_of_it {
                    Some(of_it) => self.nemesis.strikes.insert(strikes, of_it),
                    None => self.nemesis.strikes.remove(&strikes),
                };
            }
        }
    }
}

impl Fault {
    /// When it strikes, and for how long.
    fn strikes(self, hardness: f64) -> Strikes {
        let scale = |mildest, hardest| MS(geometric(mildest, hardest, hardness) as u64);
        let lasts = MS(500)..scale(1_000.0, 9_000.0);
        let pause = match self {
            Fault::Partition | Fault::OneWay | Fault::Crash | Fault::Disk => MS(2_000)..MS(10_000),
            // What is damaged stays so: the sooner it is used up, the shorter is what a run sees of it.
            fault if Fault::DAMAGE.contains(&fault) => MS(5_000)..scale(200_000.0, 40_000.0),
            // Each takes a while to join anew.
            Fault::Wipe => MS(2_000)..scale(60_000.0, 8_000.0),
            // They are many.
            _ => MS(5_000)..scale(120_000.0, 15_000.0),
        };
        Strikes { pause, lasts }
    }
}

/// `mildest · (hardest / mildest)^x` for x in 0..1, by square roots alone, so that all machines agree on
/// each bit.
pub(crate) fn geometric(mildest: f64, hardest: f64, x: f64) -> f64 {
    let (mut low, mut high, mut x) = (mildest, hardest, x);
    for _ in 0..24 {
        let middle = (low * high).sqrt();
        x *= 2.0;
        if x < 1.0 {
            high = middle;
        } else {
            low = middle;
            x -= 1.0;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardness_is_logarithmic() {
        for x in [0.0, 0.1, 0.25, 0.5, 0.9, 0.999] {
            let wanted = 0.002 * 100f64.powf(x);
            assert!((geometric(0.002, 0.2, x) / wanted - 1.0).abs() < 1e-5, "{x}");
        }
    }
}
