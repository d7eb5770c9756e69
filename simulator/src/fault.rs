//! Classes of faults, to be switched on and off one by one.
use std::{fmt, str::FromStr, time::Duration};

use crate::{Config, Delay, Draws, Site, Strikes};

/// A class of faults. It owns some knobs of the [`Config`], and no two classes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
}

impl Fault {
    pub const ALL: [Fault; 8] = [
        Fault::Loss,
        Fault::Duplication,
        Fault::Delay,
        Fault::Partition,
        Fault::OneWay,
        Fault::Crash,
        Fault::Disk,
        Fault::Clock,
    ];

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
        Fault::ALL.iter().find(same).copied().ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no fault class \"{0}\"; there are loss, duplication, delay, partition, one-way, crash, disk and clock"
)]
pub struct UnknownFault(String);

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

    /// Of these classes the seed draws some, and how hard each is: a bug that hides behind one fault shows
    /// itself where that one is absent (Groce et al. 2012).
    #[must_use]
    pub fn swarm(mut self, faults: &[Fault]) -> Config {
        for &fault in faults {
            let mut draws = Draws::new(self.seed, Site::Swarm, fault as u64, 0);
            let hardness = draws.chance(0.75).then(|| draws.unit());
            self.set(fault, hardness);
        }
        self
    }

    /// The classes that are on.
    pub fn faults(&self) -> Vec<Fault> {
        let is_on = |fault: &Fault| match fault {
            Fault::Loss => self.network.loss > 0.0,
            Fault::Duplication => self.network.duplication > 0.0,
            Fault::Delay => !matches!(self.network.delay, Delay::Uniform(_)),
            Fault::Partition => self.nemesis.partition.is_some(),
            Fault::OneWay => self.nemesis.one_way.is_some(),
            Fault::Crash => self.nemesis.crash.is_some(),
            Fault::Disk => self.nemesis.disk.is_some(),
            Fault::Clock => self.clock.drift_ppm > 0 || !self.clock.offset.is_zero(),
        };
        Fault::ALL.into_iter().filter(is_on).collect()
    }

    /// How hard: 0 is the mildest, 1 the hardest that makes sense, and the scale between is logarithmic.
    fn set(&mut self, fault: Fault, hardness: Option<f64>) {
        let level = |mildest: f64, hardest: f64| hardness.map_or(0.0, |x| geometric(mildest, hardest, x));
        let strikes = || {
            let longest = MS(level(1_000.0, 9_000.0) as u64);
            hardness.map(|_| Strikes { pause: MS(2_000)..MS(10_000), lasts: MS(500)..longest })
        };
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
            Fault::Partition => self.nemesis.partition = strikes(),
            Fault::OneWay => self.nemesis.one_way = strikes(),
            Fault::Crash => self.nemesis.crash = strikes(),
            Fault::Disk => self.nemesis.disk = strikes(),
            Fault::Clock => {
                self.clock.drift_ppm = level(1_000.0, 100_000.0) as u32;
                self.clock.offset = MS(level(100.0, 10_000.0) as u64);
            }
        }
    }
}

/// `mildest · (hardest / mildest)^x` for x in 0..1, by square roots alone, so that all machines agree on
/// each bit.
fn geometric(mildest: f64, hardest: f64, x: f64) -> f64 {
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
