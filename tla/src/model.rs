//! What is expected of each model: `expected.toml`.
use std::path::Path;

use serde::Deserialize;

use crate::{Engine, Outcome, TlaError, Verdict};

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

/// One cfg and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `paxos/MCPaxos.small`: the folder, the module, and the cfg's name.
    pub cfg: String,
    /// The property that must break. Without it, all of them hold.
    pub breaks: Option<String>,
    /// Distinct states. Of a model that breaks there is no such number: an engine may look at what it likes
    /// before it finds the violation.
    pub distinct: Option<u64>,
    /// States on the longest of the shortest paths to each state; of a broken invariant or step, states in
    /// the story. Both engines search breadth first.
    pub depth: Option<u64>,
    #[serde(default)]
    pub when: When,
    /// Which engines check it; both, as a rule.
    #[serde(default = "both")]
    pub engines: Vec<Engine>,
}

/// How long one waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// A second or so, in process: in `cargo test`.
    #[default]
    Test,
    /// Up to a minute or two: in CI.
    Ci,
    /// Longer: when somebody asks for it.
    Asked,
}

fn both() -> Vec<Engine> {
    Engine::ALL.to_vec()
}

impl Expected {
    /// # Errors
    /// It is not TOML of this form, or a model's expectation says nothing.
    pub fn parse(path: &Path, text: &str) -> Result<Expected, TlaError> {
        let bad = |why: String| TlaError::BadExpectations { path: path.to_owned(), why };
        let expected: Expected = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        for model in &expected.models {
            let (cfg, says_something) = (&model.cfg, model.breaks.is_some() || model.distinct.is_some());
            if !says_something || model.breaks.is_some() && model.distinct.is_some() {
                return Err(bad(format!("{cfg}: give either `distinct` or `breaks`")));
            }
            if model.algorithm().is_empty() || !cfg.contains('.') {
                return Err(bad(format!("{cfg}: a cfg is FOLDER/MODULE.NAME")));
            }
        }
        Ok(expected)
    }
}

impl Model {
    /// The folder: `paxos`.
    pub fn algorithm(&self) -> &str {
        self.cfg.split_once('/').map_or("", |(folder, _)| folder)
    }

    /// The module: `MCPaxos`.
    pub fn module(&self) -> &str {
        let file = self.cfg.split_once('/').map_or(&*self.cfg, |(_, file)| file);
        file.split_once('.').map_or(file, |(module, _)| module)
    }

    /// The cfg's own name: `small`, `wit_two_leaders`.
    pub fn name(&self) -> &str {
        self.cfg.split_once('.').map_or("", |(_, name)| name)
    }

    /// # Errors
    /// What was found differs from what is expected; in words.
    pub fn compare(&self, found: &Outcome) -> Result<(), String> {
        match (&found.verdict, &self.breaks) {
            (Verdict::Holds, None) => {}
            (Verdict::Holds, Some(breaks)) => {
                return Err(format!("{breaks} must break, and everything holds ({found})"));
            }
            (Verdict::Violated(violation), None) => {
                return Err(format!("everything must hold, and {violation} is violated ({found})"));
            }
            (Verdict::Violated(violation), Some(breaks)) if !violation.may_be(breaks) => {
                return Err(format!("{breaks} must break, and {violation} did ({found})"));
            }
            (Verdict::Violated(_), Some(_)) => {}
        }
        let differs = |what: &str, expected: Option<u64>, found: u64| match expected {
            Some(expected) if expected != found => Err(format!("{what}: {expected} expected, {found} found")),
            _ => Ok(()),
        };
        differs("distinct states", self.distinct, found.distinct)?;
        differs("depth", self.depth, found.depth)
    }
}
