//! Causal consistency and the session guarantees: what must be visible to each read.
//!
//! Of what one client wrote to a key, the latest write that must be visible says all: the earlier ones come before
//! it by session order, so that a pair for each of them would add nothing.
use std::rc::Rc;

use super::{
    Consistency, Judgement,
    contradiction::{Proof, contradiction, not_clear},
    facts::{Facts, Source},
    relation::{Derived, Relation, Rule},
};
use crate::{History, Options, Why, hash::FastMap};

pub(super) fn judge(history: &History, facts: &Facts, model: Consistency, options: &Options) -> Judgement {
    let clocks = facts.events.len().saturating_mul(facts.clients()).saturating_mul(4);
    if model == Consistency::Causal
        && let Some(limit) = options.memory.filter(|limit| clocks > *limit)
    {
        return Judgement::Unknown(Why::Memory(limit));
    }
    match refute(facts, model) {
        Err(proof) => contradiction(history, facts, proof, |facts| refute(facts, model).err()),
        Ok(_) if facts.unclear.is_some() => not_clear(history, facts),
        Ok(order) => {
            Judgement::Holds { order: order.iter().map(|&event| facts.get(event).number as usize).collect() }
        }
    }
}

/// The order `co`, or why there is none.
fn refute(facts: &Facts, model: Consistency) -> Result<Vec<u32>, Proof> {
    let mut relation = Relation::new(facts);
    let order = causal_order(&relation)?;
    match model {
        Consistency::ReadYourWrites => own_writes(&mut relation),
        Consistency::MonotonicReads => earlier_reads(&mut relation),
        Consistency::MonotonicWrites => earlier_writes(&mut relation),
        Consistency::WritesFollowReads => (0..facts.writers.len() as u32)
            .for_each(|key| Followed::new(&relation, key).derive(&mut relation, &order)),
        _ => causal_past(&mut relation, &order),
    }
    relation.cycle_or_order().map_err(|cycle| Proof::of(&relation, &cycle))
}

/// An order that keeps session order and reads-from.
pub(super) fn causal_order(relation: &Relation<'_>) -> Result<Vec<u32>, Proof> {
    let facts = relation.facts;
    let is_unwritten = |read: &u32| facts.get(*read).source == Some(Source::Nobody);
    if let Some(read) = (0..facts.len()).find(is_unwritten) {
        return Err(Proof::unwritten(relation, read));
    }
    relation.cycle_or_order().map_err(|cycle| Proof::of(relation, &cycle))
}

/// `reader` read something else than `from`, which must be visible to it.
fn require(relation: &mut Relation<'_>, model: Consistency, from: u32, reader: u32) {
    if let Some(to) = relation.source(reader).filter(|to| *to != from) {
        relation.derive(Derived { from, to, reader, rule: Rule::Visible(model) });
    }
}

/// For each event how many events of each client come before it.
pub(super) struct Clocks {
    clients: usize,
    counts: Vec<u32>,
}

impl Clocks {
    /// `order` keeps the relation.
    pub(super) fn new(relation: &Relation<'_>, order: &[u32]) -> Self {
        let clients = relation.facts.clients();
        let mut clocks = Clocks { clients, counts: vec![0; relation.facts.events.len() * clients] };
        for &event in order {
            let from = relation.facts.get(event);
            relation.for_each_successor(event, |to| clocks.follow(event, to, from.client, from.place + 1));
        }
        clocks
    }

    /// All of them, one event after the other.
    pub(super) fn rows(&self) -> &[u32] {
        &self.counts
    }

    pub(super) fn of(&self, event: u32) -> &[u32] {
        let start = event as usize * self.clients;
        &self.counts[start..start + self.clients]
    }

    /// Whether `from` comes before the node `to`; nothing comes before the beginning.
    pub(super) fn contains(&self, facts: &Facts, from: u32, to: u32) -> bool {
        let from = facts.get(from);
        to < facts.len() && self.of(to)[from.client as usize] > from.place
    }

