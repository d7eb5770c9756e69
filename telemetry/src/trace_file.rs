//! Recorded runs as files: a header line, then one [`Step`] a line.
//!
//! ```text
//! {"schema":"synod.trace/1","algorithm":"raft","seed":7,"nodes":3,"config":{…}}
//! {"number":0,"at":0,"place":{"node":1},"what":{"booted":{…}}}
//! …
//! ```
//!
//! A counterexample, a failing seed and a captured run are the same kind of file. Equal runs give equal
//! bytes.
//!
//! | field of a step | is |
//! |---|---|
//! | `number` | 0, 1, 2, …, without gaps |
//! | `at` | nanoseconds since the run began; never decreases |
//! | `place` | `{"node":1}`, `{"client":1}` or `"network"` |
//! | `what` | one of the following, under its name |
//!
//! | `what` | fields | at |
//! |---|---|---|
//! | `booted` | `clock`, `records`, `effects`, `view` | node |
//! | `handled` | `clock`, `packet` (`null` for a timer), `input`, `effects`, `view` | node |
//! | `sent` | `packet`, `to`, `cause` (a step's number), `effect` (its place in that step's effects) | node |
//! | `synced`, `crashed` | `records` | node |
//! | `ended` | `why` | node |
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
use std::{
    io::{self, BufRead, Write},
    marker::PhantomData,
};

use serde::{Deserialize, Serialize};
use synod_protocol::{Node, Step};
use thiserror::Error;

/// The form of the lines. A reader refuses any other.
pub const SCHEMA: &str = "synod.trace/1";

/// What a run was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub schema: String,
    /// As in the names of services: `raft`.
    pub algorithm: String,
    pub seed: u64,
    /// How many nodes, numbered from 1.
    pub nodes: u32,
    /// Whatever else makes the run what it is.
    pub config: serde_json::Value,
    /// How each node was configured, as the algorithm has it; null, if whoever recorded it did not say.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub node_config: serde_json::Value,
}

impl Header {
    pub fn new(algorithm: impl Into<String>, seed: u64, nodes: u32, config: serde_json::Value) -> Header {
        let node_config = serde_json::Value::Null;
        Header { schema: SCHEMA.to_owned(), algorithm: algorithm.into(), seed, nodes, config, node_config }
    }

    pub fn with_node_config(self, node_config: serde_json::Value) -> Header {
        Header { node_config, ..self }
    }
}

/// Why a trace file cannot be written or read. Lines are counted from 1.
#[derive(Debug, Error)]
pub enum TraceFileError {
    #[error("the trace cannot be written: {0}; is there space, and is its folder there?")]
    Write(#[source] io::Error),
    #[error("line {line} of the trace cannot be read: {source}; is it a text file, and unharmed?")]
    Read { line: u64, source: io::Error },
    #[error(
        "line 1 of the trace is not a header ({why}); a trace begins with {{\"schema\":\"{SCHEMA}\",…}}: give the file that a run wrote"
    )]
    NoHeader { why: String },
    #[error(
        "line 1 says that the trace has the form {found}, and this program reads {SCHEMA}: record the run again"
    )]
    OtherSchema { found: String },
    #[error(
        "line {line} of the trace is not a step of this algorithm ({why}); was it recorded by another version? Record the run again"
    )]
    BadStep { line: u64, why: serde_json::Error },
    #[error(
        "line {line}, the last one of the trace, is cut off: the run was ended while it was recorded. Record it again, or delete that line to keep the steps before it"
    )]
    CutOff { line: u64 },
    #[error(
        "line {line} of the trace has step {found} where step {expected} is due: lines are missing or were moved"
    )]
    Gap { line: u64, found: u64, expected: u64 },
}

/// Writes a header, then step after step. Give it something buffered.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// # Errors
    /// [`TraceFileError::Write`], as of all that writes here.
    pub fn new(out: W, header: &Header) -> Result<Writer<W>, TraceFileError> {
        let mut writer = Writer { out };
        writer.line(header)?;
        Ok(writer)
    }

    pub fn step<N: Node>(&mut self, step: &Step<'_, N>) -> Result<(), TraceFileError> {
        self.line(step)
    }

    /// Flushes.
    pub fn finish(mut self) -> Result<W, TraceFileError> {
        self.out.flush().map_err(TraceFileError::Write)?;
        Ok(self.out)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), TraceFileError> {
        serde_json::to_writer(&mut self.out, value).map_err(|error| TraceFileError::Write(error.into()))?;
        self.out.write_all(b"\n").map_err(TraceFileError::Write)
    }
}

/// A trace file of which the header has been read: it says of which algorithm the steps are.
#[derive(Debug)]
pub struct Reader<R> {
    header: Header,
    lines: Lines<R>,
}

impl<R: BufRead> Reader<R> {
    /// # Errors
    /// The first line is not the header of such a file.
    pub fn new(input: R) -> Result<Reader<R>, TraceFileError> {
        let mut lines = Lines { input, number: 0, line: Vec::new() };
        let line =
            lines.next()?.ok_or_else(|| TraceFileError::NoHeader { why: "the file is empty".to_owned() })?;
        // First the form: a header of another one may look different otherwise.
        let schema = serde_json::from_slice(line).map(|Schema { schema }| schema);
        match schema {
            Ok(schema) if schema == SCHEMA => {}
            Ok(found) => return Err(TraceFileError::OtherSchema { found }),
            Err(why) => return Err(TraceFileError::NoHeader { why: why.to_string() }),
        }
        let header =
            serde_json::from_slice(line).map_err(|why| TraceFileError::NoHeader { why: why.to_string() })?;
        Ok(Reader { header, lines })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The steps, one by one; after an error, no more.
    pub fn steps<N: Node>(self) -> Steps<R, N> {
        Steps { lines: self.lines, expected: 0, done: false, node: PhantomData }
    }
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// The steps of a file.
#[derive(Debug)]
pub struct Steps<R, N> {
    lines: Lines<R>,
    expected: u64,
    done: bool,
    node: PhantomData<fn() -> N>,
}

impl<R: BufRead, N: Node> Steps<R, N> {
    fn read(&mut self) -> Result<Option<Step<'static, N>>, TraceFileError> {
        let Some(line) = self.lines.next()? else { return Ok(None) };
        let parsed: Result<Step<'static, N>, _> = serde_json::from_slice(line);
        let line = self.lines.number;
        let step = parsed.map_err(|why| match why.is_eof() && self.lines.is_cut_off() {
            true => TraceFileError::CutOff { line },
            false => TraceFileError::BadStep { line, why },
        })?;
        if step.number != self.expected {
            return Err(TraceFileError::Gap { line, found: step.number, expected: self.expected });
        }
        self.expected += 1;
        Ok(Some(step))
    }
}

impl<R: BufRead, N: Node> Iterator for Steps<R, N> {
    type Item = Result<Step<'static, N>, TraceFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.read().transpose();
        self.done = !matches!(step, Some(Ok(_)));
        step
    }
}

#[derive(Debug)]
struct Lines<R> {
    input: R,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<&[u8]>, TraceFileError> {
        self.line.clear();
        self.number += 1;
        match self.input.read_until(b'\n', &mut self.line) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(&self.line)),
            Err(source) => Err(TraceFileError::Read { line: self.number, source }),
        }
    }

    /// The writer ends each line, so one without an end was being written.
    fn is_cut_off(&self) -> bool {
        !self.line.ends_with(b"\n")
    }
}
