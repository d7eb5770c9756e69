//! Numbers that JSON cannot carry as numbers.
use std::fmt;

use serde::{Serialize, Serializer};

/// Written as text: ids, and numbers that JSON's readers would round.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}
