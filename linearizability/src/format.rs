//! Histories as text: the format of this house, and what others write.
pub(crate) mod edn;
mod etcd;
mod jepsen;
pub(crate) mod json;
mod jsonl;
mod recorder;

use std::{fmt, str::FromStr};

use crate::{DataType, History, HistoryBuilder, HistoryError, Value};

/// How a history is written down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line, the format of this house.
    Jsonl,
    /// Jepsen's history: EDN maps with `:process`, `:type`, `:f` and `:value`, one after the other or in one
    /// vector. `:ok` took place, `:fail` did not, `:info` is unknown.
    Jepsen,
    /// The console logs of Jepsen that come with Porcupine, of an etcd register. Here `:fail :cas` means that the
    /// operation took place and found something else.
    Etcd,
    /// The logs of a key–value store that come with Porcupine: EDN maps with `:key`, where an absent key reads as
    /// the empty string.
    PorcupineKv,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 4] = [Format::Jsonl, Format::Jepsen, Format::Etcd, Format::PorcupineKv];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Jepsen => "jepsen",
            Format::Etcd => "etcd",
            Format::PorcupineKv => "porcupine-kv",
        }
    }

    /// The format that the beginning of a text looks like. What looks like none is refused as JSON lines.
    pub fn of(text: &str) -> Format {
        let start = text.trim_start();
        let first = start.lines().find(|line| line.contains(":process")).unwrap_or_default();
        if start.starts_with("INFO") {
            Format::Etcd
        } else if first.contains(":key ") && first.contains(":f ") {
            Format::PorcupineKv
        } else if !first.is_empty() || start.starts_with([';', '#', '[', '(']) {
            Format::Jepsen
        } else {
            Format::Jsonl
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no format is called `{name}`; there are {}", Format::names())]
pub struct UnknownFormat {
    name: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

/// What is known of a text before it is read. Everything left out is found from the text.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// How it is written.
    pub format: Option<Format>,
    /// What its objects are.
    pub data_type: Option<DataType>,
    /// What an object holds at first; see [`HistoryBuilder::initial`].
    pub initial: Option<Value>,
}

impl ReadOptions {
    /// Says how the text is written.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Says what the objects are.
    pub fn data_type(mut self, data_type: DataType) -> Self {
        self.data_type = Some(data_type);
        self
    }

    /// Says what an object holds at first.
    pub fn initial(mut self, initial: impl Into<Value>) -> Self {
        self.initial = Some(initial.into());
        self
    }

    fn builder(&self) -> HistoryBuilder {
        let mut builder = HistoryBuilder::default();
        if let Some(data_type) = self.data_type {
            builder = builder.data_type(data_type);
        }
        if let Some(initial) = &self.initial {
            builder = builder.initial(initial.clone());
        }
        builder
    }
}

impl History {
    /// Reads a history in any of the formats.
    ///
    /// ```
    /// use synod_linearizability::{Format, History, ReadOptions};
    ///
    /// let log = "INFO  jepsen.util - 0\t:invoke\t:write\t3\nINFO  jepsen.util - 0\t:ok\t:write\t3\n";
    /// assert_eq!(Format::of(log), Format::Etcd);
    /// let history = History::read(log, &ReadOptions::default())?;
    /// assert_eq!(history.operation(0).to_string(), "client 0: write(3) → null [1, 2]");
    /// # Ok::<(), synod_linearizability::HistoryError>(())
    /// ```
    pub fn read(text: &str, options: &ReadOptions) -> Result<History, HistoryError> {
        let builder = options.builder();
        match options.format.unwrap_or_else(|| Format::of(text)) {
            Format::Jsonl => jsonl::read(builder, text.as_bytes()),
            Format::Jepsen => jepsen::read(builder, text),
            Format::Etcd => etcd::read(builder, text),
            Format::PorcupineKv if options.initial.is_none() => {
                jepsen::read(builder.initial(Value::from("")), text)
            }
            Format::PorcupineKv => jepsen::read(builder, text),
        }
    }
}
