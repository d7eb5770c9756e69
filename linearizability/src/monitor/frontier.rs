//! Where an object may stand once everything up to some moment is settled: all ends of all orders, not one.
use super::watch::{End, Entry, Task};
use crate::{Model, Op, Output, Value, model::Object, search::Outcome};

/// Where an object may stand: its state, and which operations of the window have taken place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stand<S> {
    pub(super) state: S,
    /// By their calls, in ascending order.
    pub(super) taken: Vec<u64>,
}

/// An object that does not start where it usually does.
pub(super) struct Since<'a, T: Object> {
    pub(super) object: &'a T,
    pub(super) initial: T::State,
}

impl<T: Object> Model for Since<'_, T> {
    type Op = Op;
    type Output = Output;
    type State = T::State;

    fn initial(&self) -> T::State {
        self.initial.clone()
    }

    fn step(&self, state: &T::State, op: &Op, output: Option<&Output>, next: &mut Vec<T::State>) {
        if let Some((after, answer)) = self.object.apply(state, op)
            && output.is_none_or(|output| *output == answer)
        {
            next.push(after);
        }
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        self.object.is_read_only(op, output)
    }

    fn describe(&self, state: &T::State) -> String {
        self.object.describe(state)
    }
}

/// More ends than this are not looked at.
const ENDS: usize = 400;
const STEPS: u64 = 50_000;

/// The stands at `until`, before which every operation that ends at all was called and ended, or is known to end
/// later; `None` if that would take too long. Of the operations that were given up only those are tried that may
/// matter: the others can as well take place afterwards.
pub(super) fn advanced<T>(
    object: &T,
    window: &[Entry],
    stands: &[Stand<T::State>],
    until: u64,
    matters: &[u64],
) -> Option<Vec<Stand<T::State>>>
where
    T: Object + Sync,
    T::State: Send + Sync,
{
    let mut ends = Vec::<Stand<T::State>>::new();
    let mut left = STEPS;
    for stand in stands {
        let since = Since { object, initial: stand.state.clone() };
        let task = Task::new(window, stand, (until, matters));
        let mut search = task.search_until(&since, until);
        loop {
            match search.run(left.saturating_sub(search.steps())) {
                Outcome::Exhausted => break,
                Outcome::OutOfSteps => return None,
                Outcome::Found => {
                    let end = replayed(object, window, stand, &task, &search.order())?;
                    if !ends.iter().any(|known| is_as_good(window, known, &end)) {
                        ends.retain(|known| !is_as_good(window, &end, known));
                        ends.push(end);
                    }
                    if ends.len() > ENDS {
                        return None;
                    }
                }
            }
        }
        left = left.saturating_sub(search.steps());
    }
    Some(ends)
}

/// Where an order leads.
fn replayed<T: Object>(
    object: &T,
    window: &[Entry],
    stand: &Stand<T::State>,
    task: &Task,
    order: &[u32],
) -> Option<Stand<T::State>> {
    let mut end = stand.clone();
    for &local in order {
        let call = task.calls[local as usize];
        let place = window.binary_search_by_key(&call, |entry| entry.call).ok()?;
        end.state = object.apply(&end.state, &window[place].op)?.0;
        end.taken.push(call);
    }
    end.taken.sort_unstable();
    Some(end)
}

/// Whether whatever one stand leads to, the better one does too: it differs only in having used fewer of the
/// operations that need not take place.
fn is_as_good<S: PartialEq>(window: &[Entry], better: &Stand<S>, other: &Stand<S>) -> bool {
    let is_optional = |call: &u64| {
        let place = window.binary_search_by_key(call, |entry| entry.call);
        place.is_ok_and(|place| matches!(window[place].end, End::GivenUp))
    };
    let missing = |from: &[u64], other: &[u64]| {
        from.iter().filter(|call| other.binary_search(call).is_err()).copied().collect::<Vec<_>>()
    };
    better.state == other.state
        && missing(&better.taken, &other.taken).is_empty()
        && missing(&other.taken, &better.taken).iter().all(is_optional)
}

/// What of a window can make a difference that an operation without an answer took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Only to the answers.
    ToAnswers,
    /// Also to what is there before this call.
    ToStandsAt(u64),
}

/// The calls without an answer that may have to take place, because something tells them from calls that did not:
/// in a register or a key what was read, or swapped, or appended to. The others need not be tried.
pub(super) fn may_matter<T: Object>(
    object: &T,
    window: &[Entry],
    states: &[&T::State],
    to: Difference,
) -> Vec<u64> {
    let until = match to {
        Difference::ToAnswers => u64::MAX,
        Difference::ToStandsAt(until) => until,
    };
    let before = || window.iter().filter(|entry| entry.call < until);
    let is_unanswered =
        |entry: &&Entry| !matches!(entry.end, End::Returned(..)) && !object.is_read_only(&entry.op, None);
    let unanswered = before().filter(is_unanswered);
    let appends = || before().any(|entry| matches!(entry.op, Op::Append(_)));
    let is_any_needed = !object.is_overwritten()
        || to != Difference::ToAnswers && appends()
        || before().any(|entry| may_be_there(object, window, states, entry));
    if is_any_needed {
        return unanswered.map(|entry| entry.call).collect();
    }
    let seen = before().filter_map(seen).collect::<Vec<_>>();
    let is_read_empty = || {
        before().any(|entry| {
            matches!(entry.op, Op::Read | Op::Get) && matches!(entry.end, End::Returned(_, Output::Null))
        })
    };
    let matters = |entry: &&Entry| match &entry.op {
        Op::Delete => is_read_empty() || appends(),
        Op::Write(value) | Op::Put(value) | Op::Cas { to: value, .. } => {
            seen.iter().any(|seen| is_grown_from(seen, value))
        }
        Op::Append(value) => seen.iter().any(|seen| contains(seen, value)),
        _ => true,
    };
    unanswered.filter(matters).map(|entry| entry.call).collect()
}

/// Whether a swap failed although what it looked for may have been there: then something else was, which need not
/// show otherwise.
fn may_be_there<T: Object>(object: &T, window: &[Entry], states: &[&T::State], swap: &Entry) -> bool {
    let (Op::Cas { from, .. }, Some(Output::Bool(false))) = (&swap.op, swap.output()) else { return false };
    let writes = |entry: &Entry| match &entry.op {
        Op::Write(value) | Op::Put(value) | Op::Cas { to: value, .. } => is_grown_from(from, value),
        Op::Append(value) => contains(from, value),
        _ => false,
    };
    let finds = |state: &&T::State| {
        object.apply(state, &swap.op).is_some_and(|(_, answer)| answer == Output::Bool(true))
    };
    states.iter().any(finds) || window.iter().any(writes)
}

/// The value that an answer shows to have been there, or that must have been if a swap took place.
fn seen(entry: &Entry) -> Option<&Value> {
    match (&entry.op, &entry.end) {
        (_, End::Returned(_, Output::Value(value))) => Some(value),
        (_, End::Returned(_, Output::Bool(false))) => None,
        (Op::Cas { from, .. }, _) => Some(from),
        _ => None,
    }
}

/// Whether it is what was written, or that with something appended, which is a text.
fn is_grown_from(seen: &Value, written: &Value) -> bool {
    match seen {
        Value::Number(_) => seen == written,
        Value::Text(text) => text.starts_with(&written.characters()),
    }
}

/// Whether it is a text in which something appended can be found.
fn contains(seen: &Value, appended: &Value) -> bool {
    match seen {
        Value::Number(_) => false,
        Value::Text(text) => text.contains(&appended.characters()),
    }
}
