//! OTLP JSON lines: an `ExportTraceServiceRequest` a line, as OpenTelemetry's file exporter writes it and
//! the collector's `otlpjsonfile` receiver reads it.
//!
//! Written from the spans directly: a run has many, and OTLP's own structs would spell out every default.
use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    attribute::{Attribute, Value},
    otlp,
    span::{Epoch, Event, Kind, Link, Span, SpanId, Spans, TraceId},
    text::Text,
};

/// A line that is longer ends. The collector's receiver cuts lines at 1 MiB.
const LINE_BYTES: usize = 512 << 10;

/// Equal runs give equal bytes. Flushes.
///
/// # Errors
/// Those of the writer.
pub fn write(mut out: impl Write, spans: &Spans) -> io::Result<()> {
    let mut line = Vec::with_capacity(LINE_BYTES + (LINE_BYTES >> 3));
    for (service, its_spans) in spans.services.iter().zip(otlp::by_service(spans)) {
        for (trace, span) in its_spans {
            if line.is_empty() {
                begin(&mut line, spans, service)?;
            } else {
                line.push(b',');
            }
            serde_json::to_writer(&mut line, &OtlpSpan::new(trace, span))?;
            if line.len() > LINE_BYTES {
                end(&mut line, &mut out)?;
            }
        }
        end(&mut line, &mut out)?;
    }
    out.flush()
}

fn begin(line: &mut Vec<u8>, spans: &Spans, service: &str) -> io::Result<()> {
    line.write_all(b"{\"resourceSpans\":[{\"resource\":{\"attributes\":")?;
    serde_json::to_writer(&mut *line, &KeyValues(&otlp::resource(spans, service)))?;
    line.write_all(b"},\"scopeSpans\":[{\"scope\":")?;
    serde_json::to_writer(&mut *line, &Scope { name: otlp::SCOPE, version: otlp::VERSION })?;
    line.write_all(b",\"spans\":[")
}

fn end(line: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    if !line.is_empty() {
        line.write_all(b"]}]}]}\n")?;
        out.write_all(line)?;
        line.clear();
    }
    Ok(())
}

/// Numbers of 64 bits are texts in OTLP's JSON, and bytes are hexadecimal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtlpSpan<'a> {
    trace_id: Text<TraceId>,
    span_id: Text<SpanId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<Text<SpanId>>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: Text<u64>,
    end_time_unix_nano: Text<u64>,
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    attributes: KeyValues<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "events")]
    events: &'a [Event],
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "links")]
    links: &'a [Link],
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtlpEvent<'a> {
    time_unix_nano: Text<u64>,
    name: &'a str,
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    attributes: KeyValues<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtlpLink {
    trace_id: Text<TraceId>,
    span_id: Text<SpanId>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Status<'a> {
    message: &'a str,
    code: u8,
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

struct KeyValues<'a>(&'a [Attribute]);
struct AnyValue<'a>(&'a Value);

impl<'a> OtlpSpan<'a> {
    fn new(trace: TraceId, span: &'a Span) -> OtlpSpan<'a> {
        OtlpSpan {
            trace_id: Text(trace),
            span_id: Text(span.id),
            parent_span_id: span.parent.map(Text),
            name: &span.name,
            kind: match span.kind {
                Kind::Internal => 1,
                Kind::Producer => 4,
                Kind::Consumer => 5,
            },
            start_time_unix_nano: Text(Epoch::FILE.nanos(span.start)),
            end_time_unix_nano: Text(Epoch::FILE.nanos(span.end)),
            attributes: KeyValues(&span.attributes),
            events: &span.events,
            links: &span.links,
            status: span.error.as_deref().map(|message| Status { message, code: 2 }),
        }
    }
}

fn events<S: Serializer>(events: &[Event], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(events.iter().map(|event| OtlpEvent {
        time_unix_nano: Text(Epoch::FILE.nanos(event.at)),
        name: &event.name,
        attributes: KeyValues(&event.attributes),
    }))
}

fn links<S: Serializer>(links: &[Link], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(links.iter().map(|link| OtlpLink { trace_id: Text(link.trace), span_id: Text(link.span) }))
}

impl KeyValues<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for KeyValues<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|Attribute { key, value }| KeyValue { key, value: AnyValue(value) }))
    }
}

impl Serialize for AnyValue<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        match self.0 {
            Value::Text(text) => map.serialize_entry("stringValue", text)?,
            Value::Number(number) => map.serialize_entry("intValue", &Text(number))?,
            Value::Decimal(decimal) => map.serialize_entry("doubleValue", decimal)?,
            Value::Truth(truth) => map.serialize_entry("boolValue", truth)?,
        }
        map.end()
    }
}
