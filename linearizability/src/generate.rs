//! Linearizable histories from a seed, for tests and measurements.
//!
//! Clients call one operation after the other; each operation takes place at a moment between its call and its
//! return. So the history is linearizable by construction, and a checker that denies it is wrong.
use std::collections::BTreeMap;

use crate::{
    DataType, History, HistoryBuilder, Op, Operation, Output, Value,
    model::{Object, WithObject},
};

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
    /// How many objects there are; with none, operations have no key, except those of a store.
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
    /// A linearizable history of this type; `op` chooses the `n`th operation that takes place.
    pub fn linearizable(&self, data_type: DataType, op: impl FnMut(u64, &mut Random) -> Op) -> History {
        // The model of a bank depends on how many accounts it has.
        let mut sample = HistoryBuilder::default().data_type(data_type);
        let transfer = Op::Transfer { from: 0, to: ACCOUNTS - 1, amount: 0 };
        if data_type == DataType::Bank {
            sample.push(Operation::called(0, 0, transfer)).expect("an operation of a bank");
        }
        let template = sample.finish().expect("at most one operation, of that type");
        template.with_object(Play { load: self, data_type, op })
    }
}

struct Play<'a, F> {
    load: &'a Workload,
    data_type: DataType,
    op: F,
}

impl<F: FnMut(u64, &mut Random) -> Op> WithObject for Play<'_, F> {
    type Result = History;

    fn run<T: Object>(mut self, object: T) -> History {
        let Workload { seed, keys, .. } = *self.load;
        let keys = if self.data_type == DataType::KeyValue { keys.max(1) } else { keys };
        let mut random = Random::new(seed);
        let mut plans = self.load.plans(&mut random);
        plans.sort_by_key(|plan| plan.moment);
        let mut states = BTreeMap::<(Option<Value>, Option<Value>), T::State>::new();
        let mut operations = Vec::with_capacity(plans.len());
        for (number, plan) in plans.into_iter().enumerate() {
            let op = (self.op)(number as u64, &mut random);
            let key = (keys > 0).then(|| Value::Number(random.below(keys) as i64));
            let element = match &op {
                Op::Add(value) | Op::Remove(value) | Op::Contains(value) => Some(value.clone()),
                _ => None,
            };
            let state = states.entry((key.clone(), element)).or_insert_with(|| object.initial());
            let output: Output;
            (*state, output) = object.apply(state, &op).expect("an operation of that type");
            let operation = Operation { key, ..Operation::called(plan.client, plan.call, op) };
            operations.push(match plan.returned {
                Some(at) => operation.returned(at, output),
                None => operation,
            });
        }
        operations.sort_by_key(|operation| operation.call);
        let mut builder = HistoryBuilder::default().data_type(self.data_type);
        for operation in operations {
            builder.push(operation).expect("an operation of that type");
        }
        builder.finish().expect("clients take turns")
    }
}

impl Workload {
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

/// Random operations of a type, on a few values.
pub fn operations(data_type: DataType, values: u64) -> impl FnMut(u64, &mut Random) -> Op {
    move |_, random| {
        let value = Value::Number(random.below(values) as i64);
        random_op(data_type, value, |random| Value::Number(random.below(values) as i64), random)
    }
}

/// Random operations of a type; no value is written, enqueued, pushed, added or inserted twice.
pub fn unique_operations(data_type: DataType) -> impl FnMut(u64, &mut Random) -> Op {
    move |number, random| {
        // A priority queue whose values grew with time would be a queue.
        let fresh = match data_type {
            DataType::PriorityQueue => (number % 1000) << 31 | number,
            _ => number,
        };
        random_op(
            data_type,
            Value::Number(fresh as i64),
            |random| Value::Number(random.below(number.max(1)) as i64),
            random,
        )
    }
}

/// How many accounts a random bank has.
const ACCOUNTS: u32 = 5;

fn random_op(
    data_type: DataType,
    fresh: Value,
    mut old: impl FnMut(&mut Random) -> Value,
    random: &mut Random,
) -> Op {
    match (data_type, random.below(6)) {
        (DataType::Register, 0..3) => Op::Read,
        (DataType::Register, _) => Op::Write(fresh),
        (DataType::CasRegister, 0 | 1) => Op::Read,
        (DataType::CasRegister, 2 | 3) => Op::Write(fresh),
        (DataType::CasRegister, _) => Op::Cas { from: old(random), to: fresh },
        (DataType::KeyValue, 0 | 1) => Op::Get,
        (DataType::KeyValue, 2) => Op::Put(fresh),
        (DataType::KeyValue, 3) => Op::Append(fresh),
        (DataType::KeyValue, 4) => Op::Delete,
        (DataType::KeyValue, _) => Op::Cas { from: old(random), to: fresh },
        (DataType::Queue, 0..3) => Op::Enq(fresh),
        (DataType::Queue, _) => Op::Deq,
        (DataType::Stack, 0..3) => Op::Push(fresh),
        (DataType::Stack, _) => Op::Pop,
        (DataType::Set, 0..2) => Op::Add(fresh),
        (DataType::Set, 2..4) => Op::Remove(old(random)),
        (DataType::Set, _) => Op::Contains(old(random)),
        (DataType::PriorityQueue, 0..3) => Op::Insert(fresh),
        (DataType::PriorityQueue, _) => Op::DeleteMin,
        (DataType::Counter, 0..3) => Op::Inc(1 + random.below(2) as i64),
        (DataType::Counter, _) => Op::Read,
        (DataType::Bank, 0..4) => {
            let mut account = || random.below(ACCOUNTS.into()) as u32;
            Op::Transfer { from: account(), to: account(), amount: 1 + random.below(8) as u32 }
        }
        (DataType::Bank, _) => Op::Read,
        (DataType::AppendLog, 0..3) => Op::Append(fresh),
        (DataType::AppendLog, _) => Op::Read,
    }
}
