//! The same seed gives the same run.
use synod_protocol::Recording;
use synod_simulator::{Fault, QueueKind, Simulation};

use crate::toys::{Ledger, Rules, new_values, run, short};

#[test]
fn the_same_seed_twice_gives_the_same_steps_and_the_same_outcome() {
    for seed in 0..20 {
        let run = || {
            let mut recording = Recording::default();
            let outcome = run(short(seed).swarm(&Fault::ALL), &mut recording);
            (recording.into_steps(), outcome)
        };
        let (first, again) = (run(), run());
        assert_eq!(first.0, again.0, "seed {seed}");
        assert_eq!(first.1, again.1, "seed {seed}");
    }
}

#[test]
fn other_seeds_give_other_hashes() {
    let mut hashes: Vec<u64> = (0..200).map(|seed| run(short(seed), ()).trace_hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 200);
}

#[test]
fn who_watches_makes_no_difference() {
    let config = || short(3).with_faults(&Fault::ALL);
    assert_eq!(run(config(), ()).trace_hash, run(config(), Recording::default()).trace_hash);
}

#[test]
fn one_event_at_a_time_is_the_same_run() {
    let config = short(4).with_faults(&Fault::ALL);
    let rules = Rules::sound(&config);
    let mut simulation = Simulation::new(config.clone(), rules.clone(), new_values, ()).expect("sound knobs");
    let mut now = simulation.now();
    while simulation.step() {
        assert!(now <= simulation.now());
        assert!(simulation.nodes().iter().count() <= 5);
        now = simulation.now();
    }
    let at_once = Simulation::<Ledger, _, _>::new(config, rules, new_values, ()).expect("sound knobs").run();
    assert_eq!(simulation.outcome(), at_once);
}

/// Two queues that share no code, one order: a slip in either shows as another run.
#[test]
fn it_makes_no_difference_what_the_events_wait_in() {
    for seed in 0..60 {
        let config = short(seed).swarm(&Fault::ALL);
        let outcomes = QueueKind::ALL.map(|kind| {
            let rules = Rules::sound(&config);
            let simulation = Simulation::<Ledger, _, _>::new(config.clone(), rules, new_values, ());
            simulation.expect("sound knobs").on(kind).run()
        });
        assert_eq!(outcomes[0], outcomes[1], "seed {seed}");
    }
}

/// Alarms find their events again, wherever these wait.
#[test]
fn the_events_may_move_to_another_queue_in_the_middle() {
    for seed in 0..20 {
        let config = short(seed).swarm(&Fault::ALL);
        let start = || {
            let rules = Rules::sound(&config);
            Simulation::<Ledger, _, _>::new(config.clone(), rules, new_values, ()).expect("sound knobs")
        };
        let mut simulation = start();
        for kind in QueueKind::ALL {
            let _ = (0..700).take_while(|_| simulation.step()).count();
            simulation = simulation.on(kind);
        }
        assert_eq!(simulation.run(), start().run(), "seed {seed}");
    }
}

/// Pinned: a change here changes what every printed seed means. It holds in debug and release builds alike.
#[test]
fn a_seed_replays_after_any_upgrade() {
    let outcome = run(short(1).with_faults(&Fault::ALL[..8]), ());
    assert_eq!(
        (outcome.trace_hash, outcome.counts.steps, outcome.end.0),
        (10741502117068381592, 6795, 18038462835)
    );
}
