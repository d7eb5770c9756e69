//! From "the search found no order" to few operations that have none.
//!
//! What may be taken away is what leaves an order of the rest if there was one of the whole: all operations on one
//! object; one that only reads; everything about one value of a register, a queue, a stack or a priority queue.
use std::collections::{BTreeMap, BTreeSet};

use super::{Bounds, Decision, decide};
use crate::{
    History, Options,
    function::Function,
    history::{Answer, Class},
    symbol::Symbol,
};

/// So many checks at most, of so many steps each.
const CHECKS: usize = 200;
const STEPS: u64 = 5_000;

pub(super) fn few(history: &History, bounds: &Bounds) -> Vec<usize> {
    let mut kept = (0..history.len()).collect::<Vec<_>>();
    let mut checks = 0;
    loop {
        let before = kept.len();
        let mut left = removable(history, &kept);
        let mut chunk = left.len().div_ceil(2).max(1);
        loop {
            let mut survivors = Vec::new();
            for part in left.chunks(chunk) {
                let gone = part.iter().flatten().copied().collect::<BTreeSet<_>>();
                let rest = kept.iter().copied().filter(|number| !gone.contains(number)).collect::<Vec<_>>();
                checks += 1;
                let is_over = checks > CHECKS || bounds.met(0, 0).is_some();
                if is_over || rest.len() == kept.len() || !is_refuted(history, &rest) {
                    survivors.extend(part.iter().cloned());
                } else {
                    kept = rest;
                }
            }
            if chunk == 1 {
                break;
            }
            left = survivors;
            chunk = (chunk / 2).max(1);
        }
        if kept.len() == before || checks > CHECKS {
            break;
        }
    }
    kept.sort_by_key(|&number| (history.packed()[number].call, number));
    kept
}

fn is_refuted(history: &History, kept: &[usize]) -> bool {
    let bounds = Bounds::new(&Options::default().steps(STEPS));
    matches!(decide(&history.restricted_to(kept), &bounds), Decision::Exhausted | Decision::Cycle(_))
}

/// Sets of operations each of which may be taken away, alone or with others; the large ones first.
fn removable(history: &History, kept: &[usize]) -> Vec<Vec<usize>> {
    let mut objects = BTreeMap::<(Symbol, Symbol), Vec<usize>>::new();
    let mut values = BTreeMap::<(Symbol, Symbol), Vec<usize>>::new();
    let mut alone = Vec::new();
    // Keys where what an operation does, or says, is about more than one value.
    let mut tangled = BTreeSet::new();
    for &number in kept {
        let packed = &history.packed()[number];
        let (key, class) = (packed.key, packed.class);
        let is_element = matches!(class.function, Function::Add | Function::Remove | Function::Contains);
        let element = if is_element { class.arguments[0] } else { Symbol::NONE };
        objects.entry((key, element)).or_default().push(number);
        match value_of(class) {
            Some(value) => values.entry((key, value)).or_default().push(number),
            None => drop(tangled.insert(key)),
        }
        if only_reads(class) {
            alone.push(vec![number]);
        }
    }
    let values = values.into_iter().filter(|((key, _), _)| !tangled.contains(key));
    objects.into_values().chain(values.map(|(_, operations)| operations)).chain(alone).collect()
}

/// The one value that it is about; none if there are several, or it is not known.
fn value_of(class: Class) -> Option<Symbol> {
    match (class.function, class.answer) {
        (Function::Write | Function::Put | Function::Enq | Function::Push | Function::Insert, _) => {
            Some(class.arguments[0])
        }
        (Function::Delete, _) => Some(Symbol::NONE),
        (Function::Read | Function::Get | Function::Deq | Function::Pop | Function::DeleteMin, answer) => {
            match answer {
                Answer::Value(value) => Some(value),
                _ => None,
            }
        }
        _ => None,
    }
}

fn only_reads(class: Class) -> bool {
    match class.function {
        Function::Deq | Function::Pop | Function::DeleteMin => class.answer == Answer::Value(Symbol::NONE),
        function => function.is_read() || class.answer == Answer::Bool(false),
    }
}
