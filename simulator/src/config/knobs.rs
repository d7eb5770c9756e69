//! Knobs by name, as scenarios and the command line turn them.
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::{Config, Delay, Priorities, Strikes};
use crate::Fault;
use crate::near::near;

/// A knob, and what it is set to: `network.loss` and `0.1`.
pub type Turned = (String, String);

/// Why a knob was not turned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnobError {
    #[error("there is no knob \"{name}\"; {}", near(name, &Config::knobs()))]
    Unknown { name: String },
    /// Of those that belong to the load.
    #[error("there is no load.{name}; this algorithm has {known}")]
    Load { name: String, known: &'static str },
    #[error("{name} is no \"{value}\"; write {due}")]
    Value { name: String, value: String, due: &'static str },
}

/// A knob's place, and so what it can be set to.
enum Slot<'a> {
    Number(&'a mut u32),
    Count(&'a mut u64),
    Share(&'a mut f64),
    Flag(&'a mut bool),
    Time(&'a mut Duration),
    Span(&'a mut Range<Duration>),
    Delay(&'a mut Delay),
    Bandwidth(&'a mut Option<u64>),
    Nodes(&'a mut Option<u32>),
    Priorities(&'a mut Option<Priorities>),
    Strikes(Fault, &'a mut BTreeMap<Fault, Strikes>),
    /// Whoever makes the workload knows what it may be.
    Load(&'a mut String),
}

/// Those that do not belong to one class of strikes.
const NAMES: [&str; 30] = [
    "nodes",
    "clients",
    "operations",
    "safety",
    "liveness.operations",
    "liveness.within",
    "client.think",
    "client.try_for",
    "client.back_off",
    "client.give_up_after",
    "network.delay",
    "network.to_self",
    "network.loss",
    "network.duplication",
    "network.bandwidth",
    "network.flap",
    "network.priorities",
    "disk.sync",
    "disk.slow_sync",
    "disk.torn",
    "disk.checksums",
    "disk.damaged_at_most",
    "clock.drift_ppm",
    "clock.offset",
    "clock.jump",
    "clock.strobe",
    "process.slow_step",
    "process.loop_up",
    "process.loop_down",
    "nemesis.at_favourite",
];

impl Config {
    /// The names of all knobs that can be turned one by one. All are printed with the configuration.
    pub fn knobs() -> Vec<String> {
        let strikes = Fault::STRIKES.iter().map(|fault| format!("nemesis.{fault}"));
        NAMES.iter().map(ToString::to_string).chain(strikes).collect()
    }

    /// Turns a knob: `("network.loss", "0.1")`, `("client.think", "0ms..50ms")`, `("disk.checksums", "false")`.
    ///
    /// # Errors
    /// No such knob, or nothing that it can be set to. Whether all make sense together, [`Config::check`] says.
    pub fn turn(&mut self, name: &str, value: &str) -> Result<(), KnobError> {
        let slot = self.slot(name).ok_or_else(|| KnobError::Unknown { name: name.to_owned() })?;
        let due = slot.due();
        slot.set(value.trim()).ok_or_else(|| KnobError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            due,
        })
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        let Config { liveness, client, network, disk, clock, process, nemesis, load, .. } = self;
        if let Some(name) = name.strip_prefix("load.") {
            return Some(Slot::Load(load.entry(name.to_owned()).or_default()));
        }
        Some(match name {
            "nodes" => Slot::Number(&mut self.nodes),
            "clients" => Slot::Number(&mut self.clients),
            "operations" => Slot::Count(&mut self.operations),
            "safety" => Slot::Time(&mut self.safety),
            "liveness.operations" => Slot::Count(&mut liveness.operations),
            "liveness.within" => Slot::Time(&mut liveness.within),
            "client.think" => Slot::Span(&mut client.think),
            "client.try_for" => Slot::Time(&mut client.try_for),
            "client.back_off" => Slot::Span(&mut client.back_off),
            "client.give_up_after" => Slot::Time(&mut client.give_up_after),
            "network.delay" => Slot::Delay(&mut network.delay),
            "network.to_self" => Slot::Time(&mut network.to_self),
            "network.loss" => Slot::Share(&mut network.loss),
            "network.duplication" => Slot::Share(&mut network.duplication),
            "network.bandwidth" => Slot::Bandwidth(&mut network.bandwidth),
            "network.flap" => Slot::Span(&mut network.flap),
            "network.priorities" => Slot::Priorities(&mut network.priorities),
            "disk.sync" => Slot::Span(&mut disk.sync),
            "disk.slow_sync" => Slot::Span(&mut disk.slow_sync),
            "disk.torn" => Slot::Share(&mut disk.torn),
            "disk.checksums" => Slot::Flag(&mut disk.checksums),
            "disk.damaged_at_most" => Slot::Nodes(&mut disk.damaged_at_most),
            "clock.drift_ppm" => Slot::Number(&mut clock.drift_ppm),
            "clock.offset" => Slot::Time(&mut clock.offset),
            "clock.jump" => Slot::Time(&mut clock.jump),
            "clock.strobe" => Slot::Span(&mut clock.strobe),
            "process.slow_step" => Slot::Span(&mut process.slow_step),
            "process.loop_up" => Slot::Span(&mut process.loop_up),
            "process.loop_down" => Slot::Span(&mut process.loop_down),
            "nemesis.at_favourite" => Slot::Share(&mut nemesis.at_favourite),
            other => {
                let class = other.strip_prefix("nemesis.")?;
                let fault = Fault::STRIKES.into_iter().find(|fault| fault.name() == class)?;
                Slot::Strikes(fault, &mut nemesis.strikes)
            }
        })
    }
}

impl Slot<'_> {
    /// How a value is written.
    fn due(&self) -> &'static str {
        match self {
            Slot::Number(_) | Slot::Count(_) => "a whole number",
            Slot::Share(_) => "a share: 0.1, or 10%",
            Slot::Flag(_) => "true or false",
            Slot::Time(_) => "a time: 500ms, 2s",
            Slot::Span(_) => "a range of times: 2s..10s",
            Slot::Delay(_) => {
                "1ms..5ms, or \"exponential 1ms..2s mean 20ms\", or \"1ms..5ms but 10ms..300ms at 5%\""
            }
            Slot::Bandwidth(_) => "bytes per second, or unlimited",
            Slot::Nodes(_) => "a number of nodes, or default",
            Slot::Priorities(_) => "none, or \"3 changes in 1000 every 50us..500us\"",
            Slot::Load(_) => "a word",
            Slot::Strikes(..) => "none, or \"every 2s..10s for 500ms..3s\"",
        }
    }

    fn set(self, text: &str) -> Option<()> {
        match self {
            Slot::Number(slot) => *slot = text.replace('_', "").parse().ok()?,
            Slot::Count(slot) => *slot = text.replace('_', "").parse().ok()?,
            Slot::Share(slot) => *slot = share(text)?,
            Slot::Flag(slot) => *slot = text.parse().ok()?,
            Slot::Time(slot) => *slot = duration(text)?,
            Slot::Span(slot) => *slot = span(text)?,
            Slot::Delay(slot) => *slot = delay(text)?,
            Slot::Bandwidth(slot) => {
                *slot = if text == "unlimited" { None } else { Some(text.replace('_', "").parse().ok()?) }
            }
            Slot::Nodes(slot) => *slot = if text == "default" { None } else { Some(text.parse().ok()?) },
            Slot::Priorities(slot) => {
                *slot = if text == "none" { None } else { Some(priorities(text)?) };
            }
            Slot::Load(slot) => text.clone_into(slot),
            Slot::Strikes(fault, strikes) => {
                if text == "none" {
                    strikes.remove(&fault);
                } else {
                    let (pause, lasts) = text.strip_prefix("every ")?.split_once(" for ")?;
                    strikes.insert(fault, Strikes { pause: span(pause)?, lasts: span(lasts)? });
                }
            }
        }
        Some(())
    }
}

fn delay(text: &str) -> Option<Delay> {
    if let Some(text) = text.strip_prefix("exponential ") {
        let (bounds, mean) = text.split_once(" mean ")?;
        let Range { start, end } = span(bounds)?;
        return Some(Delay::Exponential { least: start, mean: duration(mean)?, most: end });
    }
    let Some((near, far)) = text.split_once(" but ") else { return span(text).map(Delay::Uniform) };
    let (far, chance) = far.split_once(" at ")?;
    Some(Delay::Bimodal { near: span(near)?, far: span(far)?, far_probability: share(chance)? })
}

fn priorities(text: &str) -> Option<Priorities> {
    let (changes, rest) = text.split_once(" changes in ")?;
    let (among, slot) = rest.split_once(" every ")?;
    let change_points = changes.trim().parse().ok()?;
    Some(Priorities { change_points, among: among.trim().parse().ok()?, slot: span(slot)? })
}

/// `0.1`, or `10%`.
fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.trim().parse().ok()?,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

/// `2s..10s`, or a time.
pub(crate) fn span(text: &str) -> Option<Range<Duration>> {
    let (start, end) = text.split_once("..").unwrap_or((text, text));
    let (start, end) = (duration(start)?, duration(end)?);
    (start <= end).then_some(start..end)
}

/// A number and its unit: us, ms, s or m.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..unit].parse().ok()?;
    let micros = match text[unit..].trim() {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        _ => return None,
    };
    number.checked_mul(micros).map(Duration::from_micros)
}
