//! Two ways to decide, and one of them led astray, come to the same.
use super::*;
use crate::{
    DataType, Operation,
    generate::{Random, Workload, unique_operations},
};

/// A linearizable history with skewed clocks, in which two reads may have exchanged their answers.
fn history(seed: u64) -> History {
    let mut random = Random::new(seed);
    let load =
        Workload { clients: 5, operations: 20 + random.below(8), keys: 3, seed, ..Workload::default() };
    let whole = load.linearizable(DataType::Register, unique_operations(DataType::Register));
    let mut operations = whole.operations().collect::<Vec<Operation>>();
    // With few reads much is left open.
    operations.retain(|operation| operation.op != Op::Read || random.below(3) > 0);
    for operation in &mut operations {
        let skew = operation.client * 500;
        operation.call += skew;
        operation.returned.iter_mut().for_each(|end| end.at += skew);
    }
    let reads = |number: &usize| operations[*number].op == Op::Read;
    let reads = (0..operations.len()).filter(reads).collect::<Vec<_>>();
    if seed.is_multiple_of(2) && !reads.is_empty() {
        let mut pick = || reads[random.below(reads.len() as u64) as usize];
        let (one, other) = (pick(), pick());
        if operations[one].key == operations[other].key {
            let mut end = operations[one].returned.clone();
            if let (Some(one), Some(other)) = (&mut end, &mut operations[other].returned) {
                std::mem::swap(&mut one.output, &mut other.output);
            }
            operations[one].returned = end;
        }
    }
    History::new(operations).expect("as before")
}

/// By ordering writes, the likely ones first or last.
fn by_ordering(history: &History, bounds: &Bounds, led_astray: bool) -> bool {
    let facts = facts::of(history).expect("a register");
    let Ok(mut saturated) = saturate(&facts, || true) else { return false };
    if led_astray {
        saturated.places.iter_mut().for_each(|place| *place = -*place);
    }
    let mut ordering = Ordering::new(Known { facts: &facts, saturated: &saturated });
    let found = matches!(ordering.search(bounds), Ok(Outcome::Found));
    if found {
        assert_eq!(crate::consistency::verify_sequential(history, &ordering.order()), Ok(()));
    }
    found
}

/// By positions, knowing nothing of who read what.
fn by_search(history: &History, bounds: &Bounds) -> bool {
    matches!(history.with_object(Run { layout: Layout::new(history, None), bounds }), Decision::Order(_))
}

#[test]
fn orderings_and_searches_agree() {
    let mut sequential = 0;
    for seed in 0..400 {
        let history = history(seed);
        let bounds = Bounds::new(&Options::default());
        let found = by_ordering(&history, &bounds, false);
        let text = || format!("{found}:\n{}", history.to_jsonl());
        assert_eq!(by_ordering(&history, &bounds, true), found, "led astray: {}", text());
        assert_eq!(by_search(&history, &bounds), found, "{}", text());
        sequential += u32::from(found);
    }
    assert!((200..390).contains(&sequential), "{sequential}");
}
