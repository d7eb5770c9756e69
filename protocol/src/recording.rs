//! The plainest observer: it keeps everything.
use alloc::vec::Vec;

use crate::{Node, Nodes, Observer, Step, Violation};

/// Keeps every step of a run, to be told and written when it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording<N: Node> {
    steps: Vec<Step<'static, N>>,
}

impl<N: Node> Default for Recording<N> {
    fn default() -> Self {
        Recording { steps: Vec::new() }
    }
}

impl<N: Node> Recording<N> {
    pub fn steps(&self) -> &[Step<'static, N>] {
        &self.steps
    }

    pub fn into_steps(self) -> Vec<Step<'static, N>> {
        self.steps
    }
}

impl<N: Node> Observer<N> for Recording<N> {
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        self.steps.push(step.clone().into_owned());
        Ok(())
    }
}