    fn follow(&mut self, from: u32, to: u32, client: u32, count: u32) {
        let (from, to) = (from as usize * self.clients, to as usize * self.clients);
        for place in 0..self.clients {
            self.counts[to + place] = self.counts[to + place].max(self.counts[from + place]);
        }
        let own = &mut self.counts[to + client as usize];
        *own = (*own).max(count);
    }
}

/// `(so ∪ wr)⁺`
fn causal_past(relation: &mut Relation<'_>, order: &[u32]) {
    let clocks = Clocks::new(relation, order);
    let facts = relation.facts;
    for reader in (0..facts.len()).filter(|&event| facts.get(event).source.is_some()) {
        let past = clocks.of(reader);
        for writer in &facts.writers[facts.get(reader).key as usize] {
            if let Some(place) = writer.before(past[writer.client as usize]) {
                require(relation, Consistency::Causal, facts.at(writer.client, place), reader);
            }
        }
    }
}

/// `so`
fn own_writes(relation: &mut Relation<'_>) {
    for events in sessions(relation.facts) {
        let mut latest = FastMap::<u32, u32>::default();
        for event in events {
            let now = relation.facts.get(event);
            if let Some(&write) = latest.get(&now.key) {
                require(relation, Consistency::ReadYourWrites, write, event);
            }
            if now.writes {
                latest.insert(now.key, event);
            }
        }
    }
}

/// `wr·so`; each read needs to be compared with the last one only, since that one was compared with those before.
fn earlier_reads(relation: &mut Relation<'_>) {
    for events in sessions(relation.facts) {
        let mut latest = FastMap::<u32, u32>::default();
        for event in events {
            let Some(source) = relation.source(event) else { continue };
            let before = latest.insert(relation.facts.get(event).key, source);
            if let Some(write) = before.filter(|write| *write != relation.beginning()) {
                require(relation, Consistency::MonotonicReads, write, event);
            }
        }
    }
}

/// `so·wr·so?`
fn earlier_writes(relation: &mut Relation<'_>) {
    let facts = relation.facts;
    for events in sessions(facts) {
        // How far the client has seen each other's writes.
        let mut seen = FastMap::<u32, u32>::default();
        for event in events {
            if let Some(Source::Event(write)) = facts.get(event).source {
                let write = facts.get(write);
                let place = seen.entry(write.client).or_default();
                *place = (*place).max(write.place);
            }
            require_earlier(relation, &seen, event);
        }
    }
}

fn require_earlier(relation: &mut Relation<'_>, seen: &FastMap<u32, u32>, event: u32) {
    let facts = relation.facts;
    for writer in &facts.writers[facts.get(event).key as usize] {
        if let Some(place) = seen.get(&writer.client).and_then(|&place| writer.before(place)) {
            require(relation, Consistency::MonotonicWrites, facts.at(writer.client, place), event);
        }
    }
}

fn sessions(facts: &Facts) -> impl Iterator<Item = std::ops::Range<u32>> + use<> {
    (0..facts.clients() as u32).map(|client| facts.of_client(client)).collect::<Vec<_>>().into_iter()
}

/// For each client that writes the key one more than the place of its latest write; 0 for none. Shared, since most
/// events change nothing.
type Latest = Option<Rc<[u32]>>;

/// `(wr·so?)⁺·wr·so?` for one key: what must be visible are the writes that some write *follows*, which the client
/// read.
struct Followed {
    key: u32,
    /// Which of the key's writers each client is.
    slots: FastMap<u32, usize>,
    /// What each write follows.
    of_write: FastMap<u32, Rc<[u32]>>,
    /// What each client has read, or what that follows; and the latter alone.
    read: Vec<Latest>,
    visible: Vec<Latest>,
}

impl Followed {
    fn new(relation: &Relation<'_>, key: u32) -> Self {
        let clients = relation.facts.clients();
        let writers = relation.facts.writers[key as usize].iter();
        Followed {
            key,
            slots: writers.zip(0..).map(|(writer, slot)| (writer.client, slot)).collect(),
            of_write: FastMap::default(),
            read: vec![None; clients],
            visible: vec![None; clients],
        }
    }

