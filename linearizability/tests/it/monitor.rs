//! Histories judged while they happen: the alarm comes with the first answer whose prefix has no order.
use synod_linearizability::{
    Alarm, DataType, History, HistoryBuilder, HistoryError, Monitor, Op, Operation, Options, Output, Verdict,
    check,
    generate::{Random, Workload, operations, unique_operations},
};

use crate::{brute_force::ACCOUNTS, random::Recipe};

/// A call, or an answer, of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Call(usize),
    Return(usize),
}

/// In time; at equal times calls come first, as concurrent operations.
fn events(operations: &[Operation]) -> Vec<(u64, Event)> {
    let mut events = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        events.push((operation.call, Event::Call(number)));
        events.extend(operation.returned.as_ref().map(|end| (end.at, Event::Return(number))));
    }
    events.sort();
    events
}

/// Feeds all of it; the first alarm, with the number of its answer among the events, from 0. And how much was held,
/// if it was watched to the end.
fn alarm(data_type: DataType, operations: &[Operation]) -> (Option<(usize, Alarm)>, Option<usize>) {
    let mut monitor = Monitor::new(data_type).accounts(ACCOUNTS);
    let mut held = 0;
    for (place, (_, event)) in events(operations).into_iter().enumerate() {
        match event {
            Event::Call(number) => {
                // An operation of its own for each, so that a client may wait at one and the same time.
                let Operation { key, op, returned, .. } = operations[number].clone();
                monitor.call(number as u64, key, op).unwrap();
                if returned.is_none() {
                    monitor.gave_up(number as u64);
                }
            }
            Event::Return(number) => {
                let output = operations[number].returned.clone().unwrap().output;
                if let Some(alarm) = monitor.returned(number as u64, output).unwrap() {
                    return (Some((place, alarm)), Some(held));
                }
            }
        }
        held = held.max(monitor.held());
    }
    (None, (monitor.undecided() == 0).then_some(held))
}

/// What had happened after so many events.
fn prefix(data_type: DataType, operations: &[Operation], events: &[(u64, Event)]) -> History {
    let mut builder = HistoryBuilder::default().data_type(data_type);
    if data_type == DataType::Bank {
        let all = Op::Transfer { from: 0, to: ACCOUNTS as u32 - 1, amount: 0 };
        builder.push(Operation::called(99, 0, all)).unwrap();
    }
    for (number, operation) in operations.iter().enumerate() {
        let mut operation = Operation { client: 100 + number as u64, ..operation.clone() };
        if events.contains(&(operation.call, Event::Call(number))) {
            operation.returned =
                operation.returned.filter(|end| events.contains(&(end.at, Event::Return(number))));
            builder.push(operation).unwrap();
        }
    }
    builder.finish().unwrap()
}

fn is_linearizable(history: &History) -> bool {
    matches!(check(history, &Options::default().explain(false)), Verdict::Linearizable { .. })
}

/// Compares the alarm with a check of the prefixes that end before and after it.
fn judged(history: &History) -> bool {
    let data_type = history.data_type();
    let operations = history.operations().collect::<Vec<_>>();
    let events = events(&operations);
    let (alarm, held) = alarm(data_type, &operations);
    if held.is_none() {
        assert!(matches!(data_type, DataType::Queue | DataType::Stack), "{data_type} is easy");
        return true;
    }
    let text = || format!("{alarm:?}\n{}", history.to_jsonl());
    match &alarm {
        None => assert!(is_linearizable(&prefix(data_type, &operations, &events)), "{}", text()),
        Some((place, _)) => {
            let before = prefix(data_type, &operations, &events[..*place]);
            assert!(is_linearizable(&before), "it comes too late: {}", text());
            let after = prefix(data_type, &operations, &events[..=*place]);
            assert!(!is_linearizable(&after), "it comes too early: {}", text());
        }
    }
    alarm.is_none()
}

#[test]
fn short_histories_of_all_types_alarm_at_once() {
    for data_type in DataType::ALL {
        let mut random = Random::new(5);
        let mut quiet = 0;
        for _ in 0..150 {
            let recipe = Recipe { data_type, unique: random.below(2) == 0, unanswered: 6 };
            quiet += u64::from(judged(&recipe.history(&mut random)));
        }
        assert!((15..140).contains(&quiet), "{data_type}: {quiet}");
    }
}

