//! A value that is made once, and copied, compared and hashed a hundred times.
use alloc::sync::Arc;
use core::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Digest;

/// A value that never changes, behind one pointer, with its digest beside it.
///
/// A command stands in five logs, in the messages between them and in their records; a harness hashes each
/// of these, and a checker compares them. All of that costs a word here, however large the command is. It
/// is written and read as the value alone.
pub struct Shared<T>(Arc<Digested<T>>);

struct Digested<T> {
    digest: u64,
    value: T,
}

impl<T: Hash> Shared<T> {
    pub fn new(value: T) -> Shared<T> {
        let mut digest = Digest::new(0);
        value.hash(&mut digest);
        Shared(Arc::new(Digested { digest: digest.finish(), value }))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.digest == other.0.digest && **self == **other)
    }
}

impl<T: Eq> Eq for Shared<T> {}

/// Equal values have equal digests.
impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.digest);
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Hash> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Shared::new)
    }
}
