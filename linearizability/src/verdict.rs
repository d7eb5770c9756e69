//! What a check found.
use std::{fmt, time::Duration};

use crate::Value;

/// What a check found. Operations are named by their number in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Each operation seems to take place at one moment between its call and its return.
    Linearizable {
        /// In this order, for example. Operations without an answer may be missing: they did not take place.
        /// [`verify`](crate::verify) checks it.
        order: Vec<usize>,
    },
    /// No order explains the answers.
    NotLinearizable(Box<Violation>),
    /// The check was not finished.
    Unknown {
        /// Which bound it met.
        why: Why,
        /// For each object that was not decided, an order of its operations up to the latest return that the
        /// check came to, one object after the other.
        prefix: Vec<usize>,
    },
}

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The operation whose answer no order explains: at its return, and not before, the counterexample stops
    /// being linearizable.
    pub stuck: usize,
    /// The object, if it has a key.
    pub key: Option<Value>,
    /// Why, in one sentence.
    pub reason: String,
    /// A few operations, by their calls, that are not linearizable by themselves, and would not be whatever
    /// else was done: the contradiction is between them.
    pub counterexample: Vec<usize>,
    /// An order of the counterexample's operations up to the moment where it gets stuck, as far as one is easily
    /// found.
    pub prefix: Vec<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The bound that a check met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// [`Options::steps`](crate::Options::steps).
    Steps(u64),
    /// [`Options::memory`](crate::Options::memory), in bytes.
    Memory(usize),
    /// [`Options::timeout`](crate::Options::timeout).
    Time(Duration),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Steps(steps) => write!(f, "the budget of {steps} steps is used up"),
            Why::Memory(bytes) => write!(f, "the search would need more than {bytes} bytes"),
            Why::Time(timeout) => write!(f, "the time of {timeout:?} is over"),
        }
    }
}
