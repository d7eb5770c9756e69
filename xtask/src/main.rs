//! The chores of the repository: `cargo x ci` judges and never writes, `cargo x fix` writes.
use std::process::ExitCode;

use anyhow::Result;

mod arguments;
mod ci;
mod command;
mod determinism;
mod fix;
mod licences;

use arguments::Chore;

const HELP: &str = "\
The chores of the repository.

Usage: cargo x <chore>

Chores:
  ci                  everything that CI checks, in order, up to the first failure; writes nothing
                      outside target/
    --only a,b        these steps only
    --skip a,b        all but these steps
    --list            the steps, and what each of them asks
  fix                 formats, and applies what clippy can mend by itself
  comparison          measures the algorithms side by side, and writes docs/comparison.md with its plots
  --help              this page

Exit codes: 0 holds, 1 does not hold, 2 wrong usage, 10 the machine lacks something.
";

fn main() -> ExitCode {
    let chore = match arguments::parse(std::env::args().skip(1)) {
        Ok(chore) => chore,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(if error.is::<command::Missing>() { 10 } else { 1 })
        }
    }
}

fn run(chore: Chore) -> Result<()> {
    match chore {
        Chore::Help => print!("{HELP}"),
        Chore::List => ci::STEPS.iter().for_each(|step| println!("{:12} {}", step.name, step.asks)),
        Chore::Ci(steps) => ci::run(&steps)?,
        Chore::Fix => fix::run()?,
        Chore::Comparison => {
            command::must_hold(&mut command::cargo("run --release -p synod-cli -- compare --page docs"))?;
        }
    }
    Ok(())
}
