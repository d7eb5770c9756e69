//! Scenarios: a small language in which one says what strikes when, and whom.
//!
//! A scenario is a list of rules. Each waits for its moment, picks one of its actions, does it, and waits
//! again. It is written here, or read from TOML ([`Scenario::read`]):
//!
//! ```
//! use std::time::Duration;
//! use synod_simulator::{Action, Config, Fault, Moment, Scenario, Shape, Who};
//!
//! let s = Duration::from_secs;
//! let scenario = Scenario::new("leader hunt")
//!     .every(s(2)..s(10), [
//!         Action::new(Fault::Partition, s(1)..s(5)).shape(Shape::Ring),
//!         Action::new(Fault::Pause, s(1)..s(3)).who(Who::Favourite),
//!     ])
//!     .when("leader_has_uncommitted_entries", s(5)..s(8), [
//!         Action::new(Fault::Crash, s(1)..s(2)).who(Who::It),
//!     ])
//!     .heal_at(Moment::Share(0.8));
//! let config = Config::new(7).with_scenario(scenario.clone());
//! # let text = r#"
//! name = "leader hunt"
//! heal_at = "80%"
//!
//! [[rule]]
//! every = "2s..10s"
//! pick = [
//!     { do = "partition", shape = "ring", lasts = "1s..5s" },
//!     { do = "pause", who = "favourite", lasts = "1s..3s" },
//! ]
//!
//! [[rule]]
//! when = "leader_has_uncommitted_entries"
//! pause = "5s..8s"
//! pick = [{ do = "crash", who = "it", lasts = "1s..2s" }]
//! # "#;
//! # let vocabulary = synod_simulator::Vocabulary { predicates: &["leader_has_uncommitted_entries"], kinds: &[] };
//! # assert_eq!(Scenario::read(text, vocabulary), Ok(scenario));
//! ```
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{NodeId, Nodes};

use crate::config::Turned;
use crate::{Config, ConfigError, Fault, Shape};

mod read;
pub use read::{ScenarioError, Vocabulary};
mod unfold;

/// What strikes when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    pub name: String,
    /// Classes that are on beside the rules, as by [`Config::with_faults`].
    pub faults: Vec<Fault>,
    /// Knobs that are turned, by name, in this order ([`Config::turn`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knobs: Vec<Turned>,
    pub rules: Vec<Rule>,
    /// Then everything is healed, all nodes are up that can be, and nothing strikes any more.
    pub heal_at: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub when: When,
    /// One of these, each as likely.
    pub pick: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Again and again; so long from the end of one to the next.
    Every(Range<Duration>),
    /// Once.
    At(Moment),
    /// As soon as a named predicate holds, and again when it holds so long after the end of the last.
    Holds { predicate: String, pause: Range<Duration> },
}

/// A moment of the safety phase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    After(Duration),
    /// Of its time: 0.8 is 80 %.
    Share(f64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// One of [`Fault::STRIKES`].
    pub does: Fault,
    pub who: Who,
    pub lasts: Range<Duration>,
    /// Of a partition, flapping or not; any, if none is given.
    pub shape: Option<Shape>,
    /// Of the messages that a filter loses; any, if none is given.
    pub kind: Option<String>,
}

/// Whom an action strikes. For a partition: who is on the small side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    Any,
    /// The leader, where the algorithm has one. While there is none, nothing happens.
    Favourite,
    /// The node for which the predicate holds.
    It,
    Minority,
    Majority,
    All,
    Node(NodeId),
}

impl Scenario {
    pub fn new(name: impl Into<String>) -> Scenario {
        Scenario {
            name: name.into(),
            faults: Vec::new(),
            knobs: Vec::new(),
            rules: Vec::new(),
            heal_at: None,
        }
    }

    #[must_use]
    pub fn faults(mut self, faults: &[Fault]) -> Scenario {
        self.faults.extend(faults);
        self
    }

