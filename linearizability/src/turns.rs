//! Many objects, one answer: their searches are moved on in turns.
//!
//! Turns get longer and longer, so that an object that is easily refuted is not kept waiting by a hard one, and
//! the answer does not depend on the order of the objects. An object that needs a third turn gets a second
//! search, which tries candidates in another sequence: no sequence is best for all histories, and the first
//! to come to an end decides. Within a turn objects and searches are spread over the cores; what one of them
//! does never depends on another, and of two that end in the same turn the first counts.
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use crate::{Options, Why, search::Outcome};

/// A search, whatever its model and its mask.
pub(crate) trait AnySearch: Send {
    /// Goes on for about this many steps.
    fn run(&mut self, steps: u64) -> Outcome;
    /// The operations linearized, by their numbers within the object.
    fn order(&self) -> Vec<u32>;
    fn steps(&self) -> u64;
    fn stuck(&self) -> Option<u32>;
    fn states_when_stuck(&self) -> Vec<String>;
    fn bytes(&self) -> usize;
}

/// How far the check of one object has come.
pub(crate) enum Progress<'a, R> {
    Found(Vec<u32>),
    Refuted(R),
    /// One search, or two that compete.
    Searching(Vec<Box<dyn AnySearch + 'a>>),
}

/// What became of all objects together.
pub(crate) enum Decision<R> {
    /// An order for each object.
    Found(Vec<Vec<u32>>),
    /// This object has none. Of several it is the first one of the turn in which one was refuted.
    Refuted { object: usize, refutation: R },
    /// Not decided; and each object's furthest operation, where a search got stuck.
    Unknown { why: Why, stuck: Vec<(usize, u32)> },
}

/// The objects to check: how to begin with one, and what to say of a search that found nothing.
pub(crate) trait Cases<'a>: Sync {
    type Refutation: Send;

    fn count(&self) -> usize;
    /// How many operations this one has.
    fn operations(&self, object: usize) -> usize;
    /// Whether they are worth the start of threads.
    fn are_many(&self) -> bool;
    fn begin(&'a self, object: usize) -> Progress<'a, Self::Refutation>;
    /// A search of the same object in another sequence.
    fn rival(&'a self, object: usize) -> Box<dyn AnySearch + 'a>;
    fn refuted(&self, object: usize, search: &dyn AnySearch) -> Self::Refutation;
}

/// Steps of the first turn; most objects need no second one.
const FIRST_TURN: u64 = 2_000;
/// An object that is decided in so many steps is decided before a thread has started.
const RIVALS_FROM: u64 = 20_000;
/// The clock and the memory are looked at this often.
const SLICE: u64 = 1_000;

pub(crate) fn decide<'a, C: Cases<'a>>(cases: &'a C, options: &Options) -> Decision<C::Refutation> {
    let objects = (0..cases.count()).map(|_| Mutex::new(None)).collect::<Vec<_>>();
    let bytes = (0..cases.count()).map(|_| Default::default()).collect::<Vec<_>>();
    let round = Round { cases, options, since: Instant::now(), objects, bytes };
    round.decide()
}

struct Round<'a, 'o, C: Cases<'a>> {
    cases: &'a C,
    options: &'o Options,
    since: Instant,
    objects: Vec<Mutex<Option<Progress<'a, C::Refutation>>>>,
    /// What each search of each object holds.
    bytes: Vec<[AtomicUsize; 2]>,
}

