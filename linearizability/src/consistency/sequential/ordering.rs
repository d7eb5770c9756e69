//! Sequential orders where every read's write is known: it is enough to order the writes of each key.
//!
//! Once they are, and what follows from it has no cycle, each read stands between its write and the next one in any
//! order that keeps the relation. So writes are placed one after the other, per key, the likely ones first, and
//! after each placement all that follows from it is derived, as in [`saturate`](super::super::saturate); a
//! contradiction takes the last placement back.
//!
//! The relation is kept closed: for each event how many events of each client come before it, and the first one of
//! each client that comes after it. A new pair changes a prefix or a suffix of each client's events, which ends at
//! the first one that knew already.
use super::{super::saturate::Known, Bounds, Outcome};
use crate::consistency::facts::{Facts, Source};

pub(super) struct Ordering<'a> {
    facts: &'a Facts,
    readers: Vec<Vec<u32>>,
    clients: usize,
    rows: [Vec<u32>; 2],
    /// Rows as they were before they changed, and which ones.
    old: Vec<u32>,
    changed: Vec<(Side, u32)>,
    /// Pairs to take in.
    pairs: Vec<(u32, u32)>,
    /// For each key and each of its writers how many of its writes are placed.
    placed: Vec<Vec<usize>>,
    places: &'a [i64],
    steps: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// How many events of each client come before.
    Past = 0,
    /// The first event of each client that comes after.
    Future = 1,
}

use Side::{Future, Past};

/// Two writes, or a read and a write, must each come before the other.
struct Contradiction;

/// A placement: which writer's next write is the next one of the key.
struct Frame {
    /// How many writes of the list were placed before.
    listed: usize,
    key: u32,
    /// The writers to try; `next` is the next one.
    writers: Vec<usize>,
    next: usize,
    changed: usize,
}

impl<'a> Ordering<'a> {
    pub(super) fn new(known: Known<'a>) -> Self {
        let Known { facts, saturated } = known;
        let rows = [saturated.clocks.rows().to_vec(), saturated.first.rows().to_vec()];
        Ordering {
            facts,
            readers: facts.readers(),
            clients: facts.clients(),
            rows,
            old: Vec::new(),
            changed: Vec::new(),
            pairs: Vec::new(),
            placed: facts.writers.iter().map(|writers| vec![0; writers.len()]).collect(),
            places: &saturated.places,
            steps: 0,
        }
    }

    /// An order of all events, if there is one; an error is the bound that was met.
    pub(super) fn search(&mut self, bounds: &Bounds) -> Result<Outcome, crate::Why> {
        for event in 0..self.facts.len() {
            self.follow_past(event);
            self.follow_future(event);
        }
        if self.take_in().is_err() {
            return Ok(Outcome::Exhausted);
        }
        let mut list =
            (0..self.facts.len()).filter(|&event| self.facts.get(event).writes).collect::<Vec<_>>();
        list.sort_by_key(|&write| (self.places[write as usize], write));
        let Some(first) = self.frame(&list, 0) else { return Ok(Outcome::Found) };
        let mut frames = vec![first];
        while let Some(frame) = frames.last_mut() {
            if let Some(why) = bounds.met(self.steps, self.old.len() * 4) {
                return Err(why);
            }
            let placed = &mut self.placed[frame.key as usize];
            if let Some(last) = frame.next.checked_sub(1) {
                placed[frame.writers[last]] -= 1;
            }
            let (changed, key, listed) = (frame.changed, frame.key, frame.listed);
            let writer = frame.writers.get(frame.next).copied();
            if let Some(writer) = writer {
                placed[writer] += 1;
            }
            frame.next += 1;
            self.take_back(changed);
            let Some(writer) = writer else {
                frames.pop();
                continue;
            };
            if self.place(key, writer).is_ok() {
                match self.frame(&list, listed) {
                    Some(next) => frames.push(next),
                    None => return Ok(Outcome::Found),
                }
            }
        }
        Ok(Outcome::Exhausted)
    }

    /// The events in an order that keeps the relation: what comes before something has fewer before it.
    pub(super) fn order(&self) -> Vec<usize> {
        let before = |event: u32| self.row(Past, event).iter().map(|&count| u64::from(count)).sum::<u64>();
        let mut order = (0..self.facts.len()).collect::<Vec<_>>();
        order.sort_by_cached_key(|&event| (before(event), event));
        order.into_iter().map(|event| self.facts.get(event).number as usize).collect()
    }

    /// The next placement to make; none when all writes of the list are placed.
    fn frame(&self, list: &[u32], mut listed: usize) -> Option<Frame> {
        while self.is_placed(*list.get(listed)?) {
            listed += 1;
        }
        let key = self.facts.get(list[listed]).key;
        let next = |writer: &usize| self.next_write(key, *writer);
        let writers = || 0..self.facts.writers[key as usize].len();
        let comes_first =
            |write: u32| !writers().filter_map(|other| next(&other)).any(|other| self.has(other, write));
        let mut candidates =
            writers().filter(|writer| next(writer).is_some_and(comes_first)).collect::<Vec<_>>();
        candidates.sort_by_key(|writer| next(writer).map(|write| self.places[write as usize]));
        Some(Frame { listed, key, writers: candidates, next: 0, changed: self.changed.len() })
    }

