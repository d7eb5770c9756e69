//! The checker's half of `scripts/bench-porcupine`.
//!
//! `generate FOLDER [HISTORIES]` writes the histories of all cases and a list of them, `cases.json`; recorded
//! logs are taken from HISTORIES and written as JSON lines for the other half. `check MODEL FILE [INITIAL]`
//! checks one and prints one JSON object: reading is not timed.
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use synod_linearizability::{
    DataType, Format, History, Options, ReadOptions, Verdict, check,
    generate::{Workload, operations, unique_operations},
};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["generate", folder] => generate(Path::new(folder), None),
        ["generate", folder, histories] => generate(Path::new(folder), Some(Path::new(histories))),
        ["check", model, file] => check_file(model, file, None),
        ["check", model, file, initial] => check_file(model, file, Some(initial)),
        _ => bail!("generate FOLDER [HISTORIES], or check MODEL FILE [INITIAL]"),
    }
}

/// A synthetic case: its group in the table, and what clients do.
struct Case {
    name: &'static str,
    data_type: DataType,
    /// `None`: every written value another.
    values: Option<u64>,
    operations: u64,
    clients: u64,
}

const fn case(
    name: &'static str,
    data_type: DataType,
    values: Option<u64>,
    operations: u64,
    clients: u64,
) -> Case {
    Case { name, data_type, values, operations, clients }
}

const CASES: [Case; 8] = [
    case("register, unique, 1k, 4 clients", DataType::Register, None, 1_000, 4),
    case("register, unique, 1k, 10 clients", DataType::Register, None, 1_000, 10),
    case("register, unique, 1M, 10 clients", DataType::Register, None, 1_000_000, 10),
    case("cas register, 5 values, 1k, 10 clients", DataType::CasRegister, Some(5), 1_000, 10),
    case("cas register, 5 values, 1k, 20 clients", DataType::CasRegister, Some(5), 1_000, 20),
    case("cas register, 5 values, 100k, 4 clients", DataType::CasRegister, Some(5), 100_000, 4),
    case("queue, unique, 1k, 4 clients", DataType::Queue, None, 1_000, 4),
    case("stack, unique, 1k, 10 clients", DataType::Stack, None, 1_000, 10),
];

fn generate(folder: &Path, histories: Option<&Path>) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut cases = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let load =
            Workload { clients: case.clients, operations: case.operations, seed: 1, ..Workload::default() };
        let history = match case.values {
            None => load.linearizable(case.data_type, unique_operations(case.data_type)),
            Some(values) => load.linearizable(case.data_type, operations(case.data_type, values)),
        };
        let file = folder.join(format!("case-{number}.jsonl"));
        write(&history, &file)?;
        cases
            .push(json!({ "name": case.name, "model": case.data_type.name(), "file": file, "theirs": file }));
    }
    if let Some(histories) = histories {
        recorded(histories, folder, &mut cases)?;
    }
    let list = folder.join("cases.json");
    fs::write(&list, serde_json::to_string_pretty(&cases)?)
        .with_context(|| format!("writing {}", list.display()))
}

/// The recorded ones, in their own formats for us, and as JSON lines for the other half.
fn recorded(histories: &Path, folder: &Path, cases: &mut Vec<Value>) -> Result<()> {
    for (sub, group, model, format, initial) in [
        ("jepsen-etcd", "etcd logs", "cas-register", Format::Etcd, None),
        ("kv", "append log", "kv", Format::PorcupineKv, Some("")),
    ] {
        let sub = histories.join(sub);
        let entries = fs::read_dir(&sub).with_context(|| format!("reading {}", sub.display()))?;
        let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let history = History::read(&text, &ReadOptions::default().format(format))
                .with_context(|| format!("reading {}", file.display()))?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let theirs = folder.join(format!("{name}.jsonl"));
            write(&history, &theirs)?;
            cases.push(json!({
                "name": name, "group": group, "model": model, "file": theirs, "theirs": theirs, "initial": initial,
            }));
        }
    }
    Ok(())
}

fn write(history: &History, file: &Path) -> Result<()> {
    let out = fs::File::create(file).with_context(|| format!("writing {}", file.display()))?;
    history.write_jsonl(std::io::BufWriter::new(out)).with_context(|| format!("writing {}", file.display()))
}

fn check_file(model: &str, file: &str, initial: Option<&str>) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {file}"))?;
    let mut reading = ReadOptions::default().format(Format::Jsonl).data_type(model.parse()?);
    if let Some(initial) = initial {
        reading = reading.initial(initial);
    }
    let history = History::read(&text, &reading).with_context(|| format!("reading {file}"))?;
    drop(text);
    let began = Instant::now();
    let mut nanos = Vec::new();
    // The first one warms up, unless it is all that the time allows for.
    let verdict = loop {
        let before = Instant::now();
        let verdict = check(&history, &Options::default().timeout(Duration::from_secs(20)).explain(false));
        nanos.push(before.elapsed().as_nanos() as u64);
        if nanos.len() >= 50 || began.elapsed() > Duration::from_secs(1) {
            break verdict;
        }
    };
    nanos.sort_unstable();
    let word = match verdict {
        Verdict::Linearizable { .. } => "ok",
        Verdict::NotLinearizable(_) => "illegal",
        _ => "unknown",
    };
    let peak_kb = peak_kb().unwrap_or(0);
    println!(
        "{}",
        json!({ "operations": history.len(), "verdict": word, "nanos": nanos[nanos.len() / 2], "peak_kb": peak_kb })
    );
    Ok(())
}

/// The most memory that this process ever held, with the history.
fn peak_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
