//! Raft under all faults, seed by seed: five invariants at every step, liveness after the heal, and an order
//! of all operations that explains what every client was told.
use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use synod_cli::{
    promise::{Linearizable, Promise},
    raft::Raft,
    run::{RunOptions, simulate},
};
use synod_linearizability::{Options, Verdict, check, verify};
use synod_simulator::{Fault, Liveness, Tally};

/// `SYNOD_SEEDS=2000 cargo test --release -p synod-tests raft_swarm` runs so many of them, at full size.
fn seeds() -> Option<u64> {
    env::var("SYNOD_SEEDS").ok().map(|seeds| seeds.parse().expect("SYNOD_SEEDS is a number"))
}

/// Runs one seed to its end.
///
/// # Errors
/// What went wrong, in a line.
fn judge(
    options: &RunOptions,
    with: impl Fn(synod_simulator::Config) -> synod_simulator::Config,
) -> Result<u64, String> {
    let seed = options.seed;
    let wrong = |what: String| Err(format!("seed {seed}: {what}"));
    let outcome = match simulate::<Raft>(&with(options.config()), &mut (), false) {
        Ok(outcome) => outcome,
        Err(failure) => return wrong(failure.error.to_string()),
    };
    if let Some(violation) = outcome.violation {
        return wrong(violation.to_string());
    }
    if !matches!(outcome.liveness, Liveness::Live { .. }) {
        return wrong(format!("{:?}", outcome.liveness));
    }
    let history =
        <Linearizable as Promise<Raft>>::history(&outcome.calls).map_err(|error| error.to_string())?;
    match check(&history, &Options::default().steps(50_000_000)) {
        Verdict::Linearizable { order } => match verify(&history, &order) {
            Ok(()) => Ok(outcome.counts.delivered),
            Err(error) => wrong(format!("the order that explains it does not: {error}")),
        },
        verdict => wrong(format!("{verdict:?}")),
    }
}

/// All seeds below `count`, on all cores; what goes wrong, in the order of the seeds.
fn sweep(count: u64, judge: impl Fn(u64) -> Result<u64, String> + Sync) -> Vec<String> {
    let next = AtomicU64::new(0);
    let worker = || {
        let mut wrong = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return wrong;
            }
            if let Err(what) = judge(seed) {
                wrong.push((seed, what));
            }
        }
    };
    let mut wrong: Vec<(u64, String)> = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    wrong.sort();
    wrong.into_iter().map(|(_, what)| what).collect()
}

/// The runs that `synod run raft --seed N` makes; shorter, unless somebody asked for many.
#[test]
fn five_nodes_all_faults() {
    let wrong = sweep(seeds().unwrap_or(60), |seed| {
        let mut options = RunOptions::new(seed);
        if seeds().is_none() {
            (options.operations, options.sim_time) = (1_000, Duration::from_secs(25));
        }
        judge(&options, |config| config)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each seed draws which faults there are and how hard they are, the number of nodes, and the load.
#[test]
fn swarms() {
    let wrong = sweep(seeds().unwrap_or(60), |seed| {
        let options = RunOptions {
            swarm: true,
            operations: 1_000,
            sim_time: Duration::from_secs(20),
            ..RunOptions::new(seed)
        };
        judge(&options, |config| config)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a run of Raft should come into sometimes, summed over seeds: what is never reached is untested.
#[test]
fn everything_that_should_happen_sometimes_does() {
    let mut sum = Tally::default();
    for seed in 0..40 {
        let options = RunOptions { swarm: true, operations: 1_000, ..RunOptions::new(seed) };
        let outcome = simulate::<Raft>(&options.config(), &mut (), false).expect("the knobs make sense");
        sum += &outcome.sometimes;
    }
    assert!(sum.iter().count() >= 12);
    assert_eq!(sum.unreached().collect::<Vec<_>>(), Vec::<&str>::new(), "{sum:?}");
}

/// Damage that checksums would find is believed without them; then a minority of bad disks breaks Raft.
#[test]
fn without_checksums_a_sweep_finds_a_violation() {
    let options = |seed| RunOptions {
        faults: Some(vec![Fault::BitRot, Fault::Misdirection, Fault::Crash]),
        operations: 1_000,
        ..RunOptions::new(seed)
    };
    let blind = |mut config: synod_simulator::Config| {
        config.disk.checksums = false;
        config
    };
    let found = (0..200).find_map(|seed| judge(&options(seed), blind).err().map(|what| (seed, what)));
    let (seed, what) = found.expect("a violation");
    assert!(what.contains("violated") || what.contains("NotLinearizable"), "{what}");
    judge(&options(seed), |config| config).expect("with checksums, the same seed holds");
}

/// Runs of the full size, as newcomers see them: most calls succeed, and there are failovers, crashes that
/// lose records, and cuts.
#[test]
fn a_first_run_shows_something() {
    let mut records_lost = 0;
    for seed in [7, 8, 9] {
        let outcome =
            simulate::<Raft>(&RunOptions::new(seed).config(), &mut (), false).expect("the knobs make sense");
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert!(outcome.counts.ok > 1_200, "seed {seed}: {} calls succeeded", outcome.counts.ok);
        assert!(outcome.counts.crashes >= 3, "seed {seed}");
        assert!(outcome.counts.partitions >= 3, "seed {seed}");
        records_lost += outcome.counts.records_lost;
    }
    assert!(records_lost > 0, "no crash lost a record");
}