impl<'a, C: Cases<'a>> Round<'a, '_, C> {
    fn decide(self) -> Decision<C::Refutation> {
        let mut open = (0..self.cases.count()).collect::<Vec<_>>();
        let mut left = self.options.steps.unwrap_or(u64::MAX);
        let mut turn = FIRST_TURN;
        while !open.is_empty() {
            let steps = turn.min(left / open.len() as u64);
            if steps == 0 {
                let limit = self.options.steps.unwrap_or(u64::MAX);
                return self.unknown(Why::Steps(limit));
            }
            let is_later = turn > FIRST_TURN;
            let used = match self.run(&open, steps, is_later) {
                Ok(used) => used,
                Err(Halt::Bound(why)) => return self.unknown(why),
                Err(Halt::Refuted(object)) => {
                    let progress = self.objects.into_iter().nth(object);
                    let progress = progress.and_then(|object| object.into_inner().expect(NOT_POISONED));
                    let Some(Progress::Refuted(refutation)) = progress else {
                        unreachable!("it was refuted in this turn")
                    };
                    return Decision::Refuted { object, refutation };
                }
            };
            left -= used.min(left);
            open.retain(|&object| {
                matches!(*self.objects[object].lock().expect(NOT_POISONED), Some(Progress::Searching(_)))
            });
            turn = turn.saturating_mul(10);
        }
        let orders = self.objects.into_iter().map(|object| match object.into_inner().expect(NOT_POISONED) {
            Some(Progress::Found(order)) => order,
            _ => unreachable!("no object is open"),
        });
        Decision::Found(orders.collect())
    }

    /// One turn for each of the open objects; how many steps they took.
    fn run(&self, open: &[usize], steps: u64, is_later: bool) -> Result<u64, Halt> {
        // Asking how many cores there are takes as long as a short check.
        let is_long = if open.len() > 1 { is_later || self.cases.are_many() } else { steps > RIVALS_FROM };
        let cores = if is_long { cores() } else { 1 };
        let turn = Turn {
            next: AtomicUsize::new(0),
            used: AtomicU64::new(0),
            halt: Mutex::new(None),
            open,
            steps,
            has_rivals: steps > RIVALS_FROM,
            has_idle_cores: open.len() < cores,
        };
        let workers = cores.min(open.len());
        if workers > 1 {
            thread::scope(|scope| {
                let workers = (0..workers).map(|_| scope.spawn(|| self.work(&turn))).collect::<Vec<_>>();
                workers.into_iter().for_each(|worker| worker.join().expect("a worker does not panic"));
            });
        } else {
            self.work(&turn);
        }
        if let Some(halt) = turn.halt.into_inner().expect(NOT_POISONED) {
            return Err(halt);
        }
        Ok(turn.used.into_inner())
    }

    fn work(&self, turn: &Turn<'_>) {
        loop {
            let place = turn.next.fetch_add(1, Ordering::Relaxed);
            let Some(&object) = turn.open.get(place) else { return };
            if turn.is_over(object) {
                return;
            }
            if let Err(halt) = self.turn_of(object, turn) {
                turn.stop(halt);
            }
        }
    }

    fn turn_of(&self, object: usize, turn: &Turn<'_>) -> Result<(), Halt> {
        let mut progress = self.objects[object].lock().expect(NOT_POISONED);
        let progress = progress.get_or_insert_with(|| self.cases.begin(object));
        if let Progress::Searching(searches) = progress {
            // Some steps an operation are no sign that a search is lost.
            let is_hard = turn.steps / 20 > self.cases.operations(object) as u64;
            if turn.has_rivals && is_hard && searches.len() == 1 {
                searches.push(self.cases.rival(object));
            }
            if let Some((winner, outcome)) = self.compete(object, searches, turn)? {
                *progress = match outcome {
                    Outcome::Found => Progress::Found(searches[winner].order()),
                    _ => Progress::Refuted(self.cases.refuted(object, &*searches[winner])),
                };
            }
        }
        match progress {
            Progress::Refuted(_) => Err(Halt::Refuted(object)),
            Progress::Found(_) => {
                self.bytes[object].iter().for_each(|bytes| bytes.store(0, Ordering::Relaxed));
                Ok(())
            }
            Progress::Searching(_) => Ok(()),
        }
    }

