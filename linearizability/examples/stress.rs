//! How long the check of a generated history takes, for each data type.
//!
//! `cargo run --release -p synod-linearizability --example stress [operations] [clients] [seed]`
use std::time::{Duration, Instant};

use synod_linearizability::{
    DataType, Options, Verdict, check,
    generate::{Workload, operations, unique_operations},
    verify,
};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let mut argument = |default| arguments.next().unwrap_or(default);
    let load = Workload {
        operations: argument(1000),
        clients: argument(4),
        seed: argument(1),
        ..Workload::default()
    };
    for data_type in DataType::ALL {
        let few = load.linearizable(data_type, operations(data_type, 5));
        let unique = load.linearizable(data_type, unique_operations(data_type));
        for (values, history) in [("few values", few), ("unique values", unique)] {
            let start = Instant::now();
            let verdict = check(&history, &Options::default().timeout(Duration::from_secs(10)));
            let time = start.elapsed();
            let found = match verdict {
                Verdict::Linearizable { order } => {
                    verify(&history, &order).map_or("WRONG", |()| "linearizable")
                }
                Verdict::Unknown { .. } => "unknown",
                _ => "WRONG",
            };
            println!("{data_type:<15} {values:<14} {found:<13} {time:?}");
        }
    }
}
