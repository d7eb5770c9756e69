//! TLC, from a `tla2tools.jar`, as a process whose output is read as it is meant for tools (`-tool`).
use std::{env, ffi::OsString, fs, path::PathBuf, process::Command};

use crate::{Engine, Model, Moment, Outcome, Shelf, TlaError, Verdict, Violation, When};

/// Says where the jar is.
const JAR: &str = "TLA2TOOLS_JAR";

pub(crate) fn run(shelf: &Shelf, model: &Model) -> Result<Outcome, TlaError> {
    let jar = jar()?;
    let states =
        env::temp_dir().join(format!("synod-tlc-{}-{}", std::process::id(), model.cfg.replace('/', "-")));
    let (module, cfg) =
        (format!("{}.tla", model.module()), format!("{}.{}.cfg", model.module(), model.name()));
    let output = Command::new("java")
        .args(java_for(model))
        .arg("-cp")
        .arg(jar)
        // One worker searches strictly breadth first, so that stories are shortest. `-deadlock` means: do
        // not look for any.
        .args(["tlc2.TLC", "-tool", "-workers", "1", "-deadlock", "-checkpoint", "0", "-metadir"])
        .arg(&states)
        .args(["-config", &cfg, &module])
        .current_dir(shelf.folder().join(model.algorithm()))
        .output();
    // What TLC leaves behind is of no use to anybody, and may not be there.
    let _ = fs::remove_dir_all(&states);
    let output = output.map_err(|error| TlaError::NoTlc { why: format!("java: {error}") })?;
    let text = String::from_utf8_lossy(&output.stdout);
    read(&text).map_err(|why| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let why = if why.is_empty() { format!("{} {stderr}", output.status) } else { why };
        TlaError::BadSpec { engine: Engine::Tlc, cfg: model.cfg.clone(), why }
    })
}

/// Of a small model, most of the time goes into compiling TLC itself: half of it is saved by doing that in a hurry.
fn java_for(model: &Model) -> &'static [&'static str] {
    match model.when {
        When::Test => &["-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1"],
        When::Ci | When::Asked => &["-XX:+UseParallelGC"],
    }
}

fn jar() -> Result<PathBuf, TlaError> {
    let jar: OsString =
        env::var_os(JAR).ok_or_else(|| TlaError::NoTlc { why: format!("{JAR} is not set") })?;
    let jar = PathBuf::from(jar);
    if jar.is_file() {
        Ok(jar)
    } else {
        Err(TlaError::NoTlc { why: format!("{JAR} names {}, which is no file", jar.display()) })
    }
}

/// A message of TLC: code, class, text.
struct Message<'a> {
    code: u32,
    class: u32,
    text: &'a str,
}

const ERROR: u32 = 1;
const BUG: u32 = 2;
const WARNING: u32 = 3;

const SUCCESS: u32 = 2193;
const STATISTICS: u32 = 2199;
const DEPTH: u32 = 2194;
const STATE: u32 = 2217;
/// Followed by the counterexample, and no verdict of its own.
const BEHAVIOUR_FOLLOWS: [u32; 2] = [2121, 2264];
const INVARIANT_VIOLATED: [u32; 2] = [2107, 2110];
const PROPERTY_VIOLATED: [u32; 3] = [2108, 2112, 2116];

/// Anything that is not plainly a verdict is an error, in TLC's words.
fn read(output: &str) -> Result<Outcome, String> {
    let messages = messages(output);
    let mut violated: Option<Option<String>> = None;
    let mut story = Vec::new();
    let (mut distinct, mut depth, mut success) = (None, None, false);
    for message in &messages {
        match message.code {
            code if INVARIANT_VIOLATED.contains(&code) => {
                violated = Some(word_after(message.text, "Invariant "))
            }
            code if PROPERTY_VIOLATED.contains(&code) => {
                violated = Some(word_after(message.text, "Property "))
            }
            code if BEHAVIOUR_FOLLOWS.contains(&code) => {}
            STATE => story.push(moment(message.text)),
            SUCCESS => success = true,
            STATISTICS => distinct = number_before(message.text, " distinct states"),
            DEPTH => depth = number_before(message.text, "."),
            _ if [ERROR, BUG, WARNING].contains(&message.class) => {
                return Err(message.text.trim().to_owned());
            }
            _ => {}
        }
    }
    match (violated, success, distinct, depth) {
        (Some(property), false, Some(distinct), _) => Ok(Outcome {
            depth: story.len() as u64,
            distinct,
            verdict: Verdict::Violated(Violation { property, story }),
        }),
        (None, true, Some(distinct), Some(depth)) => Ok(Outcome { verdict: Verdict::Holds, distinct, depth }),
        _ => Err(messages
            .last()
            .map_or(String::new(), |last| format!("no verdict; it ended with: {}", last.text.trim()))),
    }
}

/// What stands between `@!@!@STARTMSG code:class @!@!@` and `@!@!@ENDMSG code @!@!@`.
fn messages(output: &str) -> Vec<Message<'_>> {
    let parse = |part: &'_ str| -> Option<(u32, u32)> {
        let (code, class) = part.split_once(" @!@!@")?.0.split_once(':')?;
        Some((code.parse().ok()?, class.parse().ok()?))
    };
    let parts = output.split("@!@!@STARTMSG ").skip(1);
    let message = |part| {
        let (code, class) = parse(part)?;
        let text = part.split_once('\n')?.1;
        Some(Message { code, class, text: text.split("@!@!@ENDMSG").next()? })
    };
    parts.filter_map(message).collect()
}

/// `3: <Action line 1, col 1 … of module M>`, then a conjunct for each variable.
fn moment(text: &str) -> Moment {
    let (head, conjuncts) = text.split_once('\n').unwrap_or((text, ""));
    let action = head.split_once('<').and_then(|(_, rest)| rest.split([' ', '>']).next());
    let conjuncts = format!("\n{conjuncts}");
    let variable = |conjunct: &str| {
        let (name, value) = conjunct.split_once('=')?;
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((name.trim().to_owned(), value))
    };
    Moment {
        action: action.filter(|name| *name != "Initial").map(str::to_owned),
        state: conjuncts.split("\n/\\ ").skip(1).filter_map(variable).collect(),
    }
}

fn word_after(text: &str, before: &str) -> Option<String> {
    text.split_once(before)?.1.split_whitespace().next().map(str::to_owned)
}

fn number_before(text: &str, after: &str) -> Option<u64> {
    text.split(after).next()?.rsplit(' ').next()?.replace(',', "").parse().ok()
}
