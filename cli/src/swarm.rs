//! What a seed of a sweep is: a small run, with a cluster, a load and faults of its own.
//!
//! One configuration for all seeds finds what that configuration shows. So each seed draws how many nodes and
//! clients there are, which faults strike, how hard and how often, and the knobs of the algorithm (swarm
//! testing, Groce et al. 2012). Strikes may come faster than elections do: bugs in who may lead need several
//! leaders within a few calls, and leaders that fall right after they wrote something.
use std::{ops::Range, path::PathBuf, time::Duration};

use synod_protocol::Node;
use synod_simulator::{
    Client, Config, Delay, Draws, Fault, LivenessGoal, Priorities, Scenario, Site, Strikes, Turned,
};

use crate::algorithm::{Algorithm, facing};

/// The knobs of a seed: of the simulator, and of the algorithm's nodes.
#[derive(Clone, Debug)]
pub struct Drawn<A: Algorithm> {
    pub config: Config,
    pub node: <A::Node as Node>::Config,
}

/// What is asked for beside what is drawn.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Where it was read from, and what it says.
    pub scenario: Option<(PathBuf, Scenario)>,
    pub set: Vec<Turned>,
}

const MS: fn(u64) -> Duration = Duration::from_millis;

/// The places of these draws; those below are the classes of faults.
const SHAPE: u64 = 1_000;
const KNOBS: u64 = 1_001;
const PACE: u64 = 1_002;
const ORDER: u64 = 1_003;
const PLAIN: u64 = 1_004;
pub(crate) const ASKS: u64 = 1_005;

/// Draws the run of this seed, with faults of these classes. A scenario is followed in each, and its knobs and others
/// are turned after all is drawn.
pub fn draw<A: Algorithm>(seed: u64, faults: &[Fault], asked: &Asked) -> Drawn<A> {
    let mut draws = Draws::new(seed, Site::Swarm, SHAPE, 0);
    let base = Config::new(seed);
    // Every other seed does without the rarer classes: where much goes wrong at once, little gets done.
    let is_plain = Draws::new(seed, Site::Swarm, PLAIN, 0).chance(0.5);
    let faults: Vec<Fault> =
        faults.iter().copied().filter(|fault| !is_plain || *fault <= Fault::Clock).collect();
    let mut config = Config {
        nodes: one_of(&mut draws, &[3, 3, 3, 3, 5, 5, 5, 5, 4, 7]),
        clients: one_of(&mut draws, &[1, 2, 4, 8]),
        operations: one_of(&mut draws, &[20, 60, 150, 400]),
        safety: MS(one_of(&mut draws, &[3_000, 6_000, 12_000])),
        liveness: LivenessGoal { operations: 5, within: Duration::from_secs(20) },
        client: Client {
            think: MS(0)..MS(one_of(&mut draws, &[2, 50, 400])),
            try_for: MS(one_of(&mut draws, &[100, 400])),
            ..base.client.clone()
        },
        ..base
    }
    .swarm(&faults);
    // Packets that take as long as an election meet another cluster than the one that they were sent in.
    if let Delay::Bimodal { far, far_probability, .. } = &mut config.network.delay {
        *far = MS(10)..MS(one_of(&mut draws, &[50, 150, 500, 1_500]));
        *far_probability = one_of(&mut draws, &[0.02, 0.1, 0.3, 0.6]);
    }
    config.nemesis.at_favourite = one_of(&mut draws, &[0.0, 0.5, 0.9, 1.0]);
    for (fault, strikes) in &mut config.nemesis.strikes {
        let draws = &mut Draws::new(seed, Site::Swarm, PACE, *fault as u64);
        *strikes = match fault {
            Fault::Crash => Strikes { pause: span(draws, 20, 3_000), lasts: span(draws, 20, 2_000) },
            _ => Strikes { pause: span(draws, 100, 5_000), lasts: span(draws, 200, 5_000) },
        };
    }
    // Deliveries by priority, and not by chance, find orders that chance does not (Burckhardt et al. 2010).
    let mut order = Draws::new(seed, Site::Swarm, ORDER, 0);
    // They delay without a bound, so they come with the delays.
    let is_drawn = order.chance(0.1) && faults.contains(&Fault::Delay);
    config.network.priorities = is_drawn.then(|| Priorities {
        change_points: order.below(5) as u32,
        among: one_of(&mut order, &[100, 1_000, 10_000]),
        slot: Duration::from_micros(50)..Duration::from_micros(one_of(&mut order, &[100, 500, 2_000])),
    });
    config.nodes = config.nodes.max(A::LEAST_NODES);
    config.load = A::drawn_load(config.nodes, &mut Draws::new(seed, Site::Swarm, ASKS, 0));
    if let Some((_, scenario)) = &asked.scenario {
        config = config.with_scenario(scenario.clone());
    }
    for (name, value) in &asked.set {
        // Names and values were read, and so they are known.
        let _ = config.turn(name, value);
    }
    config.tolerance = A::tolerance_under(&config.load, config.nodes);
    config.process.may_wipe = A::FAULTS.contains(&Fault::Wipe);
    let node = A::drawn_config(config.nodes, &mut Draws::new(seed, Site::Swarm, KNOBS, 0));
    Drawn { node: facing::<A>(&config, node), config }
}

fn one_of<T: Copy>(draws: &mut Draws, among: &[T]) -> T {
    among[draws.below(among.len() as u64) as usize]
}

/// From next to nothing to a longest time, which is drawn on a scale that doubles.
fn span(draws: &mut Draws, least: u64, most: u64) -> Range<Duration> {
    let doublings = u64::from((most / least).max(1).ilog2());
    let longest = least << draws.below(doublings + 1);
    MS(longest / 8)..MS(longest)
}
