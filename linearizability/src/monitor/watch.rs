//! One object, watched: where it may stand, and what was called since.
use std::fmt;

use super::{
    Found, Watching,
    frontier::{Difference, Since, Stand, advanced, may_matter},
};
use crate::{
    DataType, HistoryBuilder, Model, Op, Operation, Output,
    check::search_over,
    fast::{self, Finding},
    hash::FastMap,
    model::Object,
    objects,
    search::{Outcome, Sequence},
    turns::AnySearch,
    window::{Event, Interval, Window},
};

/// An operation that is open, or was when something was called that is still open.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) call: u64,
    pub(super) op: Op,
    pub(super) end: End,
}

/// How an operation ended, or not.
#[derive(Clone, Debug)]
pub(super) enum End {
    Open,
    /// There will be no answer.
    GivenUp,
    Returned(u64, Output),
}

impl Entry {
    pub(super) fn output(&self) -> Option<&Output> {
        match &self.end {
            End::Returned(_, output) => Some(output),
            End::Open | End::GivenUp => None,
        }
    }

    fn returned(&self) -> Option<u64> {
        match self.end {
            End::Returned(at, _) => Some(at),
            End::Open | End::GivenUp => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Watch<T: Object> {
    data_type: DataType,
    object: T,
    /// Where the object may stand before the window. One that led on last time comes first.
    stands: Vec<Stand<T::State>>,
    /// In the order of calls.
    window: Vec<Entry>,
    /// The window is not cut before it has this many operations that ended.
    patience: usize,
}

/// A shorter window is not worth cutting.
const SHORT: usize = 24;
/// More stands than this would make every later answer slower than a longer window does.
const STANDS: usize = 32;
/// Whether a stand leads on is not looked at for longer.
const LOOK_AHEAD: u64 = 2_000;
/// Most answers are judged in fewer steps than this, whatever the type.
const SEARCH_FIRST: u64 = 1_000;

impl<T> Watch<T>
where
    T: Object + Sync,
    T::State: Send + Sync,
{
    pub(super) fn new(data_type: DataType, object: T) -> Self {
        let stands = vec![Stand { state: Object::initial(&object), taken: Vec::new() }];
        Watch { data_type, object, stands, window: Vec::new(), patience: SHORT }
    }

    fn place(&self, call: u64) -> Option<usize> {
        self.window.binary_search_by_key(&call, |entry| entry.call).ok()
    }

    /// Does some order lead from a stand through all answers of the window?
    fn leads_on(&mut self, steps: u64) -> Found {
        let mut left = steps;
        let mut states = Vec::new();
        let mut is_open = vec![false; self.stands.len()];
        let matters = self.may_matter(Difference::ToAnswers);
        for number in 0..self.stands.len() {
            match self.leads_on_from(&self.stands[number], &matters, &mut left, &mut states) {
                Outcome::Found => {
                    // The ones before it are refuted for good, unless it was too early to say.
                    let mut number_of = 0..;
                    self.stands.retain(|_| number_of.next().is_none_or(|at| at >= number || is_open[at]));
                    let last = self.stands.len() - 1;
                    self.stands.swap(0, last.min(is_open.iter().filter(|&&open| open).count()));
                    return Found::Order;
                }
                Outcome::Exhausted => {}
                Outcome::OutOfSteps => is_open[number] = true,
            }
        }
        if is_open.contains(&true) {
            return Found::Undecided;
        }
        states.sort();
        states.dedup();
        states.truncate(4);
        Found::Nothing(states)
    }

    fn leads_on_from(
        &self,
        stand: &Stand<T::State>,
        matters: &[u64],
        left: &mut u64,
        states: &mut Vec<String>,
    ) -> Outcome {
        let since = Since { object: &self.object, initial: stand.state.clone() };
        let task = Task::new(&self.window, stand, (u64::MAX, matters));
        let mut search = task.search(&since);
        let mut outcome = search.run((*left).min(SEARCH_FIRST));
        if outcome == Outcome::OutOfSteps {
            outcome = match self.judged_by_lives(stand) {
                Some(true) => Outcome::Found,
                // Where it gets stuck only a search can tell, and that may take long.
                Some(false) => Outcome::Exhausted,
                None => search.run(*left),
            };
        }
        if outcome == Outcome::Exhausted {
            states.extend(search.states_when_stuck());
        }
        *left = left.saturating_sub(search.steps()).max(1);
        outcome
    }

    fn may_matter(&self, to: Difference) -> Vec<u64> {
        let states = self.stands.iter().map(|stand| &stand.state).collect::<Vec<_>>();
        may_matter(&self.object, &self.window, &states, to)
    }

    /// The polynomial path for containers, if there is one: as if what is there had been put in one by one before.
    fn judged_by_lives(&self, stand: &Stand<T::State>) -> Option<bool> {
        let content = self.object.refilled(&stand.state)?;
        let before = content.len() as u64;
        let mut builder = HistoryBuilder::default().data_type(self.data_type);
        for (at, op) in (0..).zip(content) {
            builder.push(Operation::called(at, at, op).returned(at, Output::Null)).ok()?;
        }
        let is_wanted = |entry: &&Entry| {
            let is_needless = entry.returned().is_none() && self.object.is_read_only(&entry.op, None);
            !is_needless && !stand.taken.contains(&entry.call)
        };
        for entry in self.window.iter().filter(is_wanted) {
            let at = before + entry.call;
            let operation = Operation::called(at, at, entry.op.clone());
            let operation = match &entry.end {
                End::Returned(at, output) => operation.returned(before + at, output.clone()),
                End::Open | End::GivenUp => operation,
            };
            builder.push(operation).ok()?;
        }
        let history = builder.finish().ok()?;
        match &objects::split(&history)[..] {
            [object] => match fast::judge(&history, object) {
                Finding::Order(_) => Some(true),
                Finding::Core(_) => Some(false),
                Finding::DoesNotApply => None,
            },
            _ => None,
        }
    }

    /// Moves the stands towards the call of the oldest open operation, if enough has ended before it.
    fn cut(&mut self) {
        let oldest = self.window.iter().find(|entry| matches!(entry.end, End::Open));
        let limit = oldest.map_or(u64::MAX, |entry| entry.call);
        let has_ended = |entry: &&Entry| entry.returned().is_some_and(|at| at < limit);
        if self.window.iter().filter(has_ended).count() < self.patience {
            return;
        }
        let until = self.quietest(limit);
        let matters = self.may_matter(Difference::ToStandsAt(until));
        let ends = advanced(&self.object, &self.window, &self.stands, until, &matters);
        let stands = ends.and_then(|ends| self.that_lead_on(ends, until));
        let Some(stands) = stands else {
            // Too many ways lead there; later answers will refute some of them.
            self.patience += SHORT;
            return;
        };
        // What took place wherever the object may stand is over, answered or not.
        let is_over = |entry: &Entry| match entry.end {
            End::Returned(at, _) => at < until,
            End::GivenUp => stands.iter().all(|stand| stand.taken.contains(&entry.call)),
            End::Open => false,
        };
        self.window.retain(|entry| !is_over(entry));
        self.stands = stands;
        let window = &self.window;
        for stand in &mut self.stands {
            stand.taken.retain(|call| window.binary_search_by_key(call, |entry| entry.call).is_ok());
        }
        self.patience = SHORT;
    }

    /// The call at which the fewest operations are open, neither very early nor late, and not after `limit`: the fewer,
    /// the fewer ways there are for the object to stand there.
    fn quietest(&self, limit: u64) -> u64 {
        // What was given up may have been called long ago.
        let calls = self.window.iter().filter(|entry| !matches!(entry.end, End::GivenUp));
        let calls = calls.map(|entry| entry.call).filter(|&call| call <= limit).collect::<Vec<_>>();
        let open_at = |until: u64| {
            let is_open =
                |entry: &&Entry| entry.call < until && entry.returned().is_some_and(|at| at > until);
            self.window.iter().filter(is_open).count()
        };
        let middle = &calls[calls.len().min(SHORT) / 3..calls.len().min(2 * SHORT)];
        let quietest = middle.iter().copied().min_by_key(|&call| (open_at(call), std::cmp::Reverse(call)));
        quietest.unwrap_or(limit)
    }

    /// Those from which an order leads through all answers since, if they are few.
    fn that_lead_on(&self, ends: Vec<Stand<T::State>>, until: u64) -> Option<Vec<Stand<T::State>>> {
        let rest = self.window.iter().filter(|entry| entry.returned().is_none_or(|at| at > until));
        let rest = rest.cloned().collect::<Vec<_>>();
        let mut kept = Vec::new();
        for stand in ends {
            let since = Since { object: &self.object, initial: stand.state.clone() };
            let matters = may_matter(&self.object, &rest, &[&stand.state], Difference::ToAnswers);
            let task = Task::new(&rest, &stand, (u64::MAX, &matters));
            if task.search(&since).run(LOOK_AHEAD) != Outcome::Exhausted {
                kept.push(stand);
            }
            if kept.len() > STANDS {
                return None;
            }
        }
        Some(kept)
    }
}

impl<T> Watching for Watch<T>
where
    T: Object + fmt::Debug + Send + Sync,
    T::State: Send + Sync,
{
    fn call(&mut self, event: u64, op: Op) {
        self.window.push(Entry { call: event, op, end: End::Open });
    }

    fn returned(&mut self, call: u64, event: u64, output: Output, steps: u64) -> Found {
        let Some(place) = self.place(call) else { return Found::Order };
        self.window[place].end = End::Returned(event, output);
        let found = self.leads_on(steps);
        if matches!(found, Found::Order) {
            self.cut();
        }
        found
    }

    fn gave_up(&mut self, call: u64) {
        let Some(place) = self.place(call) else { return };
        if Object::is_read_only(&self.object, &self.window[place].op, None) {
            self.window.remove(place);
        } else {
            self.window[place].end = End::GivenUp;
        }
    }

    fn op(&self, call: u64) -> Option<&Op> {
        self.place(call).map(|place| &self.window[place].op)
    }

    fn held(&self) -> usize {
        self.window.len()
    }
}

/// The operations of a window that can still take place after a stand, as the search wants them.
pub(super) struct Task {
    intervals: Vec<Interval>,
    classes: Vec<(Op, Option<Output>)>,
    /// The call of each.
    pub(super) calls: Vec<u64>,
}

impl Task {
    /// What was called before some moment, and of that without an answer only some calls.
    pub(super) fn new<S>(window: &[Entry], stand: &Stand<S>, (until, unanswered): (u64, &[u64])) -> Self {
        let mut numbers = FastMap::<(&Op, Option<&Output>), u32>::default();
        let mut task = Task { intervals: Vec::new(), classes: Vec::new(), calls: Vec::new() };
        for entry in window {
            let is_wanted = entry.call < until
                && (entry.returned().is_some() || unanswered.binary_search(&entry.call).is_ok());
            if !is_wanted || stand.taken.contains(&entry.call) {
                continue;
            }
            let classes = &mut task.classes;
            let class = *numbers.entry((&entry.op, entry.output())).or_insert_with(|| {
                classes.push((entry.op.clone(), entry.output().cloned()));
                classes.len() as u32 - 1
            });
            task.intervals.push(Interval { call: entry.call, returned: entry.returned(), class });
            task.calls.push(entry.call);
        }
        task
    }

    pub(super) fn search<'m, M>(&self, model: &'m M) -> Box<dyn AnySearch + 'm>
    where
        M: Model<Op = Op, Output = Output> + Sync,
        M::State: Send,
    {
        let window = Window::new(&self.intervals);
        search_over(window, Sequence::EarliestReturn, model, self.classes.clone())
    }

    /// A search that ends where `until` comes, whatever is open there.
    pub(super) fn search_until<'m, M>(&self, model: &'m M, until: u64) -> Box<dyn AnySearch + 'm>
    where
        M: Model<Op = Op, Output = Output> + Sync,
        M::State: Send,
    {
        let mut window = Window::new(&self.intervals);
        let is_before = |event: &Event| match *event {
            Event::Call(_) => true,
            Event::Return(operation) => self.intervals[operation as usize].returned < Some(until),
        };
        let before = window.events.iter().take_while(|event| is_before(event)).count();
        window.events.truncate(before);
        search_over(window, Sequence::EarliestReturn, model, self.classes.clone())
    }
}
