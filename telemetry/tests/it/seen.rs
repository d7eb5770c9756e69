//! A span as whoever reads an export sees it, whatever the form it came in.
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value},
    trace::v1::{Span as OtlpSpan, span::SpanKind},
};
use serde_json::Value;
use synod_telemetry::{
    Epoch, Spans,
    attribute::Attribute,
    span::{Kind, Span, Trace},
};

/// Attributes are `key=value`, events `time name attributes`, references `trace span`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) trace: String,
    pub(crate) span: String,
    pub(crate) parent: Option<String>,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) attributes: Vec<String>,
    pub(crate) events: Vec<String>,
    pub(crate) links: Vec<String>,
    pub(crate) error: Option<String>,
}

/// In nanoseconds of the calendar, or in multiples of more of them.
pub(crate) fn told(spans: &Spans, epoch: Epoch, unit: u64) -> Vec<Seen> {
    let seen = |trace: &Trace, span: &Span| Seen {
        trace: trace.id.to_string(),
        span: span.id.to_string(),
        parent: span.parent.map(|parent| parent.to_string()),
        service: spans.services[span.service].clone(),
        name: span.name.clone(),
        kind: match span.kind {
            Kind::Internal => "internal",
            Kind::Producer => "producer",
            Kind::Consumer => "consumer",
        },
        start: epoch.nanos(span.start) / unit,
        end: epoch.nanos(span.end) / unit,
        attributes: texts(&span.attributes),
        events: span
            .events
            .iter()
            .map(|event| {
                let attributes = texts(&event.attributes).join(" ");
                format!("{} {} {attributes}", epoch.nanos(event.at) / unit, event.name)
            })
            .collect(),
        links: span.links.iter().map(|link| format!("{} {}", link.trace, link.span)).collect(),
        error: span.error.clone(),
    };
    sorted(spans.traces.iter().flat_map(|trace| trace.spans.iter().map(move |span| seen(trace, span))))
}

fn texts(attributes: &[Attribute]) -> Vec<String> {
    attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect()
}

pub(crate) fn received(requests: &[ExportTraceServiceRequest]) -> Vec<Seen> {
    sorted(requests.iter().flat_map(|request| &request.resource_spans).flat_map(|resource| {
        let attributes = &resource.resource.as_ref().expect("each has a resource").attributes;
        let service = value_of(attributes, "service.name");
        let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
        spans.map(move |span| otlp_span(span, &service))
    }))
}

fn otlp_span(span: &OtlpSpan, service: &str) -> Seen {
    Seen {
        trace: hex(&span.trace_id),
        span: hex(&span.span_id),
        parent: Some(hex(&span.parent_span_id)).filter(|parent| !parent.is_empty()),
        service: service.to_owned(),
        name: span.name.clone(),
        kind: match span.kind() {
            SpanKind::Internal => "internal",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
            other => panic!("no span is a {other:?}"),
        },
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: otlp_texts(&span.attributes),
        events: span
            .events
            .iter()
            .map(|event| {
                let attributes = otlp_texts(&event.attributes).join(" ");
                format!("{} {} {attributes}", event.time_unix_nano, event.name)
            })
            .collect(),
        links: span
            .links
            .iter()
            .map(|link| format!("{} {}", hex(&link.trace_id), hex(&link.span_id)))
            .collect(),
        error: span.status.as_ref().map(|status| {
            assert_eq!(status.code, 2, "the only status is an error");
            status.message.clone()
        }),
    }
}

fn otlp_texts(attributes: &[KeyValue]) -> Vec<String> {
    attributes.iter().map(|attribute| format!("{}={}", attribute.key, otlp_value(attribute))).collect()
}

pub(crate) fn value_of(attributes: &[KeyValue], key: &str) -> String {
    attributes.iter().find(|attribute| attribute.key == key).map(otlp_value).expect("it is there")
}

fn otlp_value(attribute: &KeyValue) -> String {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        other => panic!("no attribute is {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is in the file that Jaeger's page loads, in microseconds.
pub(crate) fn loaded(file: &[u8]) -> Vec<Seen> {
    let file: Value = serde_json::from_slice(file).expect("it is JSON");
    let traces = file["data"].as_array().expect("a list of traces");
    sorted(traces.iter().flat_map(|trace| {
        let spans = trace["spans"].as_array().expect("a list of spans");
        spans.iter().map(|span| jaeger_span(span, &trace["processes"]))
    }))
}

fn jaeger_span(span: &Value, processes: &Value) -> Seen {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let number = |value: &Value| value.as_u64().expect("a number");
    let mut tags: Vec<String> = jaeger_texts(&span["tags"]);
    let mut take = |key: &str| {
        let at = tags.iter().position(|tag| tag.starts_with(&format!("{key}=")))?;
        Some(tags.remove(at)[key.len() + 1..].to_owned())
    };
    let kind = match take("span.kind").expect("each has a kind").as_str() {
        "internal" => "internal",
        "producer" => "producer",
        "consumer" => "consumer",
        other => panic!("no span is a {other}"),
    };
    let is_error = take("error");
    let error = take("otel.status_description");
    assert_eq!(is_error.is_some(), error.is_some());
    let references = span["references"].as_array().expect("a list");
    let of_type =
        |wanted: &'static str| references.iter().filter(move |reference| reference["refType"] == wanted);
    assert!(of_type("CHILD_OF").count() <= 1);
    assert!(references.iter().skip(1).all(|reference| reference["refType"] == "FOLLOWS_FROM"));
    Seen {
        trace: text(&span["traceID"]),
        span: text(&span["spanID"]),
        parent: of_type("CHILD_OF").map(|reference| text(&reference["spanID"])).next(),
        service: text(&processes[text(&span["processID"])]["serviceName"]),
        name: text(&span["operationName"]),
        kind,
        start: number(&span["startTime"]),
        end: number(&span["startTime"]) + number(&span["duration"]),
        events: span["logs"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|log| {
                let mut fields = jaeger_texts(&log["fields"]);
                let name = fields.remove(0);
                let name = name.strip_prefix("event=").expect("the name comes first");
                format!("{} {name} {}", number(&log["timestamp"]), fields.join(" "))
            })
            .collect(),
        links: of_type("FOLLOWS_FROM")
            .map(|reference| format!("{} {}", text(&reference["traceID"]), text(&reference["spanID"])))
            .collect(),
        error,
        attributes: tags,
    }
}

fn jaeger_texts(tags: &Value) -> Vec<String> {
    let one = |tag: &Value| match &tag["value"] {
        Value::String(text) => format!("{}={text}", tag["key"].as_str().expect("a text")),
        other => format!("{}={other}", tag["key"].as_str().expect("a text")),
    };
    tags.as_array().expect("a list").iter().map(one).collect()
}

fn sorted(seen: impl Iterator<Item = Seen>) -> Vec<Seen> {
    let mut seen: Vec<Seen> = seen.collect();
    seen.sort();
    seen
}
