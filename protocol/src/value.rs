//! What everything on the waist is made of: plain values.
use core::{fmt::Debug, hash::Hash};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a node is: plain data that can be copied, compared and hashed.
///
/// `Ord` is deliberately absent: it would spread to every state machine that is replicated.
pub trait Value: Clone + Debug + Eq + Hash + Send + Sync + 'static {}
impl<T: Clone + Debug + Eq + Hash + Send + Sync + 'static> Value for T {}

/// What goes into a message, onto a disk or into a trace: a value that can be written down too.
///
/// Generic types derive serde's traits with `#[serde(bound = "")]`.
pub trait Data: Value + Serialize + DeserializeOwned {}
impl<T: Value + Serialize + DeserializeOwned> Data for T {}

/// For what a node does not have: no message, timer, record or event can be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Never {}
