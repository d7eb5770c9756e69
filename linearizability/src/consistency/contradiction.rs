//! From a cycle to a few operations, and a sentence that says why they contradict each other.
//!
//! An operation may be taken away together with all that read its value: what the rest saw, and what it may miss,
//! stays as it was, so that the rest violates nothing that the whole keeps.
use std::collections::BTreeSet;

use super::{
    Judgement,
    facts::Facts,
    relation::{Link, Relation, Rule, Step},
    visible,
};
use crate::History;

/// Why there is no order.
pub(super) struct Proof {
    /// The events that it takes.
    events: BTreeSet<u32>,
    told: Told,
}

enum Told {
    Unwritten(u32),
    Cycle(Vec<Pair>),
}

/// One step of the cycle.
struct Pair {
    step: Step,
    /// If an answer demands it.
    demand: Option<Demand>,
}

struct Demand {
    reader: u32,
    rule: Rule,
    /// What leads from the one that must be visible to the reader.
    via: Vec<u32>,
}

impl Proof {
    pub(super) fn unwritten(relation: &Relation<'_>, read: u32) -> Self {
        let events = with_what_they_need(relation, BTreeSet::from([read]));
        Proof { events, told: Told::Unwritten(read) }
    }

    pub(super) fn of(relation: &Relation<'_>, cycle: &[Step]) -> Self {
        let pairs = cycle.iter().map(|step| Pair {
            step: *step,
            demand: match step.link {
                Link::Derived(number) => Some(demand(relation, number)),
                _ => None,
            },
        });
        let told = Told::Cycle(pairs.collect());
        Proof { events: events_behind(relation, cycle), told }
    }
}

fn demand(relation: &Relation<'_>, number: u32) -> Demand {
    let pair = relation.derived[number as usize];
    let via = match pair.rule {
        Rule::Visible(model) => visible::via(relation, model, pair.from, pair.reader),
        Rule::Missed { .. } | Rule::Overwritten { .. } => Vec::new(),
    };
    Demand { reader: pair.reader, rule: pair.rule, via }
}

/// All events that these steps rest on.
fn events_behind(relation: &Relation<'_>, steps: &[Step]) -> BTreeSet<u32> {
    let mut events = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut left = steps.to_vec();
    while let Some(step) = left.pop() {
        events.extend([step.from, step.to]);
        let Link::Derived(number) = step.link else { continue };
        if !seen.insert(number) {
            continue;
        }
        let pair = relation.derived[number as usize];
        let source = relation.source(pair.reader).expect("a reader read something");
        events.extend([pair.reader, source]);
        let behind = match pair.rule {
            Rule::Visible(model) => {
                events.extend(visible::via(relation, model, pair.from, pair.reader));
                None
            }
            Rule::Missed { known } => relation.path(pair.from, pair.reader, known),
            Rule::Overwritten { known } => relation.path(source, pair.to, known),
        };
        left.extend(behind.into_iter().flatten());
    }
    events.remove(&relation.beginning());
    with_what_they_need(relation, events)
}

/// With the writes that were read, and the reads without which nobody knew that a write took place.
fn with_what_they_need(relation: &Relation<'_>, mut events: BTreeSet<u32>) -> BTreeSet<u32> {
    let mut left = events.iter().copied().collect::<Vec<_>>();
    while let Some(event) = left.pop() {
        let source = relation.source(event).filter(|source| *source != relation.beginning());
        let is_open = relation.facts.get(event).is_open;
        let readers = if is_open { relation.readers(event) } else { &[] };
        left.extend(
            source.into_iter().chain(readers.iter().copied()).filter(|needed| events.insert(*needed)),
        );
    }
    events
}

/// The judgement that a proof leads to; `refute` proves the same of fewer events, if it holds of them.
pub(super) fn contradiction(
    history: &History,
    facts: &Facts,
    proof: Proof,
    refute: impl Fn(&Facts) -> Option<Proof>,
) -> Judgement {
    let events = proof.events.iter().copied().collect::<Vec<_>>();
    let mut kept = facts.only(&events);
    let mut chunk = kept.events.len().div_ceil(2).max(1);
    loop {
        let before = kept.events.len();
        let mut start = 0;
        while start < kept.events.len() {
            let end = (start + chunk).min(kept.events.len()) as u32;
            let rest = (0..start as u32).chain(end..kept.len()).collect::<Vec<_>>();
            let fewer = kept.only(&rest);
            if refute(&fewer).is_some() {
                kept = fewer;
            } else {
                start += chunk;
            }
        }
        if chunk == 1 && kept.events.len() == before {
            break;
        }
        chunk = (chunk / 2).max(1);
    }
    let proof = refute(&kept).expect("each cut was checked");
    let mut numbers = kept.events.iter().map(|event| event.number as usize).collect::<Vec<_>>();
    numbers.sort_by_key(|&number| (history.packed()[number].call, number));
    Judgement::violated(Speaker { history, facts: &kept }.sentence(&proof.told), numbers)
}

