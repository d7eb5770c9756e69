//! Knobs that make no sense.
use std::time::Duration;

use synod_protocol::NodeId;

use super::{Config, Delay, Strikes};
use crate::{Fault, Scenario};

impl Config {
    /// # Errors
    /// The first knob that makes no sense, and what would.
    pub fn check(&self) -> Result<(), ConfigError> {
        let within = |knob, value, most| match value {
            0 => Err(ConfigError::Zero { knob }),
            value if value > most => Err(ConfigError::TooMany { knob, value, most }),
            _ => Ok(()),
        };
        within("nodes", self.nodes, 1_000)?;
        if self.liveness.operations > 0 || self.clients > 0 {
            within("clients", self.clients, 1_000_000)?;
        }
        if self.network.bandwidth == Some(0) {
            return Err(ConfigError::Zero { knob: "network.bandwidth" });
        }
        within("clock.drift_ppm", self.clock.drift_ppm.max(1), 500_000)?;
        for (knob, value) in [
            ("network.loss", self.network.loss),
            ("network.duplication", self.network.duplication),
            ("network.delay.far_probability", self.network.delay.far_probability()),
            ("disk.torn", self.disk.torn),
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
            ("network.flap", self.network.flap.start),
            ("process.loop_up", self.process.loop_up.start + self.process.loop_down.start),
            ("clock.strobe", self.clock.strobe.start),
            ("client.try_for", self.client.try_for),
            ("client.give_up_after", self.client.give_up_after),
        ] {
            if least < Duration::from_micros(1) {
                return Err(ConfigError::TooShort { knob });
            }
        }
        if let Some(needed) = self.tolerance.needed.filter(|needed| !(1..=self.nodes).contains(needed)) {
            return Err(ConfigError::Needed { needed, nodes: self.nodes });
        }
        if let Some(&NodeId(node)) = self.tolerance.spared.iter().find(|id| !(1..=self.nodes).contains(&id.0))
        {
            return Err(ConfigError::NoSpared { node, nodes: self.nodes });
        }
        self.scenario.as_ref().map_or(Ok(()), |scenario| Scenario::check(scenario, self.nodes))?;
        if self.does(Fault::Wipe) && !self.process.may_wipe {
            return Err(ConfigError::NobodyJoins);
        }
        for (&fault, Strikes { pause, lasts }) in &self.nemesis.strikes {
            if !Fault::STRIKES.contains(&fault) {
                return Err(ConfigError::NoStrike { fault });
            }
            if pause.start + lasts.start < Duration::from_micros(1) {
                return Err(ConfigError::TooShort { knob: "nemesis.strikes" });
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
    #[error("nemesis.strikes has {fault}, which is no class that strikes now and then")]
    NoStrike { fault: Fault },
    #[error("tolerance.needed is {needed}, of {nodes} nodes; between one and all of them are needed")]
    Needed { needed: u32, nodes: u32 },
    #[error("tolerance.spared names n{node}; the nodes are n1 to n{nodes}")]
    NoSpared { node: u32, nodes: u32 },
    #[error("the scenario strikes n{node}; the nodes are n1 to n{nodes}")]
    NoNode { node: u32, nodes: u32 },
    #[error(
        "wipe takes the disk of a node, and the nodes of this algorithm do not join anew by themselves; leave it out"
    )]
    NobodyJoins,
    #[error("the scenario turns a knob: {0}")]
    Knob(#[from] super::KnobError),
    #[error("the scenario strikes \"it\" by a rule that waits for no predicate")]
    Nobody,
}
