//! Random histories against the definition, and long ones that are linearizable by construction.
use synod_linearizability::{
    DataType, History, HistoryBuilder, Op, Operation, Output, Value,
    generate::{Random, Workload, operations, unique_operations},
};

use crate::{brute_force, is_linearizable};

/// How a random history is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    pub(crate) data_type: DataType,
    /// No value is put into the object twice.
    pub(crate) unique: bool,
    /// One in this many operations never returns.
    pub(crate) unanswered: u64,
}

impl Recipe {
    /// A few operations with random intervals, many of which touch, and answers that are random or, half the
    /// time, those of a random order with one of them spoilt now and then.
    pub(crate) fn history(self, random: &mut Random) -> History {
        if random.below(2) == 0 {
            return self.random_answers(random);
        }
        let load = Workload {
            clients: 2 + random.below(4),
            operations: 2 + random.below(7),
            unanswered: if random.below(self.unanswered) == 0 { 1 + random.below(2) } else { 0 },
            duration: 1 + random.below(12),
            seed: random.next_number(),
            ..Workload::default()
        };
        let history = if self.unique {
            load.linearizable(self.data_type, unique_operations(self.data_type))
        } else {
            load.linearizable(self.data_type, operations(self.data_type, 3))
        };
        if random.below(3) == 0 { history } else { self.spoilt(&history, random) }
    }

    fn spoilt(self, history: &History, random: &mut Random) -> History {
        let mut operations = history.operations().collect::<Vec<_>>();
        let victim = random.below(operations.len() as u64) as usize;
        let outputs = operations
            .iter()
            .filter(|other| other.op.name() == operations[victim].op.name())
            .filter_map(|other| other.returned.as_ref().map(|end| end.output.clone()));
        let outputs = outputs.collect::<Vec<_>>();
        let other = outputs.get(random.below(outputs.len().max(1) as u64) as usize).cloned();
        if let (Some(end), Some(output)) = (&mut operations[victim].returned, other) {
            end.output = match output {
                Output::Bool(answer) => Output::Bool(!answer),
                other => other,
            };
        }
        self.build(operations)
    }

    fn random_answers(self, random: &mut Random) -> History {
        let keys = if self.data_type == DataType::KeyValue { 1 + random.below(2) } else { 0 };
        let count = 1 + random.below(8);
        let span = 2 + random.below(12);
        let operations = (0..count).map(|client| {
            let (op, output) = self.op(client, count, random);
            let call = random.below(span);
            let operation = Operation::called(client, call, op);
            let operation = if keys == 0 { operation } else { operation.on(random.below(keys) as i64) };
            match random.below(self.unanswered) {
                0 => operation,
                _ => operation.returned(call + random.below(5), output),
            }
        });
        let operations = operations.collect();
        self.build(operations)
    }

    fn build(self, operations: Vec<Operation>) -> History {
        let mut builder = HistoryBuilder::default().data_type(self.data_type);
        for operation in operations {
            builder.push(operation).unwrap();
        }
        builder.finish().unwrap()
    }

    fn op(self, client: u64, count: u64, random: &mut Random) -> (Op, Output) {
        let few = if self.unique { count } else { 3 };
        let fresh = Value::Number(if self.unique { client } else { random.below(few) } as i64);
        let value = |random: &mut Random| Value::Number(random.below(few) as i64);
        let yes = Output::Bool(random.below(2) == 0);
        let taken = if random.below(4) == 0 { Output::Null } else { Output::Value(value(random)) };
        let some = |random: &mut Random| (0..random.below(4)).map(|_| value(random)).collect();
        match (self.data_type, random.below(6)) {
            (DataType::Register, 0..3) => (Op::Read, taken),
            (DataType::Register, _) => (Op::Write(fresh), Output::Null),
            (DataType::CasRegister, 0 | 1) => (Op::Read, taken),
            (DataType::CasRegister, 2 | 3) => (Op::Write(fresh), Output::Null),
            (DataType::CasRegister, _) => (Op::Cas { from: value(random), to: fresh }, yes),
            (DataType::KeyValue, 0 | 1) => match taken {
                Output::Value(read) if random.below(2) == 0 => {
                    (Op::Get, Output::Value(format!("{read}{}", value(random)).into()))
                }
                taken => (Op::Get, taken),
            },
            (DataType::KeyValue, 2) => (Op::Put(fresh), Output::Null),
            (DataType::KeyValue, 3) => (Op::Append(fresh), Output::Null),
            (DataType::KeyValue, 4) => (Op::Delete, Output::Null),
            (DataType::KeyValue, _) => (Op::Cas { from: value(random), to: fresh }, yes),
            (DataType::Queue, 0..3) => (Op::Enq(fresh), Output::Null),
            (DataType::Queue, _) => (Op::Deq, taken),
            (DataType::Stack, 0..3) => (Op::Push(fresh), Output::Null),
            (DataType::Stack, _) => (Op::Pop, taken),
            (DataType::Set, 0..2) => (Op::Add(fresh), if self.unique { Output::Bool(true) } else { yes }),
            (DataType::Set, 2..4) => (Op::Remove(value(random)), yes),
            (DataType::Set, _) => (Op::Contains(value(random)), yes),
            (DataType::PriorityQueue, 0..3) => (Op::Insert(fresh), Output::Null),
            (DataType::PriorityQueue, _) => (Op::DeleteMin, taken),
            (DataType::Counter, 0..3) => (Op::Inc(random.below(3) as i64), Output::Null),
            (DataType::Counter, _) => (Op::Read, Output::Value(value(random))),
            (DataType::Bank, 0..4) => {
                let mut account = || random.below(brute_force::ACCOUNTS as u64) as u32;
                (Op::Transfer { from: account(), to: account(), amount: 2 + random.below(10) as u32 }, yes)
            }
            (DataType::Bank, _) => {
                let mut balances = [10_i64; brute_force::ACCOUNTS];
                for _ in 0..random.below(3) {
                    balances[random.below(5) as usize] += random.below(10) as i64;
                }
                (Op::Read, Output::Array(balances.map(Value::from).to_vec()))
            }
            (DataType::AppendLog, 0..3) => (Op::Append(fresh), Output::Null),
            (_, _) => (Op::Read, Output::Array(some(random))),
        }
    }
}

