//! TLA+ specs of Synod's algorithms, and the verdict and the number of states of each of their models, as data.
//!
//! Two engines check the same files: [`Engine::TlaChecker`] in this process, with nothing but Rust, and
//! [`Engine::Tlc`], the reference, from a `tla2tools.jar`. What both must find stands in `expected.toml`.
//!
//! ```
//! use synod_tla::{Engine, Shelf};
//!
//! let shelf = Shelf::unpack()?;
//! let model = shelf.model("atomic-commit/MCTwoPhase.small")?;
//! let outcome = Engine::TlaChecker.run(&shelf, model)?;
//! assert_eq!(outcome.distinct, 288); // Gray & Lamport's spec, as everybody counts it
//! assert_eq!(model.compare(&outcome), Ok(()));
//! # Ok::<(), synod_tla::TlaError>(())
//! ```
//!
//! # What an expectation is worth
//!
//! 1. A model that *holds* was explored to its end: any limit reached, and any warning, is an error.
//! 2. Its exact number of distinct states is pinned, and the depth of its graph. A spec that is changed by
//!    accident, in its guards or in its bounds, has another number.
//! 3. A witness (`wit_*`) must be violated: it says that something interesting never happens. A bug
//!    (`bug_*`) must be violated too: it is a spec with a known mistake put in. Both name the property that
//!    must break, and the length of the shortest story that breaks it.
mod error;
pub use error::TlaError;

mod shelf;
pub use shelf::Shelf;

mod model;
pub use model::{Expected, Model, When};

mod outcome;
pub use outcome::{Moment, Outcome, Verdict, Violation};

mod engine;
pub use engine::Engine;
mod checker;
mod follow;
pub use follow::{Followed, Rejected, accepts, follow, follow_telling};
mod explain;
mod words;
mod tlc;
