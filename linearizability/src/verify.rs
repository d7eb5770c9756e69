//! An independent check of a linearization, in linear time: it shares no code with the search but the model.
use thiserror::Error;

use crate::{History, Model, Op, Output, hash::FastMap, model::KeyValue, symbol::Symbol};

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

fn is_complete(history: &History, order: &[usize]) -> Result<(), OrderError> {
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

fn gives_the_answers(history: &History, order: &[usize]) -> Result<(), OrderError> {
    let model = KeyValue;
    let mut objects = FastMap::<Symbol, Vec<<KeyValue as Model>::State>>::default();
    let mut next = Vec::new();
    for &number in order {
        let operation = history.operation(number);
        let (op, output): (Op, Option<Output>) = (operation.op, operation.returned.map(|end| end.output));
        let states = objects.entry(history.packed()[number].key).or_insert_with(|| vec![model.initial()]);
        for state in states.iter() {
            model.step(state, &op, output.as_ref(), &mut next);
        }
        std::mem::swap(states, &mut next);
        next.clear();
        if states.is_empty() {
            return Err(OrderError::WrongAnswer(number));
        }
    }
    Ok(())
}
