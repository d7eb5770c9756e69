//! A configuration as a person reads it.
use std::fmt;

use crate::scenario::{Rule, Scenario};

use super::{Config, Delay, Priorities, Strikes};

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
            process,
            nemesis,
            tolerance,
            scenario,
            load,
            deviations,
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
        match network.bandwidth {
            Some(bytes) => writeln!(f, "network.bandwidth = {bytes} B/s")?,
            None => writeln!(f, "network.bandwidth = unlimited")?,
        }
        writeln!(f, "network.flap = {:?}", network.flap)?;
        if let Some(Priorities { change_points, among, slot }) = &network.priorities {
            writeln!(
                f,
                "network.priorities = every {slot:?}, {change_points} changes in the first {among} deliveries"
            )?;
        }
        writeln!(f, "disk.sync = {:?}", disk.sync)?;
        writeln!(f, "disk.slow_sync = {:?}", disk.slow_sync)?;
        writeln!(f, "disk.torn = {}", disk.torn)?;
        writeln!(f, "disk.checksums = {}", disk.checksums)?;
        match disk.damaged_at_most {
            Some(nodes) => writeln!(f, "disk.damaged_at_most = {nodes}")?,
            None => writeln!(f, "disk.damaged_at_most = those that are not needed")?,
        }
        writeln!(f, "clock.drift_ppm = {}", clock.drift_ppm)?;
        writeln!(f, "clock.offset = {:?}", clock.offset)?;
        writeln!(f, "clock.jump = {:?}", clock.jump)?;
        writeln!(f, "clock.strobe = {:?}", clock.strobe)?;
        writeln!(f, "process.slow_step = {:?}", process.slow_step)?;
        writeln!(f, "process.loop_up = {:?}", process.loop_up)?;
        writeln!(f, "process.loop_down = {:?}", process.loop_down)?;
        writeln!(f, "process.may_wipe = {}", process.may_wipe)?;
        writeln!(f, "nemesis.at_favourite = {}", nemesis.at_favourite)?;
        for (fault, Strikes { pause, lasts }) in &nemesis.strikes {
            writeln!(f, "nemesis.{fault} = pause {pause:?}, lasts {lasts:?}")?;
        }
        if nemesis.strikes.is_empty() {
            writeln!(f, "nemesis.strikes = none")?;
        }
        match tolerance.needed {
            Some(nodes) => writeln!(f, "tolerance.needed = {nodes}")?,
            None => writeln!(f, "tolerance.needed = a majority")?,
        }
        if !tolerance.spared.is_empty() {
            let spared: Vec<String> = tolerance.spared.iter().map(ToString::to_string).collect();
            writeln!(f, "tolerance.spared = {}", spared.join(" "))?;
        }
        if let Some(Scenario { name, rules, heal_at, .. }) = scenario {
            writeln!(f, "scenario = {name:?}, {} rules", rules.len())?;
            for (Rule { when, pick }, number) in rules.iter().zip(1..) {
                let actions: Vec<String> = pick.iter().map(ToString::to_string).collect();
                writeln!(f, "scenario.rule.{number} = {when:?}: {}", actions.join(" | "))?;
            }
            if let Some(moment) = heal_at {
                writeln!(f, "scenario.heal_at = {moment:?}")?;
            }
        }
        for (name, value) in load {
            writeln!(f, "load.{name} = {value}")?;
        }
        if let Some(deviations) = deviations {
            writeln!(f, "deviations = {}, and all else is nominal", deviations.len())?;
            for (deviation, number) in deviations.iter().zip(1..) {
                writeln!(f, "deviation.{number} = {deviation}")?;
            }
        }
        Ok(())
    }
}
