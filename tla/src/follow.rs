//! Trace validation: is a recorded run a behaviour of the spec?
//!
//! By negated reachability: the invariant `TraceNotAccepted` says that the end of the trace is never
//! reached, so a trace is accepted exactly if that invariant is violated. Any other verdict of the engine is an
//! error, never a rejection.
use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value as Json, json};
use tla_checker::{
    ast::{Expr, Spec, State, Value},
    checker::{CheckResult, check, format_eval_error, format_value},
    load::{Prepared, prepare_from_path},
};

use crate::{Engine, Shelf, TlaError, explain::failing_conjunct};

/// What came of following a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    Accepted {
        /// How many the engine looked at. One per event and one at first, if the trace says all that there is to say.
        states: u64,
    },
    Rejected(Box<Rejected>),
}

/// Where a run leaves the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// How many events were matched; the next one was not.
    pub matched: usize,
    pub why: String,
    /// The first conjunct of the action, or of what was seen after it, that is false.
    pub conjunct: Option<String>,
    /// The state of the spec before that event: variable and value.
    pub state: Vec<(String, String)>,
}

/// Follows events of a spec, `raft/Raft`, with its trace spec, `raft/RaftTrace`. Each event is a JSON object with at
/// least `action` and `node`; arrays are sequences. Arrays of constants are sets.
///
/// # Errors
/// There is no verdict.
pub fn follow(
    shelf: &Shelf,
    spec: &str,
    constants: &[(&str, Json)],
    events: &[Json],
) -> Result<Followed, TlaError> {
    follow_telling(shelf, spec, constants, events, &mut |_| ())
}

/// The same, and tells now and then how many events it has matched.
///
/// # Errors
/// As of [`follow`].
pub fn follow_telling(
    shelf: &Shelf,
    spec: &str,
    constants: &[(&str, Json)],
    events: &[Json],
    tell: &mut dyn FnMut(usize),
) -> Result<Followed, TlaError> {
    let follow = Follow { shelf, module: format!("{spec}Trace"), constants };
    match follow.all(events, tell)? {
        All::Accepted { states } => Ok(Followed::Accepted { states }),
        All::Stuck { start, first, matched } => {
            let mut rejected = follow.diagnose(start.as_ref(), &events[first..], matched)?;
            rejected.matched += first;
            Ok(Followed::Rejected(Box::new(rejected)))
        }
    }
}

/// The verdict alone, which is quicker where many are rejected.
///
/// # Errors
/// There is no verdict.
pub fn accepts(
    shelf: &Shelf,
    spec: &str,
    constants: &[(&str, Json)],
    events: &[Json],
) -> Result<bool, TlaError> {
    let follow = Follow { shelf, module: format!("{spec}Trace"), constants };
    Ok(matches!(follow.all(events, &mut |_| ())?, All::Accepted { .. }))
}

struct Follow<'a> {
    shelf: &'a Shelf,
    module: String,
    constants: &'a [(&'a str, Json)],
}

/// What came of all events: they are followed piece by piece.
enum All {
    Accepted { states: u64 },
    Stuck { start: Option<State>, first: usize, matched: usize },
}

/// What came of one piece.
enum End {
    Reached { last: State, states: u64 },
    Stuck { matched: usize },
}

const NOT_ACCEPTED: &str = "TraceNotAccepted";

/// A trace spec that defines it says that nothing but `Received` looks into `msgs`.
const ONLY_RECEIVED: &str = "OnlyReceived";

/// Each state is hashed whole, so what it holds should not grow with the run: after so many events, messages that no
/// later event handles are forgotten.
const PIECE: usize = 250;

/// There is no verdict on a trace that fits in more ways than this for each of its events, and some more.
const WAYS: usize = 100;
const SOME_WAYS: usize = 10_000;

