//! Disks that hold bytes: what is torn is cut off, what is damaged is found, and who is damaged is gone.
use std::{collections::BTreeSet, time::Duration};

use synod_protocol::{Place, Recording, Step, What, contract::Checker};
use synod_simulator::{Config, Counts, Fault, Liveness};

use crate::toys::{Ledger, Rules, Survival, run, run_with, short};

/// A minute, so that disks fail in it.
fn minute(seed: u64) -> Config {
    Config { operations: 500, safety: Duration::from_secs(60), clients: 6, ..short(seed) }
}

fn often(config: &mut Config, fault: Fault) {
    let strikes = config.nemesis.strikes.get_mut(&fault).expect("it is on");
    strikes.pause = Duration::from_millis(500)..Duration::from_secs(4);
}

fn steps(config: Config) -> (Vec<Step<'static, Ledger>>, Counts) {
    let mut recording = Recording::default();
    let outcome = run(config, &mut recording);
    assert_eq!(outcome.violation, None);
    (recording.into_steps(), outcome.counts)
}

fn ended(steps: &[Step<'static, Ledger>]) -> Vec<(Place, String)> {
    steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Ended { why } => Some((step.place, why.to_string())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_torn_record_is_cut_off_and_nothing_else_is_lost() {
    let (mut torn, mut lost) = (0, 0);
    for seed in 0..15 {
        let mut config = minute(seed).with_faults(&[Fault::Crash, Fault::Disk, Fault::Torn]);
        config.disk.torn = 1.0;
        let checker = (Checker::new(Rules::sound(&config)), Survival::default());
        let outcome = run(config, checker);
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert_eq!(outcome.counts.ended, 0, "seed {seed}: torn is not damaged");
        torn += outcome.counts.torn_records;
        lost += outcome.counts.records_lost;
    }
    assert!(torn > 5 && lost > torn, "{torn} torn, {lost} lost");
}

#[test]
fn bytes_alone_change_nothing() {
    let plain = |seed| short(seed).with_faults(&[Fault::Crash, Fault::Disk, Fault::Loss]);
    for seed in 0..10 {
        let with_bytes = plain(seed).with_faults(&[Fault::Torn]);
        assert_eq!(run(plain(seed), ()).trace_hash, run(with_bytes, ()).trace_hash, "seed {seed}");
    }
}

#[test]
fn each_kind_of_damage_ends_nodes_for_good_and_no_more_than_a_minority() {
    type Struck = fn(&Counts) -> u64;
    let kinds: [(Fault, Struck, &[&str]); 4] = [
        (Fault::FailedSync, |c| c.failed_syncs, &["a sync failed"]),
        (Fault::BitRot, |c| c.flipped_bits, &["is damaged"]),
        (Fault::LatentError, |c| c.lost_sectors, &["cannot be read"]),
        (Fault::Misdirection, |c| c.misdirected_writes, &["is damaged", "cannot be read"]),
    ];
    for (fault, struck, why) in kinds {
        let (mut gone, mut strikes) = (0, 0);
        for seed in 0..12 {
            let mut config = minute(seed).with_faults(&[fault, Fault::Crash]);
            often(&mut config, fault);
            let (steps, counts) = steps(config);
            let ended = ended(&steps);
            let places: BTreeSet<Place> = ended.iter().map(|(place, _)| *place).collect();
            assert!(places.len() <= 2 && places.len() == ended.len(), "{fault}, seed {seed}: {ended:?}");
            for (place, said) in &ended {
                assert!(why.iter().any(|why| said.contains(why)), "{fault}: {said}");
                let end = steps
                    .iter()
                    .position(|step| step.place == *place && matches!(step.what, What::Ended { .. }));
                let after = &steps[end.expect("it ended") + 1..];
                assert!(after.iter().all(|step| step.place != *place), "{fault}, seed {seed}: it lives on");
            }
            gone += counts.ended;
            strikes += struck(&counts);
        }
        assert!(gone > 5 && strikes >= gone, "{fault}: {gone} ended of {strikes} strikes");
    }
}

#[test]
fn a_full_disk_stops_a_node_until_there_is_space() {
    let (mut stopped, mut back) = (0, 0);
    for seed in 0..15 {
        let (steps, counts) = steps(minute(seed).with_faults(&[Fault::FullDisk]));
        assert_eq!(counts.ended, 0);
        stopped += counts.crashes;
        back += counts.restarts;
        // Nothing that could not be written is there afterwards.
        for step in steps.iter().filter(|step| matches!(step.what, What::Crashed { .. })) {
            let told = |what: &str| format!("{what}full disk {}", name(step.place));
            let said = |text: String| {
                steps[..step.number as usize]
                    .iter()
                    .rposition(|s| matches!(&s.what, What::Fault { what } if *what == text))
            };
            let (full, healed) = (said(told("")), said(told("healed: ")));
            assert!(full.is_some() && full > healed, "seed {seed}: {step:?}");
        }
    }
    assert!(stopped > 10 && back > stopped / 2, "{stopped} stopped, {back} back");
}

fn name(place: Place) -> String {
    match place {
        Place::Node(id) => id.to_string(),
        other => panic!("{other:?} has no disk"),
    }
}

#[test]
fn without_checksums_a_sweep_finds_that_something_was_lost() {
    let config = |seed| {
        let mut config =
            short(seed).with_faults(&[Fault::BitRot, Fault::Crash, Fault::Loss, Fault::Partition]);
        config.network.loss = 0.2;
        config
    };
    let judge = |config: Config| {
        let rules = Rules::sound(&config);
        run_with(config, rules, Survival::default()).violation
    };
    let found = (0..300).find_map(|seed| {
        let mut config = config(seed);
        config.disk.checksums = false;
        Some((seed, judge(config)?))
    });
    let (seed, violation) = found.expect("a violation");
    assert_eq!(violation.property, "Survival", "seed {seed}: {violation}");
    assert_eq!(judge(config(seed)), None, "with checksums, seed {seed} holds");
}

#[test]
fn more_than_a_minority_is_damaged_if_the_run_asks_for_it() {
    let mut most = 0;
    for seed in 0..20 {
        let mut config = short(seed).with_faults(&[Fault::LatentError, Fault::Crash]);
        config.disk.damaged_at_most = Some(4);
        often(&mut config, Fault::LatentError);
        let outcome = run(config, Survival::default());
        assert_eq!(outcome.violation, None, "seed {seed}: who is gone has forgotten nothing");
        most = most.max(outcome.counts.ended);
        if outcome.counts.ended > 2 {
            assert_eq!(outcome.liveness, Liveness::NotJudged, "seed {seed}");
        }
    }
    assert_eq!(most, 4);
}
