//! How fast the simulator is, in CPU time of one thread.
//!
//! `cd bench && cargo run --release -p synod-bench-simulator [ROW…]` prints a table of our own figures, of the
//! rows whose names contain such a word (`=ROW`: of that row alone); `--once SEED` prints one round of all, in
//! columns with tabs between them, for `scripts/bench-simulator`, which runs it in turns with turmoil and
//! madsim and prints the ratios.
mod commit;
mod echo;
mod raft;

use cpu_time::ThreadTime;
use synod_cli::multipaxos::MultiPaxos;
use synod_protocol::Recording;
use synod_simulator::{Fault, Tail};

/// One figure of one run.
struct Sample {
    row: &'static str,
    unit: &'static str,
    value: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|argument| argument == "--once") {
        let seed = arguments.get(1).and_then(|seed| seed.parse().ok()).unwrap_or(1);
        for Sample { row, unit, value } in round(seed, &|_| true) {
            println!("{row}\t{unit}\t{value}");
        }
        return;
    }
    let only = |row: &str| {
        arguments.is_empty()
            || arguments
                .iter()
                .any(|wanted| row.contains(wanted.as_str()) || wanted.strip_prefix("=") == Some(row))
    };
    let rounds: Vec<Vec<Sample>> = (1..=7).map(|seed| round(seed, &only)).collect();
    println!("| row | median | least | most | unit |\n|---|---|---|---|---|");
    for (place, Sample { row, unit, .. }) in rounds[0].iter().enumerate() {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[place].value).collect();
        values.sort_by(f64::total_cmp);
        let (median, least, most) = (values[values.len() / 2], values[0], values[values.len() - 1]);
        println!("| {row} | {} | {} | {} | {unit} |", figure(median), figure(least), figure(most));
    }
}

fn figure(value: f64) -> String {
    match value {
        1e6.. => format!("{:.2} M", value / 1e6),
        1e3.. => format!("{:.1} k", value / 1e3),
        _ => format!("{value:.2}"),
    }
}

fn round(seed: u64, only: &impl Fn(&str) -> bool) -> Vec<Sample> {
    const MESSAGES: &str = "delivered messages per CPU second";
    let mut samples = Vec::new();
    let mut rate = |row, unit, run: &dyn Fn() -> f64| {
        if only(row) {
            let before = ThreadTime::now();
            let work = run();
            samples.push(Sample { row, unit, value: work / before.elapsed().as_secs_f64() });
        }
    };
    let delivered = |outcome: synod_simulator::Outcome<raft::Server>| outcome.counts.delivered as f64;
    rate("echo", MESSAGES, &|| echo::run(echo::calm(seed), ()).counts.delivered as f64);
    rate("echo, fault pipeline and trace ring", MESSAGES, &|| {
        echo::run(echo::rough(seed), Tail::default()).counts.delivered as f64
    });
    rate("raft, 64 clients", MESSAGES, &|| delivered(raft::run(raft::loaded(seed, 64, &[]), ())));
    rate("raft, 5 clients", MESSAGES, &|| delivered(raft::run(raft::loaded(seed, 5, &[]), ())));
    rate("raft, 64 clients, all faults", MESSAGES, &|| {
        delivered(raft::run(raft::loaded(seed, 64, &Fault::ALL), ()))
    });
    rate("raft, 5 clients, all faults", MESSAGES, &|| {
        delivered(raft::run(raft::loaded(seed, 5, &Fault::ALL), ()))
    });
    rate("raft, 64 clients, Figure 3 checked", MESSAGES, &|| {
        delivered(raft::run(raft::loaded(seed, 64, &[]), raft::Watch::default()))
    });
    rate("raft, 64 clients, all faults, Figure 3 checked", MESSAGES, &|| {
        delivered(raft::run(raft::loaded(seed, 64, &Fault::ALL), raft::Watch::default()))
    });
    rate("raft, 64 clients, trace ring", MESSAGES, &|| {
        delivered(raft::run(raft::loaded(seed, 64, &[]), Tail::default()))
    });
    rate("raft, 64 clients, every step recorded", MESSAGES, &|| {
        delivered(raft::run(raft::loaded(seed, 64, &[]), &mut Recording::default()))
    });
    rate("raft, 64 clients, run and then run again to be recorded", MESSAGES, &|| {
        let first = raft::run(raft::loaded(seed, 64, &[]), ());
        let again = raft::run(raft::loaded(seed, 64, &[]), &mut Recording::default());
        assert_eq!(first.trace_hash, again.trace_hash);
        delivered(first)
    });
    rate("raft, idle", "simulated seconds per CPU second", &|| {
        raft::run(raft::idle(seed), ()).end.0 as f64 / 1e9
    });
    const CALLS: &str = "answered calls per CPU second";
    let calm = |clients| raft::loaded(seed, clients, &[]);
    rate("raft, 64 clients, calls", CALLS, &|| raft::run(calm(64), ()).counts.ok as f64);
    rate("multipaxos, 64 clients, calls", CALLS, &|| {
        raft::run_of::<MultiPaxos, _>(calm(64), ()).counts.ok as f64
    });
    rate("raft, 5 clients, calls", CALLS, &|| raft::run(calm(5), ()).counts.ok as f64);
    rate("multipaxos, 5 clients, calls", CALLS, &|| {
        raft::run_of::<MultiPaxos, _>(calm(5), ()).counts.ok as f64
    });
    const TRANSACTIONS: &str = "transactions per CPU second";
    rate("2pc, 3 participants, 64 clients, messages", MESSAGES, &|| commit::run(seed, 64).counts.delivered as f64);
    rate("2pc, 3 participants, 64 clients", TRANSACTIONS, &|| commit::run(seed, 64).counts.ok as f64);
    rate("2pc, 3 participants, handlers alone", TRANSACTIONS, &|| commit::handlers_alone(20_000));
    const SEEDS: u64 = 100;
    let chaos = |calls, watched| {
        for n in 0..SEEDS {
            let config = raft::chaos(1_000 * seed + n, calls);
            drop(if watched { raft::run(config, raft::Watch::default()) } else { raft::run(config, ()) });
        }
        SEEDS as f64
    };
    rate("raft, 10 s of chaos, 100 calls", "seeds per CPU second", &|| chaos(100, false));
    rate("raft, 10 s of chaos, 100 calls, Figure 3 checked", "seeds per CPU second", &|| chaos(100, true));
    rate("raft, 10 s of chaos, 500 calls", "seeds per CPU second", &|| chaos(500, false));
    samples
}
