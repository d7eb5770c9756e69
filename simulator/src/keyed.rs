//! Runs that are told by what is odd about them: sparse, keyed deviations from a run in which nothing is.
//!
//! Some violations need their times: a lease that trusts a clock, two timeouts that race, a cluster that does
//! not go on. No list of actions holds them ([`untimed`](crate::untimed)). Yet of the thousands of draws of such
//! a run hardly one matters, and draws are keyed: each has a place `(site, a, b, k)` that stays its own
//! whatever else is left out. So
//!
//! 1. *each draw has a nominal value*: a packet takes the middle of the usual delays, and is neither lost nor
//!    repeated; a timer fires at the same share of its range each time, the lower the node's number the sooner;
//!    clocks are right; a crash keeps what was synced and no more; nothing strikes, and nobody calls;
//! 2. [`note`] makes the run once more and writes down which draws are not nominal, and what struck when;
//! 3. [`minimise`] removes deviations, makes the cluster and the run smaller, and the values round, while the
//!    run still fails.
//!
//! [`Config::deviations`](crate::Config::deviations) carries the result, so that a run that is told so is a run like
//! any other: it can be watched, recorded, stopped and stepped back.
//!
//! What clients ask is as the seed draws it, and so are the beats of a strike that goes on by itself and the
//! bits that rot. A filter, a clog, a bandwidth or an order by priority is told by what it does to each message.
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, NodeId, Observer, Time};

use crate::config::ConfigError;
use crate::deed::Deed;
use crate::draw::{Draws, Site};
use crate::nemesis::Falls;
use crate::network::CLIENT;
use crate::{Config, Delay, Fault, Outcome, Simulation, Workload};

mod minimise;
pub use minimise::{Minimised, Verdict, minimise};

mod script;
pub(crate) use script::Script;

/// What is not as usual in a run. Printed, it is a clause: `the 3rd message n1 → n2 takes 412ms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deviation {
    Draw(Draw),
    Call(Call),
    Strike(Strike),
}

/// A client calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub client: ClientId,
    /// What it asks is a function of this.
    pub number: u64,
    /// Or as soon as its call before is over.
    pub at: Time,
    /// The node that it asks first.
    pub via: NodeId,
}

/// In the place of a packet from or to a client: it is an answer.
const ANSWER: u64 = CLIENT << 1;

/// What was drawn at a place. For a packet, `a → b` is its way; for one from or to a client, `a` is the client, above
/// all numbers of nodes, and `b` the number of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    pub site: Site,
    pub a: u64,
    pub b: u64,
    pub k: u64,
    /// Nanoseconds, a number, or 1 for "yes", as the site has it.
    pub value: i64,
}

/// What struck, whom, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strike {
    pub at: Time,
    /// How long it lasted, or the nodes stayed down.
    pub lasts: Duration,
    pub victims: Vec<NodeId>,
    pub(crate) blow: Blow,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Blow {
    /// At once, or in the middle of something that happens soon.
    Crash {
        falls: Option<Falls>,
    },
    Wipe,
    Deed {
        deed: Deed,
        draws: Draws,
    },
}

/// Makes the run of a configuration, and the configuration that says the same by its deviations; with what the
/// run came to.
///
/// # Errors
/// A knob that makes no sense.
pub fn note<N: synod_protocol::Node, W: Workload<N>, O: Observer<N>>(
    config: &Config,
    node: N::Config,
    workload: W,
    observer: O,
    prepare: impl FnOnce(Simulation<N, W, O>) -> Simulation<N, W, O>,
) -> Result<(Config, Outcome<N>), ConfigError> {
    let mut simulation = prepare(Simulation::noting(config.clone(), node, workload, observer)?);
    while simulation.step() {}
    let deviations = simulation.script.take().map_or_else(Vec::new, |script| script.into_notes());
    Ok((Config { deviations: Some(deviations), ..nominal(config) }, simulation.outcome()))
}

/// The same cluster, clients and phases, and nothing goes wrong.
fn nominal(config: &Config) -> Config {
    let mut nominal = config.clone();
    let network = &mut nominal.network;
    (network.loss, network.duplication) = (0.0, 0.0);
    (network.bandwidth, network.priorities) = (None, None);
    network.delay = Delay::Uniform(network.delay.near());
    (nominal.clock.drift_ppm, nominal.clock.offset) = (0, Duration::ZERO);
    nominal.nemesis.strikes.clear();
    // A moment at which all is healed is a part of the run's plan.
    nominal.scenario.iter_mut().for_each(|scenario| scenario.rules.clear());
    nominal.scenario = nominal.scenario.filter(|scenario| scenario.heal_at.is_some());
    nominal
}

impl Strike {
    /// What of it strikes a cluster of so many nodes: it may have been a larger one.
    fn within(&self, nodes: u32) -> Option<Strike> {
        let mut strike = self.clone();
        let is_there = |id: &NodeId| id.0 <= nodes;
        strike.victims.retain(is_there);
        let struck = match &mut strike.blow {
            Blow::Deed { deed: Deed::Cut(cut) | Deed::Flap { cut, .. }, .. } => {
                cut.links.retain(|(from, to)| is_there(from) && is_there(to));
                !cut.links.is_empty()
            }
            _ => !strike.victims.is_empty(),
        };
        struck.then_some(strike)
    }
}

