//! Types that can be judged in O(n log n), as long as no value was put into the object twice.
//!
//! Deciding linearizability is NP-complete even for one register (Gibbons & Korach 1997), but what makes it so is
//! not knowing which write a read saw. When values are unambiguous, a register is a matter of intervals on a
//! line, and so are a queue, a stack, a priority queue and a log.
//!
//! Every path here ends in an order, or in a few operations that are not linearizable by themselves, or in
//! "does not apply"; then the search decides. Monitors of this kind have been published and found unsound
//! (Abdulla et al. 2025), so orders and cores are both checked against the definition by the tests.
mod lives;
mod log;
mod priority_queue;
mod queue;
mod register;
mod stack;
mod text_log;
#[cfg(test)]
mod tests;

use crate::{DataType, History, history::Packed, objects::Object};

/// What a polynomial path found. Operations are numbered within their object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A linearization.
    Order(Vec<u32>),
    /// Operations that have no linearization, whatever else happened.
    Core(Vec<u32>),
    /// An ambiguous value, a taking without an answer, or an operation that is not understood here.
    DoesNotApply,
}

/// The operations of one object, in the order of their calls.
#[derive(Clone, Copy)]
pub(crate) struct Operations<'a> {
    packed: &'a [Packed],
    numbers: &'a [u32],
    history: &'a History,
}

impl<'a> Operations<'a> {
    fn get(self, local: u32) -> &'a Packed {
        &self.packed[self.numbers[local as usize] as usize]
    }

    fn iter(self) -> impl Iterator<Item = (u32, &'a Packed)> {
        let packed = self.packed;
        (0..).zip(self.numbers).map(move |(local, &number)| (local, &packed[number as usize]))
    }
}

pub(crate) fn judge(history: &History, object: &Object) -> Finding {
    let operations = Operations { packed: history.packed(), numbers: &object.operations, history };
    match history.data_type() {
        DataType::Register | DataType::CasRegister => register::judge(operations),
        DataType::KeyValue => match register::judge(operations) {
            Finding::DoesNotApply => text_log::judge(operations),
            finding => finding,
        },
        DataType::Queue => queue::judge(operations),
        DataType::Stack => stack::judge(operations),
        DataType::PriorityQueue => priority_queue::judge(operations),
        DataType::AppendLog => log::judge(operations),
        // An element of a set is in or out and a counter's increments are alike, so that the search has next
        // to nothing to choose; a bank's transfers are not understood by anything simpler.
        DataType::Set | DataType::Counter | DataType::Bank => Finding::DoesNotApply,
    }
}
