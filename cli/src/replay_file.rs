//! Stories as files: a header, then one action a line, then an end that says how many there were.
//!
//! ```text
//! {"schema":"synod.replay/2","algorithm":"raft","nodes":3,"node_config":{…},"violation":{…},…}
//! {"fire":{"node":1,"timer":"Election"}}
//! {"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
//! …
//! {"end":{"actions":12,"digest":"89b2…"}}
//! ```
//!
//! A violation that needs timing has no actions: its header carries the whole configuration of the simulator
//! under `timed`, and the run is made again. Its lines are what is odd in that run, a deviation each
//! (`{"draw":{"site":"delay","a":1,"b":2,"k":2,"value":412000000}}`); if there is no such list (`"deviations":null` in
//! the header's `timed`), the seed draws it all.
//!
//! The form 1 had no deviations, and is read as well.
use std::io::{self, BufRead, Write};
use std::mem;

use serde::{Deserialize, Serialize};
use synod_protocol::{Node, Violation};
use synod_simulator::{Config, untimed::Action};
use thiserror::Error;

use crate::algorithm::Algorithm;

/// The form of the lines. A reader refuses any other, but for the one before: all of it is in this one.
pub const SCHEMA: &str = "synod.replay/2";
const SCHEMA_BEFORE: &str = "synod.replay/1";

/// A violation, and how to come to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Story<N: Node> {
    /// Where it was found.
    pub seed: Option<u64>,
    pub nodes: u32,
    pub node_config: N::Config,
    pub violation: Violation,
    pub plot: Plot<N>,
}

/// What has to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Plot<N: Node> {
    /// These actions, in this order.
    Actions(Vec<Action<N>>),
    /// The run of this configuration: the violation needs its times.
    Timed(Box<Config>),
}

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    algorithm: String,
    #[serde(default)]
    seed: Option<u64>,
    nodes: u32,
    node_config: serde_json::Value,
    violation: Violation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timed: Option<Box<Config>>,
}

#[derive(Serialize, Deserialize)]
struct EndLine {
    end: End,
}

#[derive(Serialize, Deserialize)]
struct End {
    actions: u64,
    /// Of the bytes of the lines between, in hexadecimal.
    digest: String,
}

/// Why a file tells no story. Lines are counted from 1.
#[derive(Debug, Error)]
pub enum ReplayFileError {
    #[error("line {line} cannot be read: {source}; is it a text file?")]
    Read { line: u64, source: io::Error },
    #[error(
        "line 1 is not the header of a replay file ({why}); give a file that `synod sweep` or `synod shrink` wrote"
    )]
    NoHeader { why: String },
    #[error(
        "the file has the form {found}, and this program reads {SCHEMA} and {SCHEMA_BEFORE}: sweep its seed again"
    )]
    OtherSchema { found: String },
    #[error("the file tells of {found}, which this program does not know")]
    OtherAlgorithm { found: String },
    #[error(
        "line {line} is neither an action of this algorithm nor a deviation of a run ({why}); was it edited, or written by another version?"
    )]
    BadAction { line: u64, why: serde_json::Error },
    #[error(
        "the file ends after line {line} without its end: it was cut short. Copy it anew, or sweep its seed again"
    )]
    CutShort { line: u64 },
    #[error(
        "the lines are not those that were written: there are {found} where {said} were, or one of them was edited. To carry them out all the same, say --edited"
    )]
    Edited { found: u64, said: u64 },
    #[error("nothing may follow the end, and line {line} does")]
    AfterTheEnd { line: u64 },
}

/// The first line alone: of which algorithm is this story, or this trace of a run?
///
/// # Errors
/// It is neither.
pub fn algorithm_of(line: &str) -> Result<String, ReplayFileError> {
    #[derive(Deserialize)]
    struct Trace {
        schema: String,
        algorithm: String,
    }
    match serde_json::from_str::<Trace>(line) {
        Ok(trace) if trace.schema == synod_telemetry::trace_file::SCHEMA => Ok(trace.algorithm),
        _ => Ok(header(line)?.algorithm),
    }
}

fn header(line: &str) -> Result<Header, ReplayFileError> {
    #[derive(Deserialize)]
    struct Schema {
        schema: String,
    }
    let no_header = |why: serde_json::Error| ReplayFileError::NoHeader { why: why.to_string() };
    // First the form: a header of another one may look different otherwise.
    let Schema { schema } = serde_json::from_str(line).map_err(no_header)?;
    if schema != SCHEMA && schema != SCHEMA_BEFORE {
        return Err(ReplayFileError::OtherSchema { found: schema });
    }
    serde_json::from_str(line).map_err(no_header)
}

