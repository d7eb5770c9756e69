//! The check for a model of your own.
//!
//! The same search with the same bounds; only the polynomial paths know the built-in types alone. A model says by
//! [`Model::object`] which object an operation is on, and by [`Model::is_read_only`] what can be taken at once.
use std::collections::BTreeMap;

use crate::{
    HistoryError, Model, Options, OrderError, Verdict, Violation,
    check::{Refutation, search, search_in},
    hash::FastMap,
    objects::merged,
    search::{Outcome, Sequence},
    turns::{self, AnySearch, Cases, Decision, Progress},
    window::Interval,
};

/// One operation of one client on an object that a [`Model`] describes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call<Op, Output> {
    /// Who. A client has one operation at a time.
    pub client: u64,
    /// When it was called, in any unit.
    pub call: u64,
    /// What was asked.
    pub op: Op,
    /// When an answer was seen, on the same clock, and which; `None` when none ever was.
    pub returned: Option<(u64, Output)>,
}

/// Is this history of a model's operations linearizable? Operations are named by their places in `calls`.
///
/// ```
/// use synod_linearizability::{Call, Model, Options, Verdict, check_model, verify_model};
///
/// /// Hands out numbers below 3; which one is its own affair.
/// struct Pool;
/// impl Model for Pool {
///     type Op = ();
///     type Output = u8;
///     type State = Vec<u8>;
///     fn initial(&self) -> Vec<u8> {
///         vec![0, 1, 2]
///     }
///     fn step(&self, free: &Vec<u8>, _: &(), output: Option<&u8>, next: &mut Vec<Vec<u8>>) {
///         for taken in free.iter().filter(|number| output.is_none_or(|output| output == *number)) {
///             next.push(free.iter().copied().filter(|number| number != taken).collect());
///         }
///     }
/// }
///
/// let take = |client, call, number| Call { client, call, op: (), returned: Some((call + 1, number)) };
/// let calls = [take(1, 0, 2), take(2, 0, 0)];
/// let Verdict::Linearizable { order } = check_model(&Pool, &calls, &Options::default())? else { panic!() };
/// verify_model(&Pool, &calls, &order).expect("an independent check");
///
/// let twice = [take(1, 0, 2), take(2, 5, 2)];
/// let verdict = check_model(&Pool, &twice, &Options::default())?;
/// assert!(matches!(verdict, Verdict::NotLinearizable(violation) if violation.stuck == 1));
/// # Ok::<(), synod_linearizability::HistoryError>(())
/// ```
///
/// # Errors
/// A return before its call, or a client with two operations at once. Operation `i` stands for line `i + 1`.
pub fn check_model<M>(
    model: &M,
    calls: &[Call<M::Op, M::Output>],
    options: &Options,
) -> Result<Verdict, HistoryError>
where
    M: Model + Sync,
    M::Op: Send + Sync,
    M::Output: Send + Sync,
    M::State: Send,
{
    well_formed(calls)?;
    let custom = Custom { model, calls, objects: split(model, calls) };
    Ok(match turns::decide(&custom, options) {
        Decision::Found(orders) => {
            let call = |number: u32| calls[number as usize].call;
            Verdict::Linearizable { order: merged(&custom.objects, &orders, call) }
        }
        Decision::Refuted { object, refutation } => {
            Verdict::NotLinearizable(Box::new(custom.violation(object, refutation, options)))
        }
        Decision::Unknown { why, .. } => Verdict::Unknown { why, prefix: Vec::new() },
    })
}

/// Is `order` a linearization of these calls? In linear time, but for a nondeterministic model's branches, and with
/// no code in common with the search.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_model<M: Model>(
    model: &M,
    calls: &[Call<M::Op, M::Output>],
    order: &[usize],
) -> Result<(), OrderError> {
    let mut is_there = vec![false; calls.len()];
    let mut latest: Option<usize> = None;
    let mut states = BTreeMap::<u64, Vec<M::State>>::new();
    for &number in order {
        let call = calls.get(number).ok_or(OrderError::NoSuchOperation(number))?;
        if std::mem::replace(&mut is_there[number], true) {
            return Err(OrderError::Twice(number));
        }
        match (latest, &call.returned) {
            (Some(later), Some((at, _))) if *at < calls[later].call => {
                return Err(OrderError::TooEarly { later, earlier: number });
            }
            _ => {}
        }
        if latest.is_none_or(|latest| calls[latest].call < call.call) {
            latest = Some(number);
        }
        let before = states.entry(model.object(&call.op)).or_insert_with(|| vec![model.initial()]);
        let output = call.returned.as_ref().map(|(_, output)| output);
        let mut after = Vec::new();
        before.iter().for_each(|state| model.step(state, &call.op, output, &mut after));
        if after.is_empty() {
            return Err(OrderError::WrongAnswer(number));
        }
        *before = after;
    }
    let missing = (0..calls.len()).find(|&number| !is_there[number] && calls[number].returned.is_some());
    missing.map_or(Ok(()), |number| Err(OrderError::Missing(number)))
}

/// Each object's operations, in the order of their calls.
fn split<M: Model>(model: &M, calls: &[Call<M::Op, M::Output>]) -> Vec<Vec<u32>> {
    let mut objects = BTreeMap::<u64, Vec<u32>>::new();
    for (number, call) in (0..).zip(calls) {
        // Nobody can tell whether a read without an answer took place.
        if call.returned.is_some() || !model.is_read_only(&call.op, None) {
            objects.entry(model.object(&call.op)).or_default().push(number);
        }
    }
    let mut objects = objects.into_values().collect::<Vec<_>>();
    for object in &mut objects {
        object.sort_by_key(|&number| calls[number as usize].call);
    }
    objects
}