impl Deviation {
    /// Is it a strike of this class?
    pub(crate) fn does(&self, fault: Fault) -> bool {
        match self {
            Deviation::Strike(Strike { blow: Blow::Deed { deed, .. }, .. }) => deed.class() == fault,
            Deviation::Strike(Strike { blow: Blow::Wipe, .. }) => fault == Fault::Wipe,
            Deviation::Strike(_) => fault == Fault::Crash,
            Deviation::Draw(_) | Deviation::Call(_) => false,
        }
    }
}

impl Deviation {
    /// As it is when one call bears another name.
    fn renamed(&self, (client, number): (ClientId, u64), to: (ClientId, u64)) -> Deviation {
        match self {
            Deviation::Call(call) if (call.client, call.number) == (client, number) => {
                Deviation::Call(Call { client: to.0, number: to.1, ..*call })
            }
            Deviation::Draw(draw) if draw.b == number => {
                let ways = if draw.site == Site::Client { [0, 0] } else { [CLIENT, CLIENT | ANSWER] };
                let way = ways.into_iter().find(|way| draw.a == way | u64::from(client.0));
                way.map_or(self.clone(), |way| {
                    Deviation::Draw(Draw { a: way | u64::from(to.0.0), b: to.1, ..*draw })
                })
            }
            other => other.clone(),
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deviation::Draw(draw) => draw.fmt(f),
            Deviation::Call(Call { client, number, at, via }) => {
                write!(f, "{client} makes its {} call at {at}, to {via}", Nth(*number))
            }
            Deviation::Strike(strike) => strike.fmt(f),
        }
    }
}

impl fmt::Display for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Draw { site, a, b, k, value } = *self;
        let time = Duration::from_nanos(value.unsigned_abs());
        let life = |f: &mut fmt::Formatter<'_>| match b {
            1 => Ok(()),
            life => write!(f, ", in its {} life", Nth(life)),
        };
        match site {
            Site::Delay => write!(f, "{} takes {time:?}", Packet(a, b, k)),
            Site::Loss => write!(f, "{} is lost", Packet(a, b, k)),
            Site::Duplication => write!(f, "{} comes twice, the copy after {time:?}", Packet(a, b, k)),
            Site::Timer => {
                write!(f, "the {} timer that n{a} sets fires after {time:?}", Nth(k + 1))?;
                life(f)
            }
            Site::Sync => {
                write!(f, "the {} sync of n{a} takes {time:?}", Nth(k + 1))?;
                life(f)
            }
            Site::Crash if k == 1 => {
                write!(f, "{value} unsynced records survive the {} crash of n{a}", Nth(b))
            }
            Site::Crash => write!(f, "{value} outputs leave n{a} before its {} crash", Nth(b)),
            Site::Clock if b == 0 => {
                let how = if value < 0 { "slow" } else { "fast" };
                write!(f, "the clock of n{a} is {} % too {how}", value.unsigned_abs() as f64 / 10_000.0)
            }
            Site::Clock => {
                write!(f, "the clock of n{a} starts {time:?} ahead")?;
                life(f)
            }
            Site::Client if k == 0 => write!(f, "c{a} waits {time:?} before its {} call", Nth(b)),
            Site::Client => {
                write!(f, "c{a} backs off for {time:?} in its {} call, the {} time", Nth(b), Nth(k))
            }
            _ => write!(f, "{site:?} {a} {b} {k} is {value}"),
        }
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Strike { at, lasts, victims, blow } = self;
        let whom = victims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let from = |f: &mut fmt::Formatter<'_>| write!(f, " from {at} for {lasts:?}");
        match blow {
            Blow::Crash { falls } => {
                let moment = match falls {
                    None => "",
                    Some(Falls::InAStep) => " (in the next step that writes)",
                    Some(Falls::InARelease) => " (in the next release of outputs)",
                };
                write!(f, "{whom} crashes at {at}{moment} and stays down for {lasts:?}")
            }
            Blow::Wipe => write!(f, "{whom} loses its disk at {at}, and is back after {lasts:?}"),
            Blow::Deed { deed, .. } => {
                f.write_str(&deed.in_words(&whom))?;
                match deed {
                    Deed::ClockJump | Deed::FailedSync | Deed::Misdirection => write!(f, " at {at}"),
                    _ => from(f),
                }
            }
        }
    }
}

struct Packet(u64, u64, u64);

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Packet(from, to, k) = *self;
        let nth = Nth(k + 1);
        match (from & CLIENT > 0, from & ANSWER > 0) {
            (true, false) => write!(f, "the {nth} request of call {to} of c{}", from ^ CLIENT),
            (true, true) => write!(f, "the {nth} answer to call {to} of c{}", from ^ CLIENT ^ ANSWER),
            _ => write!(f, "the {nth} message n{from} → n{to}"),
        }
    }
}

struct Nth(u64);

impl fmt::Display for Nth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Nth(number) = *self;
        let ending = match (number % 10, number % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        write!(f, "{number}{ending}")
    }
}
