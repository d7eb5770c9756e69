//! How much a check may cost.
use std::time::Duration;

/// Bounds on a check. Beyond one of them the verdict is [`Unknown`](crate::Verdict::Unknown).
///
/// Without bounds a check always decides; in the worst case (many operations open at once, few values) it needs
/// time and memory exponential in the number of open operations.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Steps of the model, over all objects together. The same bound gives the same verdict everywhere.
    pub steps: Option<u64>,
    /// Bytes that the search may hold, estimated.
    pub memory: Option<usize>,
    /// How long the search may take. The one bound by which the verdict depends on the machine.
    pub timeout: Option<Duration>,
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

    /// Bounds the time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}
