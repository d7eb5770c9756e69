//! One load on one algorithm, and what is counted.
use std::{ops::Range, time::Duration};

use synod_kv::{Command, Skew, Values, Workload};
use synod_linearizability::Op;
use synod_protocol::{ClientId, Input, Node, NodeId, Nodes, Observer, Place, Step, Time, Violation, What};
use synod_simulator::{Action, Config, Delay, Draws, Fault, LivenessGoal, Moment, Scenario, Simulation, Who};

use crate::{algorithm::aimed, promise::Objects};

/// An algorithm that replicates the key–value store, and whom of its servers it is worth losing.
pub trait Replicates: Objects<Node: Node<Request: From<Command>>> {
    const VICTIMS: &'static [(&'static str, Victim)];
}

/// A server that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// Whoever leads then.
    Favourite,
    /// By its place among those that hold data: the head, the middle and the tail of a chain.
    First,
    Middle,
    Last,
}

/// What the registry has for the comparison.
#[derive(Clone, Copy, Debug)]
pub struct Contestant {
    pub name: &'static str,
    pub victims: &'static [(&'static str, Victim)],
    pub measure: fn(&Load) -> Measured,
}

pub const fn contestant<A: Replicates>() -> Contestant {
    Contestant { name: A::NAME, victims: A::VICTIMS, measure: measure::<A> }
}

/// What an algorithm is put under.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// How many hold data; a node that never fails, such as a master, is one more.
    pub servers: u32,
    pub clients: u32,
    pub think: Range<Duration>,
    /// So long a client waits for an answer before it asks another server.
    pub patience: Duration,
    pub reads_percent: u32,
    /// How long a server is busy with each thing that it is handed; `None`: it takes no time.
    pub service: Option<Duration>,
    /// One of them crashes then, and does not come back.
    pub crash: Option<(Duration, Victim)>,
    /// What is counted: from then until then.
    pub window: Range<Duration>,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Between nodes, in the window, and their lengths as JSON.
    pub messages: u64,
    pub bytes: u64,
    /// Of those calls that returned in the window, ascending.
    pub reads: Vec<Duration>,
    pub writes: Vec<Duration>,
    /// When they returned, in order.
    pub read_at: Vec<Time>,
    pub wrote_at: Vec<Time>,
}

/// The seed of all runs: it draws delays within narrow bounds, and keys.
const SEED: u64 = 2014;
/// Keys, all alike.
const KEYS: u32 = 100;

fn measure<A: Replicates>(load: &Load) -> Measured {
    // The smallest cluster with so many that may fail.
    let spared = |nodes: u32| A::tolerance(nodes).spared.len() as u32;
    let nodes = (load.servers..).find(|&nodes| nodes - spared(nodes) == load.servers).unwrap_or(load.servers);
    let config = load.config(nodes, &A::tolerance(nodes).spared.into_iter().collect::<Vec<_>>());
    let config = Config { tolerance: A::tolerance(nodes), ..config };
    let workload = Workload::new(KEYS, Skew::Uniform, load.reads_percent, Values::Unique);
    let request = |client: ClientId, nth: u64, draws: &mut Draws| plain(&workload, client, nth, draws).into();
    let mut traffic = Traffic { window: load.window.clone(), messages: 0, bytes: 0 };
    let simulation = Simulation::new(config, A::config(nodes), request, &mut traffic);
    // The knobs are those above, and they make sense.
    let Ok(simulation) = simulation else { return Measured::default() };
    let outcome = aimed::<A, _, _>(simulation).run();
    let mut measured = Measured { messages: traffic.messages, bytes: traffic.bytes, ..Measured::default() };
    for call in &outcome.calls {
        let Some((at, _)) = call.returned else { continue };
        if !within(&load.window, at) {
            continue;
        }
        let (latencies, moments) = match A::operation(call).op {
            Op::Get => (&mut measured.reads, &mut measured.read_at),
            _ => (&mut measured.writes, &mut measured.wrote_at),
        };
        latencies.push(at - call.called);
        moments.push(at);
    }
    measured.reads.sort_unstable();
    measured.writes.sort_unstable();
    measured.read_at.sort_unstable();
    measured.wrote_at.sort_unstable();
    measured
}

/// A read or a put, of a number: objects of one size.
fn plain(workload: &Workload, client: ClientId, nth: u64, draws: &mut Draws) -> Command {
    match workload.command(client, nth, || draws.bits()) {
        command @ Command::Get { .. } => command,
        other => {
            let value = synod_kv::Value::Number(i64::from(client.0) * 1_000_000 + nth as i64);
            Command::Put { key: other.key(), value }
        }
    }
}

