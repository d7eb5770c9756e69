//! The check of a history: its objects one by one, and the answer for all of them.
use crate::{
    History, Model, Op, Options, Output, Verdict,
    explain::{explain, prefix_before, unexplained},
    fast::{self, Finding},
    model,
    objects::{self, Object, Task},
    search::{Search, Sequence},
    transitions::Transitions,
    turns::{self, AnySearch, Cases, Decision, Progress},
    window::{Interval, Window},
};

/// Is this history linearizable?
pub fn check(history: &History, options: &Options) -> Verdict {
    history.with_object(Check { history, options })
}

struct Check<'a> {
    history: &'a History,
    options: &'a Options,
}

impl model::WithObject for Check<'_> {
    type Result = Verdict;

    fn run<T>(self, object: T) -> Verdict
    where
        T: model::Object + Model<Op = Op, Output = Output, State = <T as model::Object>::State> + Sync,
        <T as model::Object>::State: Send,
    {
        let history = self.history;
        let objects = Objects { history, model: object, objects: objects::split(history) };
        match turns::decide(&objects, self.options) {
            Decision::Found(orders) => {
                let call = |number: u32| history.packed()[number as usize].call;
                Verdict::Linearizable { order: objects::merged(&objects.objects, &orders, call) }
            }
            Decision::Refuted { object, refutation } => {
                let tell = if self.options.explain { explain } else { unexplained };
                Verdict::NotLinearizable(Box::new(tell(history, &objects.objects[object], refutation)))
            }
            Decision::Unknown { why, stuck } => {
                let prefix = |&(object, stuck): &(usize, u32)| {
                    let object: &Object = &objects.objects[object];
                    prefix_before(history, object, stuck)
                };
                Verdict::Unknown { why, prefix: stuck.iter().flat_map(prefix).collect() }
            }
        }
    }
}

/// A linearization, if one is found within the bounds.
pub(crate) fn linearization(history: &History, options: &Options) -> Option<Vec<usize>> {
    match check(history, &options.clone().explain(false)) {
        Verdict::Linearizable { order } => Some(order),
        _ => None,
    }
}

/// The objects of a history, with their model.
struct Objects<'a, M> {
    history: &'a History,
    model: M,
    objects: Vec<Object>,
}

/// What is known of an object that has no linearization.
pub(crate) struct Refutation {
    /// Operations that have none, numbered within the object, in the order of their calls.
    pub(crate) core: Vec<u32>,
    /// The one of them that a search could not get past, and the states in which it was tried.
    pub(crate) stuck: u32,
    pub(crate) states: Vec<String>,
}

impl<'a, M> Cases<'a> for Objects<'a, M>
where
    M: Model<Op = Op, Output = Output> + Sync + 'a,
    M::State: Send,
{
    type Refutation = Refutation;

    fn count(&self) -> usize {
        self.objects.len()
    }

    fn operations(&self, object: usize) -> usize {
        self.objects[object].operations.len()
    }

    fn are_many(&self) -> bool {
        self.history.len() > 20_000
    }

    fn begin(&'a self, object: usize) -> Progress<'a, Refutation> {
        match fast::judge(self.history, &self.objects[object]) {
            Finding::Order(order) => Progress::Found(order),
            Finding::Core(core) => {
                let stuck = *core.last().expect("nothing at all is linearizable");
                Progress::Refuted(Refutation { core, stuck, states: Vec::new() })
            }
            Finding::DoesNotApply => {
                let Task { intervals, classes } = self.objects[object].task(self.history);
                Progress::Searching(vec![search(&self.model, &intervals, classes)])
            }
        }
    }

    fn rival(&'a self, object: usize) -> Box<dyn AnySearch + 'a> {
        let Task { intervals, classes } = self.objects[object].task(self.history);
        search_in(Sequence::EarliestCall, &self.model, &intervals, classes)
    }

    fn refuted(&self, object: usize, search: &dyn AnySearch) -> Refutation {
        let stuck = search.stuck().expect("an exhausted search stopped at a return");
        let operations = &self.objects[object].operations;
        let packed = |local: u32| &self.history.packed()[operations[local as usize] as usize];
        let end = packed(stuck).returned;
        let core = (0..operations.len() as u32).take_while(|&local| packed(local).call <= end).collect();
        Refutation { core, stuck, states: search.states_when_stuck() }
    }
}

/// The search that is tried first.
pub(crate) fn search<'a, M>(
    model: &'a M,
    intervals: &[Interval],
    classes: Vec<(M::Op, Option<M::Output>)>,
) -> Box<dyn AnySearch + 'a>
where
    M: Model + Sync,
    M::Op: Send,
    M::Output: Send,
    M::State: Send,
{
    search_in(Sequence::EarliestReturn, model, intervals, classes)
}

/// A search in another sequence, say.
pub(crate) fn search_in<'a, M>(
    sequence: Sequence,
    model: &'a M,
    intervals: &[Interval],
    classes: Vec<(M::Op, Option<M::Output>)>,
) -> Box<dyn AnySearch + 'a>
where
    M: Model + Sync,
    M::Op: Send,
    M::Output: Send,
    M::State: Send,
{
    search_over(Window::new(intervals), sequence, model, classes)
}

/// A search with a mask that is wide enough.
pub(crate) fn search_over<'a, M>(
    window: Window,
    sequence: Sequence,
    model: &'a M,
    classes: Vec<(M::Op, Option<M::Output>)>,
) -> Box<dyn AnySearch + 'a>
where
    M: Model + Sync,
    M::Op: Send,
    M::Output: Send,
    M::State: Send,
{
    let transitions = Transitions::new(model, classes);
    match window.slot_count {
        0..=64 => Box::new(Search::<u64>::new(window, transitions, sequence)),
        _ => Box::new(Search::<Box<[u64]>>::new(window, transitions, sequence)),
    }
}