/// The judgement of a history without a violation, but with an operation that is not understood.
pub(super) fn not_clear(history: &History, facts: &Facts) -> Judgement {
    let Some((number, why)) = facts.unclear else { unreachable!("the caller saw one") };
    let number = number as usize;
    Judgement::NotApplicable(format!(
        "line {}: {} {}; nothing else contradicts itself",
        history.line(number),
        history.operation(number),
        why.reason()
    ))
}

struct Speaker<'a> {
    history: &'a History,
    facts: &'a Facts,
}

impl Speaker<'_> {
    fn sentence(&self, told: &Told) -> String {
        let pairs = match told {
            Told::Unwritten(read) => return format!("{} is a value that nobody wrote", self.whole(*read)),
            Told::Cycle(pairs) => pairs,
        };
        let demanded = pairs.iter().position(|pair| pair.demand.is_some());
        let demands = pairs.iter().filter(|pair| pair.demand.is_some()).count();
        let Some(place) = demanded else {
            let steps = pairs.iter().map(|pair| self.step(pair)).collect::<Vec<_>>();
            return format!("something was read before it was written: {}", steps.join("; "));
        };
        let (earlier, rest) = pairs.split_at(place);
        let (first, later) = rest.split_first().expect("it has a place");
        let demand = first.demand.as_ref().expect("it was looked for");
        let missed = self.name(first.step.from);
        let reason = self.reason(first.step, demand);
        let reader = self.whole(demand.reader);
        if first.step.to == self.facts.len() {
            return format!("{reader} found what was there at first and missed {missed}: {reason}");
        }
        let back = later.iter().chain(earlier).map(|pair| self.step(pair)).collect::<Vec<_>>().join("; ");
        if demands > 1 || demand.reader == first.step.from {
            let first = self.step(first);
            return format!("no order fits what was read, {reader} for one: {first}; {back}");
        }
        let read = self.name(first.step.to);
        format!("{reader} missed {missed}: {reason}; what it read, of {read}, is older: {back}")
    }

    fn step(&self, pair: &Pair) -> String {
        let (from, to) = (self.name(pair.step.from), self.name(pair.step.to));
        match (&pair.demand, pair.step.link) {
            (Some(demand), _) => {
                let reason = self.reason(pair.step, demand);
                match demand.rule {
                    Rule::Overwritten { .. } => format!("{from} comes before {to}: {reason}"),
                    _ => {
                        let reader = self.name(demand.reader);
                        format!("{from} comes before {to}, which {reader} read and not {from}: {reason}")
                    }
                }
            }
            (None, Link::Read) => format!("{to} read what {from} wrote"),
            (None, Link::Beginning) => format!("{to} comes after the beginning"),
            (None, _) => {
                let number = self.facts.get(pair.step.from).number as usize;
                let client = self.history.operation(number).client;
                format!("{from} comes before {to} in the order of client {client}")
            }
        }
    }

    fn reason(&self, step: Step, demand: &Demand) -> String {
        let (from, reader) = (self.name(step.from), self.name(demand.reader));
        match demand.rule {
            Rule::Visible(_) if demand.via.is_empty() => {
                let facts = self.facts;
                if facts.get(step.from).client == facts.get(demand.reader).client {
                    format!("its client had called {from} before")
                } else {
                    format!("{from} leads to {reader}")
                }
            }
            Rule::Visible(_) => {
                let via = demand.via.iter().map(|&event| self.name(event)).collect::<Vec<_>>().join(", ");
                format!("{from} leads to {reader} by way of {via}")
            }
            Rule::Missed { .. } => format!("{from} comes before {reader} in every order"),
            Rule::Overwritten { .. } => {
                format!("it read what {} overwrites in every order", self.name(step.to))
            }
        }
    }

    /// An operation at its first mention.
    fn whole(&self, event: u32) -> String {
        let number = self.facts.get(event).number as usize;
        format!("line {}: {}", self.history.line(number), self.history.operation(number))
    }

    fn name(&self, node: u32) -> String {
        match self.facts.events.get(node as usize) {
            Some(event) => format!("line {}", self.history.line(event.number as usize)),
            None => "the beginning".to_owned(),
        }
    }
}