/// A wrong answer somewhere in a long history: what was forgotten by then must not have mattered.
fn spoilt(history: &History, random: &mut Random) -> History {
    let mut operations = history.operations().collect::<Vec<_>>();
    let (one, other) = (random.below(operations.len() as u64), random.below(operations.len() as u64));
    let (one, other) = (one as usize, other as usize);
    if operations[one].op.name() == operations[other].op.name()
        && let Some(output) = operations[other].returned.as_ref().map(|end| end.output.clone())
        && let Some(end) = &mut operations[one].returned
    {
        end.output = output;
    }
    let mut builder = HistoryBuilder::default().data_type(history.data_type());
    operations.into_iter().for_each(|operation| builder.push(operation).unwrap());
    builder.finish().unwrap()
}

#[test]
fn long_histories_alarm_at_once() {
    for data_type in DataType::ALL {
        let mut alarms = 0;
        for seed in 0..16 {
            let mut random = Random::new(seed);
            // In a container the order of concurrent operations stays open for long, and equal values hide it.
            let is_hard = matches!(
                data_type,
                DataType::Queue | DataType::Stack | DataType::PriorityQueue | DataType::AppendLog
            );
            let load = Workload {
                seed,
                clients: 2 + seed % 3,
                operations: if is_hard { 50 } else { 150 },
                unanswered: 4 * (seed % 2),
                keys: 1 + seed % 2,
                ..Workload::default()
            };
            let history = match seed % 4 {
                _ if is_hard => load.linearizable(data_type, unique_operations(data_type)),
                0 => load.linearizable(data_type, unique_operations(data_type)),
                _ => load.linearizable(data_type, operations(data_type, 4)),
            };
            alarms += u64::from(!judged(&spoilt(&history, &mut random)));
        }
        assert!((1..16).contains(&alarms), "{data_type}: {alarms}");
    }
}

/// What is held does not grow with the history.
#[test]
fn only_the_frontier_is_held() {
    for length in [600, 3_000] {
        let load = Workload { clients: 5, operations: length, ..Workload::default() };
        for data_type in [DataType::Register, DataType::CasRegister, DataType::KeyValue, DataType::Counter] {
            let history = load.linearizable(data_type, unique_operations(data_type));
            let operations = history.operations().collect::<Vec<_>>();
            let (alarm, held) = alarm(data_type, &operations);
            assert_eq!(alarm, None);
            assert!(held.unwrap() <= 80, "{data_type}, {length} operations: {held:?} are held");
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let mut monitor = Monitor::new(DataType::Register);
    let error = monitor.returned(1, Output::Null).unwrap_err();
    assert!(matches!(error, HistoryError::ReturnWithoutCall { line: 1, client: 1 }), "{error}");
    monitor.call(1, None, Op::Write(1.into())).unwrap();
    let error = monitor.call(1, None, Op::Read).unwrap_err();
    assert!(matches!(error, HistoryError::CalledTwice { line: 2, client: 1, other: 1 }), "{error}");
    let error = monitor.returned(1, Output::Bool(true)).unwrap_err();
    assert!(matches!(error, HistoryError::WrongOutput { line: 2, .. }), "{error}");
    let error = monitor.call(2, None, Op::Deq).unwrap_err();
    assert!(matches!(error, HistoryError::NotOfType { line: 2, .. }), "{error}");
    assert_eq!(monitor.returned(1, Output::Null).unwrap(), None);
}

/// One that gave up goes on; its write may take place much later, or never.
#[test]
fn what_was_given_up_may_still_take_place() {
    let mut monitor = Monitor::new(DataType::Register);
    monitor.call(1, None, Op::Write(7.into())).unwrap();
    monitor.gave_up(1);
    for round in 0..100 {
        let value = 100 + round;
        monitor.call(1, None, Op::Write(value.into())).unwrap();
        assert_eq!(monitor.returned(1, Output::Null).unwrap(), None);
        monitor.call(2, None, Op::Read).unwrap();
        assert_eq!(monitor.returned(2, Output::Value(value.into())).unwrap(), None);
    }
    assert!(monitor.held() < 60);
    for (seen, is_quiet) in [(199, true), (7, true), (199, false)] {
        monitor.call(2, None, Op::Read).unwrap();
        assert_eq!(monitor.returned(2, Output::Value(seen.into())).unwrap().is_none(), is_quiet, "{seen}");
    }
}
