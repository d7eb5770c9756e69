//! Five nodes that throw balls to each other: nothing but the simulator's own work.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effects, Message, Never, Node, NodeId, Observer};
use synod_simulator::{Config, Delay, Draws, Fault, LivenessGoal, Network, Outcome, Simulation};

/// Throws back what it catches. Twenty balls are in the air: one per node and each other node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Echo {
    heard: u64,
}

/// 24 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ball([u64; 3]);

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

/// Each ball flies 1 to 10 ms; nothing goes wrong.
pub fn calm(seed: u64) -> Config {
    let config = Config::new(seed);
    Config {
        clients: 0,
        safety: Duration::from_secs(500),
        liveness: LivenessGoal { operations: 0, within: Duration::ZERO },
        network: Network {
            delay: Delay::Uniform(Duration::from_millis(1)..Duration::from_millis(10)),
            ..config.network
        },
        ..config
    }
}

/// Every draw of the fault pipeline is made: losses, twins, tails of the delays, clocks that drift. A lost
/// ball would end its game, so losses and twins are drawn and next to never come.
pub fn rough(seed: u64) -> Config {
    let mut config = calm(seed).with_faults(&[Fault::Delay, Fault::Clock]);
    config.network.loss = 1e-12;
    config.network.duplication = 1e-9;
    config
}

pub fn run<O: Observer<Echo>>(config: Config, observer: O) -> Outcome<Echo> {
    let workload = |_, _, _: &mut Draws| ();
    Simulation::<Echo, _, _>::new(config, (), workload, observer).expect("the knobs make sense").run()
}
