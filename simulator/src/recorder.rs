//! Traces: the stream of steps, kept in memory or written down, one step a line.
//!
//! # The file
//!
//! Each line is one [`Step`] as JSON:
//!
//! ```json
//! {"number":17,"at":4189312,"place":{"node":2},"what":{"synced":{"records":3}}}
//! ```
//!
//! | field | is |
//! |---|---|
//! | `number` | 0, 1, 2, …, without gaps |
//! | `at` | nanoseconds of virtual time since the run began; never decreases |
//! | `place` | `{"node":1}`, `{"client":1}` or `"network"` |
//! | `what` | one of the following, under its name |
//!
//! | `what` | fields | at |
//! |---|---|---|
//! | `booted` | `clock`, `records`, `effects`, `view` | node |
//! | `handled` | `clock`, `packet` (`null` for a timer), `input`, `effects`, `view` | node |
//! | `sent` | `packet`, `to`, `cause` (a step's number), `effect` (its place in that step's effects) | node |
//! | `synced`, `crashed` | `records` | node |
//! | `called` | `packet`, `caller`, `request` | client |
//! | `returned` | `packet`, `caller`, `answer`: `{"Done":…}` or `{"Elsewhere":…}` | client |
//! | `gave_up` | `caller` | client |
//! | `dropped` | `packet`, `why`: `lost`, `partitioned` or `down` | network |
//! | `duplicated` | `packet`, `twin` | network |
//! | `fault` | `what`: `"cut n1 n3 \| n2 n4 n5"` | network |
//!
//! `input` is `{"Message":[from, …]}`, `{"Timer":…}` or `{"Request":[caller, …]}`; `effects` are `Send`,
//! `Reply`, `Persist`, `SetTimer`, `CancelTimer` and `Event`. What stands in them, and the `view`, is the
//! algorithm's.
use std::io::{self, BufRead, Write};

use synod_protocol::{Node, Nodes, Observer, Step, Violation};

/// Keeps every step.
#[derive(Debug)]
pub struct Recording<N: Node> {
    pub steps: Vec<Step<'static, N>>,
}

impl<N: Node> Default for Recording<N> {
    fn default() -> Self {
        Recording { steps: Vec::new() }
    }
}

impl<N: Node> Observer<N> for Recording<N> {
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        self.steps.push(step.clone().into_owned());
        Ok(())
    }
}

/// Writes every step as one line of JSON. Give it a buffered writer.
#[derive(Debug)]
pub struct Recorder<W> {
    writer: W,
    failure: Option<io::Error>,
}

impl<W: Write> Recorder<W> {
    pub fn new(writer: W) -> Self {
        Recorder { writer, failure: None }
    }

    /// # Errors
    /// The first that the writer met: the run went on, but its trace is not whole.
    pub fn finish(mut self) -> io::Result<W> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.writer.flush()?;
        Ok(self.writer)
    }

    fn write<N: Node>(&mut self, step: &Step<'_, N>) -> io::Result<()> {
        serde_json::to_writer(&mut self.writer, step)?;
        self.writer.write_all(b"\n")
    }
}

impl<N: Node, W: Write> Observer<N> for Recorder<W> {
    /// A full disk says nothing about the algorithm, so it is no violation: [`Recorder::finish`] reports it.
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        if self.failure.is_none() {
            self.failure = self.write(step).err();
        }
        Ok(())
    }
}

/// Reads back what a [`Recorder`] wrote, line by line.
pub fn read_trace<N: Node>(
    reader: impl BufRead,
) -> impl Iterator<Item = Result<Step<'static, N>, TraceError>> {
    (1..).zip(reader.lines()).map(|(line, text)| {
        let text = text.map_err(|source| TraceError::Unreadable { line, source })?;
        serde_json::from_str(&text).map_err(|source| TraceError::NoStep { line, source })
    })
}

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("line {line} of the trace cannot be read: {source}")]
    Unreadable { line: u64, source: io::Error },
    #[error("line {line} of the trace is no step of this algorithm: {source}")]
    NoStep { line: u64, source: serde_json::Error },
}
