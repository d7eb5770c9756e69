//! Faults ask no more of a cluster than its algorithm promises.
use std::collections::BTreeSet;

use synod_protocol::{NodeId, Place, Recording, Step, What};
use synod_simulator::{Config, ConfigError, Fault, Liveness, Tolerance};

use crate::toys::{Ledger, run, short};

const MASTER: NodeId = NodeId(5);

fn steps(config: Config) -> (Vec<Step<'static, Ledger>>, Liveness) {
    let mut recording = Recording::default();
    let outcome = run(config, &mut recording);
    (recording.into_steps(), outcome.liveness)
}

/// What strikes a node is told with its name, or is a step of its own.
fn is_struck(step: &Step<'static, Ledger>, id: NodeId) -> bool {
    match &step.what {
        What::Crashed { .. } | What::Ended { .. } => step.place == Place::Node(id),
        What::Fault { what }
            if what.starts_with("paused") || what.contains("disk") || what.contains("clock") =>
        {
            what.split(' ').any(|word| word == id.to_string())
        }
        _ => false,
    }
}

#[test]
fn who_is_spared_is_never_struck_and_always_healed() {
    let (mut struck, mut spared) = (0, 0);
    for seed in 0..60 {
        let tolerance = Tolerance { needed: None, spared: BTreeSet::from([MASTER]), ..Tolerance::default() };
        let (steps, liveness) = steps(Config { tolerance, ..short(seed) }.with_faults(&Fault::ALL));
        spared += steps.iter().filter(|step| is_struck(step, MASTER)).count();
        struck += steps.iter().filter(|step| is_struck(step, NodeId(4))).count();
        if let Liveness::Live { core, .. } | Liveness::Stuck { core, .. } = liveness {
            assert!(core.contains(&MASTER), "seed {seed}: {core:?} were healed");
        }
    }
    assert_eq!(spared, 0, "{MASTER} was struck");
    assert!(struck > 60, "another one was struck {struck} times: the test sees little");
}

#[test]
fn as_many_are_healed_as_are_needed() {
    for (needed, healed) in [(None, 3), (Some(1), 1), (Some(5), 5)] {
        let tolerance = Tolerance { needed, ..Tolerance::default() };
        let config = Config { tolerance, ..short(3) }.with_faults(&[Fault::Crash, Fault::BitRot]);
        match steps(config).1 {
            Liveness::Live { core, .. } | Liveness::Stuck { core, .. } => assert_eq!(core.len(), healed),
            Liveness::NotJudged => panic!("{needed:?}: too many are gone, although no more may be damaged"),
        }
    }
}

#[test]
fn a_tolerance_that_makes_no_sense_is_refused() {
    for needed in [0, 6] {
        let tolerance = Tolerance { needed: Some(needed), ..Tolerance::default() };
        let error = Config { tolerance, ..short(0) }.check();
        assert_eq!(error, Err(ConfigError::Needed { needed, nodes: 5 }));
    }
    let tolerance = Tolerance { spared: BTreeSet::from([NodeId(6)]), ..Tolerance::default() };
    assert_eq!(Config { tolerance, ..short(0) }.check(), Err(ConfigError::NoSpared { node: 6, nodes: 5 }));
}