    /// Turns a knob of the configuration. One that is none is told when the run begins.
    #[must_use]
    pub fn knob(mut self, name: impl Into<String>, value: impl Into<String>) -> Scenario {
        self.knobs.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn every(self, pause: Range<Duration>, pick: impl IntoIterator<Item = Action>) -> Scenario {
        self.rule(When::Every(pause), pick)
    }

    #[must_use]
    pub fn at(self, moment: Moment, pick: impl IntoIterator<Item = Action>) -> Scenario {
        self.rule(When::At(moment), pick)
    }

    #[must_use]
    pub fn when(
        self,
        predicate: impl Into<String>,
        pause: Range<Duration>,
        pick: impl IntoIterator<Item = Action>,
    ) -> Scenario {
        self.rule(When::Holds { predicate: predicate.into(), pause }, pick)
    }

    #[must_use]
    pub fn heal_at(mut self, moment: Moment) -> Scenario {
        self.heal_at = Some(moment);
        self
    }

    fn rule(mut self, when: When, pick: impl IntoIterator<Item = Action>) -> Scenario {
        self.rules.push(Rule { when, pick: pick.into_iter().collect() });
        self
    }

    /// Does it use this class, in a rule?
    pub(crate) fn does(&self, fault: Fault) -> bool {
        self.rules.iter().flat_map(|rule| &rule.pick).any(|action| action.does == fault)
    }

    /// # Errors
    /// An action that is none or strikes nobody, or a rule that could strike without end at one moment.
    pub(crate) fn check(&self, nodes: u32) -> Result<(), ConfigError> {
        for (name, value) in &self.knobs {
            Config::new(0).turn(name, value)?;
        }
        for rule in &self.rules {
            for action in &rule.pick {
                match action.who {
                    Who::Node(NodeId(node)) if !(1..=nodes).contains(&node) => {
                        return Err(ConfigError::NoNode { node, nodes });
                    }
                    Who::It if !matches!(rule.when, When::Holds { .. }) => return Err(ConfigError::Nobody),
                    _ => {}
                }
            }
            if let Some(action) = rule.pick.iter().find(|action| !Fault::STRIKES.contains(&action.does)) {
                return Err(ConfigError::NoStrike { fault: action.does });
            }
            if rule.pick.is_empty() {
                return Err(ConfigError::Zero { knob: "the number of actions of a rule" });
            }
            if let When::Every(pause) | When::Holds { pause, .. } = &rule.when
                && pause.start < Duration::from_micros(1)
            {
                return Err(ConfigError::TooShort { knob: "the pause of a rule" });
            }
        }
        Ok(())
    }
}

impl Action {
    /// On any node; of a partition, in any shape.
    pub fn new(does: Fault, lasts: Range<Duration>) -> Action {
        Action { does, who: Who::Any, lasts, shape: None, kind: None }
    }

    #[must_use]
    pub fn who(self, who: Who) -> Action {
        Action { who, ..self }
    }

    #[must_use]
    pub fn shape(self, shape: Shape) -> Action {
        Action { shape: Some(shape), ..self }
    }

    #[must_use]
    pub fn kind(self, kind: impl Into<String>) -> Action {
        Action { kind: Some(kind.into()), ..self }
    }
}

/// `partition ring of Favourite for 1s..5s`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Action { does, who, lasts, shape, kind } = self;
        let detail = shape.map(Shape::name).or(kind.as_deref());
        write!(
            f,
            "{does}{}{} of {who:?} for {lasts:?}",
            if detail.is_some() { " " } else { "" },
            detail.unwrap_or_default()
        )
    }
}

impl Config {
    /// Follows it, beside the classes that are on, with its knobs turned.
    #[must_use]
    pub fn with_scenario(self, scenario: Scenario) -> Config {
        let mut config = self.with_faults(&scenario.faults);
        for (name, value) in &scenario.knobs {
            // What is none is told by `Config::check`.
            let _ = config.turn(name, value);
        }
        Config { scenario: Some(scenario), ..config }
    }
}

type Holds<N> = Arc<dyn Fn(Nodes<'_, N>) -> Option<NodeId> + Send + Sync>;

/// What scenarios may wait for, by name. A predicate says for which node it holds, if for one.
pub struct Predicates<N>(Vec<(&'static str, Holds<N>)>);

impl<N> Default for Predicates<N> {
    fn default() -> Self {
        Predicates(Vec::new())
    }
}

impl<N> Clone for Predicates<N> {
    fn clone(&self) -> Self {
        Predicates(self.0.clone())
    }
}

impl<N> fmt::Debug for Predicates<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl<N> Predicates<N> {
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        holds: impl Fn(Nodes<'_, N>) -> Option<NodeId> + Send + Sync + 'static,
    ) -> Self {
        self.0.push((name, Arc::new(holds)));
        self
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Holds<N>> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, holds)| holds)
    }
}
