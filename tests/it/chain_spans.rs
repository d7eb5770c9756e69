//! The spans of a write say what the paper says of it: one trace, from the head to the tail, server by server.
use std::time::Duration;

use synod_cli::{
    algorithm::Algorithm,
    chain::{Chain, Server},
    run::{RunOptions, simulate},
};
use synod_protocol::Recording;
use synod_telemetry::{
    Spans,
    span::{Kind, Span, Trace},
    tell,
    trace_file::Header,
};

/// Four servers and their master, without faults.
fn spans() -> Spans {
    let options = RunOptions {
        nodes: 5,
        operations: 60,
        sim_time: Duration::from_secs(5),
        faults: Some(Vec::new()),
        ..RunOptions::new(1)
    };
    let mut recording = Recording::<Server>::default();
    let config = options.config_of::<Chain>().expect("the cluster is large enough");
    simulate::<Chain>(&config, &mut recording, false).expect("the knobs make sense");
    let header = Header::new(Chain::NAME, 1, options.nodes, serde_json::Value::Null);
    tell(&header, recording.steps(), <Chain as Algorithm>::Narrator::default()).expect("it can be told")
}

#[test]
fn a_write_is_one_trace_from_the_head_to_the_tail() {
    let spans = spans();
    let is_write = |trace: &&Trace| {
        let root = &trace.spans[0].name;
        !trace.background && ["put", "append", "delete", "cas"].iter().any(|kind| root.starts_with(kind))
    };
    let (mut writes, mut along) = (0, 0);
    for trace in spans.traces.iter().filter(is_write) {
        writes += 1;
        let by_tail = |span: &&Span| span.name.starts_with("answer ") && service(&spans, span) == "chain-n4";
        let answer = trace.spans.iter().find(by_tail);
        // From the tail's answer back to the client's call, all within this trace.
        let mut servers = Vec::new();
        let mut span = answer;
        while let Some(at) = span {
            if at.kind == Kind::Consumer && at.name == "Update handle" {
                servers.insert(0, service(&spans, at));
            }
            assert_eq!(at.parent.is_none(), at.id == trace.spans[0].id, "{} hangs in the air", at.name);
            span = at.parent.and_then(|above| trace.spans.iter().find(|other| other.id == above));
        }
        if servers == ["chain-n2", "chain-n3", "chain-n4"] {
            let from_head = |span: &Span| span.name == "Update -> n2" && service(&spans, span) == "chain-n1";
            assert!(trace.spans.iter().any(from_head), "the head sent it first: {:?}", trace.spans[0].name);
            along += 1;
        }
    }
    // In the end one server is left out, so that it is seen that the chain can do without.
    assert!(writes >= 20 && along >= 10, "{along} of {writes} writes went along the whole chain");
}

fn service<'a>(spans: &'a Spans, span: &Span) -> &'a str {
    &spans.services[span.service]
}
