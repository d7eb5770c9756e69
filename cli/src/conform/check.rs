//! Follows a recorded run, and says where it leaves the spec.
use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

use anstream::{eprintln, println};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;
use synod_tla::{Followed, Shelf, follow_telling};

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
    let bar = progress(events.len());
    let mut tell = |matched: usize| bar.set_position(matched as u64);
    let followed =
        Shelf::unpack().and_then(|shelf| follow_telling(&shelf, spec, &constants, &events, &mut tell));
    bar.finish_and_clear();
    match followed {
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

/// Most of the time goes to the last actions of a run, so it says no time that is left.
fn progress(actions: usize) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(actions as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {elapsed_precise} {pos} of {len} actions followed")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