/// Judges `count` histories of each kind; how many were linearizable, of how many.
pub(crate) fn agree_with_brute_force(seed: u64, count: u64) -> Vec<(Recipe, u64)> {
    let mut judged = Vec::new();
    for data_type in DataType::ALL {
        for unique in [false, true] {
            for unanswered in [5, u64::MAX] {
                let recipe = Recipe { data_type, unique, unanswered };
                let mut random = Random::new(seed);
                let mut linearizable = 0;
                for _ in 0..count {
                    let history = recipe.history(&mut random);
                    let expected = brute_force::is_linearizable(&history);
                    linearizable += u64::from(expected);
                    let text = || format!("{recipe:?}; brute force says {expected}:\n{}", history.to_jsonl());
                    assert_eq!(is_linearizable(&history), expected, "{}", text());
                }
                judged.push((recipe, linearizable));
            }
        }
    }
    judged
}

/// Ten thousand histories; `SYNOD_HISTORIES=1000000 cargo test --release` judges a million.
#[test]
fn all_types_agree_with_brute_force() {
    let asked = std::env::var("SYNOD_HISTORIES").map(|count| count.parse::<u64>().expect("a number"));
    let count = asked.unwrap_or(10_000).div_ceil(4 * DataType::ALL.len() as u64);
    for (recipe, linearizable) in agree_with_brute_force(1, count) {
        let good = count / 8..count * 7 / 8;
        assert!(good.contains(&linearizable), "{recipe:?}: {linearizable} of {count} are linearizable");
        println!("{recipe:?}: {count} histories, {linearizable} linearizable, no disagreement");
    }
}

#[test]
fn what_is_linearizable_by_construction_is_found_so() {
    for seed in 0..4 {
        for data_type in DataType::ALL {
            let load = Workload { seed, operations: 200, clients: 3, ..Workload::default() };
            assert!(
                is_linearizable(&load.linearizable(data_type, operations(data_type, 5))),
                "{data_type} {seed}"
            );
            let load = Workload { unanswered: 3, keys: 2, ..load };
            assert!(
                is_linearizable(&load.linearizable(data_type, operations(data_type, 5))),
                "{data_type} {seed}"
            );
        }
        let load = Workload { seed, clients: 10, operations: 1000, ..Workload::default() };
        let cas_register =
            |load: &Workload| load.linearizable(DataType::CasRegister, operations(DataType::CasRegister, 5));
        assert!(is_linearizable(&cas_register(&load)));
        assert!(is_linearizable(&cas_register(&Workload { unanswered: 12, ..load.clone() })));
        let simulated = Workload { operations: 3000, unanswered: 50, keys: 20, ..load };
        assert!(is_linearizable(
            &simulated.linearizable(DataType::KeyValue, operations(DataType::KeyValue, 4))
        ));
    }
}

/// More operations open at once than a word has bits.
#[test]
fn any_number_of_operations_may_be_open() {
    for clients in [64, 65, 128, 129, 200] {
        let writes = (0..clients).map(|client| {
            Operation::called(client, client, Op::Write((client as i64).into())).returned(1000, Output::Null)
        });
        let last =
            Operation::called(500, 2000, Op::Read).returned(2001, Output::Value((clients as i64 - 1).into()));
        assert!(is_linearizable(&History::new(writes.clone().chain([last])).unwrap()));
        let lost = Operation::called(900, 2000, Op::cas(0, 1));
        assert!(is_linearizable(&History::new(writes.chain([lost])).unwrap()));
    }
}
