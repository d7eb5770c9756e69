//! A crash between two outputs that were let out together: the second cursor of rule 2.
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{
    Caller, ClientId, Durable, Effects, Message, Never, Node, NodeId, Nodes, Observer, Place, Recording,
    Stable, Step, Violation, What, contract::Checker,
};
use synod_simulator::{Config, Draws, Fault, LivenessGoal, Simulation};

/// Moves money from an account at n2 to one at n3. Its bug: it writes down that it moved it, and believes
/// that then both have been told. That holds for a crash that loses the record, and for one that comes
/// between the sync and its end; but both messages are not one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Teller(Stable<Moved>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Moved(u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Move;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Order {
    Take(u64),
    Give(u64),
}

impl Durable for Moved {
    type Record = Move;
    fn apply(&mut self, _: &Move) {
        self.0 += 1;
    }
}

impl Message for Order {
    fn kind(&self) -> &'static str {
        match self {
            Order::Take(_) => "Take",
            Order::Give(_) => "Give",
        }
    }
}

impl Node for Teller {
    type Config = ();
    type Message = Order;
    type Timer = Never;
    type Request = ();
    type Response = ();
    type Event = Never;
    type Record = Move;
    type Durable = Moved;
    type View = u64;

    fn boot(_: NodeId, _: &(), moved: Moved, _: &mut Effects<Self>) -> Self {
        Teller(Stable::recovered(moved))
    }

    fn on_message(&mut self, _: NodeId, _: &Order, _: &mut Effects<Self>) {}

    fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) {
        match timer {}
    }

    fn on_request(&mut self, from: Caller, _: &(), out: &mut Effects<Self>) {
        self.0.write(Move, out);
        out.send(NodeId(2), Order::Take(self.0.0));
        out.send(NodeId(3), Order::Give(self.0.0));
        out.reply(from, ());
    }

    fn view(&self) -> u64 {
        self.0.0
    }
}

/// What was taken was given.
#[derive(Default)]
struct NothingVanishes(BTreeMap<(Place, u64), u32>);

impl Observer<Teller> for NothingVanishes {
    fn observe(&mut self, step: &Step<'_, Teller>, _: Nodes<'_, Teller>) -> Result<(), Violation> {
        match step.what {
            What::Sent { cause, to: Place::Node(_), .. } => {
                *self.0.entry((step.place, cause)).or_default() += 1;
                Ok(())
            }
            What::Crashed { .. }
                if self.0.iter().any(|((place, _), sent)| *place == step.place && *sent == 1) =>
            {
                Err(Violation::new("Nothing vanishes", "taken and not given"))
            }
            _ => Ok(()),
        }
    }
}

fn config(seed: u64) -> Config {
    let liveness = LivenessGoal { operations: 0, within: Duration::ZERO };
    Config { nodes: 3, operations: 2_000, liveness, ..Config::new(seed) }
        .with_faults(&[Fault::Crash, Fault::Disk])
}

#[test]
fn it_is_found_by_a_crash_between_two_outputs_and_by_no_other() {
    let mut found = 0;
    for seed in 0..40 {
        let mut recording = Recording::default();
        let observer = (&mut recording, (Checker::new(()), NothingVanishes::default()));
        let ask = |_: ClientId, _: u64, _: &mut Draws| ();
        let outcome =
            Simulation::<Teller, _, _>::new(config(seed), (), ask, observer).expect("sound knobs").run();
        let Some(violation) = outcome.violation else { continue };
        assert_eq!(violation.property, "Nothing vanishes", "seed {seed}: {violation}");
        found += 1;
        let (crash, before) = recording.steps().split_last().expect("a crash");
        // The records were durable, the first of two messages went out, and then nothing.
        let at_once: Vec<_> =
            before.iter().rev().take_while(|step| step.at == crash.at && step.place == crash.place).collect();
        assert!(matches!(
            at_once.first().map(|s| &s.what),
            Some(What::Sent { to: Place::Node(NodeId(2)), .. })
        ));
        assert!(matches!(at_once.last().map(|s| &s.what), Some(What::Synced { .. })), "{at_once:?}");
    }
    assert!(found > 5, "found in {found} of 40 seeds");
}
