//! Reads the trace, follows it, and says where it leaves the spec.
use std::{fs::File, io::BufReader};

use anstream::{eprintln, println};
use anyhow::{Context, ensure};
use serde_json::Value as Json;
use synod_protocol::NodeId;
use synod_telemetry::trace_file::Reader;
use synod_tla::{Followed, Shelf, follow};

use super::{ConformArgs, raft::Actions};
use crate::{exit::Exit, raft::Server, spec::complain};

/// The spec that a trace of Raft is held to.
pub const RAFT: &str = "raft/RaftTrace";

pub(super) fn conform(args: &ConformArgs) -> Exit {
    let (nodes, actions) = match read(args) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("error: {}: {error:#}", args.trace.display());
            return Exit::Environment;
        }
    };
    let (numbers, events): (Vec<u64>, Vec<Json>) = actions.into_iter().unzip();
    let followed = Shelf::unpack().and_then(|shelf| follow(&shelf, RAFT, &nodes, &events));
    match followed {
        Ok(Followed::Accepted) => {
            println!(
                "accepted: {} actions of {} nodes are a behaviour of Raft.tla",
                events.len(),
                nodes.len()
            );
            Exit::Holds
        }
        Ok(Followed::Rejected(rejected)) => {
            let (matched, event) = (rejected.matched, &events[rejected.matched]);
            println!("REJECTED at step {}, after {matched} actions: {}", numbers[matched], rejected.why);
            println!("  {event}");
            println!("the spec is at");
            for (variable, value) in rejected.state.iter().filter(|(name, _)| name != "msgs") {
                println!("  {variable} = {value}");
            }
            Exit::Violated
        }
        Err(error) => complain(&error),
    }
}

/// The names of the nodes, and what they did.
type Run = (Vec<String>, Vec<(u64, Json)>);

fn read(args: &ConformArgs) -> anyhow::Result<Run> {
    let file = File::open(&args.trace).context("cannot be opened; give the trace.jsonl that a run wrote")?;
    let reader = Reader::new(BufReader::new(file))?;
    let header = reader.header();
    ensure!(header.algorithm == args.algorithm, "this is a trace of {}", header.algorithm);
    let nodes = (1..=header.nodes).map(|node| NodeId(node).to_string()).collect();
    let mut actions = Actions::default();
    for step in reader.steps::<Server>() {
        let step = step?;
        if args.steps.is_some_and(|most| step.number >= most) {
            break;
        }
        actions.add(&step);
    }
    Ok((nodes, actions.finish()))
}