impl Follow<'_> {
    fn all(&self, events: &[Json], tell: &mut dyn FnMut(usize)) -> Result<All, TlaError> {
        let (mut start, mut first, mut states, mut piece) = (None, 0, 1, PIECE);
        loop {
            let (now, later) = events[first..].split_at(piece.min(events.len() - first));
            let prepared = self.prepare(start.as_ref(), now)?;
            let may_forget = prepared.spec.definitions.contains_key(ONLY_RECEIVED);
            if !may_forget && !later.is_empty() {
                piece = events.len();
                continue;
            }
            match self.run(&prepared)? {
                End::Stuck { matched } => return Ok(All::Stuck { start, first, matched }),
                // There was a choice: which of the states is the right one will be seen later.
                End::Reached { states, .. } if states != now.len() as u64 + 1 && !later.is_empty() => {
                    piece = events.len();
                }
                End::Reached { last, states: of_these } => {
                    states += of_these - 1;
                    if later.is_empty() {
                        return Ok(All::Accepted { states });
                    }
                    start = Some(forget(&prepared.spec, last, later));
                    first += now.len();
                    tell(first);
                }
            }
        }
    }

    /// Where these events leave the spec, which follows the first so many of them.
    fn diagnose(&self, start: Option<&State>, events: &[Json], matched: usize) -> Result<Rejected, TlaError> {
        let (before, event) = (&events[..matched], &events[matched]);
        let last_of = |events: &[Json]| -> Result<Option<State>, TlaError> {
            Ok(match self.run(&self.prepare(start, events)?)? {
                End::Reached { last, .. } => Some(last),
                End::Stuck { .. } => None,
            })
        };
        let with = |last: Json| last_of(&[before, &[last]].concat());
        let state = last_of(before)?;
        let mut unseen = event.clone();
        if let Some(fields) = unseen.as_object_mut() {
            fields.remove("post");
        }
        let next = with(unseen)?;
        let action = event["action"].as_str().unwrap_or("?");
        let why = if next.is_some() {
            format!(
                "{action} may happen, and then leaves its node otherwise than was seen: {}",
                event["post"]
            )
        } else if !event["m"].is_null()
            && with(json!({"action": "Receive", "node": event["node"], "m": event["m"]}))?.is_none()
        {
            format!("{action} handles a message that nobody sent")
        } else {
            format!("{action} is not enabled")
        };
        let prepared = self.prepare(start, &events[..=matched])?;
        let (spec, domains) = (&prepared.spec, &prepared.domains);
        let conjunct = state.as_ref().and_then(|state| failing_conjunct(spec, domains, state, next.as_ref()));
        let values = state.iter().flat_map(|state| &state.values);
        let state = spec.vars.iter().zip(values).map(|(name, value)| (name.to_string(), format_value(value)));
        Ok(Rejected { matched, why, conjunct, state: state.collect() })
    }

    fn bad(&self, why: String) -> TlaError {
        TlaError::BadSpec { engine: Engine::TlaChecker, cfg: format!("{}.follow", self.module), why }
    }

    fn prepare(&self, start: Option<&State>, events: &[Json]) -> Result<Prepared, TlaError> {
        let bad = |why| self.bad(why);
        let module = self.shelf.folder().join(format!("{}.tla", self.module));
        let cfg = self.shelf.folder().join(format!("{}.follow.cfg", self.module));
        let null = |what: &str| bad(format!("a null in {what}"));
        let trace: Option<Vec<_>> = events.iter().map(value).collect();
        let mut constants = vec![(Arc::from("Trace"), Value::tuple(trace.ok_or_else(|| null("the trace"))?))];
        for (name, constant) in self.constants {
            constants.push((Arc::from(*name), set(constant).ok_or_else(|| null(name))?));
        }
        let mut prepared =
            prepare_from_path(&module, Some(&cfg), &constants).map_err(|error| bad(error.to_string()))?;
        if let Some(warning) = prepared.warnings.first() {
            return Err(bad(format!("it warns: {}", warning.value)));
        }
        if let Some(start) = start {
            prepared.spec.init = at(&prepared.spec, start);
        }
        let config = &mut prepared.checker_config;
        config.allow_deadlock = true;
        config.max_states = WAYS * events.len() + SOME_WAYS;
        config.max_depth = events.len() + 10;
        Ok(prepared)
    }

    fn run(&self, prepared: &Prepared) -> Result<End, TlaError> {
        let bad = |why| self.bad(why);
        let spec = &prepared.spec;
        match check(spec, &prepared.domains, &prepared.checker_config) {
            // The initial state is before the first event, at depth 1.
            CheckResult::Ok(stats) => Ok(End::Stuck { matched: stats.max_depth_reached.saturating_sub(1) }),
            CheckResult::InvariantViolation(mut story, stats) => {
                let name = spec.invariant_names.get(story.violated_invariant).cloned().flatten();
                if name.as_deref() != Some(NOT_ACCEPTED) {
                    let event = story.trace.len().saturating_sub(1);
                    return Err(bad(format!("{name:?} is violated after event {event} of the trace")));
                }
                let last = story.trace.pop().ok_or_else(|| bad("a story without states".into()))?;
                Ok(End::Reached { last, states: stats.states_explored as u64 })
            }
            CheckResult::NextError(error, ..) => Err(bad(format_eval_error(&error))),
            CheckResult::InvariantError(error, ..) => Err(bad(format_eval_error(&error))),
            CheckResult::InitError(error) => Err(bad(format_eval_error(&error))),
            CheckResult::PrepareError(error) => Err(bad(format!("{error:?}"))),
            CheckResult::MaxStatesExceeded(stats) => Err(TlaError::LimitReached {
                engine: Engine::TlaChecker,
                cfg: format!("{}.follow", self.module),
                limit: "the trace fits in a hundred ways an action, and more: follow fewer of its steps",
                distinct: stats.states_explored as u64,
            }),
            _ => Err(bad("the engine gave no verdict on the trace".into())),
        }
    }
}

