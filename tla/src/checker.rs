//! The engine in this process.
use std::sync::Arc;

use tla_checker::{
    ast::{Spec, State},
    checker::{CheckResult, CheckStats, CheckerConfig, check, format_eval_error, format_value},
    load::prepare_from_path,
};

use crate::{Engine, Model, Moment, Outcome, Shelf, TlaError, Verdict, Violation};

/// Beyond these, use TLC.
const MOST_STATES: usize = 5_000_000;
const DEEPEST: usize = 1_000_000;

pub(crate) fn run(shelf: &Shelf, model: &Model) -> Result<Outcome, TlaError> {
    let cfg = &model.cfg;
    let bad = |why: String| TlaError::BadSpec { engine: Engine::TlaChecker, cfg: cfg.clone(), why };
    let limit = |limit: &'static str, stats: &CheckStats| TlaError::LimitReached {
        engine: Engine::TlaChecker,
        cfg: cfg.clone(),
        limit,
        distinct: stats.states_explored as u64,
    };
    let module = shelf.folder().join(model.algorithm()).join(format!("{}.tla", model.module()));
    let cfg_file = shelf.folder().join(format!("{cfg}.cfg"));
    let prepared =
        prepare_from_path(&module, Some(&cfg_file), &[]).map_err(|error| bad(error.to_string()))?;
    if let Some(warning) = prepared.warnings.first() {
        return Err(bad(format!("it warns: {}", warning.value)));
    }
    let config = CheckerConfig {
        allow_deadlock: true,
        max_states: MOST_STATES,
        max_depth: DEEPEST,
        ..prepared.checker_config
    };
    let spec = &prepared.spec;
    match check(spec, &prepared.domains, &config) {
        CheckResult::Ok(stats) => Ok(Outcome {
            verdict: Verdict::Holds,
            distinct: stats.states_explored as u64,
            depth: stats.max_depth_reached as u64,
        }),
        CheckResult::InvariantViolation(story, stats) => {
            let property = spec.invariant_names.get(story.violated_invariant).cloned().flatten();
            Ok(violated(spec, property, &story.trace, &story.actions, &stats))
        }
        CheckResult::PropertyViolation(story, stats) => {
            Ok(violated(spec, Some(story.property), &story.trace, &story.actions, &stats))
        }
        CheckResult::LivenessViolation(story, stats) => {
            let trace = [story.prefix, story.cycle].concat();
            Ok(violated(spec, Some(story.property.into()), &trace, &[], &stats))
        }
        CheckResult::MaxStatesExceeded(stats) => Err(limit("states", &stats)),
        CheckResult::MaxDepthExceeded(stats) => Err(limit("depth", &stats)),
        CheckResult::MaxTimeExceeded(stats) => Err(limit("time", &stats)),
        CheckResult::InitError(error) => Err(bad(format!("Init: {}", format_eval_error(&error)))),
        CheckResult::NextError(error, ..) => Err(bad(format!("Next: {}", format_eval_error(&error)))),
        CheckResult::InvariantError(error, _, name) => {
            Err(bad(format!("{}: {}", name.as_deref().unwrap_or("an invariant"), format_eval_error(&error))))
        }
        CheckResult::LivenessError(error, _) => {
            let of = error.property.as_deref().unwrap_or("the fairness conditions");
            Err(bad(format!("{of}: {}", format_eval_error(&error.error))))
        }
        CheckResult::NoInitialStates => Err(bad("no state satisfies Init".into())),
        CheckResult::PrepareError(error) => Err(bad(format!("{error:?}"))),
        CheckResult::Deadlock(..) => Err(bad("it reports a deadlock although none was asked for".into())),
        CheckResult::RefinementViolation(..) => {
            Err(bad("it checked a refinement although none was asked for".into()))
        }
    }
}

fn violated(
    spec: &Spec,
    property: Option<Arc<str>>,
    trace: &[State],
    actions: &[Option<Arc<str>>],
    stats: &CheckStats,
) -> Outcome {
    let moment = |(position, state): (usize, &State)| Moment {
        action: actions.get(position).cloned().flatten().map(|name| name.to_string()),
        state: spec
            .vars
            .iter()
            .zip(&state.values)
            .map(|(name, value)| (name.to_string(), format_value(value)))
            .collect(),
    };
    let story = trace.iter().enumerate().map(moment).collect::<Vec<_>>();
    Outcome {
        depth: story.len() as u64,
        distinct: stats.states_explored as u64,
        verdict: Verdict::Violated(Violation { property: property.map(|name| name.to_string()), story }),
    }
}
