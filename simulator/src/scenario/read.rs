//! Scenarios as TOML. Whatever is wrong is told with its line, and with what would be right.
use std::ops::Range;
use std::time::Duration;

use synod_protocol::NodeId;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Action, Moment, Rule, Scenario, When, Who};
use crate::config::{KnobError, Turned, duration, span};
use crate::{Config, Fault, Shape};

/// What a scenario may speak of beside what the simulator knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vocabulary<'a> {
    pub predicates: &'a [&'a str],
    /// Kinds of messages; if there are none, any will do.
    pub kinds: &'a [&'a str],
}

/// What is wrong with the text of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ScenarioError {
    /// From 1.
    pub line: usize,
    pub what: String,
}

impl Scenario {
    /// # Errors
    /// The first thing that is no TOML, is not known, or is missing.
    pub fn read(text: &str, vocabulary: Vocabulary<'_>) -> Result<Scenario, ScenarioError> {
        let reader = Reader { text, vocabulary };
        let document = DeTable::parse(text).map_err(|error| {
            reader.error(error.span().unwrap_or_default(), error.message().replace('\n', ", "))
        })?;
        reader.scenario(&reader.table(&document, document.get_ref()))
    }
}

struct Reader<'a> {
    text: &'a str,
    vocabulary: Vocabulary<'a>,
}

/// A table, with the place where it stands.
struct Table<'a> {
    at: Range<usize>,
    fields: &'a DeTable<'a>,
}

type Read<T> = Result<T, ScenarioError>;
type Value<'a> = &'a Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn scenario(&self, table: &Table<'_>) -> Read<Scenario> {
        self.only(table, &["name", "faults", "heal_at", "config", "rule"])?;
        let name = self.optional(table, "name", Reader::string)?.unwrap_or_default();
        let faults = self.optional(table, "faults", |r, value| r.each(value, Reader::fault))?;
        let heal_at = self.optional(table, "heal_at", Reader::moment)?;
        let rules = self.optional(table, "rule", |r, value| r.each(value, Reader::rule))?;
        let mut knobs = Vec::new();
        self.optional(table, "config", |r, value| r.knobs(&r.table_of(value)?, "", &mut knobs))?;
        let (faults, rules) = (faults.unwrap_or_default(), rules.unwrap_or_default());
        Ok(Scenario { name, faults, knobs, rules, heal_at })
    }

    /// All that stand in a table, and in those within it.
    fn knobs(&self, table: &Table<'_>, within: &str, knobs: &mut Vec<Turned>) -> Read<()> {
        for (name, value) in table.fields {
            let name_here = format!("{within}{}", name.get_ref());
            if let DeValue::Table(fields) = value.get_ref() {
                // The name of a table stands where it begins, and errors within it where they are.
                self.knobs(&Table { at: name.span(), fields }, &format!("{name_here}."), knobs)?;
                continue;
            }
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Float(number) => number.as_str().to_owned(),
                DeValue::Boolean(flag) => flag.to_string(),
                other => {
                    let what = format!("a knob is due here, and not a {}", other.type_str());
                    return Err(self.error(value.span(), what));
                }
            };
            let turned = Config::new(0).turn(&name_here, &text);
            turned.map_err(|error| match error {
                KnobError::Unknown { .. } | KnobError::Load { .. } => {
                    self.error(name.span(), error.to_string())
                }
                KnobError::Value { .. } => self.error(value.span(), error.to_string()),
            })?;
            knobs.push((name_here, text));
        }
        Ok(())
    }

    fn rule(&self, value: Value<'_>) -> Read<Rule> {
        let table = self.table_of(value)?;
        self.only(&table, &["every", "at", "when", "pause", "pick"])?;
        let every = self.optional(&table, "every", Reader::span)?;
        let at = self.optional(&table, "at", Reader::moment)?;
        let predicate = self.optional(&table, "when", Reader::predicate)?;
        let pause = self.optional(&table, "pause", Reader::span)?;
        let when = match (every, at, predicate, pause) {
            (Some(pause), None, None, None) => When::Every(pause),
            (None, Some(moment), None, None) => When::At(moment),
            (None, None, Some(predicate), Some(pause)) => When::Holds { predicate, pause },
            (None, None, Some(_), None) => {
                let what =
                    "\"when\" needs \"pause\" beside it: how long until it may strike again, \"5s..10s\"";
                return Err(self.error(table.at, what.into()));
            }
            _ => {
                let what = "a rule has one of \"every\", \"at\", or \"when\" with \"pause\"";
                return Err(self.error(table.at, what.into()));
            }
        };
        let pick = self.needed(&table, "pick", |r, value| r.each(value, Reader::action))?;
        if !matches!(when, When::Holds { .. }) && pick.iter().any(|action| action.who == Who::It) {
            let what = "\"it\" is the node for which a predicate holds; this rule has no \"when\"";
            return Err(self.error(table.at, what.into()));
        }
        let is_short =
            matches!(&when, When::Every(pause) | When::Holds { pause, .. } if pause.start < MICROSECOND);
        if is_short || pick.is_empty() {
            let what = "a rule has a pause of a microsecond or more, and one action or more";
            return Err(self.error(table.at, what.into()));
        }
        Ok(Rule { when, pick })
    }

    fn action(&self, value: Value<'_>) -> Read<Action> {
        let table = self.table_of(value)?;
        self.only(&table, &["do", "who", "lasts", "shape", "kind"])?;
        let does = self.needed(&table, "do", Reader::strike)?;
        let who = self.optional(&table, "who", Reader::who)?.unwrap_or(Who::Any);
        let lasts = self.needed(&table, "lasts", Reader::span)?;
        let shape = self.optional(&table, "shape", Reader::shape)?;
        let kind = self.optional(&table, "kind", Reader::kind)?;
        for (is_there, field, of) in [
            (shape.is_some(), "shape", &[Fault::Partition, Fault::Flapping][..]),
            (kind.is_some(), "kind", &[Fault::Filter]),
        ] {
            if is_there && !of.contains(&does) {
                let of = of.iter().map(|fault| fault.name());
                return Err(self.error(table.at, format!("{does} has no {field}; {} has", listed(of))));
            }
        }
        Ok(Action { does, who, lasts, shape, kind })
    }
}

