//! Deliveries by priority find orders that random delays do not.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{
    Caller, ClientId, Effects, Message, Never, Node, NodeId, Nodes, Observer, Step, Violation,
    contract::Checker,
};
use synod_simulator::{Config, Draws, Fault, LivenessGoal, Outcome, Priorities, Simulation};

/// The first node tells the last one twice: directly, and by way of all the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Relay {
    id: NodeId,
    /// At the last node, by what was told: did the detour win?
    detour_won: Vec<(u64, bool)>,
}

const NODES: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Told {
    Directly(u64),
    ByOthers(u64),
}

impl Message for Told {
    fn kind(&self) -> &'static str {
        match self {
            Told::Directly(_) => "Directly",
            Told::ByOthers(_) => "ByOthers",
        }
    }
}

impl Node for Relay {
    type Config = ();
    type Message = Told;
    type Timer = Never;
    type Request = u64;
    type Response = ();
    type Event = Never;
    type Record = Never;
    type Durable = ();
    type View = usize;

    fn boot(id: NodeId, _: &(), _: (), _: &mut Effects<Self>) -> Self {
        Relay { id, detour_won: Vec::new() }
    }

    fn on_message(&mut self, _: NodeId, message: &Told, out: &mut Effects<Self>) {
        let (what, by_others) = match *message {
            Told::Directly(what) => (what, false),
            Told::ByOthers(what) => (what, true),
        };
        if self.id.0 < NODES {
            out.send(NodeId(self.id.0 + 1), message.clone());
        } else if self.detour_won.iter().all(|(known, _)| *known != what) {
            self.detour_won.push((what, by_others));
        }
    }

    fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) {
        match timer {}
    }

    fn on_request(&mut self, from: Caller, what: &u64, out: &mut Effects<Self>) {
        if self.id.0 == 1 {
            out.send(NodeId(NODES), Told::Directly(*what));
            out.send(NodeId(2), Told::ByOthers(*what));
        }
        out.reply(from, ());
    }

    fn view(&self) -> usize {
        self.detour_won.len()
    }
}

/// So many times in a row the other way wins, that is: the order has changed so often.
struct Changes(usize);

impl Observer<Relay> for Changes {
    fn observe(&mut self, _: &Step<'_, Relay>, nodes: Nodes<'_, Relay>) -> Result<(), Violation> {
        let Some(last) = nodes.get(NodeId(NODES)) else { return Ok(()) };
        let detour_won = last.detour_won.iter().map(|(_, won)| *won);
        // Until then the direct way has always won.
        let changes =
            std::iter::once(false).chain(detour_won.clone()).zip(detour_won).filter(|(a, b)| a != b);
        if changes.count() >= self.0 { Err(Violation::new("Order", "it changed")) } else { Ok(()) }
    }
}

fn simulate(config: Config, changes: usize) -> Outcome<Relay> {
    let observer = (Checker::new(()), Changes(changes));
    let ask = |client: ClientId, nth: u64, _: &mut Draws| u64::from(client.0) * 1_000 + nth;
    Simulation::<Relay, _, _>::new(config, (), ask, observer).expect("sound knobs").run()
}

fn config(seed: u64, change_points: Option<u32>) -> Config {
    let liveness = LivenessGoal { operations: 0, within: Duration::ZERO };
    let mut config = Config { nodes: NODES, clients: 10, operations: 500, liveness, ..Config::new(seed) };
    let ms = Duration::from_millis;
    config.client.think = ms(0)..ms(20);
    config.network.priorities = change_points.map(|change_points| Priorities {
        change_points,
        among: 800,
        slot: Duration::from_micros(100)..ms(2),
    });
    config
}

/// In how many of 40 seeds is that found?
fn found(change_points: Option<u32>, changes: usize) -> usize {
    (0..40)
        .filter(|&seed| {
            let violation = simulate(config(seed, change_points), changes).violation;
            violation.is_some_and(|violation| {
                assert_eq!(violation.property, "Order", "seed {seed}: {violation}");
                true
            })
        })
        .count()
}

#[test]
fn a_message_is_overtaken_by_a_chain_of_seven() {
    assert_eq!(found(None, 1), 0, "seven times a millisecond is more than five");
    let by_priority = found(Some(0), 1);
    assert!(by_priority > 2, "{by_priority} of 40");
}

#[test]
fn change_points_find_orders_that_change() {
    let (without, with) = (found(Some(0), 2), found(Some(6), 2));
    assert!(with > without + 2, "{without} of 40 without, {with} with change points");
}

#[test]
fn with_other_faults_the_contract_holds_and_the_run_is_the_same_again() {
    let mut differ = 0;
    for seed in 0..10 {
        let all = |change_points| config(seed, Some(change_points)).with_faults(&Fault::ALL);
        let (once, again) = (simulate(all(3), usize::MAX), simulate(all(3), usize::MAX));
        assert_eq!(once.violation, None, "seed {seed}");
        assert_eq!(once, again, "seed {seed}");
        differ += u32::from(once.trace_hash != simulate(all(0), usize::MAX).trace_hash);
    }
    assert!(differ > 5, "change points made a difference in {differ} of 10");
}
