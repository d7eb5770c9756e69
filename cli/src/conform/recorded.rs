//! A run as the engine takes it: read from a trace file.
use std::{fs::File, io::BufReader, path::Path};

use anyhow::{Context, bail, ensure};
use serde_json::Value as Json;
use synod_protocol::Node;
use synod_telemetry::trace_file::{Header, Reader};

use super::{Conforms, actions::Actions};
use crate::algorithm::Algorithm;

/// A run, and what it is held to.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub nodes: u32,
    pub constants: Vec<(&'static str, Json)>,
    /// Each with the number of the step that it is of.
    pub actions: Vec<(u64, Json)>,
}

/// Reads the steps of a trace file, or the first so many.
///
/// # Errors
/// It is no trace file, or one of another algorithm.
pub fn read<A: Conforms>(trace: &Path, steps: Option<u64>) -> anyhow::Result<Recorded> {
    let file = File::open(trace).context("cannot be opened; give the trace.jsonl that a run wrote")?;
    let reader = Reader::new(BufReader::new(file))?;
    let header = reader.header();
    ensure!(header.algorithm == A::NAME, "this is a trace of {}", header.algorithm);
    let (nodes, config) = (header.nodes, node_config::<A>(header)?);
    if let Some(why) = A::unknown(&config, nodes) {
        bail!(
            "{why}, which the trace spec of {} does not know: no part of this run can be followed",
            A::NAME
        );
    }
    let mut actions = Actions::<A>::default();
    for step in reader.steps::<A::Node>() {
        let step = step?;
        if steps.is_some_and(|most| step.number >= most) {
            break;
        }
        actions.add(&step);
    }
    let constants = A::constants(&config, nodes);
    Ok(Recorded { nodes, constants, actions: actions.finish() })
}

/// How the nodes of a recorded run were configured.
///
/// # Errors
/// The trace does not say it, or says what this program does not know.
pub fn node_config<A: Algorithm>(header: &Header) -> anyhow::Result<<A::Node as Node>::Config> {
    const REMEDY: &str = "record the run again";
    ensure!(!header.node_config.is_null(), "the trace does not say how its nodes were configured; {REMEDY}");
    serde_json::from_value(header.node_config.clone())
        .with_context(|| format!("the trace has a node_config that this program does not know; {REMEDY}"))
}
