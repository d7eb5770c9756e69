//! Histories of transactions from a seed, for tests and measurements.
//!
//! A store with many versions runs them: a list only grows, so a snapshot of it is a length. Each transaction takes
//! its snapshot and commits at moments between its call and its return, so a history has its model, and the
//! strong one, by construction: a checker that denies it is wrong.
use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Operation, Status, Transaction, TransactionHistory};
use crate::{Value, generate::Random};

/// What clients do.
#[derive(Clone, Debug)]
pub struct TransactionLoad {
    /// How many clients call at once.
    pub clients: u64,
    /// How many transactions they call together.
    pub transactions: u64,
    /// Each has this many operations at most, and at least one.
    pub operations: u64,
    /// How many lists are in use at a time.
    pub keys: u64,
    /// After as many appends a list is left alone, and a new one taken, so that lists stay short.
    pub appends: u64,
    /// One in so many has an unknown outcome; its client goes on under a new id. 0 for none.
    pub unknown: u64,
    /// Everything else follows from it.
    pub seed: u64,
}

impl Default for TransactionLoad {
    fn default() -> Self {
        TransactionLoad {
            clients: 10,
            transactions: 100,
            operations: 4,
            keys: 5,
            appends: 32,
            unknown: 0,
            seed: 0,
        }
    }
}

/// How the store runs them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Store {
    /// At one moment each: strict serializable.
    Serial,
    /// Reads come from the snapshot; who would overwrite what was committed since then aborts. Strong snapshot
    /// isolation: there is write skew.
    Snapshot,
    /// As [`Store::Snapshot`], but nobody looks whether something was committed since then: updates get lost.
    Careless,
}

/// A transaction on its way.
struct Running {
    client: u64,
    call: u64,
    operations: Vec<Operation>,
    /// Each list that it appends to: where, how long it was, and what is new.
    writes: Vec<(usize, usize, Vec<i64>)>,
}

/// Times are units of a clock; a transaction takes some hundreds.
const PAUSE: u64 = 100;

impl TransactionLoad {
    /// What clients of such a store see.
    pub fn history(&self, store: Store) -> TransactionHistory {
        let mut random = Random::new(self.seed);
        let mut lists: Vec<(Vec<i64>, u64)> = vec![(Vec::new(), 0); self.keys.max(1) as usize];
        let mut in_use: Vec<usize> = (0..lists.len()).collect();
        let mut running: Vec<Option<Running>> = Vec::new();
        let mut done: Vec<Transaction> = Vec::new();
        let mut left = self.transactions;
        let mut next_client = self.clients;
        // When, and the place: of a client that calls and takes its snapshot, or, after these, of one that commits.
        let mut clients: Vec<u64> = (0..self.clients).collect();
        let mut free: Vec<u64> = clients.iter().map(|_| random.below(PAUSE)).collect();
        running.resize_with(clients.len(), || None);
        let mut events: BinaryHeap<Reverse<(u64, usize)>> =
            free.iter().enumerate().map(|(place, &at)| Reverse((at + random.below(PAUSE), place))).collect();
        while let Some(Reverse((now, place))) = events.pop() {
            if running[place].is_none() {
                if left == 0 {
                    continue;
                }
                left -= 1;
                let (call, client) = (free[place], clients[place]);
                running[place] = Some(self.begin(client, call, &mut lists, &mut in_use, &mut random));
                if store != Store::Serial {
                    events.push(Reverse((now + 1 + random.below(PAUSE), place)));
                    continue;
                }
            }
            let Some(Running { client, call, mut operations, writes }) = running[place].take() else {
                continue;
            };
            let is_unknown = self.unknown > 0 && random.below(self.unknown) == 0;
            let is_current = |(list, length, _): &(usize, usize, Vec<i64>)| lists[*list].0.len() == *length;
            let commits = (store == Store::Careless || writes.iter().all(is_current))
                && !(is_unknown && random.below(2) == 0);
            if commits {
                for (list, _, new) in writes {
                    lists[list].0.extend(new);
                }
            }
            if is_unknown || !commits {
                for operation in &mut operations {
                    if let Operation::Read { list, .. } = operation {
                        *list = None;
                    }
                }
            }
            let returned = now + random.below(PAUSE);
            let transaction = Transaction::called(client, call, operations);
            done.push(if is_unknown {
                clients[place] = next_client;
                next_client += 1;
                transaction
            } else if commits {
                transaction.committed(returned)
            } else {
                transaction.aborted(returned)
            });
            free[place] = returned + 1 + random.below(PAUSE / 5);
            events.push(Reverse((free[place] + random.below(PAUSE), place)));
        }
        done.sort_by_key(|transaction| (transaction.call, transaction.client));
        debug_assert!(done.iter().all(|each| each.status != Status::Unknown || each.returned.is_none()));
        TransactionHistory::new(done).expect("clients take turns, and values are new")
    }

    fn begin(
        &self,
        client: u64,
        call: u64,
        lists: &mut Vec<(Vec<i64>, u64)>,
        in_use: &mut [usize],
        random: &mut Random,
    ) -> Running {
        let mut running = Running { client, call, operations: Vec::new(), writes: Vec::new() };
        for _ in 0..=random.below(self.operations.max(1)) {
            let slot = random.below(in_use.len() as u64) as usize;
            let place = in_use[slot];
            let key = Value::Number(place as i64);
            let own = running.writes.iter().position(|(list, ..)| *list == place);
            if random.below(2) == 0 {
                let found = lists[place].0.iter();
                let appended = own.map_or(&[][..], |own| &running.writes[own].2);
                let list = found.chain(appended).map(|&value| Value::Number(value)).collect();
                running.operations.push(Operation::Read { key, list: Some(list) });
                continue;
            }
            let (list, numbers) = &mut lists[place];
            *numbers += 1;
            let value = *numbers as i64;
            running.operations.push(Operation::append(key, value));
            match own {
                Some(own) => running.writes[own].2.push(value),
                None => running.writes.push((place, list.len(), vec![value])),
            }
            if *numbers == self.appends {
                in_use[slot] = lists.len();
                lists.push((Vec::new(), 0));
            }
        }
        running
    }
}
