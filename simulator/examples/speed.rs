//! How many messages the simulator delivers in a second of CPU time, with the trace hash on.
//!
//! `cargo run --release -p synod-simulator --example speed`
//!
//! Five nodes bounce 20 messages of 24 bytes between them; each takes 1 to 10 ms of virtual time.
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effects, Message, Never, Node, NodeId};
use synod_simulator::{Config, Delay, Draws, Fault, LivenessGoal, Simulation};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Echo {
    heard: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Ball([u64; 3]);

impl Message for Ball {
    fn kind(&self) -> &'static str {
        "Ball"
    }
}

const NODES: u32 = 5;

impl Node for Echo {
    type Config = ();
    type Message = Ball;
    type Timer = Never;
    type Request = ();
    type Response = ();
    type Event = Never;
    type Record = Never;
    type Durable = ();
    type View = u64;

    fn boot(id: NodeId, _: &(), _: (), out: &mut Effects<Self>) -> Self {
        for to in (1..=NODES).map(NodeId).filter(|to| *to != id) {
            out.send(to, Ball([u64::from(id.0), u64::from(to.0), 0]));
        }
        Echo { heard: 0 }
    }

    fn on_message(&mut self, from: NodeId, message: &Ball, out: &mut Effects<Self>) {
        self.heard += 1;
        let Ball([a, b, bounces]) = *message;
        out.send(from, Ball([a, b, bounces + 1]));
    }

    fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) {
        match timer {}
    }

    fn on_request(&mut self, _: Caller, _: &(), _: &mut Effects<Self>) {}

    fn view(&self) -> u64 {
        self.heard
    }
}

fn main() {
    let calm = |seed| Config {
        clients: 0,
        safety: Duration::from_secs(1_000),
        liveness: LivenessGoal { operations: 0, within: Duration::ZERO },
        network: synod_simulator::Network {
            delay: Delay::Uniform(Duration::from_millis(1)..Duration::from_millis(10)),
            ..Config::new(seed).network
        },
        ..Config::new(seed)
    };
    // Losses would end the game, so the harder run repeats, delays and cuts nothing away.
    let rough = |seed| {
        let mut config = calm(seed).with_faults(&[Fault::Delay, Fault::Clock]);
        config.network.loss = 1e-12;
        config.network.duplication = 1e-9;
        config
    };
    measure("no faults", calm);
    measure("tails, losses and twins drawn, clocks drift", rough);
}

fn measure(name: &str, config: impl Fn(u64) -> Config) {
    let mut rates: Vec<(u64, u64)> = (1..=7)
        .map(|seed| {
            let workload = |_, _, _: &mut Draws| ();
            let simulation =
                Simulation::<Echo, _, _>::new(config(seed), (), workload, ()).expect("sound knobs");
            let before = cpu_time();
            let outcome = simulation.run();
            let took = cpu_time() - before;
            ((outcome.counts.delivered as f64 / took.as_secs_f64()) as u64, outcome.counts.delivered)
        })
        .collect();
    rates.sort_unstable();
    let (least, median, most) = (rates[0].0, rates[3].0, rates[6].0);
    println!(
        "{name}: {median} messages per CPU second, median of 7 runs [{least}..{most}], {} each",
        rates[3].1
    );
}

/// Of this thread, from the kernel's accounts; where there are none, by the clock on the wall.
fn cpu_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let accounts = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = accounts.and_then(|line| line.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
