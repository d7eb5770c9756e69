//! Exit codes: the same for all verbs, and stable.
use std::process::ExitCode;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Every property that was checked holds.
    Holds = 0,
    /// A property is violated.
    Violated = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A budget ran out before there was a verdict.
    Inconclusive = 3,
    /// The machine or the network did not let us: a folder, an endpoint.
    Environment = 10,
    /// A defect of ours.
    Internal = 70,
    /// Somebody pressed Ctrl-C; what was found until then was reported.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// For the end of `--help`.
pub const HELP: &str = "Exit codes: 0 all properties hold, 1 one is violated, 2 usage, 3 inconclusive, \
                        10 environment (a folder, an endpoint), 70 a defect of synod, \
                        130 interrupted.";
