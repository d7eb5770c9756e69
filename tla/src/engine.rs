//! Two checkers of the same files.
use std::fmt;

use serde::Deserialize;

use crate::{Model, Outcome, Shelf, TlaError, checker, tlc};

/// Who explores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The crate `tla-checker`, in this process. Faster than a Java machine starts, up to some ten thousand
    /// states.
    TlaChecker,
    /// Lamport's own, from `tla2tools.jar`. Faster from a hundred thousand states on.
    Tlc,
}

impl Engine {
    pub const ALL: [Engine; 2] = [Engine::TlaChecker, Engine::Tlc];

    pub fn name(self) -> &'static str {
        match self {
            Engine::TlaChecker => "tla-checker",
            Engine::Tlc => "tlc",
        }
    }

    /// Explores the model to its end, or to the first violation. Deadlock is no violation: a bounded model
    /// ends somewhere.
    ///
    /// # Errors
    /// There is no verdict: the spec is wrong, the engine warned or gave up, or it is not here.
    pub fn run(self, shelf: &Shelf, model: &Model) -> Result<Outcome, TlaError> {
        match self {
            Engine::TlaChecker => checker::run(shelf, model),
            Engine::Tlc => tlc::run(shelf, model),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