    fn derive(mut self, relation: &mut Relation<'_>, order: &[u32]) {
        let facts = relation.facts;
        for &event in order {
            let now = facts.get(event);
            let client = now.client as usize;
            if let Some(Source::Event(source)) = now.source {
                if let Some(follows) = self.of_write.get(&source) {
                    join(&mut self.visible[client], follows);
                    join(&mut self.read[client], follows);
                }
                let write = facts.get(source);
                if write.key == self.key {
                    let slot = self.slots[&write.client];
                    raise(&mut self.read[client], self.slots.len(), slot, write.place + 1);
                }
            }
            if now.writes
                && let Some(follows) = &self.read[client]
            {
                self.of_write.insert(event, follows.clone());
            }
            if now.key == self.key
                && now.source.is_some()
                && let Some(visible) = &self.visible[client]
            {
                for (writer, &place) in facts.writers[self.key as usize].iter().zip(&**visible) {
                    if place > 0 {
                        require(
                            relation,
                            Consistency::WritesFollowReads,
                            facts.at(writer.client, place - 1),
                            event,
                        );
                    }
                }
            }
        }
    }
}

fn join(known: &mut Latest, more: &Rc<[u32]>) {
    match known {
        None => *known = Some(more.clone()),
        Some(known)
            if Rc::ptr_eq(known, more) || known.iter().zip(&**more).all(|(known, more)| known >= more) => {}
        Some(known) => *known = known.iter().zip(&**more).map(|(known, more)| *known.max(more)).collect(),
    }
}

fn raise(known: &mut Latest, slots: usize, slot: usize, place: u32) {
    if known.as_ref().is_some_and(|known| known[slot] >= place) {
        return;
    }
    let mut raised = known.as_ref().map_or_else(|| vec![0; slots], |known| known.to_vec());
    raised[slot] = place;
    *known = Some(raised.into());
}

/// Events that lead from `from`, which must be visible to `reader` in this model, to it.
pub(super) fn via(relation: &Relation<'_>, model: Consistency, from: u32, reader: u32) -> Vec<u32> {
    let facts = relation.facts;
    let until_reader = facts.of_client(facts.get(reader).client).start..reader + 1;
    let mut reads = until_reader.filter_map(|read| Some((read, relation.source(read)?)));
    match model {
        Consistency::ReadYourWrites => Vec::new(),
        Consistency::MonotonicReads => {
            reads.find(|(_, source)| *source == from).map_or_else(Vec::new, |(read, _)| vec![read])
        }
        Consistency::MonotonicWrites => {
            let end = facts.of_client(facts.get(from).client).end;
            let found = reads.find(|(_, source)| (from + 1..end).contains(source));
            found.map_or_else(Vec::new, |(read, source)| vec![source, read])
        }
        Consistency::WritesFollowReads => followed_by(relation, from, reads.collect()),
        _ => {
            let path = relation.path(from, reader, 0).unwrap_or_default();
            path.iter().skip(1).map(|step| step.from).collect()
        }
    }
}

/// Reads and writes in turn, from one that read `from` to one of `reads`.
fn followed_by(relation: &Relation<'_>, from: u32, reads: Vec<(u32, u32)>) -> Vec<u32> {
    let facts = relation.facts;
    let readers = facts.readers();
    // From which read, of what, each write was found to follow.
    let mut came = FastMap::<u32, (u32, u32)>::default();
    let mut found = vec![from];
    let mut done = 0;
    while let Some(&write) = found.get(done) {
        done += 1;
        let last = reads.iter().find(|(_, source)| *source == write);
        if let Some((last, _)) = last.filter(|_| write != from) {
            let mut via = vec![*last, write];
            let mut here = write;
            while let Some(&(read, source)) = came.get(&here) {
                via.push(read);
                via.push(source);
                here = source;
            }
            via.pop();
            via.reverse();
            return via;
        }
        for &read in &readers[write as usize] {
            let later = read..facts.of_client(facts.get(read).client).end;
            for follows in later.filter(|event| facts.get(*event).writes) {
                came.entry(follows).or_insert_with(|| {
                    found.push(follows);
                    (read, write)
                });
            }
        }
    }
    Vec::new()
}
