//! Swarms: the seed draws what a run is like (Groce et al. 2012). A bug that hides behind one fault, one size
//! or one load shows itself where that one is absent.
use std::time::Duration;

use crate::fault::geometric;
use crate::{Config, Delay, Draws, Fault, Priorities, Site};

/// Places of draws that belong to no class of faults.
const SIZE: u64 = 1_000;
const LOAD: u64 = 1_001;
const ORDER: u64 = 1_002;
const TAIL: u64 = 1_010;

/// For swarms.
impl Config {
    /// Of these classes the seed draws some, and how hard each is. The first ones are the common ones.
    #[must_use]
    pub fn swarm(mut self, faults: &[Fault]) -> Config {
        for &fault in faults {
            let mut draws = Draws::new(self.seed, Site::Swarm, fault as u64, 0);
            let is_on = draws.chance(if fault <= Fault::Clock { 0.75 } else { 0.4 });
            let hardness = is_on.then(|| draws.unit());
            self.set(fault, hardness);
        }
        // Some tails are exponential: most packets are a little late, and not a few by much.
        let mut tail = Draws::new(self.seed, Site::Swarm, TAIL, 0);
        if let Delay::Bimodal { near, far, .. } = &self.network.delay
            && tail.chance(0.3)
        {
            let mean = Duration::from_millis(geometric(2.0, 30.0, tail.unit()) as u64);
            self.network.delay = Delay::Exponential { least: near.start, mean, most: far.end };
        }
        self
    }

    /// Besides, it draws the number of nodes, how many clients there are and how much they ask, and now and
    /// then deliveries by priority.
    #[must_use]
    pub fn swarm_of_all(self, faults: &[Fault]) -> Config {
        let mut config = self.swarm(faults);
        let draws = |place| Draws::new(config.seed, Site::Swarm, place, 0);
        let (mut size, mut load, mut order) = (draws(SIZE), draws(LOAD), draws(ORDER));
        config.nodes = size.pick(&[1, 2, 3, 3, 3, 4, 5, 5, 5, 5, 6, 7]).copied().unwrap_or(5);
        config.clients = geometric(1.0, 24.0, load.unit()).ceil() as u32;
        // The more clients, the longer each thinks: the load spans two orders of magnitude, and not four.
        let per_client = geometric(5.0, 200.0, load.unit());
        let longest = (per_client * f64::from(config.clients)).min(2_000.0);
        config.client.think = Duration::ZERO..Duration::from_millis(longest as u64);
        config.network.priorities = order.chance(0.2).then(|| Priorities {
            change_points: order.below(5) as u32,
            among: geometric(100.0, 20_000.0, order.unit()) as u64,
            slot: Duration::from_micros(50)
                ..Duration::from_micros(geometric(100.0, 2_000.0, order.unit()) as u64),
        });
        config
    }
}
