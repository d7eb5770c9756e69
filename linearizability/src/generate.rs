//! Linearizable histories from a seed, for tests and measurements.
//!
//! Clients call one operation after the other; each operation takes place at a moment between its call and its
//! return. So the history is linearizable by construction, and a checker that denies it is wrong.
use std::collections::BTreeMap;

use crate::{History, KeyValue, Op, Operation, Output, Value};

/// A keyed sequence of pseudo-random numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same sequence.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_number() % bound
    }
}

/// What clients do.
#[derive(Clone, Debug)]
pub struct Workload {
    /// How many clients call at once.
    pub clients: u64,
    /// How many operations they call together.
    pub operations: u64,
    /// How many of these never get an answer; the client goes on under a new id.
    pub unanswered: u64,
    /// How many objects there are; with none, operations have no key.
    pub keys: u64,
    /// Operations last up to this long, in units of the clock; a fifth of it passes between two of a client.
    pub duration: u64,
    /// Everything else follows from it.
    pub seed: u64,
}

impl Default for Workload {
    fn default() -> Self {
        Workload { clients: 4, operations: 100, unanswered: 0, keys: 0, duration: 1000, seed: 0 }
    }
}

/// When and by whom an operation is called.
struct Plan {
    client: u64,
    call: u64,
    moment: u64,
    returned: Option<u64>,
}

impl Workload {
    /// A linearizable history of these operations; `op` chooses the `n`th that takes place.
    pub fn linearizable(&self, mut op: impl FnMut(u64, &mut Random) -> Op) -> History {
        let mut random = Random::new(self.seed);
        let mut plans = self.plans(&mut random);
        plans.sort_by_key(|plan| plan.moment);
        let mut states = BTreeMap::<Option<Value>, Option<Value>>::new();
        let mut operations = Vec::with_capacity(plans.len());
        for (number, plan) in plans.into_iter().enumerate() {
            let op = op(number as u64, &mut random);
            let key = (self.keys > 0).then(|| Value::Number(random.below(self.keys) as i64));
            let state = states.entry(key.clone()).or_default();
            let output: Output;
            (*state, output) = KeyValue::apply(state, &op);
            let operation = Operation { key, ..Operation::called(plan.client, plan.call, op) };
            operations.push(match plan.returned {
                Some(at) => operation.returned(at, output),
                None => operation,
            });
        }
        operations.sort_by_key(|operation| operation.call);
        History::new(operations).expect("clients take turns")
    }

    fn plans(&self, random: &mut Random) -> Vec<Plan> {
        let mut free =
            (0..self.clients).map(|client| (random.below(self.duration + 1), client)).collect::<Vec<_>>();
        let mut plans = Vec::with_capacity(self.operations as usize);
        let mut next_client = self.clients;
        for left in (1..=self.operations).rev() {
            let next = free.iter_mut().min().expect("there are clients");
            let (call, client) = *next;
            let lasts = random.below(self.duration + 1);
            let moment = call + random.below(lasts + 1);
            let is_answered =
                random.below(left) >= self.unanswered.saturating_sub(next_client - self.clients);
            let thinks = random.below(self.duration / 5 + 1);
            *next = (call + lasts + thinks, client);
            if !is_answered {
                next.1 = next_client;
                next_client += 1;
            }
            plans.push(Plan { client, call, moment, returned: is_answered.then_some(call + lasts) });
        }
        plans
    }
}

/// Reads, writes and compare-and-sets of a few values.
pub fn cas_register(values: u64) -> impl FnMut(u64, &mut Random) -> Op {
    move |_, random| {
        let mut value = || Value::Number(random.below(values) as i64);
        let (first, second) = (value(), value());
        match random.below(3) {
            0 => Op::Read,
            1 => Op::Write(first),
            _ => Op::Cas { from: first, to: second },
        }
    }
}

/// Reads and writes; no two writes write the same value.
pub fn register() -> impl FnMut(u64, &mut Random) -> Op {
    |number, random| if random.below(2) == 0 { Op::Read } else { Op::Write(Value::Number(number as i64)) }
}

/// Gets, puts, appends, deletes and compare-and-sets of a few short strings.
pub fn store(values: u64) -> impl FnMut(u64, &mut Random) -> Op {
    move |_, random| {
        let mut value = || Value::from(format!("v{}", random.below(values)));
        let (first, second) = (value(), value());
        match random.below(8) {
            0..3 => Op::Get,
            3..5 => Op::Put(first),
            5 => Op::Append(first),
            6 => Op::Delete,
            _ => Op::Cas { from: first, to: second },
        }
    }
}
