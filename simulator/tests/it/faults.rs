//! Classes of faults are switched one by one, and leave each other's draws alone.
use synod_protocol::{Place, Recording, Step, What};
use synod_simulator::{Config, Fault};

use crate::toys::{Ledger, run, short};

fn steps(config: Config) -> Vec<Step<'static, Ledger>> {
    let mut recording = Recording::default();
    run(config, &mut recording);
    recording.into_steps()
}

/// When what was announced, but for the liveness phase, which calls end sooner or later.
fn strikes(steps: &[Step<'static, Ledger>], of: &str) -> Vec<(u64, String)> {
    let mut strikes = Vec::new();
    for step in steps {
        if let What::Fault { what } = &step.what {
            if what.starts_with("liveness") {
                break;
            }
            if what.contains(of) {
                strikes.push((step.at.0, what.to_string()));
            }
        }
    }
    strikes
}

#[test]
fn a_class_that_is_removed_leaves_the_strikes_of_the_others_as_they_were() {
    for seed in 0..10 {
        let mut config = Config { operations: u64::MAX, ..short(seed) }.with_faults(&Fault::ALL);
        // A favourite is a matter of the run, not of a draw.
        config.nemesis.at_favourite = 0.0;
        let all = steps(config.clone());
        for (fault, kept) in [
            (Fault::Crash, ["cut", "ring", "slow disk"]),
            (Fault::Disk, ["cut", "ring", "one-way"]),
            (Fault::Loss, ["cut", "ring", "slow disk"]),
        ] {
            let fewer = steps(config.clone().without_faults(&[fault]));
            for of in kept {
                assert_eq!(strikes(&all, of), strikes(&fewer, of), "seed {seed} without {fault}");
            }
        }
        assert!(!strikes(&all, "slow disk").is_empty());
    }
}

#[test]
fn a_loss_that_is_removed_leaves_the_delays_of_the_packets_as_they_were() {
    // Until the first loss both runs are one; a packet of the same link and number takes as long.
    let (lossy, lossless) = (short(1).with_faults(&[Fault::Loss]), short(1));
    let (lossy, lossless) = (steps(lossy), steps(lossless));
    let first = lossy.iter().position(|step| matches!(step.what, What::Dropped { .. })).expect("a loss");
    assert!(first > 10);
    assert_eq!(lossy[..first], lossless[..first]);
    // The calls of a client that loses nothing come at the same times for long after.
    let called = |steps: &[Step<'static, Ledger>], number| {
        steps.iter().find_map(|step| match &step.what {
            What::Called { caller, .. } if caller.client.0 == 3 && caller.number == number => Some(step.at),
            _ => None,
        })
    };
    assert_eq!(called(&lossy, 1), called(&lossless, 1));
}

#[test]
fn names_are_read_and_printed() {
    for fault in Fault::ALL {
        assert_eq!(fault.to_string().parse(), Ok(fault));
    }
    assert_eq!(Fault::list("crash, one-way"), Ok(vec![Fault::Crash, Fault::OneWay]));
    assert_eq!(Fault::list("all"), Ok(Fault::ALL.to_vec()));
    assert_eq!(Fault::list("none"), Ok(vec![]));
    let error = Fault::list("crash,flood").expect_err("no such class").to_string();
    assert!(error.contains("\"flood\"") && error.contains("partition"), "{error}");
}

#[test]
fn each_class_owns_its_knobs() {
    for fault in Fault::ALL {
        let config = Config::new(1).with_faults(&[fault]);
        assert_eq!(config.faults(), [fault]);
        assert_eq!(config.without_faults(&[fault]), Config::new(1));
    }
    assert_eq!(Config::new(1).with_faults(&Fault::ALL).faults(), Fault::ALL);
}

#[test]
fn a_swarm_draws_which_faults_and_how_hard() {
    let drawn: Vec<Config> = (0..100).map(|seed| Config::new(seed).swarm(&Fault::ALL)).collect();
    for fault in Fault::ALL {
        let on = drawn.iter().filter(|config| config.faults().contains(&fault)).count();
        let often = if fault <= Fault::Clock { 55..95 } else { 22..60 };
        assert!(often.contains(&on), "{fault} is on in {on} of 100");
    }
    let losses = drawn.iter().map(|config| config.network.loss).filter(|&loss| loss > 0.0);
    let mild = losses.clone().filter(|&loss| loss < 0.02).count();
    assert!(losses.clone().all(|loss| (0.002..0.2).contains(&loss)));
    assert!((losses.count() / 4..75).contains(&mild), "{mild} are mild");
    // The other classes draw the same whether one of them is asked for or not.
    let seven = &Fault::ALL[1..];
    assert!((0..20).all(|seed| {
        let without = Config::new(seed).swarm(&Fault::ALL).without_faults(&[Fault::Loss]);
        without == Config::new(seed).swarm(seven)
    }));
}

#[test]
fn a_configuration_is_printed_whole_and_read_back() {
    let config = Config::new(7).swarm(&Fault::ALL);
    let text = config.to_string();
    assert!(text.lines().count() >= 24 && text.lines().all(|line| line.contains(" = ")), "{text}");
    let json = serde_json::to_string(&config).expect("json");
    assert_eq!(serde_json::from_str::<Config>(&json).expect("a configuration"), config);
}

#[test]
fn knobs_that_make_no_sense_are_refused_by_name() {
    let refused = |turn: fn(&mut Config), told: &str| {
        let mut config = Config::new(1);
        turn(&mut config);
        let error = config.check().expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    };
    refused(|c| c.nodes = 0, "nodes is 0");
    refused(|c| c.nodes = 5_000, "at most 1000");
    refused(|c| c.clients = 0, "clients is 0");
    refused(|c| c.network.loss = 1.5, "network.loss is 1.5");
    refused(|c| c.network.duplication = f64::NAN, "network.duplication");
    refused(|c| c.clock.drift_ppm = 1_000_000, "clock.drift_ppm");
    refused(|c| c.network.to_self = std::time::Duration::ZERO, "network.to_self");
    refused(|c| c.client.try_for = std::time::Duration::ZERO, "client.try_for");
}

#[test]
fn clocks_stay_within_their_bounds_and_differ() {
    let config = short(3).with_faults(&[Fault::Clock, Fault::Crash]);
    let (bound, offset) = (f64::from(config.clock.drift_ppm) / 1e6, config.clock.offset);
    let mut readings = std::collections::BTreeMap::<Place, Vec<_>>::new();
    for step in steps(config) {
        match step.what {
            What::Booted { clock, .. } => {
                let drift = (step.at.0 as f64 * bound) as u64;
                assert!(clock.0 + drift + 1 >= step.at.0 && clock.0 <= step.at.after(offset).0 + drift);
                readings.insert(step.place, vec![(step.at.0, clock.0)]);
            }
            What::Handled { clock, .. } => readings.entry(step.place).or_default().push((step.at.0, clock.0)),
            _ => {}
        }
    }
    let rates: Vec<f64> = readings
        .values()
        .filter_map(|life| life.first().zip(life.last()))
        .map(|(first, last)| (last.1 - first.1) as f64 / (last.0 - first.0) as f64 - 1.0)
        .collect();
    assert!(rates.iter().all(|rate| rate.abs() <= bound + 1e-6), "{rates:?}");
    assert!(rates.iter().any(|rate| rate.abs() > bound / 10.0), "{rates:?}");
}
