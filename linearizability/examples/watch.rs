//! How long each answer of a generated history takes to be judged while it happens, and what is held meanwhile.
//!
//! `cargo run --release -p synod-linearizability --example watch [operations] [clients] [seed] [unanswered]`
use std::time::Instant;

use synod_linearizability::{
    DataType, History, Monitor,
    generate::{Workload, operations, unique_operations},
};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let mut argument = |default| arguments.next().unwrap_or(default);
    let load = Workload {
        operations: argument(1000),
        clients: argument(4),
        seed: argument(1),
        unanswered: argument(0),
        ..Workload::default()
    };
    for data_type in DataType::ALL {
        let few = load.linearizable(data_type, operations(data_type, 5));
        let unique = load.linearizable(data_type, unique_operations(data_type));
        for (values, history) in [("few values", few), ("unique values", unique)] {
            let start = Instant::now();
            let (alarms, undecided, held) = watch(data_type, &history);
            let each = start.elapsed() / history.len() as u32;
            let data_type = data_type.name();
            println!(
                "{data_type:<15} {values:<14} {each:>10.1?} an operation, at most {held} held, {undecided} undecided, {alarms} alarms"
            );
        }
    }
}

fn watch(data_type: DataType, history: &History) -> (u64, u64, usize) {
    let all = history.operations().collect::<Vec<_>>();
    let mut events = Vec::new();
    for (number, operation) in all.iter().enumerate() {
        events.push((operation.call, false, number));
        events.extend(operation.returned.as_ref().map(|end| (end.at, true, number)));
    }
    events.sort_unstable();
    let mut monitor = Monitor::new(data_type).accounts(5);
    let (mut alarms, mut held) = (0, 0);
    for (_, is_return, number) in events {
        let operation = &all[number];
        let client = number as u64;
        match &operation.returned {
            Some(end) if is_return => {
                let alarm = monitor.returned(client, end.output.clone()).expect("well formed");
                alarms += u64::from(alarm.is_some());
            }
            returned => {
                monitor.call(client, operation.key.clone(), operation.op.clone()).expect("well formed");
                if returned.is_none() {
                    monitor.gave_up(client);
                }
            }
        }
        held = held.max(monitor.held());
    }
    (alarms, monitor.undecided(), held)
}
