//! In which order the elements of each list came, and what single reads give away.
//!
//! Of all reads of a list, the longest has the order of its elements, and every other one must be a beginning of
//! it. So only the longest is looked up element by element; the others are compared with it.
mod reads;

use super::{Anomaly, AnomalyKind, List as Shown, Name, Operation, Status, TransactionHistory};
use crate::{
    Value,
    hash::{FastMap, FastSet},
};

/// What was appended, and in which order.
pub(super) struct Versions<'h> {
    pub(super) history: &'h TransactionHistory,
    pub(super) lists: Vec<List<'h>>,
    /// Whether a transaction took place, as far as anybody saw.
    pub(super) is_live: Vec<bool>,
    /// The list of each operation, transaction by transaction.
    list_of: Vec<u32>,
    first_operation: Vec<u32>,
}

/// A list, and who appended what to it.
pub(super) struct List<'h> {
    pub(super) key: &'h Value,
    appends: FastMap<&'h Value, Append>,
    /// The latest append, while they are collected.
    latest: Option<(u32, &'h Value)>,
    /// The longest list that was read.
    pub(super) order: &'h [Value],
    /// Who appended each element of it. Shorter, if an element is garbage or there twice.
    pub(super) writers: Vec<u32>,
    /// The reader of it.
    reader: u32,
    /// Those that took place, and appended what nobody read.
    pub(super) unread: Vec<u32>,
    /// How many appends those were.
    pub(super) unread_appends: usize,
    /// The reads contradict each other; no dependency follows from them.
    pub(super) is_broken: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Append {
    pub(super) transaction: u32,
    /// Grows with the order in which its transaction appended.
    place: u32,
    /// No append of the same transaction to the list comes after it.
    is_last: bool,
    /// Where it stands in the order.
    pub(super) position: Option<u32>,
}

impl<'h> Versions<'h> {
    pub(super) fn of(history: &'h TransactionHistory) -> Self {
        let mut versions = Versions {
            history,
            lists: Vec::new(),
            is_live: Vec::new(),
            list_of: Vec::new(),
            first_operation: Vec::with_capacity(history.len()),
        };
        versions.collect_appends();
        versions.find_who_took_place();
        for list in &mut versions.lists {
            list.number_elements();
        }
        versions.find_unread();
        versions
    }

    /// The operations of a transaction, with their lists.
    pub(super) fn operations(&self, transaction: u32) -> impl Iterator<Item = (u32, &'h Operation)> + '_ {
        let first = self.first_operation[transaction as usize] as usize;
        let operations = &self.history.transactions()[transaction as usize].operations;
        self.list_of[first..].iter().copied().zip(operations)
    }

    /// All that took place.
    pub(super) fn live(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.history.len() as u32).filter(|&number| self.is_live[number as usize])
    }

    fn collect_appends(&mut self) {
        let mut numbers = FastMap::<&Value, u32>::default();
        for (number, transaction) in self.history.transactions().iter().enumerate() {
            self.first_operation.push(self.list_of.len() as u32);
            for operation in &transaction.operations {
                let key = operation.key();
                let list = *numbers.entry(key).or_insert_with(|| {
                    self.lists.push(List::new(key));
                    self.lists.len() as u32 - 1
                });
                self.list_of.push(list);
                if let Operation::Append { value, .. } = operation {
                    self.lists[list as usize].append(number as u32, value);
                }
            }
        }
    }

    /// The committed, and those of unknown outcome whose appends were read by somebody who took place.
    fn find_who_took_place(&mut self) {
        let statuses = self.history.transactions().iter().map(|each| each.status);
        self.is_live = statuses.map(|status| status == Status::Committed).collect();
        let mut new: Vec<u32> = self.live().collect();
        while !new.is_empty() {
            let mut seen = Vec::new();
            let reads = new.iter().flat_map(|&number| {
                let read = move |(list, operation): (u32, &'h Operation)| match operation {
                    Operation::Read { list: Some(found), .. } => Some((number, list, &found[..])),
                    _ => None,
                };
                self.operations(number).filter_map(read)
            });
            let reads: Vec<(u32, u32, &[Value])> = reads.collect();
            let mut longer = FastSet::default();
            for &(number, place, found) in &reads {
                let list = &mut self.lists[place as usize];
                if found.len() > list.order.len() {
                    (list.order, list.reader) = (found, number);
                    longer.insert(place);
                }
            }
            for &place in &longer {
                let list = &self.lists[place as usize];
                list.writers_of(list.order, &mut seen);
            }
            for &(_, list, found) in &reads {
                let list = &self.lists[list as usize];
                if !list.order.starts_with(found) {
                    list.writers_of(found, &mut seen);
                }
            }
            seen.retain(|&number| {
                let is_new = self.history.transactions()[number as usize].status == Status::Unknown
                    && !self.is_live[number as usize];
                self.is_live[number as usize] |= is_new;
                is_new
            });
            new = seen;
        }
    }

    fn find_unread(&mut self) {
        for number in 0..self.history.len() as u32 {
            if !self.is_live[number as usize] {
                continue;
            }
            let first = self.first_operation[number as usize] as usize;
            let operations = &self.history.transactions()[number as usize].operations;
            for (&list, operation) in self.list_of[first..].iter().zip(operations) {
                let Operation::Append { value, .. } = operation else { continue };
                let list = &mut self.lists[list as usize];
                if list.appends[value].position.is_none() {
                    list.unread_appends += 1;
                    if list.unread.last() != Some(&number) {
                        list.unread.push(number);
                    }
                }
            }
        }
    }

    /// Whether it aborted: nobody may see what it appended.
    pub(super) fn is_aborted(&self, transaction: u32) -> bool {
        self.history.transactions()[transaction as usize].status == Status::Aborted
    }
}

impl<'h> List<'h> {
    fn new(key: &'h Value) -> Self {
        List {
            key,
            appends: FastMap::default(),
            latest: None,
            order: &[],
            writers: Vec::new(),
            reader: 0,
            unread: Vec::new(),
            unread_appends: 0,
            is_broken: false,
        }
    }

    fn append(&mut self, transaction: u32, value: &'h Value) {
        if let Some((_, before)) = self.latest.filter(|&(before, _)| before == transaction) {
            self.appends.get_mut(before).expect("it was inserted").is_last = false;
        }
        self.latest = Some((transaction, value));
        let place = self.appends.len() as u32;
        self.appends.insert(value, Append { transaction, place, is_last: true, position: None });
    }

    pub(super) fn append_of(&self, value: &Value) -> Option<Append> {
        self.appends.get(value).copied()
    }

    fn writers_of(&self, found: &[Value], into: &mut Vec<u32>) {
        into.extend(found.iter().filter_map(|value| self.append_of(value)).map(|append| append.transaction));
    }

    /// Up to the first element that is garbage or there twice: the order is then in doubt.
    fn number_elements(&mut self) {
        for (position, value) in self.order.iter().enumerate() {
            match self.appends.get_mut(value) {
                Some(append) if append.position.is_none() => {
                    append.position = Some(position as u32);
                    self.writers.push(append.transaction);
                }
                _ => {
                    self.is_broken = true;
                    return;
                }
            }
        }
    }
}

impl Versions<'_> {
    /// Two that saw the end of a list as far as it was read, and appended to it what nobody read. In whichever
    /// order they did so, one of them missed the other. (Where the order is known, there is a cycle.)
    pub(super) fn lost_update(&self) -> Option<Anomaly> {
        for list in self.lists.iter().filter(|list| list.unread.len() > 1 && !list.is_broken) {
            let saw_the_end = |&number: &u32| {
                self.operations(number).any(|(other, operation)| {
                    let Operation::Read { list: Some(read), .. } = operation else { return false };
                    std::ptr::eq(list, &self.lists[other as usize]) && read.len() == list.order.len()
                })
            };
            let mut losers = list.unread.iter().copied().filter(saw_the_end);
            if let (Some(one), Some(other)) = (losers.next(), losers.next()) {
                let (key, read) = (Name(list.key), Shown(list.order));
                let told = format!("T{one} and T{other} both read {key} as {read}, and both appended to it");
                return Some(Anomaly::read(AnomalyKind::LostUpdate, [one, other], told));
            }
        }
        None
    }
}
