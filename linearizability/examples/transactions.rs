//! How long the analysis of generated transactions takes.
//!
//! `cargo run --release -p synod-linearizability --example transactions [transactions] [clients] [seed]`
use std::time::Instant;

use synod_linearizability::transactions::{
    check,
    generate::{Store, TransactionLoad},
};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let mut argument = |default| arguments.next().unwrap_or(default);
    let load = TransactionLoad {
        transactions: argument(100_000),
        clients: argument(10),
        seed: argument(1),
        unknown: 1000,
        ..TransactionLoad::default()
    };
    for store in [Store::Serial, Store::Snapshot, Store::Careless] {
        let history = load.history(store);
        let start = Instant::now();
        let report = check(&history);
        let time = start.elapsed();
        let kinds: Vec<String> = report.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect();
        let models: Vec<String> = report.strongest().into_iter().map(|model| model.name()).collect();
        println!("{store:<10?} {time:>10.2?}  {}  [{}]", models.join(", "), kinds.join(", "));
    }
}
