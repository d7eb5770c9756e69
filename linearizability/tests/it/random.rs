//! Random histories against the definition, and long ones that are linearizable by construction.
use synod_linearizability::{
    History, Op, Operation, Output, Value,
    generate::{Random, Workload, cas_register, register, store},
};

use crate::{brute_force, is_linearizable};

/// A few operations with random intervals and random answers: many ties, some without an answer.
fn anything(random: &mut Random, ops: impl Fn(&mut Random) -> (Op, Output)) -> History {
    let keys = random.below(3);
    let operations = (0..1 + random.below(7)).map(|client| {
        let (op, output) = ops(random);
        let call = random.below(8);
        let operation = match op {
            Op::Read | Op::Write(_) | Op::Cas { .. } if keys == 0 => Operation::called(client, call, op),
            op => Operation::called(client, call, op).on(random.below(keys.max(1)) as i64),
        };
        match random.below(6) {
            0 => operation,
            _ => operation.returned(call + random.below(5), output),
        }
    });
    History::new(operations.collect::<Vec<_>>()).expect("each client calls once")
}

fn value(random: &mut Random) -> Value {
    Value::Number(random.below(3) as i64)
}

fn read(random: &mut Random) -> Output {
    if random.below(3) == 0 { Output::Null } else { Output::Value(value(random)) }
}

fn of_a_cas_register(random: &mut Random) -> (Op, Output) {
    match random.below(3) {
        0 => (Op::Read, read(random)),
        1 => (Op::Write(value(random)), Output::Null),
        _ => (Op::cas(value(random), value(random)), Output::Bool(random.below(2) == 0)),
    }
}

fn of_a_store(random: &mut Random) -> (Op, Output) {
    let text = |random: &mut Random| Value::from(["a", "b", "ab"][random.below(3) as usize]);
    match random.below(6) {
        0 | 1 => match random.below(4) {
            0 => (Op::Get, Output::Null),
            _ => (Op::Get, Output::Value(text(random))),
        },
        2 => (Op::Put(text(random)), Output::Null),
        3 => (Op::Append(text(random)), Output::Null),
        4 => (Op::Delete, Output::Null),
        _ => (Op::cas(text(random), text(random)), Output::Bool(random.below(2) == 0)),
    }
}

fn agrees_with_brute_force(seed: u64, ops: impl Fn(&mut Random) -> (Op, Output) + Copy) {
    let mut random = Random::new(seed);
    let mut linearizable = 0;
    for _ in 0..4_000 {
        let history = anything(&mut random, ops);
        let expected = brute_force::is_linearizable(&history);
        linearizable += usize::from(expected);
        assert_eq!(
            is_linearizable(&history),
            expected,
            "brute force says {expected}:\n{}",
            history.to_jsonl()
        );
    }
    assert!((400..3_600).contains(&linearizable), "{linearizable} of 4000 are linearizable: a poor mixture");
}

#[test]
fn cas_registers_agree_with_brute_force() {
    agrees_with_brute_force(1, of_a_cas_register);
}

#[test]
fn stores_agree_with_brute_force() {
    agrees_with_brute_force(2, of_a_store);
}

#[test]
fn what_is_linearizable_by_construction_is_found_so() {
    for seed in 0..8 {
        let load = Workload { seed, ..Workload::default() };
        let few = Workload { operations: 1000, ..load };
        assert!(is_linearizable(&few.linearizable(cas_register(5))));
        assert!(is_linearizable(&Workload { unanswered: 12, ..few.clone() }.linearizable(cas_register(5))));
        let simulated = Workload { clients: 10, operations: 3000, unanswered: 50, keys: 20, ..few.clone() };
        assert!(is_linearizable(&simulated.linearizable(store(4))));
        assert!(is_linearizable(&Workload { clients: 4, ..few }.linearizable(register())));
    }
}

/// More operations open at once than a word has bits.
#[test]
fn any_number_of_operations_may_be_open() {
    for clients in [64, 65, 128, 129, 200] {
        let writes = (0..clients).map(|client| {
            Operation::called(client, client, Op::Write((client as i64).into())).returned(1000, Output::Null)
        });
        let reads = |order: Vec<u64>| {
            let read = |(at, value): (usize, u64)| {
                let read = Operation::called(500 + at as u64, 2000 + 2 * at as u64, Op::Read);
                read.returned(2001 + 2 * at as u64, Output::Value((value as i64).into()))
            };
            order.into_iter().enumerate().map(read).collect::<Vec<_>>()
        };
        let last = History::new(writes.clone().chain(reads(vec![clients - 1]))).unwrap();
        assert!(is_linearizable(&last));
        let gone = History::new(writes.chain([Operation::called(900, 2000, Op::cas(0, 1))])).unwrap();
        assert!(is_linearizable(&gone));
    }
}
