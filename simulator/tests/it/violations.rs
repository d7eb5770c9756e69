//! What is wrong with an algorithm is found, told, and the run ends there.
use synod_protocol::{Nodes, Observer, Step, Violation};
use synod_simulator::{Config, Fault, Liveness, Simulation};

use crate::toys::{Bug, Ledger, Rules, Survival, counting, run_with, short};

#[test]
fn a_sweep_finds_an_algorithm_that_acknowledges_before_it_writes() {
    let found = (0..500).find_map(|seed| {
        let config = Config { nodes: 3, ..short(seed) }.with_faults(&Fault::ALL);
        let rules = Rules::with(&config, Bug::AcknowledgesFirst);
        let violation = run_with(config, rules, Survival::default()).violation?;
        Some((seed, violation))
    });
    let (seed, violation) = found.expect("a violation");
    assert_eq!(violation.property, "Survival", "seed {seed}: {violation}");
}

#[test]
fn an_assertion_of_a_node_ends_the_run_and_tells_where() {
    let config = Config { clients: 1, ..short(1) };
    let rules = Rules::with(&config, Bug::Superstitious);
    let outcome = Simulation::<Ledger, _, _>::new(config, rules, counting(), ()).expect("sound knobs").run();
    let violation = outcome.violation.expect("a violation");
    assert_eq!(violation.property, "An assertion of the node");
    for part in ["handed ", "No 13: there is no value 13", "toys.rs:"] {
        assert!(violation.story.contains(part), "{violation}");
    }
    assert_eq!(outcome.counts.ok, 12);
    assert_eq!(outcome.liveness, Liveness::NotJudged);
}

#[test]
fn a_node_that_keeps_time_from_passing_is_found() {
    let config = short(1);
    let rules = Rules::with(&config, Bug::Hurries);
    let violation = run_with(config, rules, ()).violation.expect("a violation");
    assert_eq!(violation.property, "Time goes on");
}

/// Objects to a step, and must see none after it.
struct Objector {
    at: u64,
    seen: u64,
}

impl Observer<Ledger> for Objector {
    fn observe(&mut self, step: &Step<'_, Ledger>, _: Nodes<'_, Ledger>) -> Result<(), Violation> {
        self.seen += 1;
        if step.number >= self.at { Err(Violation::new("Shortness", "too long")) } else { Ok(()) }
    }
}

#[test]
fn nothing_happens_after_a_violation() {
    for at in [0, 1, 100, 1_001] {
        let mut objector = Objector { at, seen: 0 };
        let config = short(1).with_faults(&Fault::ALL);
        let rules = Rules::sound(&config);
        let outcome = run_with(config, rules, &mut objector);
        assert_eq!(outcome.violation, Some(Violation::new("Shortness", "too long")));
        assert_eq!((objector.seen, outcome.counts.steps), (at + 1, at + 1));
    }
}
