//! Follows a recorded run, and says where it leaves the spec.
use anstream::{eprintln, println};
use serde_json::Value as Json;
use synod_tla::{Followed, Shelf, follow};

use super::{ConformArgs, recorded::Recorded};
use crate::{exit::Exit, registry::HeldTo, spec::complain};

pub(super) fn conform(args: &ConformArgs) -> Exit {
    let Some(HeldTo { spec, read }) = args.algorithm.held_to else {
        eprintln!("error: {} has no spec that runs are held to", args.algorithm.name);
        return Exit::Usage;
    };
    let Recorded { nodes, constants, actions } = match read(&args.trace, args.steps) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("error: {}: {error:#}", args.trace.display());
            return Exit::Environment;
        }
    };
    let (numbers, events): (Vec<u64>, Vec<Json>) = actions.into_iter().unzip();
    match Shelf::unpack().and_then(|shelf| follow(&shelf, spec, &constants, &events)) {
        Ok(Followed::Accepted { .. }) => {
            let count = events.len();
            println!("accepted: {count} actions of {nodes} nodes are a behaviour of {spec}.tla");
            Exit::Holds
        }
        Ok(Followed::Rejected(rejected)) => {
            let (matched, event) = (rejected.matched, &events[rejected.matched]);
            println!("REJECTED at step {}, after {matched} actions: {}", numbers[matched], rejected.why);
            if let Some(conjunct) = &rejected.conjunct {
                println!("  what fails is {conjunct}");
            }
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