impl<N: Node> Story<N> {
    /// # Errors
    /// The writer's.
    pub fn write<A: Algorithm<Node = N>>(&self, mut out: impl Write) -> io::Result<()> {
        let (actions, mut timed) = match &self.plot {
            Plot::Actions(actions) => (actions.as_slice(), None),
            Plot::Timed(config) => (&[][..], Some(config.clone())),
        };
        // Its deviations are the lines.
        let deviations = timed.as_mut().and_then(|config| config.deviations.as_mut()).map(mem::take);
        let header = Header {
            schema: SCHEMA.into(),
            algorithm: A::NAME.into(),
            seed: self.seed,
            nodes: self.nodes,
            node_config: serde_json::to_value(&self.node_config)?,
            violation: self.violation.clone(),
            timed,
        };
        writeln!(out, "{}", serde_json::to_string(&header)?)?;
        let mut digest = Digest::default();
        let deviations = deviations.unwrap_or_default();
        let lines = actions.iter().map(serde_json::to_string);
        let lines = lines.chain(deviations.iter().map(serde_json::to_string));
        let mut count = 0;
        for line in lines {
            let line = line?;
            digest.line(&line);
            writeln!(out, "{line}")?;
            count += 1;
        }
        let end = End { actions: count, digest: digest.to_string() };
        writeln!(out, "{}", serde_json::to_string(&EndLine { end })?)
    }

    /// As [`Story::write`] writes it.
    pub fn text<A: Algorithm<Node = N>>(&self) -> String {
        let mut text = Vec::new();
        // A vector takes all, and what was read from a file can be written to one.
        let _ = self.write::<A>(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// `edited`: whatever actions there are, whether or not they are those that were written.
    ///
    /// # Errors
    /// What is wrong with the file, and what to do about it.
    pub fn read<A: Algorithm<Node = N>>(input: impl BufRead, edited: bool) -> Result<Self, ReplayFileError> {
        let mut lines = Vec::new();
        for (line, number) in input.lines().zip(1..) {
            lines.push(line.map_err(|source| ReplayFileError::Read { line: number, source })?);
        }
        let mut header = header(lines.first().map_or("", String::as_str))?;
        if header.algorithm != A::NAME {
            return Err(ReplayFileError::OtherAlgorithm { found: header.algorithm });
        }
        let node_config = serde_json::from_value(header.node_config)
            .map_err(|why| ReplayFileError::NoHeader { why: why.to_string() })?;
        let (mut actions, mut digest, mut end) = (Vec::new(), Digest::default(), None);
        let mut deviations = header.timed.as_mut().and_then(|config| config.deviations.as_mut());
        for (line, number) in lines.iter().zip(1..).skip(1) {
            if end.is_some() {
                return Err(ReplayFileError::AfterTheEnd { line: number });
            }
            if let Ok(EndLine { end: this }) = serde_json::from_str(line) {
                end = Some(this);
                continue;
            }
            digest.line(line);
            let is_last = number == lines.len() as u64;
            let read = match &mut deviations {
                Some(deviations) => serde_json::from_str(line).map(|deviation| deviations.push(deviation)),
                None => serde_json::from_str(line).map(|action| actions.push(action)),
            };
            read.map_err(|why| match is_last && why.is_eof() {
                true => ReplayFileError::CutShort { line: number },
                false => ReplayFileError::BadAction { line: number, why },
            })?;
        }
        let Some(end) = end else { return Err(ReplayFileError::CutShort { line: lines.len() as u64 }) };
        let found = (actions.len() + deviations.map_or(0, |deviations| deviations.len())) as u64;
        if !edited && (end.actions != found || end.digest != digest.to_string()) {
            return Err(ReplayFileError::Edited { found, said: end.actions });
        }
        let plot = match header.timed {
            Some(config) => Plot::Timed(config),
            None => Plot::Actions(actions),
        };
        let Header { seed, nodes, violation, .. } = header;
        Ok(Story { seed, nodes, node_config, violation, plot })
    }
}

/// FNV-1a: it is to notice an edit, not to withstand one.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn line(&mut self, line: &str) {
        for byte in line.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
