//! The eight rules of [`Node`](synod_protocol::Node): an honest harness keeps them, and no wrong one
//! gets away.
use std::collections::BTreeMap;

use synod_protocol::*;

use crate::{
    harness::Harness,
    toy::{Config, Toy},
    wrong::Wrong,
};

const TURNS: u32 = 6_000;

#[test]
fn an_honest_harness_keeps_the_contract() {
    for seed in 0..100 {
        if let Err(violation) = Harness::judged(seed, None, TURNS) {
            panic!("seed {seed}: {violation}");
        }
    }
}

#[test]
fn each_wrong_harness_is_caught_by_the_rule_that_it_breaks() {
    for &wrong in Wrong::ALL {
        for seed in 0..20 {
            let Err(violation) = Harness::judged(seed, Some(wrong), TURNS) else {
                panic!("{wrong:?} got away with seed {seed}");
            };
            assert!(
                violation.property.starts_with(wrong.breaks()),
                "{wrong:?} with seed {seed} was reported as: {violation}"
            );
        }
    }
}

/// Otherwise the tests above would say nothing about what never happened.
#[test]
fn a_run_shows_everything_that_can_happen() {
    let config = Config { nodes: 3, defect: None };
    let mut seen = Seen(BTreeMap::new());
    Harness::new(1, None, config, &mut seen).run(TURNS).expect("nobody judges");
    let kinds = seen.0.keys().copied().collect::<Vec<_>>();
    assert_eq!(
        kinds,
        [
            "booted",
            "called",
            "cancels",
            "crashed",
            "dropped",
            "duplicated",
            "elsewhere",
            "ended",
            "fired",
            "gave_up",
            "message",
            "persists",
            "request",
            "returned",
            "sent",
            "sets",
            "synced",
            "tries again",
        ]
    );
}

/// How often what happened.
struct Seen(BTreeMap<&'static str, u32>);

impl Observer<Toy> for Seen {
    fn observe(&mut self, step: &Step<'_, Toy>, _: Nodes<'_, Toy>) -> Result<(), Violation> {
        for effect in step.what.effects() {
            match effect {
                Effect::Persist(_) => *self.0.entry("persists").or_default() += 1,
                Effect::SetTimer(..) => *self.0.entry("sets").or_default() += 1,
                Effect::CancelTimer(_) => *self.0.entry("cancels").or_default() += 1,
                Effect::Reply(_, Answer::Elsewhere(_)) => *self.0.entry("elsewhere").or_default() += 1,
                _ => {}
            }
        }
        let kind = match &step.what {
            What::Booted { .. } => "booted",
            What::Handled { input, .. } => match **input {
                Input::Message(..) => "message",
                Input::Timer(_) => "fired",
                Input::Request(..) => "request",
            },
            What::Sent { .. } => "sent",
            What::Dropped { .. } => "dropped",
            What::Duplicated { .. } => "duplicated",
            What::Synced { .. } => "synced",
            What::Crashed { .. } => "crashed",
            What::Wiped => "wiped",
            What::Ended { .. } => "ended",
            What::Called { caller, .. } if self.0.contains_key("called") && caller.number == 1 => {
                "tries again"
            }
            What::Called { .. } => "called",
            What::Returned { .. } => "returned",
            What::GaveUp { .. } => "gave_up",
            What::Fault { .. } => "fault",
        };
        *self.0.entry(kind).or_default() += 1;
        Ok(())
    }
}