    /// Moves on the searches of an object; the first that came to an end, and which one.
    fn compete(
        &self,
        object: usize,
        searches: &mut [Box<dyn AnySearch + 'a>],
        turn: &Turn<'_>,
    ) -> Result<Option<(usize, Outcome)>, Halt> {
        let is_decided = AtomicBool::new(false);
        match searches {
            [first, second] if turn.has_idle_cores => {
                let ((one, steps), (other, others_steps)) = thread::scope(|scope| {
                    let rival = scope.spawn(|| self.advance(object, 1, &mut **second, turn, &is_decided));
                    let one = self.advance(object, 0, &mut **first, turn, &AtomicBool::new(false));
                    is_decided.store(matches!(one.0, Ok(Some(_))), Ordering::Relaxed);
                    (one, rival.join().expect("a search does not panic"))
                });
                turn.used.fetch_add(steps, Ordering::Relaxed);
                if let Some(outcome) = one? {
                    // How far the second one came is a matter of chance, and must not count.
                    return Ok(Some((0, outcome)));
                }
                turn.used.fetch_add(others_steps, Ordering::Relaxed);
                Ok(other?.map(|outcome| (1, outcome)))
            }
            _ => {
                for (place, search) in searches.iter_mut().enumerate() {
                    let (outcome, steps) = self.advance(object, place, &mut **search, turn, &is_decided);
                    turn.used.fetch_add(steps, Ordering::Relaxed);
                    if let Some(outcome) = outcome? {
                        return Ok(Some((place, outcome)));
                    }
                }
                Ok(None)
            }
        }
    }

    /// Moves one search on, by a turn at most: how it ended, if it did, and its steps.
    fn advance(
        &self,
        object: usize,
        place: usize,
        search: &mut dyn AnySearch,
        turn: &Turn<'_>,
        is_decided: &AtomicBool,
    ) -> (Result<Option<Outcome>, Halt>, u64) {
        let since = search.steps();
        while search.steps() - since < turn.steps && !is_decided.load(Ordering::Relaxed) {
            let left = turn.steps - (search.steps() - since);
            let outcome = search.run(left.min(SLICE));
            if outcome != Outcome::OutOfSteps {
                return (Ok(Some(outcome)), search.steps() - since);
            }
            self.bytes[object][place].store(search.bytes(), Ordering::Relaxed);
            if let Err(why) = self.within_bounds() {
                return (Err(Halt::Bound(why)), search.steps() - since);
            }
            if turn.is_over(object) {
                break;
            }
        }
        (Ok(None), search.steps() - since)
    }

    fn within_bounds(&self) -> Result<(), Why> {
        if let Some(limit) = self.options.memory
            && self.bytes.iter().flatten().map(|bytes| bytes.load(Ordering::Relaxed)).sum::<usize>() > limit
        {
            return Err(Why::Memory(limit));
        }
        match self.options.timeout {
            Some(limit) if self.since.elapsed() >= limit => Err(Why::Time(limit)),
            _ => Ok(()),
        }
    }

    fn unknown(self, why: Why) -> Decision<C::Refutation> {
        let mut stuck = Vec::new();
        for (number, object) in self.objects.into_iter().enumerate() {
            if let Some(Progress::Searching(searches)) = object.into_inner().expect(NOT_POISONED) {
                stuck.extend(searches[0].stuck().map(|operation| (number, operation)));
            }
        }
        Decision::Unknown { why, stuck }
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

const NOT_POISONED: &str = "no worker panicked";

/// Why a turn ends before all objects had theirs.
enum Halt {
    Refuted(usize),
    Bound(Why),
}

struct Turn<'t> {
    next: AtomicUsize,
    used: AtomicU64,
    halt: Mutex<Option<Halt>>,
    open: &'t [usize],
    steps: u64,
    has_rivals: bool,
    has_idle_cores: bool,
}

impl Turn<'_> {
    /// Whether nothing that this object does can matter any more: an earlier one is refuted, or a bound is met.
    fn is_over(&self, object: usize) -> bool {
        match *self.halt.lock().expect(NOT_POISONED) {
            Some(Halt::Refuted(refuted)) => refuted < object,
            Some(Halt::Bound(_)) => true,
            None => false,
        }
    }

    fn stop(&self, halt: Halt) {
        let mut known = self.halt.lock().expect(NOT_POISONED);
        let is_better = match (&*known, &halt) {
            (None, _) => true,
            (Some(Halt::Refuted(known)), Halt::Refuted(new)) => new < known,
            (Some(Halt::Bound(_)), Halt::Refuted(_)) => true,
            (Some(_), Halt::Bound(_)) => false,
        };
        if is_better {
            *known = Some(halt);
        }
    }
}
