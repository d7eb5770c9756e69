//! The order in which each client called, and an independent check that an order of all operations keeps it.
use crate::{
    History, OrderError,
    verify::{gives_the_answers, is_complete},
};

/// Does `order` explain all answers, keeping the order of each client? In linear time, and with no code in common
/// with the search but the model.
pub fn verify_sequential(history: &History, order: &[usize]) -> Result<(), OrderError> {
    is_complete(history, order)?;
    keeps_sessions(history, order)?;
    gives_the_answers(history, order)
}

fn keeps_sessions(history: &History, order: &[usize]) -> Result<(), OrderError> {
    let mut latest = vec![None; history.clients()];
    for &number in order {
        let client = history.packed()[number].client as usize;
        if let Some(later) = latest[client].replace(number)
            && turn(history, number as u32) < turn(history, later as u32)
        {
            return Err(OrderError::OutOfTurn { later, earlier: number });
        }
    }
    Ok(())
}

/// The history's operations, client by client, each client's in its order.
pub(super) fn in_session_order(history: &History) -> Vec<u32> {
    let mut order = (0..history.len() as u32).collect::<Vec<_>>();
    let client = |number: u32| history.packed()[number as usize].client;
    order.sort_by_key(|&number| (client(number), turn(history, number)));
    order
}

/// When it was its client's turn to call this. Of two operations at the same moment the first in the file was
/// first, but one without an answer is its client's last.
fn turn(history: &History, number: u32) -> (u64, u64, bool, u32) {
    let packed = &history.packed()[number as usize];
    (packed.call, packed.returned, packed.is_open(), number)
}
