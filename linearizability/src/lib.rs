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
//!
//! A history that is not linearizable may keep something weaker: [`check_consistency`] judges sequential and causal
//! consistency and the four session guarantees, which [`consistency`] defines.
//!
//! ```
//! use synod_linearizability::{Consistency, History, Op, Operation, Options, Output, check_consistency};
//!
//! // Two clients, each with its own write, and neither sees the other's.
//! let put = |client, key| Operation::called(client, 0, Op::Put(1.into())).on(key).returned(5, Output::Null);
//! let miss = |client, key| Operation::called(client, 10, Op::Get).on(key).returned(15, Output::Null);
//! let history = History::new([put(1, "x"), put(2, "y"), miss(1, "y"), miss(2, "x")])?;
//! let holds = |model| check_consistency(&history, model, &Options::default()).holds();
//! assert!(!holds(Consistency::Linearizable) && !holds(Consistency::Sequential));
//! assert!(holds(Consistency::Causal) && holds(Consistency::ReadYourWrites));
//! # Ok::<(), synod_linearizability::HistoryError>(())
//! ```
//!
//! Of transactions on several objects [`transactions`] says which isolation level they have.
mod check;
mod custom;
pub mod consistency;
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
mod monitor;
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
pub use consistency::{Consistency, check_consistency};
pub use custom::{Call, check_model, verify_model};
pub use data_type::{DataType, UnknownDataType};
pub use error::HistoryError;
pub use format::{Format, ReadOptions, UnknownFormat};
pub use history::{History, HistoryBuilder};
pub use model::Model;
pub use monitor::{Alarm, Monitor};
pub use operation::{Op, Operation, Output, Return};
pub use options::Options;
pub use value::Value;
pub use verdict::{Verdict, Violation, Why};
pub use verify::{OrderError, verify};

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
