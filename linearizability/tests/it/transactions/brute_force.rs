//! Serializability and snapshot isolation by their definitions: try every order.
use synod_linearizability::{
    Value,
    transactions::{Operation, Order, Status, Transaction},
};

type Lists = Vec<(Value, Vec<Value>)>;

fn list<'l>(lists: &'l mut Lists, key: &Value) -> &'l mut Vec<Value> {
    let place = lists.iter().position(|(other, _)| other == key).unwrap_or_else(|| {
        lists.push((key.clone(), Vec::new()));
        lists.len() - 1
    });
    &mut lists[place].1
}

/// Whether the transaction reads what it says, if it runs on these lists; and then how they are after it.
fn run(transaction: &Transaction, lists: &Lists) -> Option<Lists> {
    let mut lists = lists.clone();
    for operation in &transaction.operations {
        match operation {
            Operation::Append { key, value } => list(&mut lists, key).push(value.clone()),
            Operation::Read { list: None, .. } => {}
            Operation::Read { key, list: Some(read) } if list(&mut lists, key) == read => {}
            Operation::Read { .. } => return None,
        }
    }
    Some(lists)
}

pub(crate) struct BruteForce<'t> {
    pub(crate) transactions: &'t [Transaction],
    pub(crate) order: Order,
}

impl BruteForce<'_> {
    /// Whether the order says that one comes before the other.
    pub(crate) fn precedes(&self, one: usize, other: usize) -> bool {
        let [a, b] = [one, other].map(|number| &self.transactions[number]);
        // An open transaction is its client's last.
        let moment = |each: &Transaction, number| (each.call, each.returned.unwrap_or(u64::MAX), number);
        let in_session = a.client == b.client && moment(a, one) < moment(b, other);
        let in_time = a.status == Status::Committed && a.returned.is_some_and(|at| at < b.call);
        match self.order {
            Order::Data => false,
            Order::Session => in_session,
            Order::RealTime => in_session || in_time,
        }
    }

    fn committed(&self) -> u32 {
        let committed = |number: &usize| self.transactions[*number].status == Status::Committed;
        (0..self.transactions.len()).filter(committed).fold(0, |all, number| all | 1 << number)
    }

    /// Those that may come next: not aborted, not there yet, and all that precede them are.
    fn next(&self, there: u32, done: u32) -> impl Iterator<Item = usize> + '_ {
        let is_waiting = move |number: usize| {
            let before = |other: usize| {
                other != number
                    && self.transactions[other].status == Status::Committed
                    && done & 1 << other == 0
                    && self.precedes(other, number)
            };
            (0..self.transactions.len()).any(before)
        };
        (0..self.transactions.len()).filter(move |&number| {
            there & 1 << number == 0
                && self.transactions[number].status != Status::Aborted
                && !is_waiting(number)
        })
    }

    /// One after the other.
    pub(crate) fn is_serializable(&self) -> bool {
        self.serial_from(0, &Lists::new())
    }

    fn serial_from(&self, done: u32, lists: &Lists) -> bool {
        done & self.committed() == self.committed()
            || self.next(done, done).any(|number| {
                run(&self.transactions[number], lists)
                    .is_some_and(|lists| self.serial_from(done | 1 << number, &lists))
            })
    }

    /// Each reads from a snapshot, and commits if nobody else has written since then what it writes.
    pub(crate) fn is_snapshot_isolated(&self) -> bool {
        self.snapshots_from(0, 0, &Lists::new(), &[])
    }

    fn snapshots_from(&self, begun: u32, done: u32, lists: &Lists, open: &[(usize, Lists)]) -> bool {
        if done & self.committed() == self.committed() {
            return true;
        }
        let commits = open.iter().enumerate().any(|(place, (number, snapshot))| {
            let mut lists = lists.clone();
            let mut snapshot = snapshot.clone();
            let writes =
                self.transactions[*number].operations.iter().filter_map(|operation| match operation {
                    Operation::Append { key, value } => Some((key, value)),
                    Operation::Read { .. } => None,
                });
            if writes.clone().any(|(key, _)| list(&mut lists, key) != list(&mut snapshot, key)) {
                return false;
            }
            writes.for_each(|(key, value)| list(&mut lists, key).push(value.clone()));
            let mut open = open.to_vec();
            open.remove(place);
            self.snapshots_from(begun, done | 1 << number, &lists, &open)
        });
        commits
            || self.next(begun, done).any(|number| {
                // In which order snapshots are taken between two commits makes no difference.
                let is_later = open.last().is_none_or(|(last, taken)| *last < number || taken != lists);
                is_later && run(&self.transactions[number], lists).is_some() && {
                    let open = [open, &[(number, lists.clone())]].concat();
                    self.snapshots_from(begun | 1 << number, done, lists, &open)
                }
            })
    }
}
