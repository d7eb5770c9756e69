//! What every sequential order must keep, as far as it is easily derived.
//!
//! If `r` reads key `x` from `w`, then no other write `v` of `x` stands between them: if `v` comes before `r`, it
//! comes before `w`; if it comes after `w`, it comes after `r`. This is applied until nothing new follows (Gibbons &
//! Korach 1997; Biswas & Enea 2019, §5). A cycle refutes. That there is none proves nothing, the problem being
//! NP-complete, but the relation leaves a search little to choose.
use super::{
    contradiction::Proof,
    facts::Facts,
    relation::{Derived, Relation, Rule},
    visible::{Clocks, causal_order},
};

/// How many rounds at most: what follows later than this is left to the search.
const ROUNDS: u32 = 1000;

/// Facts, and what must come before each.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) facts: &'a Facts,
    pub(super) saturated: &'a Saturated,
}

/// What must come before each event, and roughly where that leaves it: by how much more must come before it than
/// after it. In this order every event stands behind what must come before it.
pub(super) struct Saturated {
    pub(super) clocks: Clocks,
    pub(super) first: FirstAfter,
    pub(super) places: Vec<i64>,
}

/// What must come before each event, derived for as long as `go_on` says so.
pub(super) fn saturate(facts: &Facts, mut go_on: impl FnMut() -> bool) -> Result<Saturated, Proof> {
    let mut relation = Relation::new(facts);
    let mut order = causal_order(&relation)?;
    let mut clocks = Clocks::new(&relation, &order);
    for _ in 0..ROUNDS {
        let before = relation.known();
        let first = FirstAfter::new(&relation, &order);
        before_what_was_read(&mut relation, &clocks);
        behind_its_readers(&mut relation, &clocks, &first, before);
        if relation.known() == before || !go_on() {
            break;
        }
        order = relation.cycle_or_order().map_err(|cycle| Proof::of(&relation, &cycle))?;
        clocks = Clocks::new(&relation, &order);
    }
    let first = FirstAfter::new(&relation, &order);
    let place = |event: u32| {
        let before = clocks.of(event).iter().map(|&count| i64::from(count)).sum::<i64>();
        let after = |(client, &place): (u32, &u32)| {
            let events = facts.of_client(client).len() as i64;
            events - events.min(i64::from(place))
        };
        before - (0..).zip(first.of(event)).map(after).sum::<i64>()
    };
    let places = (0..facts.len()).map(place).collect();
    Ok(Saturated { clocks, first, places })
}

/// What comes before a read comes before what it read.
fn before_what_was_read(relation: &mut Relation<'_>, clocks: &Clocks) {
    let facts = relation.facts;
    let rule = Rule::Missed { known: relation.known() };
    for reader in 0..facts.len() {
        let Some(to) = relation.source(reader) else { continue };
        let past = clocks.of(reader);
        for writer in &facts.writers[facts.get(reader).key as usize] {
            let Some(place) = writer.before(past[writer.client as usize]) else { continue };
            let from = facts.at(writer.client, place);
            if from != to && !clocks.contains(facts, from, to) {
                relation.derive(Derived { from, to, reader, rule });
            }
        }
    }
}

/// What comes after a write comes after its readers.
fn behind_its_readers(relation: &mut Relation<'_>, clocks: &Clocks, first: &FirstAfter, known: u32) {
    let facts = relation.facts;
    let rule = Rule::Overwritten { known };
    for reader in 0..facts.len() {
        let Some(source) = relation.source(reader) else { continue };
        for writer in &facts.writers[facts.get(reader).key as usize] {
            let from =
                if source == relation.beginning() { 0 } else { first.of(source)[writer.client as usize] };
            let mut place = writer.from(from);
            if place.is_some_and(|place| facts.at(writer.client, place) == reader) {
                // A compare-and-set is not behind itself, but what follows it is anyway.
                place = None;
            }
            let Some(place) = place else { continue };
            let to = facts.at(writer.client, place);
            if !clocks.contains(facts, reader, to) {
                relation.derive(Derived { from: reader, to, reader, rule });
            }
        }
    }
}

/// For each event the first event of each client that comes after it.
pub(super) struct FirstAfter {
    clients: usize,
    places: Vec<u32>,
}

impl FirstAfter {
    fn new(relation: &Relation<'_>, order: &[u32]) -> Self {
        let facts = relation.facts;
        let clients = facts.clients();
        let mut first = FirstAfter { clients, places: vec![u32::MAX; facts.events.len() * clients] };
        for &event in order.iter().rev() {
            let start = event as usize * clients;
            relation.for_each_successor(event, |to| {
                let after = to as usize * clients;
                for client in 0..clients {
                    first.places[start + client] =
                        first.places[start + client].min(first.places[after + client]);
                }
                let (client, place) = (facts.get(to).client as usize, facts.get(to).place);
                first.places[start + client] = first.places[start + client].min(place);
            });
        }
        first
    }

    /// All of them, one event after the other.
    pub(super) fn rows(&self) -> &[u32] {
        &self.places
    }

    fn of(&self, event: u32) -> &[u32] {
        let start = event as usize * self.clients;
        &self.places[start..start + self.clients]
    }
}
