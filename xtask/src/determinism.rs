//! The same seed gives the same bytes: in another process, and built another way.
use std::{env, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{cargo, must_hold};

/// A run that has every kind of fault in it.
const RUN: &str = "run raft --seed 7 --faults all";

pub(crate) fn run() -> Result<()> {
    let executable = env::current_exe().context("cannot tell where this program lies")?;
    let target = executable.ancestors().nth(2).context("this program lies in no target folder")?;
    let out = target.join("determinism");
    let debug = trace("", &out.join("debug"))?;
    let release = trace("--release ", &out.join("release"))?;
    match first_difference(&debug, &release) {
        None => Ok(()),
        Some(line) => bail!(
            "`synod {RUN}` differs between debug and release from line {line} of trace.jsonl; both are in {}",
            out.display()
        ),
    }
}

fn trace(profile: &str, out: &Path) -> Result<Vec<u8>> {
    // What an earlier run left must not be taken for the trace of this one.
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot empty {}", out.display()))?;
    }
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let line = format!("run --quiet --locked {profile}--package synod-cli -- {RUN} --out");
    must_hold(cargo(&line).arg(out))?;
    let file = out.join("trace.jsonl");
    let bytes = fs::read(&file).with_context(|| format!("`synod {RUN}` left no {}", file.display()))?;
    ensure!(!bytes.is_empty(), "`synod {RUN}` left an empty {}", file.display());
    Ok(bytes)
}

/// The number of the first line that differs.
fn first_difference(ours: &[u8], theirs: &[u8]) -> Option<usize> {
    if ours == theirs {
        return None;
    }
    let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    Some(1 + ours[..same].iter().filter(|byte| **byte == b'\n').count())
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference(b"a\nb\n", b"a\nb\n"), None);
        assert_eq!(first_difference(b"a\nb\n", b"x\nb\n"), Some(1));
        assert_eq!(first_difference(b"a\nb\n", b"a\nx\n"), Some(2));
        assert_eq!(first_difference(b"a\nb\n", b"a\nb\nc\n"), Some(3), "one goes on");
        assert_eq!(first_difference(b"", b"a\n"), Some(1));
    }
}
