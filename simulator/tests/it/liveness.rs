//! After the heal a quorum must serve.
use synod_protocol::{Place, Recording, What};
use synod_simulator::{Config, Fault, Liveness, LivenessGoal};

use crate::toys::{Bug, Rules, run, run_with, short};

#[test]
fn a_cluster_that_never_answers_is_stuck() {
    let config = short(1).with_faults(&Fault::ALL);
    let rules = Rules::with(&config, Bug::Silent);
    let within = config.liveness.within;
    let outcome = run_with(config, rules, ());
    let Liveness::Stuck { core, succeeded, wanted, within: had } = outcome.liveness else {
        panic!("{:?}", outcome.liveness)
    };
    assert_eq!((core.len(), succeeded, wanted, had), (3, 0, 10, within));
}

#[test]
fn the_core_is_up_and_whole_and_the_others_are_cut_off() {
    for seed in 0..30 {
        let mut recording = Recording::default();
        let outcome = run(short(seed).with_faults(&Fault::ALL), &mut recording);
        let Liveness::Live { core, first_commit_after, all_after } = outcome.liveness else {
            panic!("seed {seed}: {:?}", outcome.liveness)
        };
        assert!(first_commit_after <= all_after);
        let names: Vec<String> = core.iter().map(ToString::to_string).collect();
        let told = format!("liveness phase: {} healed", names.join(" "));
        let heal = recording
            .steps()
            .iter()
            .position(|step| matches!(&step.what, What::Fault { what } if *what == told));
        let after = &recording.steps()[heal.expect("an announcement")..];
        for step in after {
            match &step.what {
                What::Crashed { .. } | What::Duplicated { .. } => panic!("seed {seed}: {step:?}"),
                What::Handled { input, .. } => {
                    if let (synod_protocol::Input::Message(from, _), Place::Node(to)) = (&**input, step.place)
                    {
                        assert!(
                            *from == to || core.contains(from) && core.contains(&to),
                            "seed {seed}: {step:?}"
                        );
                    }
                }
                _ => {}
            }
        }
        let returned =
            outcome.calls.iter().filter(|call| call.called >= after[0].at && call.returned.is_some());
        assert_eq!(returned.count(), 10, "seed {seed}");
    }
}

#[test]
fn nobody_asks_nobody_judges() {
    let config = short(1);
    let liveness = LivenessGoal { operations: 0, ..config.liveness.clone() };
    let outcome = run(Config { liveness, ..config }, ());
    assert_eq!(outcome.liveness, Liveness::NotJudged);
    assert_eq!(outcome.calls.len(), 100);
}

#[test]
fn the_safety_phase_ends_with_its_calls_or_with_its_time() {
    let few = run(Config { operations: 20, ..short(1) }, ());
    assert_eq!(few.calls.len() as u64 - 10, 20 + few.counts.unknown);
    let long = Config { operations: u64::MAX, ..short(1) };
    let safety = long.safety;
    let outcome = run(long, ());
    assert!(outcome.end > synod_protocol::Time::ZERO.after(safety), "{}", outcome.end);
}
