//! Random histories against the definitions, and which model implies which.
use synod_linearizability::{
    Consistency, DataType, History, HistoryBuilder, Op, Operation, Output, Value, generate::Random,
};

use super::{definitions, keeps};
use crate::random::Recipe;

/// A few clients' operations on registers; a read sees some write of its key, or nothing.
fn registers(random: &mut Random, unique: bool) -> History {
    let count = 1 + random.below(7);
    let keys = 1 + random.below(2);
    let clients = 2 + random.below(2);
    let (with_cas, with_delete) = (random.below(3) == 0, random.below(6) == 0);
    let mut lost = clients;
    let mut ids = (0..clients).collect::<Vec<_>>();
    let mut clocks = vec![0; clients as usize];
    let mut builder = HistoryBuilder::default().data_type(DataType::KeyValue);
    for number in 0..count {
        let client = random.below(clients) as usize;
        let fresh = Value::Number(if unique { number } else { random.below(2) } as i64);
        let some = Value::Number(random.below(if unique { count } else { 2 }) as i64);
        let (op, output) = match random.below(8) {
            0..4 if random.below(3) == 0 => (Op::Get, Output::Null),
            0..4 => (Op::Get, Output::Value(some)),
            4 if with_cas => (Op::Cas { from: some, to: fresh }, Output::Bool(random.below(4) > 0)),
            5 if with_delete => (Op::Delete, Output::Null),
            _ => (Op::Put(fresh), Output::Null),
        };
        let call = clocks[client] + random.below(4);
        let end = call + random.below(4);
        clocks[client] = end + 1;
        let operation = Operation::called(ids[client], call, op).on(random.below(keys) as i64);
        builder
            .push(if random.below(10) == 0 {
                ids[client] = lost;
                lost += 1;
                operation
            } else {
                operation.returned(end, output)
            })
            .unwrap();
    }
    builder.finish().unwrap()
}

const WEAKER: [Consistency; 5] = [
    Consistency::Causal,
    Consistency::ReadYourWrites,
    Consistency::MonotonicReads,
    Consistency::MonotonicWrites,
    Consistency::WritesFollowReads,
];

/// Judges `count` histories; for each model how many keep it, violate it, and leave it open.
fn agree(seed: u64, count: u64, unique: bool) -> Vec<(Consistency, [u64; 3])> {
    let mut random = Random::new(seed);
    let mut tally = Consistency::ALL.map(|model| (model, [0; 3]));
    for _ in 0..count {
        let history = registers(&mut random, unique);
        let judged = Consistency::ALL.map(|model| {
            let found = keeps(&history, model);
            let expected = definitions::keeps(&history, model);
            let text = || format!("{model}, by definition {expected}:\n{}", history.to_jsonl());
            assert!(found.is_none_or(|found| found == expected), "{}", text());
            assert!(found.is_some() || WEAKER.contains(&model), "{}", text());
            (model, found, expected)
        });
        for (one, _, holds) in judged {
            for (other, _, follows) in judged {
                assert!(
                    !one.implies(other) || !holds || follows,
                    "{one} without {other}:\n{}",
                    history.to_jsonl()
                );
            }
        }
        for ((_, counts), (_, found, _)) in tally.iter_mut().zip(judged) {
            counts[found.map_or(2, |found| usize::from(!found))] += 1;
        }
    }
    tally.to_vec()
}

#[test]
fn registers_agree_with_the_definitions() {
    let count = if cfg!(debug_assertions) { 1500 } else { 20_000 };
    for (model, [kept, violated, open]) in agree(1, count, true) {
        assert!(
            kept > count / 20 && violated > count / 20 && open < count / 4,
            "{model}: {kept} {violated} {open}"
        );
    }
    for (model, [kept, violated, _]) in agree(2, count / 3, false) {
        assert!(kept > count / 100 && violated > count / 100, "{model}: {kept} {violated}");
    }
}

/// The operations of a random history, dealt to two or three clients that call one after the other.
fn dealt(recipe: Recipe, random: &mut Random) -> History {
    let mut operations = recipe.history(random).operations().collect::<Vec<_>>();
    operations.sort_by_key(|operation| operation.call);
    operations.truncate(7);
    let clients = 2 + random.below(2);
    let mut ids = (0..clients).collect::<Vec<_>>();
    let mut lost = clients;
    let mut builder = HistoryBuilder::default().data_type(recipe.data_type);
    for (mut operation, time) in operations.into_iter().zip((0..).step_by(10)) {
        let id = &mut ids[random.below(clients) as usize];
        (operation.client, operation.call) = (*id, time);
        match &mut operation.returned {
            Some(end) => end.at = time + 5,
            None => (*id, lost) = (lost, lost + 1),
        }
        builder.push(operation).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn all_types_agree_with_the_definition_of_sequential_consistency() {
    let count = if cfg!(debug_assertions) { 60 } else { 2_000 };
    for data_type in DataType::ALL {
        for unique in [false, true] {
            for unanswered in [5, u64::MAX] {
                let recipe = Recipe { data_type, unique, unanswered };
                let mut random = Random::new(3);
                let mut sequential = 0;
                for _ in 0..count {
                    let history = dealt(recipe, &mut random);
                    let expected = definitions::keeps(&history, Consistency::Sequential);
                    sequential += u64::from(expected);
                    let found = keeps(&history, Consistency::Sequential);
                    let text = || format!("{recipe:?}, by definition {expected}:\n{}", history.to_jsonl());
                    assert_eq!(found, Some(expected), "{}", text());
                }
                assert!(
                    (count / 12..count * 19 / 20).contains(&sequential),
                    "{recipe:?}: {sequential} of {count}"
                );
            }
        }
    }
}
