//! Why an action is not enabled, or does not lead where it was seen to lead: the first conjunct that is false, with the
//! definitions that it stands in and the values of its sides.
use std::sync::Arc;

use tla_checker::{
    ast::{Env, Expr, Spec, State, Value},
    checker::{format_eval_error, format_value},
    eval::{Definitions, eval},
    intern::primed_name,
};

use crate::words::words;

/// Walks through `Next` from a state, to the next one if there is one: without it, what is said of primed variables
/// is taken for granted. `None`: no conjunct is false.
pub(crate) fn failing_conjunct(
    spec: &Spec,
    constants: &Env,
    state: &State,
    next: Option<&State>,
) -> Option<String> {
    let mut env = constants.clone();
    for (variable, value) in spec.vars.iter().zip(&state.values) {
        env.insert(variable.clone(), value.clone());
    }
    for (variable, value) in spec.vars.iter().zip(next.iter().flat_map(|next| &next.values)) {
        env.insert(primed_name(variable), value.clone());
    }
    let mut walk = Walk { definitions: &spec.definitions, within: Vec::new(), passed: 0 };
    walk.first_false(spec.next.as_ref()?, &env).map(|failure| failure.text)
}

struct Walk<'a> {
    definitions: &'a Definitions,
    /// The definitions that we are in.
    within: Vec<Arc<str>>,
    /// Conjuncts that were true.
    passed: usize,
}

struct Failure {
    text: String,
    passed: usize,
}

impl Walk<'_> {
    fn first_false(&mut self, expr: &Expr, env: &Env) -> Option<Failure> {
        match expr {
            Expr::And(left, right) => self.first_false(left, env).or_else(|| self.first_false(right, env)),
            Expr::LabeledAction(_, body) => self.first_false(body, env),
            Expr::Or(..) => {
                let failures: Vec<_> =
                    alternatives(expr).into_iter().map(|expr| self.attempt(expr, env)).collect();
                furthest(failures)
            }
            Expr::Implies(when, then) => match self.truth(when, env) {
                Some(false) => None,
                _ => self.first_false(then, env),
            },
            Expr::If(condition, then, otherwise) => {
                let holds = self.truth(condition, env)?;
                self.first_false(if holds { then } else { otherwise }, env)
            }
            Expr::Let(name, value, body) => {
                let mut inner = env.clone();
                match eval(value, &mut inner, self.definitions) {
                    Ok(value) => drop(inner.insert(name.clone(), value)),
                    Err(_) => return self.leaf(expr, env),
                }
                self.first_false(body, &inner)
            }
            Expr::Exists(name, set, body) => {
                let Ok(Value::Set(values)) = eval(set, &mut env.clone(), self.definitions) else {
                    return self.leaf(expr, env);
                };
                if values.len() != 1 && self.truth(expr, env).is_some() {
                    return self.leaf(expr, env);
                }
                let failures = values.iter().map(|value| {
                    let mut inner = env.clone();
                    inner.insert(name.clone(), value.clone());
                    self.attempt(body, &inner)
                });
                let failures = failures.collect::<Vec<_>>();
                if failures.is_empty() { self.leaf(expr, env) } else { furthest(failures) }
            }
            Expr::FnCall(name, arguments) => self.definition(name, arguments, expr, env),
            Expr::Var(name) => self.definition(name, &[], expr, env),
            _ => self.leaf(expr, env),
        }
    }

    /// What is told is the conjunct inside it, not the call.
    fn definition(&mut self, name: &Arc<str>, arguments: &[Expr], expr: &Expr, env: &Env) -> Option<Failure> {
        let Some((parameters, body)) = self.definitions.get(name) else { return self.leaf(expr, env) };
        let mut inner = env.clone();
        for (parameter, argument) in parameters.iter().zip(arguments) {
            match eval(argument, &mut env.clone(), self.definitions) {
                Ok(value) => drop(inner.insert(parameter.clone(), value)),
                Err(error) => return Some(self.failure(format!("{}: {}", words(argument), short(&error)))),
            }
        }
        self.within.push(name.clone());
        let failure = self.first_false(body, &inner);
        self.within.pop();
        failure
    }

    fn attempt(&mut self, expr: &Expr, env: &Env) -> Option<Failure> {
        let (within, passed) = (self.within.len(), self.passed);
        let failure = self.first_false(expr, env);
        self.within.truncate(within);
        self.passed = passed;
        failure
    }

    fn truth(&self, expr: &Expr, env: &Env) -> Option<bool> {
        match eval(expr, &mut env.clone(), self.definitions) {
            Ok(Value::Bool(truth)) => Some(truth),
            _ => None,
        }
    }

    /// What cannot be evaluated is about the next state, which is not there: then it is no guard.
    fn leaf(&mut self, expr: &Expr, env: &Env) -> Option<Failure> {
        if self.truth(expr, env) != Some(false) {
            self.passed += 1;
            return None;
        }
        let value =
            |side: &Expr| eval(side, &mut env.clone(), self.definitions).ok().map(|it| format_value(&it));
        let sides = match sides(expr) {
            Some((left, sign, right)) => value(left).zip(value(right)).map(|(a, b)| (a, sign, b)),
            None => None,
        };
        let text = words(expr);
        let values = sides.map(|(a, sign, b)| format!("{a} {sign} {b}")).filter(|it| *it != text);
        // A set of all messages explains nothing.
        let values = values.filter(|values| values.len() <= 120);
        Some(self.failure(values.map_or(text.clone(), |values| format!("{text}, which is {values}"))))
    }

    fn failure(&self, text: String) -> Failure {
        // `TraceNext` and the like are ours, and tell nothing of the algorithm.
        let within: Vec<&str> =
            self.within.iter().map(|name| &**name).filter(|name| *name != "Act").collect();
        let text = if within.is_empty() { text } else { format!("in {}: {text}", within.join(", ")) };
        Failure { text, passed: self.passed }
    }
}

/// Of alternatives that all fail, the one that came furthest is the one that was meant.
fn furthest(failures: Vec<Option<Failure>>) -> Option<Failure> {
    let failures: Option<Vec<Failure>> = failures.into_iter().collect();
    failures?.into_iter().reduce(|best, next| if next.passed > best.passed { next } else { best })
}

fn alternatives(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Or(left, right) => [alternatives(left), alternatives(right)].concat(),
        _ => vec![expr],
    }
}

fn sides(expr: &Expr) -> Option<(&Expr, &'static str, &Expr)> {
    Some(match expr {
        Expr::Eq(left, right) => (left, "=", right),
        Expr::Neq(left, right) => (left, "#", right),
        Expr::Lt(left, right) => (left, "<", right),
        Expr::Le(left, right) => (left, "<=", right),
        Expr::Gt(left, right) => (left, ">", right),
        Expr::Ge(left, right) => (left, ">=", right),
        Expr::In(left, right) => (left, "\\in", right),
        Expr::NotIn(left, right) => (left, "\\notin", right),
        _ => return None,
    })
}

fn short(error: &tla_checker::eval::EvalError) -> String {
    format_eval_error(error).lines().next().unwrap_or_default().to_owned()
}
