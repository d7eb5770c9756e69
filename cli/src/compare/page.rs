//! The page: what was measured, as tables and plots.
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;

use super::{
    Figures,
    figures::{CRASH_AT, MANY, PIECE, SERVERS, SERVICE},
    plot::Plot,
};
use crate::report::grouped;

/// A Markdown file, and the plots that it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub text: String,
    /// Names and contents.
    pub plots: Vec<(&'static str, String)>,
}

/// Beside comparison.md.
const FOLDER: &str = "comparison";

impl Page {
    pub fn of(figures: &Figures) -> Page {
        let mut text = String::new();
        // To a string no write fails.
        let _ = figures.write(&mut text);
        let plot = |(name, plot): (&'static str, Plot<'_>)| plot.svg().ok().map(|svg| (name, svg));
        Page { text, plots: figures.plots().into_iter().filter_map(plot).collect() }
    }

    /// Writes the files; returns their paths.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let write = |path: PathBuf, text: &str| -> anyhow::Result<PathBuf> {
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(path)
        };
        let mut written = vec![write(folder.join("comparison.md"), &self.text)?];
        for (name, svg) in &self.plots {
            written.push(write(folder.join(FOLDER).join(name), svg)?);
        }
        Ok(written)
    }
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

fn whole(number: f64) -> String {
    grouped(number.round() as u64)
}

impl Figures {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let header = |out: &mut String, first: &str| {
            writeln!(out, "| {first} | {} |", self.names.join(" | "))?;
            writeln!(out, "|---|{}", "---:|".repeat(self.names.len()))
        };
        writeln!(
            out,
            "# Side by side\n\n\
             Algorithms that replicate the same key–value store, under the same load, on the same links and disks. Made by\n\
             `cargo x comparison` in virtual time, so the numbers are the same on every machine; a test keeps this page fresh.\n\
             A link takes 0.9 to 1.1 ms, a sync 0.09 to 0.11 ms. {SERVERS} servers hold data unless said otherwise; the master of a\n\
             chain is one more. Bytes are those of the messages as JSON. Messages between nodes are counted, heartbeats among\n\
             them, and not what clients send and are answered.\n"
        )?;
        writeln!(
            out,
            "## What a call costs\n\nTen clients that think 0 to 40 ms, and ask only for reads, or only for writes.\n"
        )?;
        writeln!(out, "| | messages | bytes | p50 ms | p95 ms | p99 ms |\n|---|---:|---:|---:|---:|---:|")?;
        for quiet in &self.quiet {
            for (kind, cost) in [("read", &quiet.read), ("write", &quiet.write)] {
                let [p50, p95, p99] = cost.latency.map(ms);
                let (messages, bytes) = (cost.messages, whole(cost.bytes));
                writeln!(
                    out,
                    "| {}, {kind} | {messages:.1} | {bytes} | {p50} | {p95} | {p99} |",
                    quiet.name
                )?;
            }
        }
        writeln!(
            out,
            "\n## How long nobody is answered\n\n\
             Forty clients, half of their calls reads. After {} s one server crashes and does not come back: the longest time\n\
             in which no read returned, and no write. A client waits 100 ms before it asks another server.\n",
            CRASH_AT.as_secs()
        )?;
        writeln!(out, "| lost | no reads, ms | no writes, ms |\n|---|---:|---:|")?;
        for lost in &self.losses {
            let (name, victim) = (lost.name, lost.victim);
            writeln!(out, "| {name}, {victim} | {} | {} |", lost.reads.as_millis(), lost.writes.as_millis())?;
        }
        writeln!(
            out,
            "\n![Calls per second around the crash]({FOLDER}/crash.svg)\n\n\
             Calls that returned, in pieces of {} ms.\n",
            PIECE.as_millis()
        )?;
        writeln!(
            out,
            "## Reads, and the number of servers\n\n\
             {MANY} clients that ask again as soon as they are answered, and only read. A server is busy for {} µs with each thing\n\
             that it is handed. Reads per second:\n",
            SERVICE.as_micros()
        )?;
        header(out, "servers")?;
        for (servers, reads) in &self.by_length {
            let row: Vec<String> = reads.iter().map(|reads| whole(*reads)).collect();
            writeln!(out, "| {servers} | {} |", row.join(" | "))?;
        }
        writeln!(out, "\n![Reads per second by the number of servers]({FOLDER}/servers.svg)\n")?;
        writeln!(
            out,
            "## Reads, and the share of writes\n\n\
             The same with {SERVERS} servers, where some of the calls write. Reads per second, and writes per second:\n"
        )?;
        header(out, "writes, %")?;
        for (share, calls) in &self.by_writes {
            let cell = |(reads, writes): &(f64, f64)| format!("{} + {}", whole(*reads), whole(*writes));
            let row: Vec<String> = calls.iter().map(cell).collect();
            writeln!(out, "| {share} | {} |", row.join(" | "))?;
        }
        writeln!(out, "\n![Reads per second by the share of writes]({FOLDER}/writes.svg)")
    }

    fn plots(&self) -> Vec<(&'static str, Plot<'_>)> {
        let by_name = |of: &dyn Fn(usize) -> Vec<(f64, f64)>| {
            self.names.iter().enumerate().map(|(place, name)| ((*name).to_owned(), of(place))).collect()
        };
        let servers = Plot {
            title: "Reads per second, nothing but reads",
            x: "servers",
            y: "reads per second",
            lines: by_name(&|place| {
                self.by_length.iter().map(|(servers, reads)| (f64::from(*servers), reads[place])).collect()
            }),
        };
        let writes = Plot {
            title: "Reads per second, with writes among them",
            x: "share of writes, %",
            y: "reads per second",
            lines: by_name(&|place| {
                self.by_writes.iter().map(|(share, calls)| (f64::from(*share), calls[place].0)).collect()
            }),
        };
        let piece = PIECE.as_secs_f64() * 1e3;
        let line = |(name, series): &(String, Vec<f64>)| {
            let points = series.iter().enumerate().map(|(place, calls)| (place as f64 * piece, *calls));
            (name.clone(), points.collect())
        };
        let crash = Plot {
            title: "Calls per second around the loss of a server",
            x: "ms; the crash is at 1,000",
            y: "calls per second",
            lines: self.around.iter().map(line).collect(),
        };
        vec![("crash.svg", crash), ("servers.svg", servers), ("writes.svg", writes)]
    }
}