fn within(window: &Range<Duration>, at: Time) -> bool {
    window.contains(&(at - Time::ZERO))
}

impl Load {
    fn config(&self, nodes: u32, spared: &[NodeId]) -> Config {
        let us = Duration::from_micros;
        let mut config = Config::new(SEED);
        (config.nodes, config.clients, config.operations) = (nodes, self.clients, u64::MAX);
        config.safety = self.window.end;
        config.liveness = LivenessGoal { operations: 0, within: Duration::ZERO };
        config.client.think = self.think.clone();
        config.client.try_for = self.patience;
        config.network.delay = Delay::Uniform(us(900)..us(1_100));
        config.disk.sync = us(90)..us(110);
        let servers: Vec<NodeId> = (1..=nodes).map(NodeId).filter(|id| !spared.contains(id)).collect();
        let mut scenario = Scenario::new("comparison");
        if let Some(service) = self.service {
            config.process.slow_step = service..service;
            let always = self.window.end..self.window.end;
            let slow = Action::new(Fault::SlowNode, always).who(Who::All);
            scenario = scenario.at(Moment::After(Duration::ZERO), [slow]);
        }
        if let Some((at, victim)) = self.crash {
            let who = match victim {
                Victim::Favourite => Who::Favourite,
                Victim::First => Who::Node(servers[0]),
                Victim::Middle => Who::Node(servers[servers.len() / 2]),
                Victim::Last => Who::Node(servers[servers.len() - 1]),
            };
            let down = self.window.end..self.window.end;
            scenario = scenario.at(Moment::After(at), [Action::new(Fault::Crash, down).who(who)]);
        }
        config.with_scenario(scenario)
    }
}

/// Counts what nodes are handed by others.
struct Traffic {
    window: Range<Duration>,
    messages: u64,
    bytes: u64,
}

impl<N: Node> Observer<N> for Traffic {
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        if let (Place::Node(to), What::Handled { input, .. }) = (step.place, &step.what)
            && let Input::Message(from, message) = &**input
            && *from != to
            && within(&self.window, step.at)
        {
            self.messages += 1;
            self.bytes += serde_json::to_vec(message).map_or(0, |text| text.len() as u64);
        }
        Ok(())
    }
}

impl Measured {
    pub fn operations(&self) -> usize {
        self.reads.len() + self.writes.len()
    }

    /// So many per virtual second.
    pub fn per_second(count: usize, window: &Range<Duration>) -> f64 {
        count as f64 / (window.end - window.start).as_secs_f64()
    }

    /// The time that `share` of these calls took at most.
    pub fn percentile(ascending: &[Duration], share: f64) -> Option<Duration> {
        let rank = (ascending.len() as f64 * share).ceil() as usize;
        ascending.get(rank.max(1) - 1).copied()
    }

    /// The longest time from `crash` on in which none of these calls returned.
    pub fn longest_gap(moments: &[Time], crash: Duration, end: Duration) -> Duration {
        let (crash, end) = (Time::ZERO.after(crash), Time::ZERO.after(end));
        let after = moments.iter().copied().filter(|at| *at >= crash).chain([end]);
        let mut last = moments.iter().copied().filter(|at| *at < crash).max().unwrap_or(crash);
        let mut longest = Duration::ZERO;
        for at in after {
            longest = longest.max(at - last);
            last = at;
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_is_the_one_around_the_crash() {
        let ms = Duration::from_millis;
        let moments: Vec<Time> = [0, 40, 100, 110, 400, 410].map(|at| Time(at * 1_000_000)).into();
        assert_eq!(Measured::longest_gap(&moments, ms(120), ms(500)), ms(290));
        assert_eq!(Measured::longest_gap(&moments, ms(405), ms(500)), ms(90));
        assert_eq!(Measured::longest_gap(&[], ms(100), ms(500)), ms(400));
    }

    #[test]
    fn a_percentile_is_a_time_that_was_seen() {
        let times: Vec<Duration> = (1..=10).map(Duration::from_millis).collect();
        let of = |share| Measured::percentile(&times, share).map(|time| time.as_millis());
        assert_eq!([of(0.5), of(0.91), of(1.0), of(0.0)], [Some(5), Some(10), Some(10), Some(1)]);
        assert_eq!(Measured::percentile(&[], 0.5), None);
    }
}
