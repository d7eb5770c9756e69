//! How much a check may cost.
use std::time::Duration;

/// Bounds on a check. Beyond one of them the verdict is [`Unknown`](crate::Verdict::Unknown).
///
/// Without bounds a check always decides; in the worst case (many operations open at once, few values) it needs
/// time and memory exponential in the number of open operations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Steps of the model, over all objects together. The same bound gives the same verdict everywhere.
    pub steps: Option<u64>,
    /// Bytes that the search may hold, estimated.
    pub memory: Option<usize>,
    /// How long the search may take. The one bound by which the verdict depends on the machine.
    pub timeout: Option<Duration>,
    /// Whether a violation is cut down to a few operations, and told in a sentence (it is, unless given). Without
    /// that, its counterexample is whatever the check itself came upon.
    pub explain: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { steps: None, memory: None, timeout: None, explain: true }
    }
}

impl Options {
    /// Bounds the steps of the model.
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = Some(steps);
        self
    }

    /// Bounds the bytes held.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Says whether a violation is explained.
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }

    /// Bounds the time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}
