//! What an engine found.
use std::fmt;

/// A verdict, and how much was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub verdict: Verdict,
    /// Distinct states: all there are, if everything holds.
    pub distinct: u64,
    /// States on the longest of the shortest paths; of a violation, states in its story.
    pub depth: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Violated(Violation),
}

/// What broke, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant or property. TLC does not name a property that is about steps or about for ever.
    pub property: Option<String>,
    /// From an initial state on; the last moment is the bad one. If it is about for ever, the end repeats.
    pub story: Vec<Moment>,
}

/// A state, and the action that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// None for the first.
    pub action: Option<String>,
    /// Variable and value, as TLA+ writes them.
    pub state: Vec<(String, String)>,
}

impl Violation {
    /// An engine that does not say which it was is believed.
    pub(crate) fn may_be(&self, property: &str) -> bool {
        self.property.as_deref().is_none_or(|name| name == property)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.property.as_deref().unwrap_or("a property of steps or of whole behaviours"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Holds => write!(f, "{} distinct states, depth {}", self.distinct, self.depth),
            Verdict::Violated(_) => {
                write!(f, "a story of {} states, found among {}", self.depth, self.distinct)
            }
        }
    }
}
