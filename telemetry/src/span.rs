//! A run as spans: what every exporter writes.
//!
//! Times are the run's own, from zero; an [`Epoch`] puts them on a calendar when they are exported. So
//! one telling serves files, whose bytes must not depend on today, and a live Jaeger, which hides what
//! is older than its search window.
use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use synod_protocol::Time;

use crate::attribute::Attribute;

/// A whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    pub algorithm: String,
    pub seed: u64,
    /// Names of services, in the order in which they came up. Spans point into it.
    pub services: Vec<String>,
    /// One per story, in the order in which they began.
    pub traces: Vec<Trace>,
    /// When the last step happened.
    pub end: Time,
}

/// One story.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub id: TraceId,
    /// Heartbeats and the like: part of the run, and seldom what one looks for.
    pub background: bool,
    /// The root comes first, and every parent before its children.
    pub spans: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub id: SpanId,
    /// A span of the same trace; `None` for the root.
    pub parent: Option<SpanId>,
    pub name: String,
    /// Where in [`Spans::services`] its service stands.
    pub service: usize,
    pub kind: Kind,
    pub start: Time,
    pub end: Time,
    pub attributes: Vec<Attribute>,
    pub events: Vec<Event>,
    /// Causes other than the parent.
    pub links: Vec<Link>,
    /// What went wrong, if something did.
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A story, or a step that no packet brought about.
    Internal,
    /// A packet, from its sending to its end.
    Producer,
    /// A step that took a packet.
    Consumer,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: Time,
    pub name: Cow<'static, str>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub trace: TraceId,
    pub span: SpanId,
}

/// In OTLP 16 bytes, in text 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// In OTLP 8 bytes, in text 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u64);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Span {
    /// A root, so far, that lasts no time.
    pub(crate) fn new(id: SpanId, name: String, service: usize, kind: Kind, at: Time) -> Span {
        Span {
            id,
            parent: None,
            name,
            service,
            kind,
            start: at,
            end: at,
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            error: None,
        }
    }
}

impl Spans {
    /// Leaves out the stories that their narrator calls background, and links into them.
    pub fn without_background(mut self) -> Spans {
        self.traces.retain(|trace| !trace.background);
        let kept: BTreeSet<TraceId> = self.traces.iter().map(|trace| trace.id).collect();
        for span in self.traces.iter_mut().flat_map(|trace| &mut trace.spans) {
            span.links.retain(|link| kept.contains(&link.trace));
        }
        self
    }

    /// How many spans there are.
    pub fn count(&self) -> usize {
        self.traces.iter().map(|trace| trace.spans.len()).sum()
    }

    /// What a backend shows as the group of the run's services.
    pub fn namespace(&self) -> String {
        format!("{}-seed-{}", self.algorithm, self.seed)
    }
}

/// When the run began, on the calendar: nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(u64);

impl Epoch {
    /// 2000-01-01T00:00:00Z, for files: equal runs give equal bytes. (Zero would be wrong: Jaeger takes a
    /// start at 1970 for a missing one.)
    pub const FILE: Epoch = Epoch(946_684_800_000_000_000);

    /// For a live backend: the run ends at that moment, which is now as a rule.
    pub fn ending_at(moment: SystemTime, spans: &Spans) -> Epoch {
        let began = moment.checked_sub(Duration::from_nanos(spans.end.0));
        let since_1970 = began.and_then(|began| began.duration_since(UNIX_EPOCH).ok());
        Epoch(since_1970.map_or(Epoch::FILE.0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)))
    }

    pub fn nanos(self, at: Time) -> u64 {
        self.0.saturating_add(at.0)
    }
}
