//! What can go wrong before there is a verdict, and whose fault it is.
use std::{io, path::PathBuf};

use thiserror::Error;

use crate::Engine;

/// No verdict. None of these may ever be taken for one.
#[derive(Debug, Error)]
pub enum TlaError {
    /// The operator's: the name on the command line.
    #[error("there is no model {name}; there are: {}", .known.join(", "))]
    NoSuchModel { name: String, known: Vec<String> },
    /// Ours: the file of expectations.
    #[error("{path}: {why}")]
    BadExpectations { path: PathBuf, why: String },
    /// Ours: the spec or its cfg.
    #[error("{engine} cannot check {cfg}: {why}")]
    BadSpec { engine: Engine, cfg: String, why: String },
    /// The verdict would be about less than the whole model.
    #[error("{engine} stopped at a limit ({limit}) in {cfg}, after {distinct} states: the verdict is open")]
    LimitReached { engine: Engine, cfg: String, limit: &'static str, distinct: u64 },
    /// The machine's.
    #[error("{path}: {source}; is there space, and may it be written?")]
    Files { path: PathBuf, source: io::Error },
    /// The machine's.
    #[error(
        "TLC is not here ({why}). It needs Java 11 or later on the PATH and tla2tools.jar in TLA2TOOLS_JAR; scripts/tlc fetches the jar. The engine tla-checker needs neither"
    )]
    NoTlc { why: String },
}
