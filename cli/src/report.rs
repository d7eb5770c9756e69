//! What a run came to, for people and for programs.
use std::{fmt::Write as _, path::PathBuf};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};
use synod_protocol::{Time, Violation};
use synod_simulator::{Config, Counts, Fault, Liveness, Tally};
use synod_telemetry::grpc::ExportError;

use crate::{exit::Exit, promise::Judged, run::RunOptions};

/// All that is to be said of a run.
#[derive(Debug)]
pub struct Report {
    pub algorithm: &'static str,
    /// What strikes unless somebody asks for others.
    pub usual_faults: &'static [Fault],
    pub config: Config,
    pub story: Vec<String>,
    /// What the algorithm adds: elections, for Raft.
    pub summary: Map<String, Value>,
    pub summary_line: String,
    pub counts: Counts,
    /// How often the run came into what it should come into sometimes.
    pub sometimes: Tally,
    pub verdicts: Verdicts,
    pub trace_hash: u64,
    pub end: Time,
    pub files: Vec<PathBuf>,
    /// The spans that the endpoint took, if one was named.
    pub exported: Option<Result<u64, ExportError>>,
    pub options: RunOptions,
}

/// The three questions that are asked of each run.
#[derive(Debug)]
pub struct Verdicts {
    pub invariants: Option<Violation>,
    pub liveness: Liveness,
    /// What clients were promised, and whether it was kept.
    pub promise: (&'static str, Judged),
}

impl Verdicts {
    pub fn exit(&self) -> Exit {
        if self.invariants.is_some()
            || self.liveness.is_stuck()
            || matches!(self.promise.1, Judged::Broken(_))
        {
            Exit::Violated
        } else if matches!(self.promise.1, Judged::Kept(_)) {
            Exit::Holds
        } else {
            Exit::Inconclusive
        }
    }

    fn in_a_word(&self) -> &'static str {
        match self.exit() {
            Exit::Holds => "holds",
            Exit::Violated => "violated",
            _ => "inconclusive",
        }
    }

