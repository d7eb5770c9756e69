//! The algorithm's own knobs on the command line: `--set node.window=8` turns `window` in the configuration of each node.
use anyhow::anyhow;
use serde_json::Value as Json;
use synod_protocol::{Node, NodeId};
use synod_simulator::{Config, Turned};

use crate::{
    algorithm::{Algorithm, facing},
    exit::Exit,
    run::Failure,
};

/// How such a knob begins. What follows names a field of the node's configuration as the header of a trace has it under
/// `node_config`: `quorums.phase_2`.
pub(crate) const PREFIX: &str = "node.";

/// The configuration of the nodes of such a run, with these knobs turned.
///
/// # Errors
/// There is no such knob, it does not take such a value, or the configuration makes no sense.
pub(crate) fn turned<A: Algorithm>(
    run: &Config,
    set: &[Turned],
) -> Result<<A::Node as Node>::Config, Failure> {
    let nodes = run.nodes;
    let mut config = facing::<A>(run, A::config(nodes));
    let mut turned = String::new();
    let refused =
        |what: &str, why: String| Failure { exit: Exit::Usage, error: anyhow!("--set {what}: {why}") };
    for (name, value) in set {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let what = format!("{name}={value}");
        config = turn(&config, path, value.trim()).map_err(|why| refused(&what, why))?;
        turned += if turned.is_empty() { "" } else { " --set " };
        turned += &what;
    }
    // One knob may need another: together they must make sense.
    A::validate(&config, nodes).map_err(|why| refused(&turned, why))?;
    Ok(config)
}

/// Does each of so many nodes have its place?
///
/// # Errors
/// The first that has none.
pub(crate) fn has_place(nodes: u32, is_known: impl Fn(NodeId) -> bool) -> Result<(), String> {
    match (1..=nodes).map(NodeId).find(|node| !is_known(*node)) {
        Some(node) => Err(format!("{node} is one of {nodes} nodes and has no place in this configuration")),
        None => Ok(()),
    }
}

fn turn<C: serde::Serialize + serde::de::DeserializeOwned>(
    config: &C,
    path: &str,
    value: &str,
) -> Result<C, String> {
    let mut json = serde_json::to_value(config).map_err(|error| error.to_string())?;
    let mut place = &mut json;
    for field in path.split('.') {
        let known: Vec<String> =
            place.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
        place = place
            .get_mut(field)
            .ok_or_else(|| format!("a node has no knob {field:?} there; there are {}", known.join(", ")))?;
    }
    *place = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
    serde_json::from_value(json).map_err(|error| format!("it takes no such value: {error}"))
}
