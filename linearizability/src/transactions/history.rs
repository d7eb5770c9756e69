//! A valid history of transactions: whatever the analysis relies on was checked here.
use super::{Operation, Status, Transaction, TransactionError, edn, jsonl};
use crate::{Value, hash::FastMap};

/// Transactions, by their numbers: the order in which they were given, from 0.
///
/// 1. A transaction returns after its call, and has a return if its outcome is known.
/// 2. A client has one transaction at a time, and none after one of unknown outcome.
/// 3. No value is appended to a key twice.
/// 4. A committed transaction says what it read.
#[derive(Clone, Debug, Default)]
pub struct TransactionHistory {
    transactions: Vec<Transaction>,
    lines: Vec<u32>,
}

/// Numbers of transactions, appends and more must fit a few words with room for marks.
const MOST: usize = 1 << 30;

impl TransactionHistory {
    /// A history of these transactions, in any order.
    ///
    /// # Errors
    /// The first rule above that does not hold, and where.
    pub fn new(transactions: impl IntoIterator<Item = Transaction>) -> Result<Self, TransactionError> {
        Self::with_lines(transactions.into_iter().zip(1..))
    }

    /// Whether a text looks like a history of transactions and not of single operations.
    pub fn is_recognised(text: &str) -> bool {
        jsonl::is_recognised(text) || edn::is_recognised(text)
    }

    /// Reads JSON lines, or a Jepsen history of list appends.
    ///
    /// ```text
    /// {"client":1,"call":0,"return":5,"txn":[["append","x",1],["r","y",[2,3]]],"ok":true}
    /// {:process 1, :type :ok, :f :txn, :value [[:append :x 1] [:r :y [2 3]]]}
    /// ```
    ///
    /// `ok` is true for a transaction that committed, false for one that aborted, and null where that is unknown.
    /// Jepsen's `:ok`, `:fail` and `:info` say the same; its real time is the order of the events.
    ///
    /// # Errors
    /// What does not belong there, with its line.
    pub fn read(text: &str) -> Result<Self, TransactionError> {
        if edn::is_recognised(text) { edn::read(text) } else { jsonl::read(text) }
    }

    pub(super) fn with_lines(
        transactions: impl IntoIterator<Item = (Transaction, usize)>,
    ) -> Result<Self, TransactionError> {
        let mut history = TransactionHistory::default();
        for (transaction, line) in transactions {
            check_alone(&transaction, line)?;
            history.transactions.push(transaction);
            history.lines.push(u32::try_from(line).map_err(|_| TransactionError::TooLong)?);
        }
        let operations: usize = history.transactions.iter().map(|each| each.operations.len()).sum();
        if history.len().max(operations) > MOST {
            return Err(TransactionError::TooLong);
        }
        history.check_clients()?;
        history.check_appends()?;
        Ok(history)
    }

    /// All of them.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// The line of the file that a transaction was read from, its call in a Jepsen history; or its number + 1.
    pub fn line(&self, number: usize) -> usize {
        self.lines[number] as usize
    }

    /// How many different keys there are.
    pub fn keys(&self) -> usize {
        let operations = self.transactions.iter().flat_map(|each| &each.operations);
        operations.map(|operation| (operation.key(), ())).collect::<FastMap<_, _>>().len()
    }

    fn check_clients(&self) -> Result<(), TransactionError> {
        for pair in self.by_client().windows(2) {
            let [other, next] = [pair[0], pair[1]].map(|number| &self.transactions[number as usize]);
            let [other_line, line] = [pair[0], pair[1]].map(|number| self.line(number as usize));
            let (client, call) = (next.client, next.call);
            if other.client != client {
                continue;
            }
            match (other.status, other.returned) {
                (Status::Unknown, _) | (_, None) => {
                    return Err(TransactionError::CallAfterGivingUp {
                        line,
                        client,
                        call,
                        other: other_line,
                    });
                }
                (_, Some(until)) if until > call => {
                    return Err(TransactionError::Overlap { line, client, call, other: other_line, until });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Client by client, each client's transactions as they came.
    pub(super) fn by_client(&self) -> Vec<u32> {
        let mut numbers = (0..self.len() as u32).collect::<Vec<_>>();
        let moment = |&number: &u32| {
            let Transaction { client, call, returned, status, .. } = &self.transactions[number as usize];
            let is_open = *status == Status::Unknown;
            (*client, *call, if is_open { u64::MAX } else { returned.unwrap_or(u64::MAX) }, is_open, number)
        };
        numbers.sort_unstable_by_key(moment);
        numbers
    }

    fn check_appends(&self) -> Result<(), TransactionError> {
        let mut seen = FastMap::<(&Value, &Value), u32>::default();
        for (number, transaction) in self.transactions.iter().enumerate() {
            for operation in &transaction.operations {
                let Operation::Append { key, value } = operation else { continue };
                if let Some(other) = seen.insert((key, value), number as u32) {
                    let (line, other) = (self.line(number), self.line(other as usize));
                    let (key, value) = (key.clone(), value.clone());
                    return Err(TransactionError::AppendedTwice { line, key, value, other });
                }
            }
        }
        Ok(())
    }
}

fn check_alone(transaction: &Transaction, line: usize) -> Result<(), TransactionError> {
    let Transaction { client, call, returned, status, ref operations } = *transaction;
    match returned {
        Some(returned) if returned < call => {
            return Err(TransactionError::ReturnBeforeCall { line, client, call, returned });
        }
        None if status != Status::Unknown => return Err(TransactionError::OutcomeWithoutReturn { line }),
        _ => {}
    }
    let without_list = operations.iter().find(|each| matches!(each, Operation::Read { list: None, .. }));
    match (status, without_list) {
        (Status::Committed, Some(read)) => {
            Err(TransactionError::ReadWithoutList { line, key: read.key().clone() })
        }
        _ => Ok(()),
    }
}