    /// Each verdict with its name, whether it is good (if it is known), and a sentence.
    fn lines(&self) -> [(&'static str, Option<bool>, String); 3] {
        let invariants = match &self.invariants {
            None => (Some(true), "hold at every step".to_owned()),
            Some(violation) => (Some(false), violation.to_string()),
        };
        let liveness = match &self.liveness {
            Liveness::NotJudged => (None, "not judged: the run ended before".to_owned()),
            Liveness::Live { first_commit_after, all_after, .. } => (
                Some(true),
                format!(
                    "the first new operation took effect {:.3} s after the heal, all after {:.3} s",
                    first_commit_after.as_secs_f64(),
                    all_after.as_secs_f64()
                ),
            ),
            Liveness::Stuck { core, succeeded, wanted, within } => {
                let core: Vec<String> = core.iter().map(ToString::to_string).collect();
                let core = core.join(" ");
                (
                    Some(false),
                    format!(
                        "{core} were healed, and {succeeded} of {wanted} operations succeeded in {within:?}"
                    ),
                )
            }
        };
        let (name, promise) = match &self.promise {
            (name, Judged::Kept(how)) => (*name, (Some(true), how.clone())),
            (name, Judged::Broken(story)) => (*name, (Some(false), story.clone())),
            (name, Judged::Undecided(why)) => (*name, (None, why.clone())),
        };
        [
            ("invariants", invariants.0, invariants.1),
            ("liveness", liveness.0, liveness.1),
            (name, promise.0, promise.1),
        ]
    }
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

impl Report {
    pub fn exit(&self) -> Exit {
        match (self.verdicts.exit(), &self.exported) {
            (Exit::Holds, Some(Err(_))) => Exit::Environment,
            (exit, _) => exit,
        }
    }

    /// The command that makes this very run again.
    pub fn command(&self) -> String {
        let RunOptions { nodes, seed, faults, swarm, scenario, set, clients, operations, sim_time, .. } =
            &self.options;
        let default = RunOptions::new(*seed);
        let mut command = format!("synod run {} --seed {seed}", self.algorithm);
        if let Some((file, _)) = scenario {
            let _ = write!(command, " --scenario {}", file.display());
        }
        if *swarm {
            command += " --swarm";
        }
        if let Some(faults) =
            faults.as_ref().filter(|faults| scenario.is_some() || **faults != *self.usual_faults)
        {
            let names: Vec<&str> = faults.iter().map(|fault| fault.name()).collect();
            let list = if names.is_empty() { "none".to_owned() } else { names.join(",") };
            let _ = write!(command, " --faults {list}");
        }
        if *nodes != default.nodes {
            let _ = write!(command, " --nodes {nodes}");
        }
        if *clients != default.clients {
            let _ = write!(command, " --clients {clients}");
        }
        if *operations != default.operations {
            let _ = write!(command, " --ops {operations}");
        }
        if *sim_time != default.sim_time {
            let _ = write!(command, " --sim-time {}", humantime::format_duration(*sim_time));
        }
        for (name, value) in set {
            let _ = write!(command, " --set {name}={value}");
        }
        command
    }

    /// For a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = self.write_text(&mut text);
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let Counts { sent, duplicated, delivered, lost, partitioned, down, ok, failed, unknown, .. } =
            self.counts;
        writeln!(out, "{BOLD}{}{BOLD:#}", self.command())?;
        for line in wrapped(&self.config.to_string(), self.options.verbose) {
            writeln!(out, "{DIM}  {line}{DIM:#}")?;
        }
        writeln!(out)?;
        for line in &self.story {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "\n{:>8}  the end", self.end.to_string())?;
        writeln!(
            out,
            "\nmessages     {} sent, {} delivered, {} dropped ({} lost, {} cut off, {} not awaited), {} duplicated",
            grouped(sent),
            grouped(delivered),
            grouped(self.counts.dropped()),
            grouped(lost),
            grouped(partitioned),
            grouped(down),
            grouped(duplicated)
        )?;
        writeln!(
            out,
            "operations   {} ok, {} failed, {} unknown",
            grouped(ok),
            grouped(failed),
            grouped(unknown)
        )?;
        writeln!(out, "{}", self.summary_line)?;
        self.write_sometimes(out)?;
        writeln!(out)?;
        for (name, good, sentence) in self.verdicts.lines() {
            let (mark, style) = match good {
                Some(true) => ("✓", GOOD),
                Some(false) => ("✗", BAD),
                None => ("?", AnsiColor::Yellow.on_default()),
            };
            writeln!(out, "{style}{mark} {name:<16}{style:#} {sentence}")?;
        }
        writeln!(out, "\ntrace hash   {:016x}", self.trace_hash)?;
        if let Some((first, rest)) = self.files.split_first() {
            writeln!(out, "files        {}", first.display())?;
            for file in rest {
                writeln!(out, "             {}", file.display())?;
            }
        }
        match &self.exported {
            Some(Ok(spans)) => writeln!(out, "exported     {} spans", grouped(*spans))?,
            // Said on stderr, and by the exit code.
            Some(Err(_)) => writeln!(out, "{BAD}not exported{BAD:#}")?,
            None => {}
        }
        if self.verdicts.exit() == Exit::Violated {
            writeln!(out, "\n{BAD}seed {} breaks a property{BAD:#}", self.options.seed)?;
            writeln!(out, "  again:    {}", self.command())?;
            writeln!(out, "  all of it: {} --verbose", self.command())?;
            if let Some(trace) = self.files.last() {
                writeln!(out, "  as spans: load {} into Jaeger's page (docs/jaeger.md)", trace.display())?;
            }
        }
        Ok(())
    }

    /// What it came into, and what it did not: that is untested by this run.
    fn write_sometimes(&self, out: &mut String) -> std::fmt::Result {
        if self.sometimes.is_empty() {
            return Ok(());
        }
        let (reached, all) = (self.sometimes.reached().count(), self.sometimes.iter().count());
        if !self.options.verbose {
            return writeln!(
                out,
                "sometimes    {reached} of {all} situations were reached (--verbose tells which)"
            );
        }
        for (name, count) in self.sometimes.reached() {
            writeln!(out, "sometimes    {:>7} × {name}", grouped(count))?;
        }
        for name in self.sometimes.unreached() {
            writeln!(out, "untested     {:>7}   {name}", "never")?;
        }
        Ok(())
    }

    /// For a program: one document.
    pub fn json(&self) -> Value {
        let Counts {
            sent,
            duplicated,
            delivered,
            lost,
            partitioned,
            down,
            in_flight,
            ok,
            failed,
            unknown,
            ..
        } = self.counts;
        let verdicts: Map<String, Value> = self
            .verdicts
            .lines()
            .into_iter()
            .map(|(name, holds, why)| (name.to_owned(), json!({ "holds": holds, "why": why })))
            .collect();
        let exported = self.exported.as_ref().map(|exported| match exported {
            Ok(spans) => json!({ "spans": spans }),
            Err(error) => json!({ "error": error.to_string() }),
        });
        let mut document = json!({
            "schema": "synod.run/1",
            "algorithm": self.algorithm,
            "command": self.command(),
            "seed": self.options.seed,
            "trace_hash": format!("{:016x}", self.trace_hash),
            "verdict": self.verdicts.in_a_word(),
            "verdicts": verdicts,
            "messages": {
                "sent": sent,
                "delivered": delivered,
                "dropped": self.counts.dropped(),
                "dropped_why": { "lost": lost, "partitioned": partitioned, "down": down },
                "duplicated": duplicated,
                "in_flight": in_flight,
            },
            "operations": { "ok": ok, "failed": failed, "unknown": unknown },
            "counts": self.counts,
            "sometimes": self.sometimes,
            "end_ns": self.end,
            "config": self.config,
            "story": self.story,
            "files": self.files,
            "exported": exported,
        });
        if let Value::Object(document) = &mut document {
            document.extend(self.summary.clone());
        }
        document
    }
}

/// 12,345.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One knob a line, or as many as fit.
fn wrapped(knobs: &str, one_a_line: bool) -> Vec<String> {
    const WIDTH: usize = 108;
    if one_a_line {
        return knobs.lines().map(ToOwned::to_owned).collect();
    }
    let mut lines = vec![String::new()];
    for knob in knobs.lines().map(|knob| knob.replacen(" = ", "=", 1)) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = knob,
            Some(line) if line.chars().count() + knob.chars().count() + 2 <= WIDTH => {
                line.push_str("  ");
                line.push_str(&knob);
            }
            _ => lines.push(knob),
        }
    }
    lines
}
