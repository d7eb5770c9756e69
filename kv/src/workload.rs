//! What clients ask: a mix of commands over skewed keys.
use alloc::{string::ToString, vec::Vec};

use synod_protocol::ClientId;

use crate::{Command, Key, Value};

/// How the keys are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skew {
    /// All alike.
    Uniform,
    /// Key k is asked for in proportion to 1 / (k + 1) (Zipf's law): a few are hot.
    Zipf,
}

/// Which values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// No value is written twice, so that a history tells which write a read saw.
    Unique,
    /// Numbers below this: compare-and-sets succeed often.
    Few(u32),
}

/// A mix of commands. It is a function of the client, of the number of its call, and of the bits that it
/// is given, and keeps no state: leaving out one call changes no other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// How many of 100 calls read.
    pub reads_percent: u32,
    pub values: Values,
    /// `thresholds[k]`: the share of the keys up to k, of `thresholds.last()`.
    thresholds: Vec<u64>,
}

impl Workload {
    /// At least one key.
    pub fn new(keys: u32, skew: Skew, reads_percent: u32, values: Values) -> Workload {
        // Integers, not powers: the same keys on every machine.
        const HOTTEST: u64 = 1 << 32;
        let weight = |key: u64| match skew {
            Skew::Uniform => HOTTEST,
            Skew::Zipf => HOTTEST / (key + 1),
        };
        let sum = |sum: &mut u64, key| {
            *sum += weight(key);
            Some(*sum)
        };
        let thresholds = (0..u64::from(keys.max(1))).scan(0, sum).collect();
        Workload { reads_percent, values, thresholds }
    }

    /// The `nth` call of a client. `bits` gives 64 fresh random bits each time.
    pub fn command(&self, client: ClientId, nth: u64, mut bits: impl FnMut() -> u64) -> Command {
        let key = self.key(bits());
        let fresh = match self.values {
            // Clients have distinct numbers, and nobody makes a million calls.
            Values::Unique => i64::from(client.0) * 1_000_000 + nth as i64,
            Values::Few(few) => below(bits(), u64::from(few.max(1))) as i64,
        };
        if below(bits(), 100) < u64::from(self.reads_percent) {
            return Command::Get { key };
        }
        match below(bits(), 10) {
            0..5 => Command::Put { key, value: Value::Number(fresh) },
            5..7 => Command::Append { key, text: [".", &fresh.to_string()].concat() },
            7..9 => {
                // What may well be there: a value of its own not long ago, or any of the few.
                let from = match self.values {
                    Values::Unique => fresh - 1 - below(bits(), 3) as i64,
                    Values::Few(few) => below(bits(), u64::from(few.max(1))) as i64,
                };
                Command::Cas { key, from: Value::Number(from), to: Value::Number(fresh) }
            }
            _ => Command::Delete { key },
        }
    }

    fn key(&self, bits: u64) -> Key {
        let all = self.thresholds.last().copied().unwrap_or(1);
        let at = below(bits, all);
        self.thresholds.partition_point(|&threshold| threshold <= at) as Key
    }
}

/// A number below `n`, from 64 random bits (Lemire 2019, without the rejection: the bias is below n / 2⁶⁴).
fn below(bits: u64, n: u64) -> u64 {
    ((u128::from(bits) * u128::from(n)) >> 64) as u64
}
