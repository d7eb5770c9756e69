//! The store.
#![no_std]
extern crate alloc;

mod store;
pub use store::{Command, Key, Output, Snapshot, Store, Value};