/// This state and no other, as an initial predicate.
fn at(spec: &Spec, state: &State) -> Option<Expr> {
    let equal = |(name, value): (&Arc<str>, &Value)| {
        Expr::Eq(Box::new(Expr::Var(name.clone())), Box::new(Expr::Lit(value.clone())))
    };
    let conjuncts = spec.vars.iter().zip(&state.values).map(equal);
    conjuncts.reduce(|all, conjunct| Expr::And(Box::new(all), Box::new(conjunct)))
}

/// The state before these events: at the first of them, and with the messages that they handle.
fn forget(spec: &Spec, mut state: State, events: &[Json]) -> State {
    for (name, held) in spec.vars.iter().zip(&mut state.values) {
        match (&**name, &*held) {
            ("l", _) => *held = Value::Int(1),
            ("msgs", Value::Set(messages)) => {
                let handled = events.iter().filter_map(|event| value(&event["m"]));
                let handled = handled.filter(|message| messages.contains(message));
                *held = Value::set(handled.collect());
            }
            _ => {}
        }
    }
    state
}

/// JSON as TLA+, but arrays are sets.
fn set(json: &Json) -> Option<Value> {
    match json {
        Json::Array(elements) => Some(Value::set(elements.iter().map(set).collect::<Option<_>>()?)),
        _ => value(json),
    }
}

/// JSON as TLA+: arrays are sequences, objects are records, `{"$set": […]}` is a set; null is nothing.
fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => Value::Int(number.as_i64()?),
        Json::String(text) => Value::Str(Arc::from(&**text)),
        Json::Object(fields) if fields.len() == 1 && fields.contains_key("$set") => set(&fields["$set"])?,
        Json::Array(elements) => Value::tuple(elements.iter().map(value).collect::<Option<_>>()?),
        Json::Object(fields) => {
            let field = |(name, json): (&String, &Json)| Some((Arc::from(&**name), value(json)?));
            Value::record(fields.iter().map(field).collect::<Option<BTreeMap<_, _>>>()?)
        }
    })
}
