//! Sequential consistency: one order of all operations, of all objects, in which each client's keep theirs.
//!
//! It is not local: two objects may each have an order, and together none (the store buffer of every textbook). So
//! all objects that share clients are searched together. In order of cost:
//!
//! 1. a linearization is such an order;
//! 2. where each read's write is known, [`saturate`] refutes most of what can be refuted;
//! 3. there, an [`Ordering`] of the writes decides the rest;
//! 4. elsewhere a [`Search`] over how far each client has come does. Both keep to the bounds.
use std::time::Instant;

use super::{
    Judgement,
    contradiction::{Proof, contradiction},
    facts,
    saturate::{Known, saturate},
};
use crate::{
    History, Model, Op, Options, Output, Why, check,
    model::{self, WithObject},
};

mod cut;
mod layout;
mod ordering;
mod search;
#[cfg(test)]
mod tests;

use layout::Layout;
use ordering::Ordering;
use search::{Outcome, Search};

/// Steps that the attempt to find a linearization may take.
const LINEARIZATION: u64 = 100_000;

pub(super) fn judge(history: &History, options: &Options) -> Judgement {
    let bounds = Bounds::new(options);
    let quick =
        Options { steps: Some(options.steps.unwrap_or(u64::MAX).min(LINEARIZATION)), ..options.clone() };
    match check::linearization(history, &quick) {
        Some(order) => Judgement::Holds { order },
        None => judge_not_linearizable(history, &bounds),
    }
}

/// The judgement of a history of which no linearization is known.
pub(super) fn judge_not_linearizable(history: &History, bounds: &Bounds) -> Judgement {
    match decide(history, bounds) {
        Decision::Order(order) => Judgement::Holds { order },
        Decision::Unknown(why) => Judgement::Unknown(why),
        Decision::Exhausted => {
            let few = cut::few(history, bounds);
            let text = format!(
                "no order of these {} operations, with each client's in its own order, explains the answers",
                few.len()
            );
            Judgement::violated(text, few)
        }
        Decision::Cycle(proof) => {
            let facts = facts::of(history).expect("the proof is about facts");
            contradiction(history, &facts, proof, |facts| saturate(facts, || true).err())
        }
    }
}

enum Decision {
    Order(Vec<usize>),
    Cycle(Proof),
    Exhausted,
    Unknown(Why),
}

fn decide(history: &History, bounds: &Bounds) -> Decision {
    let facts = facts::of(history);
    if let (Some(facts), Some(limit)) = (&facts, bounds.memory)
        && facts.events.len().saturating_mul(facts.clients()).saturating_mul(8) > limit
    {
        return Decision::Unknown(Why::Memory(limit));
    }
    let saturated = facts.as_ref().map(|facts| saturate(facts, || bounds.met(0, 0).is_none())).transpose();
    let saturated = match saturated {
        Ok(saturated) => saturated,
        Err(proof) => return Decision::Cycle(proof),
    };
    let known = facts.as_ref().zip(saturated.as_ref()).map(|(facts, saturated)| Known { facts, saturated });
    if let Some(known) = known.filter(|known| known.facts.unclear.is_none()) {
        let mut ordering = Ordering::new(known);
        return match ordering.search(bounds) {
            Ok(Outcome::Found) => Decision::Order(ordering.order()),
            Ok(_) => Decision::Exhausted,
            Err(why) => Decision::Unknown(why),
        };
    }
    history.with_object(Run { layout: Layout::new(history, known), bounds })
}

struct Run<'a> {
    layout: Layout<'a>,
    bounds: &'a Bounds,
}

impl WithObject for Run<'_> {
    type Result = Decision;

    fn run<T>(self, object: T) -> Decision
    where
        T: model::Object + Model<Op = Op, Output = Output, State = <T as model::Object>::State> + Sync,
        <T as model::Object>::State: Send,
    {
        let mut whole = Vec::new();
        let mut steps = 0;
        for part in self.layout.parts() {
            let mut search = Search::new(&self.layout, &part, &object);
            loop {
                match search.run(SLICE) {
                    Outcome::Found => break,
                    Outcome::Exhausted => return Decision::Exhausted,
                    Outcome::OutOfSteps => {}
                }
                if let Some(why) = self.bounds.met(steps + search.steps(), search.bytes()) {
                    return Decision::Unknown(why);
                }
            }
            steps += search.steps();
            whole.extend(search.order());
        }
        Decision::Order(whole)
    }
}

/// The bounds are looked at this often.
const SLICE: u64 = 1000;

/// The bounds of a judgement that has begun.
pub(super) struct Bounds {
    steps: Option<u64>,
    memory: Option<usize>,
    timeout: Option<std::time::Duration>,
    since: Instant,
}

impl Bounds {
    pub(super) fn new(options: &Options) -> Self {
        let Options { steps, memory, timeout, .. } = *options;
        Bounds { steps, memory, timeout, since: Instant::now() }
    }

    /// The first bound that is met.
    fn met(&self, steps: u64, bytes: usize) -> Option<Why> {
        let steps = self.steps.filter(|limit| steps >= *limit).map(Why::Steps);
        let memory = || self.memory.filter(|limit| bytes > *limit).map(Why::Memory);
        let time = || self.timeout.filter(|limit| self.since.elapsed() >= *limit).map(Why::Time);
        steps.or_else(memory).or_else(time)
    }
}
