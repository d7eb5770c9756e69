//! The binary from outside: what it prints, writes and returns, and what it says of nonsense.
mod run;
mod nonsense;
mod bad_input;
mod sweep;
mod violated;
mod wrong;
mod lin;
mod consistency;
mod transactions;
mod check;
mod chain;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

/// An empty folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder can be made");
    path
}

/// Runs `synod` with these words, in that folder.
fn synod(folder: &PathBuf, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
    command.args(line.split_whitespace()).current_dir(folder).env_remove("NO_COLOR");
    command.output().expect("synod starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it prints text")
}

/// A run that is over soon.
const SHORT: &str = "run raft --seed 7 --ops 150 --sim-time 4s";