    fn is_placed(&self, write: u32) -> bool {
        let event = self.facts.get(write);
        let writers = &self.facts.writers[event.key as usize];
        let writer = writers.iter().position(|writer| writer.client == event.client).expect("it writes");
        let placed = self.placed[event.key as usize][writer];
        writers[writer].places.get(placed).is_none_or(|&next| event.place < next)
    }

    fn next_write(&self, key: u32, writer: usize) -> Option<u32> {
        let place = self.placed[key as usize][writer];
        let writer = &self.facts.writers[key as usize][writer];
        writer.places.get(place).map(|&place| self.facts.at(writer.client, place))
    }

    /// The write that was just placed comes before all that are not.
    fn place(&mut self, key: u32, writer: usize) -> Result<(), Contradiction> {
        let of = &self.facts.writers[key as usize][writer];
        let write = self.facts.at(of.client, of.places[self.placed[key as usize][writer] - 1]);
        for other in 0..self.placed[key as usize].len() {
            if let Some(later) = self.next_write(key, other) {
                self.pairs.push((write, later));
            }
        }
        self.take_in()
    }

    fn row(&self, side: Side, event: u32) -> &[u32] {
        let start = event as usize * self.clients;
        &self.rows[side as usize][start..start + self.clients]
    }

    fn has(&self, one: u32, other: u32) -> bool {
        let event = self.facts.get(one);
        self.row(Past, other)[event.client as usize] > event.place
    }

    /// Takes in pairs, and all that follows from them.
    fn take_in(&mut self) -> Result<(), Contradiction> {
        while let Some((from, to)) = self.pairs.pop() {
            self.steps += 1;
            if self.has(from, to) {
                continue;
            }
            if from == to || self.has(to, from) {
                self.pairs.clear();
                return Err(Contradiction);
            }
            let (one, other) = (*self.facts.get(from), *self.facts.get(to));
            let mut past = self.row(Past, from).to_vec();
            past[one.client as usize] = one.place + 1;
            let mut future = self.row(Future, to).to_vec();
            future[other.client as usize] = other.place;
            for client in 0..self.clients as u32 {
                let events = self.facts.of_client(client);
                let first = future[client as usize].min(events.len() as u32);
                for event in events.start + first..events.end {
                    if !self.change(Past, event, &past) {
                        break;
                    }
                    self.follow_past(event);
                }
                for event in (events.start..events.start + past[client as usize]).rev() {
                    if !self.change(Future, event, &future) {
                        break;
                    }
                    self.follow_future(event);
                }
            }
        }
        Ok(())
    }

    /// Lets a row know more; false if it knew all.
    fn change(&mut self, side: Side, event: u32, more: &[u32]) -> bool {
        self.steps += 1;
        let start = event as usize * self.clients;
        let row = &mut self.rows[side as usize][start..start + self.clients];
        let knew = |(known, more): (&u32, &u32)| if side == Past { known >= more } else { known <= more };
        if row.iter().zip(more).all(knew) {
            return false;
        }
        self.old.extend_from_slice(row);
        self.changed.push((side, event));
        for (known, more) in row.iter_mut().zip(more) {
            *known = if side == Past { *more.max(known) } else { *more.min(known) };
        }
        true
    }

    fn take_back(&mut self, changed: usize) {
        while self.changed.len() > changed {
            let Some((side, event)) = self.changed.pop() else { return };
            let old = self.old.len() - self.clients;
            let start = event as usize * self.clients;
            self.rows[side as usize][start..start + self.clients].copy_from_slice(&self.old[old..]);
            self.old.truncate(old);
        }
    }

    /// What comes before a read comes before what it read.
    fn follow_past(&mut self, reader: u32) {
        let read = self.facts.get(reader);
        let Some(source) = read.source else { return };
        for writer in &self.facts.writers[read.key as usize] {
            let before = self.row(Past, reader)[writer.client as usize];
            let Some(place) = writer.before(before) else { continue };
            let write = self.facts.at(writer.client, place);
            match source {
                Source::Event(source) if source == write => {}
                Source::Event(source) => self.pairs.push((write, source)),
                // Nothing comes before the beginning: this contradicts itself.
                _ => self.pairs.push((write, write)),
            }
        }
    }

    /// What comes after a write comes after its readers.
    fn follow_future(&mut self, write: u32) {
        let event = self.facts.get(write);
        for writer in event.writes.then(|| &self.facts.writers[event.key as usize]).into_iter().flatten() {
            let after = self.row(Future, write)[writer.client as usize];
            let Some(place) = writer.from(after) else { continue };
            let later = self.facts.at(writer.client, place);
            let readers = self.readers[write as usize].iter().filter(|&&reader| reader != later);
            self.pairs.extend(readers.map(|&reader| (reader, later)));
        }
    }
}
