//! How much may go wrong.
use std::{fmt, str::FromStr};

use thiserror::Error;

/// How often each thing may still happen. It is part of the state: that is what makes the states finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// A node goes down; it may come back at any later time, as itself.
    pub crashes: u8,
    /// A message is lost for certain. One that is merely never delivered costs nothing.
    pub drops: u8,
    /// A message arrives and stays on its way as well.
    pub duplicates: u8,
    /// A timer fires, of whichever node.
    pub timers: u8,
    /// A client makes the next call of its script.
    pub requests: u8,
    /// A client tries its open call again, at whichever node.
    pub retries: u8,
}

/// What a budget's text should have been.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BudgetError {
    #[error(
        "`{0}` is no part of a budget: write crashes=1,drops=1,duplicates=1,timers=4,requests=2,retries=1"
    )]
    NoSuchPart(String),
    #[error("`{0}` is no number from 0 to 255")]
    NoNumber(String),
}

impl Budget {
    const NAMES: [&'static str; 6] = ["crashes", "drops", "duplicates", "timers", "requests", "retries"];

    fn parts_mut(&mut self) -> [&mut u8; 6] {
        let Budget { crashes, drops, duplicates, timers, requests, retries } = self;
        [crashes, drops, duplicates, timers, requests, retries]
    }

    pub fn parts(mut self) -> [(&'static str, u8); 6] {
        let values = self.parts_mut().map(|part| *part);
        std::array::from_fn(|place| (Budget::NAMES[place], values[place]))
    }

    /// With the parts that the text names: `crashes=1,timers=3`.
    ///
    /// # Errors
    /// A part or a number that is none.
    pub fn with(mut self, text: &str) -> Result<Budget, BudgetError> {
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, number) = part.split_once('=').ok_or_else(|| BudgetError::NoSuchPart(part.into()))?;
            let place = Budget::NAMES.iter().position(|known| *known == name.trim());
            let place = place.ok_or_else(|| BudgetError::NoSuchPart(part.into()))?;
            *self.parts_mut()[place] =
                number.trim().parse().map_err(|_| BudgetError::NoNumber(number.into()))?;
        }
        Ok(self)
    }
}

impl FromStr for Budget {
    type Err = BudgetError;
    fn from_str(text: &str) -> Result<Budget, BudgetError> {
        Budget::default().with(text)
    }
}

/// `crashes=1,drops=1,duplicates=1,timers=4,requests=2,retries=0`
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts().map(|(name, number)| format!("{name}={number}"));
        f.write_str(&parts.join(","))
    }
}
