//! The polynomial paths against the search, on histories that are too long for brute force.
use super::{Finding, judge};
use crate::{
    DataType, History, Model, Op, Output,
    check::search,
    generate::{Random, Workload, unique_operations},
    model::{Object as DataObject, WithObject},
    objects::{self, Object},
    search::Outcome,
};

const TYPES: [DataType; 5] =
    [DataType::Register, DataType::Queue, DataType::Stack, DataType::PriorityQueue, DataType::AppendLog];

struct Search<'a>(&'a History, &'a Object);

impl WithObject for Search<'_> {
    type Result = Outcome;

    fn run<T>(self, object: T) -> Outcome
    where
        T: DataObject + Model<Op = Op, Output = Output, State = <T as DataObject>::State> + Sync,
        <T as DataObject>::State: Send,
    {
        let task = self.1.task(self.0);
        search(&object, &task.intervals, task.classes).run(300_000)
    }
}

/// A linearizable history in which two operations of one kind have exchanged their answers.
fn exchanged(history: &History, random: &mut Random) -> History {
    let mut operations = history.operations().collect::<Vec<_>>();
    let mut pick = || random.below(operations.len() as u64) as usize;
    let (one, other) = (pick(), pick());
    if operations[one].op.name() == operations[other].op.name()
        && let (Some(a), Some(b)) = (&operations[one].returned, &operations[other].returned)
    {
        let (a, b) = (a.output.clone(), b.output.clone());
        operations[one].returned.as_mut().expect("it returned").output = b;
        operations[other].returned.as_mut().expect("it returned").output = a;
    }
    let mut builder = crate::HistoryBuilder::default().data_type(history.data_type());
    operations.into_iter().for_each(|operation| builder.push(operation).expect("as before"));
    builder.finish().expect("as before")
}

/// Judges a history both ways; whether it is linearizable, if the search came to an end.
fn judged(history: &History) -> Option<bool> {
    let objects = objects::split(history);
    let [object] = &objects[..] else { panic!("a history of one object") };
    let found = history.with_object(Search(history, object));
    let finding = judge(history, object);
    let text = || format!("{finding:?} but {found:?}\n{}", history.to_jsonl());
    match &finding {
        Finding::Order(order) => {
            let order =
                order.iter().map(|&local| object.operations[local as usize] as usize).collect::<Vec<_>>();
            assert_eq!(crate::verify(history, &order), Ok(()), "{}", text());
            assert_ne!(found, Outcome::Exhausted, "{}", text());
        }
        Finding::Core(core) => {
            assert_ne!(found, Outcome::Found, "{}", text());
            let of_core = history.with_object(Search(history, &object.only(core)));
            // Many appends at once have more orders than the search has steps.
            let is_refuted =
                of_core == Outcome::Exhausted || core.len() > 12 && of_core == Outcome::OutOfSteps;
            assert!(is_refuted, "the core {core:?} is {of_core:?}: {}", text());
        }
        Finding::DoesNotApply => panic!("a path that applies: {}", text()),
    }
    match found {
        Outcome::Found => Some(true),
        Outcome::Exhausted => Some(false),
        Outcome::OutOfSteps => None,
    }
}

#[test]
fn paths_agree_with_the_search() {
    for data_type in TYPES {
        let mut verdicts = [0, 0, 0];
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let clients = 2 + random.below(4);
            let operations = 10 + random.below(30);
            let load = Workload { clients, operations, seed, duration: 40, ..Workload::default() };
            let history = load.linearizable(data_type, unique_operations(data_type));
            let history = if seed % 3 == 0 { history } else { exchanged(&history, &mut random) };
            verdicts[judged(&history).map_or(2, usize::from)] += 1;
        }
        assert!(verdicts[0] > 25 && verdicts[1] > 90 && verdicts[2] < 100, "{data_type}: {verdicts:?}");
    }
}

/// A few clients append texts to a key and read it; answers are those of one order, or two of them exchanged.
fn texts(seed: u64) -> History {
    let mut random = Random::new(seed);
    let log = Workload {
        clients: 2 + random.below(4),
        operations: 10 + random.below(20),
        unanswered: random.below(3),
        duration: 40,
        seed,
        ..Workload::default()
    };
    let log = log.linearizable(DataType::AppendLog, unique_operations(DataType::AppendLog));
    let log = if seed.is_multiple_of(3) { log } else { exchanged(&log, &mut random) };
    let piece = |value: &crate::Value| format!("x{value}y");
    let mut builder = crate::HistoryBuilder::default().data_type(DataType::KeyValue);
    let begins = seed.is_multiple_of(2);
    if begins {
        builder = builder.initial("-".into());
    }
    for mut operation in log.operations() {
        operation.op = match operation.op {
            Op::Append(value) => Op::Append(piece(&value).into()),
            _ => Op::Get,
        };
        operation.key = Some(1.into());
        if let Some(end) = &mut operation.returned
            && let Output::Array(values) = &end.output
        {
            let mut values = values.clone();
            // Now and then a read that no other one continues.
            if let [.., before, last] = &mut values[..]
                && random.below(40) == 0
            {
                std::mem::swap(before, last);
            }
            let text = values.iter().map(piece).collect::<String>();
            end.output = match (begins, text.is_empty()) {
                (true, _) => Output::Value(format!("-{text}").into()),
                (false, true) => Output::Null,
                (false, false) => Output::Value(text.into()),
            };
        }
        builder.push(operation).expect("well formed");
    }
    builder.finish().expect("well formed")
}

#[test]
fn appended_texts_agree_with_the_search() {
    let mut verdicts = [0, 0, 0];
    for seed in 0..600 {
        verdicts[judged(&texts(seed)).map_or(2, usize::from)] += 1;
    }
    assert!(verdicts[0] > 50 && verdicts[1] > 150 && verdicts[2] < 200, "{verdicts:?}");
}

/// A million operations are no reason to overflow a stack, or to take a second for each thousand.
#[test]
fn long_histories_are_judged() {
    for data_type in TYPES {
        let operations = if data_type == DataType::AppendLog { 600 } else { 20_000 };
        let load = Workload { clients: 10, operations, ..Workload::default() };
        let history = load.linearizable(data_type, unique_operations(data_type));
        let objects = objects::split(&history);
        assert!(matches!(judge(&history, &objects[0]), Finding::Order(_)), "{data_type}");
    }
}
