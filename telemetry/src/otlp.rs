//! Spans as OTLP's own structs, in requests of limited size.
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span as OtlpSpan, Status,
        span::{Event as OtlpEvent, Link as OtlpLink, SpanKind},
        status::StatusCode,
    },
};
use prost::Message as _;

use crate::{
    attribute::{Attribute, Value, key},
    span::{Epoch, Kind, Link, Span, Spans, TraceId},
};

/// Who made the spans.
pub(crate) const SCOPE: &str = env!("CARGO_PKG_NAME");
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All spans, service by service: each request is one service's, and about that long at most (a span
/// that is longer goes alone).
pub(crate) fn requests(
    spans: &Spans,
    epoch: Epoch,
    bytes: usize,
) -> impl Iterator<Item = ExportTraceServiceRequest> {
    spans.services.iter().zip(by_service(spans)).flat_map(move |(service, its_spans)| {
        let mut its_spans =
            its_spans.into_iter().map(move |(trace, span)| span_of(trace, span, epoch)).peekable();
        std::iter::from_fn(move || {
            let mut batch = vec![its_spans.next()?];
            let mut length = batch[0].encoded_len();
            while let Some(span) = its_spans.next_if(|next| length + next.encoded_len() <= bytes) {
                length += span.encoded_len();
                batch.push(span);
            }
            Some(request(&resource(spans, service), batch))
        })
    })
}

pub(crate) fn by_service(spans: &Spans) -> Vec<Vec<(TraceId, &Span)>> {
    let mut by_service = vec![Vec::new(); spans.services.len()];
    for trace in &spans.traces {
        for span in &trace.spans {
            by_service[span.service].push((trace.id, span));
        }
    }
    by_service
}

/// What is true of all spans of a service.
pub(crate) fn resource(spans: &Spans, service: &str) -> [Attribute; 4] {
    [
        Attribute::new(key::SERVICE, service.to_owned()),
        Attribute::new(key::NAMESPACE, spans.namespace()),
        Attribute::new(key::ALGORITHM, spans.algorithm.clone()),
        Attribute::new(key::SEED, spans.seed),
    ]
}

fn request(resource: &[Attribute], spans: Vec<OtlpSpan>) -> ExportTraceServiceRequest {
    let scope =
        InstrumentationScope { name: SCOPE.to_owned(), version: VERSION.to_owned(), ..Default::default() };
    let scope_spans = ScopeSpans { scope: Some(scope), spans, ..Default::default() };
    let resource = Resource { attributes: resource.iter().map(key_value).collect(), ..Default::default() };
    let resource_spans =
        ResourceSpans { resource: Some(resource), scope_spans: vec![scope_spans], ..Default::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

fn span_of(trace: TraceId, span: &Span, epoch: Epoch) -> OtlpSpan {
    let kind = match span.kind {
        Kind::Internal => SpanKind::Internal,
        Kind::Producer => SpanKind::Producer,
        Kind::Consumer => SpanKind::Consumer,
    };
    let event = |event: &crate::span::Event| OtlpEvent {
        time_unix_nano: epoch.nanos(event.at),
        name: event.name.to_string(),
        attributes: event.attributes.iter().map(key_value).collect(),
        ..Default::default()
    };
    let link = |link: &Link| OtlpLink {
        trace_id: link.trace.0.to_be_bytes().to_vec(),
        span_id: link.span.0.to_be_bytes().to_vec(),
        ..Default::default()
    };
    OtlpSpan {
        trace_id: trace.0.to_be_bytes().to_vec(),
        span_id: span.id.0.to_be_bytes().to_vec(),
        parent_span_id: span.parent.map_or_else(Vec::new, |parent| parent.0.to_be_bytes().to_vec()),
        name: span.name.clone(),
        kind: kind.into(),
        start_time_unix_nano: epoch.nanos(span.start),
        end_time_unix_nano: epoch.nanos(span.end),
        attributes: span.attributes.iter().map(key_value).collect(),
        events: span.events.iter().map(event).collect(),
        links: span.links.iter().map(link).collect(),
        status: span.error.clone().map(|message| Status { message, code: StatusCode::Error.into() }),
        ..Default::default()
    }
}

fn key_value(attribute: &Attribute) -> KeyValue {
    let value = match &attribute.value {
        Value::Text(text) => any_value::Value::StringValue(text.to_string()),
        Value::Number(number) => any_value::Value::IntValue(*number),
        Value::Decimal(decimal) => any_value::Value::DoubleValue(*decimal),
        Value::Truth(truth) => any_value::Value::BoolValue(*truth),
    };
    KeyValue {
        key: attribute.key.to_string(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}
