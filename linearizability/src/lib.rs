//! Is a concurrent history linearizable (Herlihy & Wing 1990)?
//!
//! An object that many clients use at once is linearizable if each operation seems to take place at one moment
//! between its call and its return. [`check`] decides whether a recorded history allows that.
//!
//! ```
//! use synod_linearizability::{History, Op, Operation, Options, Output, Verdict, check, verify};
//!
//! let write = Operation::called(1, 0, Op::Write(5.into())).returned(20, Output::Null);
//! let read = |client, from, to, seen| Operation::called(client, from, Op::Read).returned(to, seen);
//!
//! // While the write is under way, a read may see it or not …
//! let old_then_new = [write.clone(), read(2, 1, 3, Output::Null), read(3, 4, 6, Output::Value(5.into()))];
//! let history = History::new(old_then_new)?;
//! let Verdict::Linearizable { order } = check(&history, &Options::default()) else { panic!() };
//! assert_eq!(order, [1, 0, 2]);
//! verify(&history, &order).expect("an independent check of the order, in linear time");
//!
//! // … but once one has seen it, no later one may miss it.
//! let new_then_old = [write, read(2, 1, 3, Output::Value(5.into())), read(3, 4, 6, Output::Null)];
//! let verdict = check(&History::new(new_then_old)?, &Options::default());
//! let Verdict::NotLinearizable(violation) = verdict else { panic!() };
//! assert_eq!(violation.stuck, 2);
//! # Ok::<(), synod_linearizability::HistoryError>(())
//! ```
mod check;
mod data_type;
mod error;
mod explain;
mod fast;
mod format;
mod function;
pub mod generate;
mod hash;
mod history;
pub mod html;
mod mask;
pub mod model;
mod objects;
mod operation;
mod options;
mod search;
mod symbol;
pub mod transactions;
mod transitions;
#[cfg(test)]
mod traps;
mod turns;
mod value;
mod verdict;
mod verify;
mod window;

pub use check::check;
pub use data_type::{DataType, UnknownDataType};
pub use error::HistoryError;
pub use format::{Format, ReadOptions, UnknownFormat};
pub use history::{History, HistoryBuilder};
pub use model::Model;
pub use operation::{Op, Operation, Output, Return};
pub use options::Options;
pub use value::Value;
pub use verdict::{Verdict, Violation, Why};
pub use verify::{OrderError, verify};

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
