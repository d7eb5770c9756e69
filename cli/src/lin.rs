//! `synod lin`: recorded histories, judged.
use std::{
    fmt, fs,
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use synod_linearizability::{
    DataType, History, HistoryError, Options, ReadOptions, Value as Datum, Verdict, check, html,
};

use crate::{args::LinArgs, exit::Exit};

/// One file, and what came of it.
#[derive(Debug)]
pub struct Judged {
    pub path: PathBuf,
    pub judgement: Result<Judgement, Refusal>,
}

/// What was found of a history.
#[derive(Debug)]
pub struct Judgement {
    pub data_type: DataType,
    pub operations: usize,
    pub verdict: Verdict,
}

/// Why a file was not judged.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot be read.
    Unreadable(std::io::Error),
    /// It is no history.
    Malformed(HistoryError),
    /// The page cannot be written.
    NoPage(PathBuf, std::io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unreadable(error) => write!(f, "cannot be read: {error}; is it there, and a text file?"),
            Refusal::Malformed(error) => error.fmt(f),
            Refusal::NoPage(page, error) => {
                write!(
                    f,
                    "--html {}: the page cannot be written: {error}; name another place",
                    page.display()
                )
            }
        }
    }
}

/// Judges all files, one after the other; each check uses all cores by itself.
pub fn judge(args: &LinArgs) -> Vec<Judged> {
    let bar = if stderr().is_terminal() && !args.json {
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} histories, {msg}, eta {eta}");
        ProgressBar::new(args.files.len() as u64)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    } else {
        ProgressBar::hidden()
    };
    let one = |path: &PathBuf| {
        bar.set_message(path.display().to_string());
        let judged = Judged { path: path.clone(), judgement: judge_file(path, args) };
        bar.inc(1);
        judged
    };
    let judged = args.files.iter().map(one).collect();
    bar.finish_and_clear();
    judged
}

fn judge_file(path: &Path, args: &LinArgs) -> Result<Judgement, Refusal> {
    let text = fs::read_to_string(path).map_err(Refusal::Unreadable)?;
    let mut reading = ReadOptions::default();
    if let Some(format) = args.format {
        reading = reading.format(format);
    }
    if let Some(data_type) = args.model {
        reading = reading.data_type(data_type);
    }
    if let Some(initial) = &args.initial {
        reading = match initial.parse::<i64>() {
            Ok(number) => reading.initial(number),
            Err(_) => reading.initial(Datum::from(initial.as_str())),
        };
    }
    let history = History::read(&text, &reading).map_err(Refusal::Malformed)?;
    let mut options = Options::default().memory(args.memory);
    if let Some(timeout) = args.timeout {
        options = options.timeout(timeout);
    }
    let verdict = check(&history, &options);
    if let Some(page) = &args.html {
        write_page(page, path, &history, &verdict).map_err(|error| Refusal::NoPage(page.clone(), error))?;
    }
    Ok(Judgement { data_type: history.data_type(), operations: history.len(), verdict })
}

/// Whole or not at all: it gets its name when it is finished.
fn write_page(page: &Path, path: &Path, history: &History, verdict: &Verdict) -> std::io::Result<()> {
    let partial = page.with_extension("html.partial");
    let mut bytes = Vec::new();
    html::write(&mut bytes, &path.display().to_string(), history, verdict)?;
    let written = fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, page));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

impl Judged {
    /// For a person, with the path first: a file's line in an editor's list.
    pub fn line(&self) -> String {
        let path = self.path.display();
        match &self.judgement {
            Err(refusal) => format!("error: {path}: {refusal}"),
            Ok(Judgement { data_type, operations, verdict }) => {
                let found = match verdict {
                    Verdict::Linearizable { .. } => "✓ linearizable".to_owned(),
                    Verdict::NotLinearizable(violation) => format!("✗ not linearizable: {violation}"),
                    Verdict::Unknown { why, .. } => format!("? not decided: {why}"),
                    other => format!("? {other:?}"),
                };
                format!("{path}: {operations} operations on {data_type}: {found}")
            }
        }
    }

    fn json(&self) -> Value {
        let path = self.path.display().to_string();
        match &self.judgement {
            Err(refusal) => json!({ "file": path, "verdict": "refused", "error": refusal.to_string() }),
            Ok(Judgement { data_type, operations, verdict }) => {
                let (word, found) = match verdict {
                    Verdict::Linearizable { order } => ("linearizable", json!({ "order": order })),
                    Verdict::NotLinearizable(violation) => (
                        "not_linearizable",
                        json!({
                            "reason": violation.reason,
                            "stuck": violation.stuck,
                            "key": violation.key.as_ref().map(ToString::to_string),
                            "counterexample": violation.counterexample,
                            "prefix": violation.prefix,
                        }),
                    ),
                    Verdict::Unknown { why, prefix } => {
                        ("unknown", json!({ "why": why.to_string(), "prefix": prefix }))
                    }
                    _ => ("unknown", Value::Null),
                };
                json!({
                    "file": path,
                    "model": data_type.name(),
                    "operations": operations,
                    "verdict": word,
                    word: found,
                })
            }
        }
    }

    fn exit(&self) -> Exit {
        match &self.judgement {
            Err(Refusal::Malformed(_)) => Exit::Usage,
            Err(Refusal::Unreadable(_) | Refusal::NoPage(..)) => Exit::Environment,
            Ok(judgement) => match judgement.verdict {
                Verdict::Linearizable { .. } => Exit::Holds,
                Verdict::NotLinearizable(_) => Exit::Violated,
                _ => Exit::Inconclusive,
            },
        }
    }
}

/// For a program: one document. Operations are numbers, counted from 0 in the order of the file.
pub fn json(judged: &[Judged]) -> Value {
    json!({ "schema": "synod.lin/1", "files": judged.iter().map(Judged::json).collect::<Vec<_>>() })
}

/// A violation is the worst; then what could not be judged at all; then what was not decided.
pub fn exit(judged: &[Judged]) -> Exit {
    let worst_first = [Exit::Violated, Exit::Usage, Exit::Environment, Exit::Inconclusive];
    let exits: Vec<Exit> = judged.iter().map(Judged::exit).collect();
    worst_first.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Holds)
}
