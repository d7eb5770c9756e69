//! The spans of a run of Raft say what the run says: every message is there, and elections can be read.
use std::{collections::BTreeSet, time::Duration};

use synod_cli::{
    algorithm::Algorithm,
    raft::{Raft, Server},
    run::{RunOptions, simulate},
};
use synod_protocol::Recording;
use synod_telemetry::{
    Spans,
    span::{Kind, Span},
    tell,
    trace_file::Header,
};

fn spans(seed: u64) -> (Spans, synod_simulator::Outcome<Server>) {
    let options = RunOptions { operations: 300, sim_time: Duration::from_secs(10), ..RunOptions::new(seed) };
    let mut recording = Recording::<Server>::default();
    let outcome = simulate::<Raft>(&options.config(), &mut recording, false).expect("the knobs make sense");
    let header = Header::new(Raft::NAME, seed, options.nodes, serde_json::Value::Null);
    let spans =
        tell(&header, recording.steps(), <Raft as Algorithm>::Narrator::default()).expect("it can be told");
    (spans, outcome)
}

fn is_event(span: &Span, name: &str) -> bool {
    span.events.iter().any(|event| event.name == name)
}

#[test]
fn every_message_is_a_span() {
    for seed in [1, 2] {
        let (spans, outcome) = spans(seed);
        let all: Vec<&Span> = spans.traces.iter().flat_map(|trace| &trace.spans).collect();
        let count = |pick: &dyn Fn(&&&Span) -> bool| all.iter().filter(|span| pick(span)).count() as u64;
        let producers = count(&|span| span.kind == Kind::Producer);
        assert_eq!(producers, outcome.counts.sent + outcome.counts.duplicated, "seed {seed}");
        let consumers = count(&|span| span.kind == Kind::Consumer);
        assert_eq!(consumers, outcome.counts.delivered, "seed {seed}");
        let dropped = count(&|span| {
            span.kind == Kind::Producer
                && span.error.as_ref().is_some_and(|error| error.starts_with("dropped: "))
        });
        assert_eq!(dropped, outcome.counts.dropped(), "seed {seed}");
    }
}

/// In one trace each: the candidate's root with its outcome, votes of a majority in the voters' services, and
/// the winner's event.
#[test]
fn elections_can_be_read() {
    let (spans, _) = spans(3);
    let mut won = 0;
    for trace in &spans.traces {
        let Some(root) = trace.spans.iter().find(|span| span.parent.is_none()) else { continue };
        if !root.name.starts_with("election ") || !is_event(root, "became_leader") {
            continue;
        }
        won += 1;
        assert!(is_event(root, "became_candidate") && is_event(root, "voted"), "{}", root.name);
        let ids: BTreeSet<_> = trace.spans.iter().map(|span| span.id).collect();
        for span in &trace.spans {
            assert!(span.parent.is_none_or(|parent| ids.contains(&parent)), "{} hangs in the air", span.name);
        }
        let voters: BTreeSet<usize> = trace
            .spans
            .iter()
            .filter(|span| span.name == "RequestVote handle" && is_event(span, "voted"))
            .map(|span| span.service)
            .collect();
        assert!(voters.len() >= 2 && !voters.contains(&root.service), "{}: {voters:?}", root.name);
    }
    assert!(won >= 2, "only {won} elections were won");
}
