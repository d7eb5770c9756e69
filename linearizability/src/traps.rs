//! Two shortcuts that look sound, put in on purpose: the histories of the tests must tell them from the real
//! thing, or the tests would not notice if somebody slipped into one.
use crate::{
    DataType, History,
    generate::{Workload, operations},
    model::KeyValue,
    objects,
    search::{Eager, Outcome, Representative, Search, Sequence},
    transitions::Transitions,
    turns::AnySearch,
    window::Window,
};

fn outcome(history: &History, eager: Eager, representative: Representative) -> Outcome {
    let [object] = &objects::split(history)[..] else { panic!("a history of one object") };
    let task = object.task(history);
    let window = Window::new(&task.intervals);
    let model = KeyValue::default();
    let transitions = Transitions::new(&model, task.classes);
    let mut search = Search::<u64>::new(window, transitions, Sequence::EarliestReturn);
    (search.eager, search.representative) = (eager, representative);
    search.run(u64::MAX)
}

/// How many of some linearizable histories a search denies.
fn denied(clients: u64, length: u64, eager: Eager, representative: Representative) -> usize {
    let history = |seed| {
        Workload { clients, operations: length, seed, ..Workload::default() }
            .linearizable(DataType::CasRegister, operations(DataType::CasRegister, 5))
    };
    (0..20).filter(|&seed| outcome(&history(seed), eager, representative) == Outcome::Exhausted).count()
}

#[test]
fn sound_reductions_deny_nothing() {
    assert_eq!(denied(4, 300, Eager::Reads, Representative::EarliestReturn), 0);
    assert_eq!(denied(10, 200, Eager::Reads, Representative::EarliestReturn), 0);
}

/// M1: "it changes nothing here, so let it go first".
#[test]
fn a_search_that_is_eager_about_whatever_changes_nothing_here_is_caught() {
    assert!(denied(4, 300, Eager::UnchangedHere, Representative::EarliestReturn) > 0);
}

/// M2: "the one that has waited longest goes first".
#[test]
fn a_search_that_prefers_the_earliest_call_is_caught() {
    assert!(denied(10, 200, Eager::Reads, Representative::EarliestCall) > 0);
}
