//! What the exporters promise, checked on runs of a toy with faults.
mod files;
mod live;
mod seen;
mod spans;
mod stories;
mod toy;
mod trace_file;

use std::time::Duration;

use serde_json::json;
use synod_protocol::{Recording, Step, contract::Checker};
use synod_telemetry::{Spans, tell, trace_file::Header};
use toy::{Ballot, Plan};

/// A run with everything in it: losses, duplicates, partitions, crashes, calls, elections.
pub(crate) fn record(seed: u64) -> Vec<Step<'static, Ballot>> {
    let plan = Plan { seed, nodes: 3, length: Duration::from_secs(20), lost: 5, repeated: 5, faults: true };
    record_plan(&plan)
}

pub(crate) fn record_plan(plan: &Plan) -> Vec<Step<'static, Ballot>> {
    let mut watched = (Recording::default(), Checker::new(plan.nodes));
    toy::run(plan, &mut watched).expect("the toy world keeps the contract");
    watched.0.into_steps()
}

pub(crate) fn header(seed: u64) -> Header {
    Header::new("toy", seed, 3, json!({ "faults": "all" }))
}

pub(crate) fn tell_run(seed: u64, steps: &[Step<'static, Ballot>]) -> Spans {
    tell(&header(seed), steps, toy::Teller::default()).expect("the run is whole")
}
