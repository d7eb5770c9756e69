//! An independent check of a linearization, in linear time: it shares no code with the search but the model.
use thiserror::Error;

use crate::{
    History, Op, Value,
    hash::FastMap,
    model::{Object, WithObject},
};

/// Why an order is no linearization of a history.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OrderError {
    /// There is no such operation.
    #[error("the history has no operation {0}")]
    NoSuchOperation(usize),
    /// An operation takes place once.
    #[error("operation {0} stands in the order twice")]
    Twice(usize),
    /// An operation that returned took place.
    #[error("operation {0} returned, and is missing from the order")]
    Missing(usize),
    /// Real time forbids it.
    #[error("operation {later} stands before operation {earlier}, which had returned when it was called")]
    TooEarly {
        /// The operation that stands too early.
        later: usize,
        /// The one that it overtook.
        earlier: usize,
    },
    /// The order of their client forbids it.
    #[error("operation {later} stands before operation {earlier}, which its client called earlier")]
    OutOfTurn {
        /// The operation that stands too early.
        later: usize,
        /// The one that it overtook.
        earlier: usize,
    },
    /// The model forbids it.
    #[error("operation {0} cannot give its answer at its place in the order")]
    WrongAnswer(usize),
}

/// Is `order` a linearization of `history`?
pub fn verify(history: &History, order: &[usize]) -> Result<(), OrderError> {
    is_complete(history, order)?;
    keeps_real_time(history, order)?;
    gives_the_answers(history, order)
}

pub(crate) fn is_complete(history: &History, order: &[usize]) -> Result<(), OrderError> {
    let mut is_there = vec![false; history.len()];
    for &number in order {
        match is_there.get_mut(number) {
            None => return Err(OrderError::NoSuchOperation(number)),
            Some(true) => return Err(OrderError::Twice(number)),
            Some(seen) => *seen = true,
        }
    }
    let is_missing = |&number: &usize| {
        let operation = &history.packed()[number];
        !is_there[number] && !operation.is_open()
    };
    (0..history.len()).find(is_missing).map_or(Ok(()), |number| Err(OrderError::Missing(number)))
}

/// Nothing stands before an operation that had returned when it was called.
fn keeps_real_time(history: &History, order: &[usize]) -> Result<(), OrderError> {
    let mut latest_call: Option<usize> = None;
    let packed = history.packed();
    for &number in order {
        if let Some(later) = latest_call
            && !packed[number].is_open()
            && packed[number].returned < packed[later].call
        {
            return Err(OrderError::TooEarly { later, earlier: number });
        }
        if latest_call.is_none_or(|latest| packed[latest].call < packed[number].call) {
            latest_call = Some(number);
        }
    }
    Ok(())
}

pub(crate) fn gives_the_answers(history: &History, order: &[usize]) -> Result<(), OrderError> {
    history.with_object(Replay { history, order })
}

struct Replay<'a> {
    history: &'a History,
    order: &'a [usize],
}

impl WithObject for Replay<'_> {
    type Result = Result<(), OrderError>;

    fn run<T: Object>(self, object: T) -> Result<(), OrderError> {
        let mut states = FastMap::<(u32, Option<Value>), T::State>::default();
        for &number in self.order {
            let operation = self.history.operation(number);
            // One state holds one element of a set.
            let element = match &operation.op {
                Op::Add(value) | Op::Remove(value) | Op::Contains(value) => Some(value.clone()),
                _ => None,
            };
            let key = (self.history.packed()[number].key.0, element);
            let state = states.entry(key).or_insert_with(|| object.initial());
            let wrong = OrderError::WrongAnswer(number);
            let (after, answer) = object.apply(state, &operation.op).ok_or_else(|| wrong.clone())?;
            if operation.returned.is_some_and(|end| end.output != answer) {
                return Err(wrong);
            }
            *state = after;
        }
        Ok(())
    }
}
