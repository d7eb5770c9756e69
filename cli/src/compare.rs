//! `synod compare`: the algorithms that replicate the key–value store, side by side.
//!
//! All of them get the same load, the same links and disks, and the same crash; what differs is theirs. Everything is
//! virtual time and counts, so the page that comes of it is the same on every machine, and a test keeps it fresh.
use std::{path::PathBuf, thread, time::Duration};

use clap::Args;

use crate::{
    exit::{self, Exit},
    registry,
    run::Failure,
};

mod figures;
pub mod measure;
mod page;
mod plot;

pub use figures::Figures;
pub use measure::{Contestant, Load, Measured, Replicates, Victim, contestant};
pub use page::Page;

const EXAMPLES: &str = "\
Examples:
  synod compare                   the tables, on the terminal
  synod compare --page docs       docs/comparison.md and its plots, as `cargo x comparison` does";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct CompareArgs {
    /// Write comparison.md and its plots to this folder
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
}

/// Measures, and prints or writes the page.
///
/// # Errors
/// The folder cannot be written.
pub fn compare(args: &CompareArgs) -> Result<Exit, Failure> {
    let page = Page::of(&Figures::measure(&contestants()));
    match &args.page {
        None => anstream::print!("{}", page.text),
        Some(folder) => {
            for file in page.write(folder).map_err(Failure::new(Exit::Environment))? {
                anstream::eprintln!("wrote {}", file.display());
            }
        }
    }
    Ok(Exit::Holds)
}

/// Whoever replicates the store, in the order of the registry.
pub fn contestants() -> Vec<Contestant> {
    registry::ALGORITHMS.iter().filter_map(|entry| entry.contestant).collect()
}

/// Measures many loads on all cores; the results are in the order of the loads.
fn on_all_cores<T: Send>(jobs: &[(Contestant, Load)], then: impl Fn(Measured) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(jobs.len().max(1));
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let worker = |first: usize| {
            let (jobs, then) = (&jobs, &then);
            scope.spawn(move || {
                let mine = (first..jobs.len()).step_by(cores);
                mine.map(|job| (job, then((jobs[job].0.measure)(&jobs[job].1)))).collect::<Vec<_>>()
            })
        };
        let workers: Vec<_> = (0..cores).map(worker).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(job, _)| *job);
    done.into_iter().map(|(_, result)| result).collect()
}

const MS: fn(u64) -> Duration = Duration::from_millis;
