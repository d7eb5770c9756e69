//! What a data type allows, one operation after the other.
use std::{fmt::Debug, hash::Hash};

mod kv;

pub use kv::KeyValue;

/// A sequential specification: the object as it would be with a single client.
///
/// Steps are set-valued, so that a model may be nondeterministic.
pub trait Model {
    /// What clients ask for.
    type Op: Clone + Eq + Hash;
    /// What they are answered.
    type Output: Clone + Eq + Hash;
    /// What the object remembers.
    type State: Clone + Eq + Hash + Debug;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// Pushes onto `next` every state in which the object may be after `op` was answered `output` in `state`;
    /// none when `op` cannot be answered so. Without an output, every possible answer counts.
    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        output: Option<&Self::Output>,
        next: &mut Vec<Self::State>,
    );

    /// Whether `op`, answered so, leaves **every** state unchanged in which it is possible.
    ///
    /// It is not enough that it changes nothing in some state: a write of 3 to a register that holds 3 may
    /// be needed later, a read may not. Saying `true` of such an operation makes the checker unsound.
    fn is_read_only(&self, op: &Self::Op, output: Option<&Self::Output>) -> bool {
        let _ = (op, output);
        false
    }

    /// A state in words, for the sentence that says why a history is not linearizable.
    fn describe(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }
}