const MICROSECOND: Duration = Duration::from_micros(1);

/// Words.
impl Reader<'_> {
    fn string(&self, value: Value<'_>) -> Read<String> {
        self.text_of(value).map(ToOwned::to_owned)
    }

    fn fault(&self, value: Value<'_>) -> Read<Fault> {
        self.one_of(value, "fault class", Fault::EVERY.map(|fault| (fault.name(), fault)))
    }

    fn strike(&self, value: Value<'_>) -> Read<Fault> {
        self.one_of(value, "fault to do", Fault::STRIKES.map(|fault| (fault.name(), fault)))
    }

    fn shape(&self, value: Value<'_>) -> Read<Shape> {
        self.one_of(value, "shape", Shape::ALL.map(|shape| (shape.name(), shape)))
    }

    fn predicate(&self, value: Value<'_>) -> Read<String> {
        let known = self.vocabulary.predicates.iter().map(|name| (*name, (*name).to_owned()));
        self.one_of(value, "predicate", known)
    }

    fn kind(&self, value: Value<'_>) -> Read<String> {
        if self.vocabulary.kinds.is_empty() {
            return self.string(value);
        }
        let known = self.vocabulary.kinds.iter().map(|kind| (*kind, (*kind).to_owned()));
        self.one_of(value, "kind of message", known)
    }

    fn who(&self, value: Value<'_>) -> Read<Who> {
        let number = self.text_of(value)?.strip_prefix('n').and_then(|number| number.parse().ok());
        if let Some(number @ 1..) = number {
            return Ok(Who::Node(NodeId(number)));
        }
        let words = [
            ("any", Who::Any),
            ("favourite", Who::Favourite),
            ("leader", Who::Favourite),
            ("it", Who::It),
            ("minority", Who::Minority),
            ("majority", Who::Majority),
            ("all", Who::All),
            ("n1, n2, …", Who::Any),
        ];
        self.one_of(value, "\"who\"", words)
    }

    /// `80%`, or a time.
    fn moment(&self, value: Value<'_>) -> Read<Moment> {
        let text = self.text_of(value)?;
        match text.strip_suffix('%').map(|share| share.trim().parse()) {
            Some(Ok(share @ 0.0..=100.0)) => Ok(Moment::Share(share / 100.0)),
            Some(_) => Err(self.error(value.span(), format!("\"{text}\" is no share; write \"80%\""))),
            None => duration(text).map(Moment::After).ok_or_else(|| {
                self.error(value.span(), format!("\"{text}\" is no moment; write \"45s\" or \"80%\""))
            }),
        }
    }

    /// `2s..10s`, or a time.
    fn span(&self, value: Value<'_>) -> Read<Range<Duration>> {
        let text = self.text_of(value)?;
        span(text).ok_or_else(|| {
            let what = format!("\"{text}\" is no time; write \"500ms\", \"2s\" or \"2s..10s\"");
            self.error(value.span(), what)
        })
    }
}