fn well_formed<Op, Output>(calls: &[Call<Op, Output>]) -> Result<(), HistoryError> {
    let mut numbers = (0..calls.len()).collect::<Vec<_>>();
    let end = |call: &Call<Op, Output>| call.returned.as_ref().map_or(u64::MAX, |(at, _)| *at);
    numbers.sort_by_key(|&number| (calls[number].client, calls[number].call, end(&calls[number]), number));
    for (&number, next) in numbers.iter().zip(numbers.iter().skip(1).map(Some).chain([None])) {
        let Call { client, call, returned, .. } = &calls[number];
        let (client, line) = (*client, number + 1);
        if let Some((at, _)) = returned
            && at < call
        {
            return Err(HistoryError::ReturnBeforeCall { line, client, call: *call, returned: *at });
        }
        let Some(next) = next.filter(|next| calls[**next].client == client) else { continue };
        let (call, next) = (calls[*next].call, next + 1);
        match returned {
            None => {
                return Err(HistoryError::CallAfterGivingUp { line: next, client, call, other: line });
            }
            Some((until, _)) if *until > call => {
                return Err(HistoryError::Overlap { line: next, client, call, other: line, until: *until });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

struct Custom<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op, M::Output>],
    objects: Vec<Vec<u32>>,
}

type Classes<M> = Vec<(<M as Model>::Op, Option<<M as Model>::Output>)>;

impl<'a, M: Model> Custom<'a, M> {
    fn task(&self, operations: &[u32]) -> (Vec<Interval>, Classes<M>) {
        let mut numbers = FastMap::<(&M::Op, Option<&M::Output>), u32>::default();
        let mut intervals = Vec::with_capacity(operations.len());
        let mut classes = Vec::new();
        for &number in operations {
            let Call { op, call, returned, .. } = &self.calls[number as usize];
            let output = returned.as_ref().map(|(_, output)| output);
            let class = *numbers.entry((op, output)).or_insert_with(|| {
                classes.push((op.clone(), output.cloned()));
                classes.len() as u32 - 1
            });
            intervals.push(Interval { call: *call, returned: returned.as_ref().map(|(at, _)| *at), class });
        }
        (intervals, classes)
    }
}

impl<'a, M> Custom<'a, M>
where
    M: Model + Sync,
    M::Op: Send,
    M::Output: Send,
    M::State: Send,
{
    /// Reads that are not needed for the contradiction are taken away one by one: they change nothing for the others.
    fn violation(&self, object: usize, refutation: Refutation, options: &Options) -> Violation {
        let operations = &self.objects[object];
        let mut kept = refutation.core.iter().map(|&local| operations[local as usize]).collect::<Vec<_>>();
        let mut found = (operations[refutation.stuck as usize], refutation.states);
        let mut place = if options.explain { kept.len() } else { 0 };
        while place > 0 {
            place -= 1;
            let Call { op, returned, .. } = &self.calls[kept[place] as usize];
            if self.model.is_read_only(op, returned.as_ref().map(|(_, output)| output)) {
                let mut rest = kept.clone();
                rest.remove(place);
                if let Some(refuted) = self.refute(&rest) {
                    (kept, found) = (rest, refuted);
                }
            }
        }
        let (stuck, states) = (found.0 as usize, found.1.join(" or "));
        let reason = match kept.len() {
            1 => format!("operation {stuck} is possible in no order"),
            count => format!(
                "operation {stuck} fits nowhere: whatever the order of these {count} operations, what is there \
                 then is {states}"
            ),
        };
        let counterexample = kept.into_iter().map(|number| number as usize).collect();
        Violation { stuck, key: None, reason, counterexample, prefix: Vec::new() }
    }

    /// The operation at which these get stuck, and the states there; `None` if they need not, or it takes too long.
    fn refute(&self, operations: &[u32]) -> Option<(u32, Vec<String>)> {
        let (intervals, classes) = self.task(operations);
        let mut search = search(self.model, &intervals, classes);
        let is_refuted = search.run(100_000) == Outcome::Exhausted;
        let stuck = search.stuck().filter(|_| is_refuted)?;
        Some((operations[stuck as usize], search.states_when_stuck()))
    }
}

impl<'a, M> Cases<'a> for Custom<'a, M>
where
    M: Model + Sync,
    M::Op: Send + Sync,
    M::Output: Send + Sync,
    M::State: Send,
{
    type Refutation = Refutation;

    fn count(&self) -> usize {
        self.objects.len()
    }

    fn operations(&self, object: usize) -> usize {
        self.objects[object].len()
    }

    fn are_many(&self) -> bool {
        self.calls.len() > 20_000
    }

    fn begin(&'a self, object: usize) -> Progress<'a, Refutation> {
        let (intervals, classes) = self.task(&self.objects[object]);
        Progress::Searching(vec![search(self.model, &intervals, classes)])
    }

    fn rival(&'a self, object: usize) -> Box<dyn AnySearch + 'a> {
        let (intervals, classes) = self.task(&self.objects[object]);
        search_in(Sequence::EarliestCall, self.model, &intervals, classes)
    }

    fn refuted(&self, object: usize, search: &dyn AnySearch) -> Refutation {
        let operations = &self.objects[object];
        let stuck = search.stuck().expect("an exhausted search stopped at a return");
        let call = |local: u32| &self.calls[operations[local as usize] as usize];
        let end = call(stuck).returned.as_ref().map_or(u64::MAX, |(at, _)| *at);
        let core = (0..operations.len() as u32).take_while(|&local| call(local).call <= end).collect();
        Refutation { core, stuck, states: search.states_when_stuck() }
    }
}
