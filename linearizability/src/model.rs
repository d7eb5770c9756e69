//! What a data type allows, one operation after the other.
use std::{fmt::Debug, hash::Hash};

mod bank;
mod chain;
mod counter;
mod kv;
mod log;
mod priority_queue;
mod queue;
mod set;
mod stack;

pub use bank::Bank;
pub use chain::Chain;
pub use counter::Counter;
pub use kv::KeyValue;
pub use log::AppendLog;
pub use priority_queue::PriorityQueue;
pub use queue::Queue;
pub use set::Set;
pub use stack::Stack;

use crate::{Op, Output, Value};

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

    /// Which object an operation is on. Operations on different objects never influence each other, so that each
    /// object is checked by itself (locality, Herlihy & Wing 1990 §3.1), from the [initial](Model::initial) state;
    /// with all in one object, as here unless you say otherwise, the search is slower and never wrong.
    fn object(&self, op: &Self::Op) -> u64 {
        let _ = op;
        0
    }

    /// A state in words, for the sentence that says why a history is not linearizable.
    fn describe(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }
}

/// A built-in data type: every operation has one outcome.
pub(crate) trait Object {
    type State: Clone + Eq + Hash + Debug;

    fn initial(&self) -> Self::State;

    /// What `op` does and answers; `None` if it is not an operation of this type.
    fn apply(&self, state: &Self::State, op: &Op) -> Option<(Self::State, Output)>;

    /// See [`Model::is_read_only`].
    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool;

    fn describe(&self, state: &Self::State) -> String;

    /// Operations that lead from the initial state to this one, of a container whose operations are judged faster
    /// by what was put in and taken out than by a search.
    fn refilled(&self, state: &Self::State) -> Option<Vec<Op>> {
        let _ = state;
        None
    }

    /// Whether it is a register, or a key: most of what changes it leaves nothing of what was there.
    fn is_overwritten(&self) -> bool {
        false
    }
}

/// A [`Model`] of each [`Object`].
macro_rules! model_of_object {
    ($($object:ty: $state:ty,)*) => { $(
        impl Model for $object {
            type Op = Op;
            type Output = Output;
            type State = $state;

            fn initial(&self) -> $state {
                Object::initial(self)
            }

            fn step(&self, state: &$state, op: &Op, output: Option<&Output>, next: &mut Vec<$state>) {
                if let Some((after, answer)) = self.apply(state, op)
                    && output.is_none_or(|output| *output == answer)
                {
                    next.push(after);
                }
            }

            fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
                Object::is_read_only(self, op, output)
            }

            fn describe(&self, state: &$state) -> String {
                Object::describe(self, state)
            }
        }
    )* };
}

model_of_object! {
    KeyValue: Option<Value>,
    Queue: Vec<Value>,
    Stack: Chain,
    Set: bool,
    PriorityQueue: Vec<Value>,
    Counter: i64,
    Bank: Vec<i64>,
    AppendLog: Chain,
}

/// Something that is done with whichever object a history is about.
pub(crate) trait WithObject {
    type Result;

    fn run<T>(self, object: T) -> Self::Result
    where
        T: Object + Model<Op = Op, Output = Output, State = <T as Object>::State> + Sync,
        <T as Object>::State: Send;
}
