//! Runs the models, one after the other, and compares.
use std::time::Instant;

use anstream::{eprintln, print, println};
use serde_json::json;
use synod_tla::{Engine, Model, Outcome, Shelf, TlaError, Verdict, Violation, When};

use super::SpecArgs;
use crate::{exit::Exit, registry};

pub(super) fn check(args: &SpecArgs) -> Exit {
    let shelf = match Shelf::unpack() {
        Ok(shelf) => shelf,
        Err(error) => return complain(&error),
    };
    let engine = if args.engine == "tlc" { Engine::Tlc } else { Engine::TlaChecker };
    let models = match choose(shelf.models(), args, engine) {
        Ok(models) => models,
        Err(error) => {
            eprintln!("error: {error}");
            return Exit::Usage;
        }
    };
    let mut worst = Exit::Holds;
    let mut documents = Vec::new();
    let width = models.iter().map(|model| model.cfg.len()).max().unwrap_or_default();
    for model in models {
        let began = Instant::now();
        let checked = Checked { model, outcome: engine.run(&shelf, model) };
        worst = worst.max(checked.exit());
        if args.json {
            documents.push(checked.json());
            continue;
        }
        match &checked.outcome {
            Ok(outcome) => {
                println!(
                    "{:width$}  {}  ({:.1} s)",
                    model.cfg,
                    checked.line(outcome),
                    began.elapsed().as_secs_f32()
                );
                if let Verdict::Violated(violation) = &outcome.verdict
                    && (args.story || checked.exit() != Exit::Holds)
                {
                    print!("{}", story(violation));
                }
            }
            Err(error) => {
                complain(error);
                // What is not here for one model is not here for the next.
                if checked.exit() == Exit::Environment {
                    break;
                }
            }
        }
    }
    if args.json {
        println!("{:#}", json!({ "engine": engine.name(), "exit": worst as u8, "models": documents }));
    }
    worst
}

/// The models that are meant.
fn choose<'a>(models: &'a [Model], args: &SpecArgs, engine: Engine) -> Result<Vec<&'a Model>, String> {
    let up_to = match &*args.up_to {
        "ci" => When::Ci,
        "asked" => When::Asked,
        _ => When::Test,
    };
    let mut algorithms: Vec<_> = models.iter().map(Model::algorithm).collect();
    algorithms.dedup();
    let module = args.algorithm.as_deref().and_then(module_of);
    if let Some(algorithm) = &args.algorithm
        && !algorithms.contains(&&**algorithm)
        && module.is_none()
    {
        algorithms.extend(registry::ALGORITHMS.iter().filter(|it| it.held_to.is_some()).map(|it| it.name));
        algorithms.sort();
        algorithms.dedup();
        return Err(format!("there is no spec of {algorithm}; there are: {}", algorithms.join(", ")));
    }
    // A folder, or else the one module of it that an algorithm is held to.
    let is_of = |model: &&Model| match &args.algorithm {
        Some(algorithm) if algorithms.contains(&&**algorithm) => model.algorithm() == algorithm,
        Some(_) => module == Some((model.algorithm(), model.module().trim_start_matches("MC"))),
        None => true,
    };
    let is_named = |model: &&Model| args.cfg.iter().any(|name| name == model.name());
    // Who names a model wants it, however long it takes.
    let is_meant = |model: &&Model| if args.cfg.is_empty() { model.when <= up_to } else { is_named(model) };
    let of_algorithm: Vec<_> = models.iter().filter(is_of).collect();
    let meant: Vec<_> = of_algorithm
        .iter()
        .copied()
        .filter(is_meant)
        .filter(|model| model.engines.contains(&engine))
        .collect();
    if meant.is_empty() {
        let names: Vec<_> = of_algorithm.iter().map(|model| model.name()).collect();
        return Err(format!("no model of that name for {engine}; there are: {}", names.join(", ")));
    }
    Ok(meant)
}

/// `paxos` and `MultiPaxos` for the algorithm `multipaxos`.
fn module_of(algorithm: &str) -> Option<(&'static str, &'static str)> {
    registry::find(algorithm)?.held_to?.spec.split_once('/')
}

struct Checked<'a> {
    model: &'a Model,
    outcome: Result<Outcome, TlaError>,
}

impl Checked<'_> {
    fn line(&self, outcome: &Outcome) -> String {
        match (self.model.compare(outcome), &self.model.breaks) {
            (Ok(()), None) => format!("holds: {outcome}"),
            (Ok(()), Some(property)) => format!("breaks {property}, as it must: {outcome}"),
            (Err(difference), _) => format!("NOT AS EXPECTED: {difference}"),
        }
    }

    fn exit(&self) -> Exit {
        match &self.outcome {
            Ok(outcome) if self.model.compare(outcome).is_ok() => Exit::Holds,
            Ok(_) => Exit::Violated,
            Err(error) => exit(error),
        }
    }

    fn json(&self) -> serde_json::Value {
        let cfg = &self.model.cfg;
        match &self.outcome {
            Ok(outcome) => json!({
                "cfg": cfg,
                "as_expected": self.model.compare(outcome).is_ok(),
                "holds": outcome.verdict == Verdict::Holds,
                "distinct": outcome.distinct,
                "depth": outcome.depth,
                "difference": self.model.compare(outcome).err(),
            }),
            Err(error) => json!({ "cfg": cfg, "as_expected": false, "error": error.to_string() }),
        }
    }
}

pub(crate) fn complain(error: &TlaError) -> Exit {
    eprintln!("error: {error}");
    exit(error)
}

fn exit(error: &TlaError) -> Exit {
    match error {
        TlaError::NoSuchModel { .. } => Exit::Usage,
        TlaError::LimitReached { .. } => Exit::Inconclusive,
        TlaError::Files { .. } | TlaError::NoTlc { .. } => Exit::Environment,
        TlaError::BadExpectations { .. } | TlaError::BadSpec { .. } => Exit::Internal,
    }
}

/// The first state in full, and then what each action changed.
fn story(violation: &Violation) -> String {
    let mut text = String::new();
    let mut before: &[(String, String)] = &[];
    for (moment, number) in violation.story.iter().zip(1..) {
        let action = moment.action.as_deref().unwrap_or(if number == 1 { "at first" } else { "" });
        text += &format!("  {number:>3} {action}\n");
        for (variable, value) in &moment.state {
            if !before.iter().any(|(name, old)| name == variable && old == value) {
                text += &format!("        {variable} = {value}\n");
            }
        }
        before = &moment.state;
    }
    text
}
