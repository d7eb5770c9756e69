//! What stands in the files is what was told, and depends on the run alone.
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use synod_telemetry::{Epoch, Spans, jaeger_json, otlp_json};

use crate::{
    record,
    seen::{self, value_of},
    tell_run,
};

fn otlp_file(spans: &Spans) -> Vec<u8> {
    let mut file = Vec::new();
    otlp_json::write(&mut file, spans).expect("memory takes it");
    file
}

fn jaeger_file(spans: &Spans) -> Vec<u8> {
    let mut file = Vec::new();
    jaeger_json::write(&mut file, spans).expect("memory takes it");
    file
}

fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|byte| *byte == b'\n')
}

fn read(file: &[u8]) -> Vec<ExportTraceServiceRequest> {
    lines(file).map(|line| serde_json::from_slice(line).expect("each line is a request")).collect()
}

#[test]
fn otlp_lines_read_back_equal() {
    let spans = tell_run(1, &record(1));
    let requests = read(&otlp_file(&spans));
    let (back, told) = (seen::received(&requests), seen::told(&spans, Epoch::FILE, 1));
    assert_eq!(back.len(), spans.count());
    assert!(back == told, "first difference: {:#?}", back.iter().zip(&told).find(|(a, b)| a != b));
}

#[test]
fn otlp_lines_are_one_service_each_and_not_too_long_for_the_collector() {
    let file = otlp_file(&tell_run(1, &record(1)));
    assert!(lines(&file).count() > 6, "there is more than a line a service");
    for (line, request) in lines(&file).zip(read(&file)) {
        assert!(line.len() < 1 << 20);
        let [resource] = &request.resource_spans[..] else { panic!("one resource a line") };
        let attributes = &resource.resource.as_ref().expect("it says whose").attributes;
        assert_eq!(value_of(attributes, "service.namespace"), "toy-seed-1");
        assert_eq!(value_of(attributes, "synod.algorithm"), "toy");
        assert_eq!(value_of(attributes, "synod.seed"), "1");
    }
}

#[test]
fn jaegers_page_gets_the_same_spans_in_microseconds() {
    let spans = tell_run(1, &record(1));
    let (back, told) = (seen::loaded(&jaeger_file(&spans)), seen::told(&spans, Epoch::FILE, 1000));
    assert_eq!(back.len(), spans.count());
    assert!(back == told, "first difference: {:#?}", back.iter().zip(&told).find(|(a, b)| a != b));
}

#[test]
fn files_begin_in_the_year_2000() {
    let spans = tell_run(1, &record(1));
    let first = seen::loaded(&jaeger_file(&spans)).iter().map(|span| span.start).min();
    assert_eq!(first, Some(946_684_800_000_000));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let files = |seed| {
        let spans = tell_run(seed, &record(seed));
        (otlp_file(&spans), jaeger_file(&spans))
    };
    assert_eq!(files(9), files(9));
    assert_ne!(files(9), files(10));
}

#[test]
fn a_run_without_a_step_makes_files_that_can_be_read() {
    let spans = tell_run(1, &[]);
    assert_eq!(otlp_file(&spans), b"");
    assert_eq!(seen::loaded(&jaeger_file(&spans)), []);
}
