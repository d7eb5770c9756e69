//! Histories that are too long for brute force, and keep or violate a model by construction.
use std::collections::BTreeMap;

use synod_linearizability::{
    Consistency::{self, *},
    DataType, History, HistoryBuilder, Op, Operation, Options, Output, check_consistency,
    consistency::Judgement,
    generate::{Random, Workload, operations, unique_operations},
};

use super::keeps;

const CLIENTS: usize = 8;

/// A write on its way: its timestamp, its key, and how many writes of each client its own had seen.
#[derive(Clone)]
struct Message {
    stamp: (i64, usize),
    key: i64,
    seen: [usize; CLIENTS],
}

/// In which order a replica takes in what others wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// After all that it depends on.
    Causal,
    /// As it comes.
    Any,
}

#[derive(Clone, Default)]
struct Replica {
    clock: i64,
    store: BTreeMap<i64, (i64, usize)>,
    seen: [usize; CLIENTS],
    waiting: Vec<Message>,
}

impl Replica {
    fn apply(&mut self, message: &Message) {
        self.clock = self.clock.max(message.stamp.0);
        self.seen[message.stamp.1] += 1;
        let held = self.store.entry(message.key).or_insert(message.stamp);
        *held = (*held).max(message.stamp);
    }
}

/// A replica for each client, the last writer by Lamport's clock wins, and writes arrive late.
fn replicated(length: i64, delivery: Delivery, seed: u64) -> History {
    let mut random = Random::new(seed);
    let mut replicas = vec![Replica::default(); CLIENTS];
    let mut builder = HistoryBuilder::default().data_type(DataType::KeyValue);
    for time in 0..length {
        let client = random.below(CLIENTS as u64) as usize;
        let replica = &mut replicas[client];
        for _ in 0..2 {
            if replica.waiting.is_empty() {
                break;
            }
            let place = random.below(replica.waiting.len() as u64) as usize;
            let needs = &replica.waiting[place].seen;
            if delivery == Delivery::Any || needs.iter().zip(&replica.seen).all(|(needs, seen)| needs <= seen)
            {
                let message = replica.waiting.swap_remove(place);
                replica.apply(&message);
            }
        }
        let key = random.below(5) as i64;
        let value = |(clock, writer): (i64, usize)| clock * CLIENTS as i64 + writer as i64;
        let (op, output) = if random.below(2) == 0 {
            let message = Message { stamp: (replica.clock + 1, client), key, seen: replica.seen };
            replica.apply(&message);
            let others = replicas.iter_mut().enumerate().filter(|(other, _)| *other != client);
            others.for_each(|(_, other)| other.waiting.push(message.clone()));
            (Op::Put(value(message.stamp).into()), Output::Null)
        } else {
            let held = replica.store.get(&key).map(|stamp| value(*stamp).into());
            (Op::Get, Output::from(held))
        };
        let operation = Operation::called(client as u64, time as u64 * 10, op).on(key);
        builder.push(operation.returned(time as u64 * 10 + 5, output)).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn replicas_that_deliver_causally_are_causal_and_not_sequential() {
    for seed in 0..3 {
        let history = replicated(1000, Delivery::Causal, seed);
        let found = Consistency::ALL.map(|model| keeps(&history, model));
        assert_eq!(found, [false, false, true, true, true, true, true].map(Some));
    }
}

#[test]
fn replicas_that_deliver_as_it_comes_keep_what_each_has() {
    for seed in 0..3 {
        let history = replicated(1000, Delivery::Any, seed);
        let found = Consistency::ALL.map(|model| keeps(&history, model));
        assert_eq!(found, [false, false, false, true, true, false, false].map(Some));
    }
}

/// A history in which the clocks of the clients disagree: no longer linearizable, and as sequential as before.
fn with_skewed_clocks(history: &History, by: u64) -> History {
    let mut builder = HistoryBuilder::default().data_type(history.data_type());
    for mut operation in history.operations() {
        let skew = operation.client % 5 * by;
        operation.call += skew;
        if let Some(end) = &mut operation.returned {
            end.at += skew;
        }
        builder.push(operation).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn skewed_clocks_are_no_matter_to_a_sequential_order() {
    for seed in 0..3 {
        for by in [300, 3_000, 1_000_000] {
            let load =
                Workload { clients: 6, operations: 500, keys: 3, unanswered: 5, seed, ..Workload::default() };
            let unique = load.linearizable(DataType::Register, unique_operations(DataType::Register));
            let skewed = with_skewed_clocks(&unique, by);
            assert_eq!(keeps(&skewed, Linearizable), Some(false));
            assert_eq!(keeps(&skewed, Sequential), Some(true), "{}", skewed.to_jsonl());
            assert_eq!(keeps(&skewed, Causal), Some(true));
            let load = Workload { operations: 24, clients: 3, keys: 1, ..load };
            let few_values = load.linearizable(DataType::CasRegister, operations(DataType::CasRegister, 3));
            let skewed = with_skewed_clocks(&few_values, by);
            assert_eq!(keeps(&skewed, Sequential), Some(true), "{}", skewed.to_jsonl());
        }
    }
}

#[test]
fn a_bound_that_is_met_is_said() {
    let load = Workload { clients: 6, operations: 300, ..Workload::default() };
    let queue = load.linearizable(DataType::Queue, unique_operations(DataType::Queue));
    let skewed = with_skewed_clocks(&queue, 700);
    let judge = |options| check_consistency(&skewed, Sequential, &options).to_owned();
    assert!(matches!(judge(Options::default().steps(2000)), Judgement::Unknown(_)));
    assert!(matches!(judge(Options::default().memory(200_000)), Judgement::Unknown(_)));
    let history = replicated(1000, Delivery::Causal, 1);
    let judgement = check_consistency(&history, Causal, &Options::default().memory(1000));
    assert!(matches!(judgement, Judgement::Unknown(_)), "{judgement:?}");
}