/// Places.
impl Reader<'_> {
    fn error(&self, at: Range<usize>, what: String) -> ScenarioError {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        ScenarioError { line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(), what }
    }

    fn table<'a, T>(&self, place: &Spanned<T>, fields: &'a DeTable<'a>) -> Table<'a> {
        Table { at: place.span(), fields }
    }

    fn table_of<'a>(&self, value: Value<'a>) -> Read<Table<'a>> {
        match value.get_ref() {
            DeValue::Table(fields) => Ok(self.table(value, fields)),
            other => {
                Err(self.error(value.span(), format!("a table is due here, and not a {}", other.type_str())))
            }
        }
    }

    fn text_of<'a>(&self, value: Value<'a>) -> Read<&'a str> {
        value.get_ref().as_str().ok_or_else(|| {
            let found = value.get_ref().type_str();
            self.error(value.span(), format!("a string is due here, and not a {found}"))
        })
    }

    fn each<T>(&self, value: Value<'_>, read: fn(&Self, Value<'_>) -> Read<T>) -> Read<Vec<T>> {
        let list = value.get_ref().as_array().ok_or_else(|| {
            let found = value.get_ref().type_str();
            self.error(value.span(), format!("a list is due here, and not a {found}"))
        })?;
        list.iter().map(|value| read(self, value)).collect()
    }

    fn optional<T>(
        &self,
        table: &Table<'_>,
        field: &str,
        read: impl FnOnce(&Self, Value<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        let found = table.fields.iter().find(|(name, _)| name.get_ref().as_ref() == field);
        found.map(|(_, value)| read(self, value)).transpose()
    }

    fn needed<T>(
        &self,
        table: &Table<'_>,
        field: &str,
        read: impl FnOnce(&Self, Value<'_>) -> Read<T>,
    ) -> Read<T> {
        self.optional(table, field, read)?
            .ok_or_else(|| self.error(table.at.clone(), format!("\"{field}\" is missing")))
    }

    fn only(&self, table: &Table<'_>, known: &[&str]) -> Read<()> {
        match table.fields.keys().find(|name| !known.contains(&name.get_ref().as_ref())) {
            Some(name) => {
                let what = format!(
                    "there is no field \"{}\"; there is {}",
                    name.get_ref(),
                    listed(known.iter().copied())
                );
                Err(self.error(name.span(), what))
            }
            None => Ok(()),
        }
    }

    fn one_of<'a, T>(
        &self,
        value: Value<'_>,
        what: &str,
        known: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Read<T> {
        let text = self.text_of(value)?;
        let mut names = Vec::new();
        for (name, meant) in known {
            if name == text {
                return Ok(meant);
            }
            names.push(name);
        }
        let known = if names.is_empty() { "none".into() } else { listed(names.into_iter()) };
        Err(self.error(value.span(), format!("there is no {what} \"{text}\"; there is {known}")))
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
