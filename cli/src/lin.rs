//! `synod lin`: recorded histories, judged.
pub mod consistency;
pub mod transactions;

use std::{
    fmt, fs,
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use synod_linearizability::{
    Consistency, DataType, Format, History, HistoryError, Options, ReadOptions, Value as Datum, Verdict,
    check, check_consistency, consistency as models, html,
    transactions::{TransactionError, TransactionHistory},
};

use self::consistency::{Asked, Weaker};
use crate::{args::LinArgs, exit::Exit};

/// One file, and what came of it.
#[derive(Debug)]
pub struct Judged {
    pub path: PathBuf,
    pub judgement: Result<Subject, Refusal>,
}

/// What a file holds, and what was found of it.
#[derive(Debug)]
pub enum Subject {
    /// Single operations on objects.
    Operations(Judgement),
    /// Transactions on lists.
    Transactions(transactions::Judgement),
}

/// What was found of a history.
#[derive(Debug)]
pub struct Judgement {
    pub data_type: DataType,
    pub operations: usize,
    pub finding: Finding,
}

/// What it was judged for, and the verdict.
#[derive(Debug)]
pub enum Finding {
    /// Linearizability; and, if it does not hold and nothing was asked for by name, what holds all the same.
    Linearizability(Verdict, Option<Weaker>),
    /// The one model that was asked for.
    Model(Consistency, models::Judgement),
}

/// Why a file was not judged.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot be read.
    Unreadable(std::io::Error),
    /// It is no history.
    Malformed(HistoryError),
    /// It is no history of transactions, although it begins like one.
    MalformedTransactions(TransactionError),
    /// What was asked for makes no sense for what it holds.
    Unsuitable(&'static str),
    /// The page cannot be written.
    NoPage(PathBuf, std::io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unreadable(error) => write!(f, "cannot be read: {error}; is it there, and a text file?"),
            Refusal::Malformed(error) => error.fmt(f),
            Refusal::MalformedTransactions(error) => error.fmt(f),
            Refusal::Unsuitable(reason) => f.write_str(reason),
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

fn judge_file(path: &Path, args: &LinArgs) -> Result<Subject, Refusal> {
    let text = fs::read_to_string(path).map_err(Refusal::Unreadable)?;
    if may_be_transactions(args) && TransactionHistory::is_recognised(&text) {
        judge_transactions(&text, args).map(Subject::Transactions)
    } else {
        judge_operations(path, &text, args).map(Subject::Operations)
    }
}

/// Unless it was named as something that only single operations are.
fn may_be_transactions(args: &LinArgs) -> bool {
    args.model.is_none() && matches!(args.format, None | Some(Format::Jsonl | Format::Jepsen))
}

fn judge_transactions(text: &str, args: &LinArgs) -> Result<transactions::Judgement, Refusal> {
    let model = match args.consistency {
        None => None,
        Some(Asked::Transactions(model)) => Some(model),
        Some(Asked::Operations(_)) => {
            return Err(Refusal::Unsuitable(
                "these are transactions; judge them with --consistency serializable, snapshot-isolation, \
                 strict-serializable and the like",
            ));
        }
    };
    if args.html.is_some() {
        return Err(Refusal::Unsuitable(
            "these are transactions, and --html shows single operations; leave it out",
        ));
    }
    transactions::Judgement::of(text, model).map_err(Refusal::MalformedTransactions)
}

fn judge_operations(path: &Path, text: &str, args: &LinArgs) -> Result<Judgement, Refusal> {
    if let Some(Asked::Transactions(_)) = args.consistency {
        return Err(Refusal::Unsuitable(
            "these are no transactions; judge single operations with --consistency linearizable, sequential, causal \
             and the like",
        ));
    }
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
    let history = History::read(text, &reading).map_err(Refusal::Malformed)?;
    let mut options = Options::default().memory(args.memory);
    if let Some(timeout) = args.timeout {
        options = options.timeout(timeout);
    }
    let judgement =
        |finding| Judgement { data_type: history.data_type(), operations: history.len(), finding };
    match args.consistency {
        None | Some(Asked::Operations(Consistency::Linearizable) | Asked::Transactions(_)) => {}
        Some(Asked::Operations(model)) => {
            let found = check_consistency(&history, model, &options);
            return Ok(judgement(Finding::Model(model, found)));
        }
    }
    let verdict = check(&history, &options);
    if let Some(page) = &args.html {
        write_page(page, path, &history, &verdict).map_err(|error| Refusal::NoPage(page.clone(), error))?;
    }
    let is_violated = matches!(verdict, Verdict::NotLinearizable(_));
    let weaker = (is_violated && args.consistency.is_none()).then(|| Weaker::of(&history, &options));
    Ok(judgement(Finding::Linearizability(verdict, weaker)))
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
            Ok(Subject::Transactions(found)) => format!("{path}: {}", found.text()),
            Ok(Subject::Operations(Judgement { data_type, operations, finding })) => {
                let found = match finding {
                    Finding::Linearizability(verdict, weaker) => {
                        line(verdict) + &weaker.as_ref().map_or_else(String::new, Weaker::text)
                    }
                    Finding::Model(model, found) => consistency::text(*model, found),
                };
                format!("{path}: {operations} operations on {data_type}: {found}")
            }
        }
    }

    fn json(&self) -> Value {
        let path = self.path.display().to_string();
        match &self.judgement {
            Err(refusal) => json!({ "file": path, "verdict": "refused", "error": refusal.to_string() }),
            Ok(Subject::Transactions(found)) => {
                let mut members = found.json();
                members["file"] = path.into();
                members
            }
            Ok(Subject::Operations(Judgement { data_type, operations, finding })) => {
                let mut members =
                    json!({ "file": path, "model": data_type.name(), "operations": operations });
                match finding {
                    Finding::Linearizability(verdict, weaker) => {
                        let (word, found) = verdict_json(verdict);
                        members["verdict"] = word.into();
                        members[word] = found;
                        if let Some(weaker) = weaker {
                            members["weaker"] = weaker.json();
                        }
                    }
                    Finding::Model(model, found) => {
                        let (word, found) = consistency::json(found);
                        members["consistency"] = model.name().into();
                        members["verdict"] = word.into();
                        members[word] = found.into();
                    }
                }
                members
            }
        }
    }

    fn exit(&self) -> Exit {
        match &self.judgement {
            Err(Refusal::Malformed(_) | Refusal::MalformedTransactions(_) | Refusal::Unsuitable(_)) => {
                Exit::Usage
            }
            Err(Refusal::Unreadable(_) | Refusal::NoPage(..)) => Exit::Environment,
            Ok(Subject::Transactions(found)) => found.exit(),
            Ok(Subject::Operations(judgement)) => match &judgement.finding {
                Finding::Linearizability(Verdict::Linearizable { .. }, _) => Exit::Holds,
                Finding::Linearizability(Verdict::NotLinearizable(_), _) => Exit::Violated,
                Finding::Linearizability(..) => Exit::Inconclusive,
                Finding::Model(_, found) => consistency::exit(found),
            },
        }
    }
}

fn line(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Linearizable { .. } => "✓ linearizable".to_owned(),
        Verdict::NotLinearizable(violation) => format!("✗ not linearizable: {violation}"),
        Verdict::Unknown { why, .. } => format!("? not decided: {why}"),
        other => format!("? {other:?}"),
    }
}

/// A word, and what goes with it.
fn verdict_json(verdict: &Verdict) -> (&'static str, Value) {
    match verdict {
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
        Verdict::Unknown { why, prefix } => ("unknown", json!({ "why": why.to_string(), "prefix": prefix })),
        _ => ("unknown", Value::Null),
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
