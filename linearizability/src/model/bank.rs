//! Accounts and transfers.
use super::Object;
use crate::{Op, Output, Value};

/// Accounts that are never overdrawn: `transfer`, `read` of all balances.
#[derive(Clone, Debug)]
pub struct Bank {
    /// How many there are.
    pub accounts: usize,
    /// What each one holds at first.
    pub initial: i64,
}

impl Bank {
    /// What an account holds at first, unless something else is said.
    pub const INITIAL: i64 = 10;
}

impl Object for Bank {
    type State = Vec<i64>;

    fn initial(&self) -> Vec<i64> {
        vec![self.initial; self.accounts]
    }

    fn apply(&self, state: &Vec<i64>, op: &Op) -> Option<(Vec<i64>, Output)> {
        match *op {
            Op::Transfer { from, to, amount } => {
                let (from, to, amount) = (from as usize, to as usize, i64::from(amount));
                if *state.get(from)? < amount {
                    return Some((state.clone(), Output::Bool(false)));
                }
                let mut after = state.clone();
                after[from] -= amount;
                *after.get_mut(to)? += amount;
                Some((after, Output::Bool(true)))
            }
            Op::Read => {
                let balances = state.iter().map(|balance| Value::Number(*balance)).collect();
                Some((state.clone(), Output::Array(balances)))
            }
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        match op {
            Op::Read => true,
            Op::Transfer { from, to, amount } => {
                output == Some(&Output::Bool(false)) || from == to || *amount == 0
            }
            _ => false,
        }
    }

    fn describe(&self, state: &Vec<i64>) -> String {
        format!("{state:?}")
    }
}
