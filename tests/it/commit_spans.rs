//! The spans of a transaction are one trace: what its participants were asked, voted and were told, under the request
//! of its client.
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use synod_atomic_commit::two_phase::TwoPhase;
use synod_cli::{
    algorithm::Algorithm,
    atomic_commit::Commit,
    run::{RunOptions, simulate},
};
use synod_protocol::Recording;
use synod_simulator::Fault;
use synod_telemetry::{
    Spans,
    span::{Kind, Span},
    tell,
    trace_file::Header,
};

type Algo = Commit<TwoPhase>;

fn spans(seed: u64, faults: &[Fault]) -> (Spans, synod_simulator::Outcome<TwoPhase>) {
    let options = RunOptions {
        operations: 60,
        sim_time: Duration::from_secs(10),
        faults: Some(faults.to_vec()),
        ..RunOptions::new(seed)
    };
    let harness = options.config_of::<Algo>().expect("the knobs make sense");
    let mut recording = Recording::<TwoPhase>::default();
    let outcome = simulate::<Algo>(&harness, &mut recording, false).expect("the knobs make sense");
    let header = Header::new(Algo::NAME, seed, options.nodes, serde_json::Value::Null);
    let spans =
        tell(&header, recording.steps(), <Algo as Algorithm>::Narrator::default()).expect("it can be told");
    (spans, outcome)
}

#[test]
fn every_message_is_a_span() {
    let (spans, outcome) = spans(1, &Fault::ALL);
    let count =
        |kind| spans.traces.iter().flat_map(|trace| &trace.spans).filter(|it| it.kind == kind).count();
    assert_eq!(count(Kind::Producer) as u64, outcome.counts.sent + outcome.counts.duplicated);
    assert_eq!(count(Kind::Consumer) as u64, outcome.counts.delivered);
}

#[test]
fn a_transaction_is_one_trace() {
    let (spans, _) = spans(2, &[]);
    let mut committed = 0;
    for trace in &spans.traces {
        let handled = |kind: &str| {
            let name = format!("{kind} handle");
            trace.spans.iter().filter(|span| span.name == name).count()
        };
        let asked = handled("Prepare");
        // Of the last ones the run sees no end.
        if handled("Commit") == 0 || handled("Ack") < asked {
            continue;
        }
        committed += 1;
        // Each participant was asked, voted, was told and said so.
        assert_eq!((handled("VoteYes"), handled("Commit"), handled("Ack")), (asked, asked, asked));
        let roots: Vec<&Span> = trace.spans.iter().filter(|span| span.parent.is_none()).collect();
        let [root] = roots[..] else { panic!("{} roots", roots.len()) };
        assert!(
            spans.services[root.service].contains("client"),
            "{} of {}",
            root.name,
            spans.services[root.service]
        );
        let ids: BTreeMap<_, _> = trace.spans.iter().map(|span| (span.id, span)).collect();
        let services: BTreeSet<usize> = trace.spans.iter().map(|span| span.service).collect();
        assert!(services.len() >= 2, "the client, and who coordinates");
        for span in &trace.spans {
            let mut above = span;
            while let Some(parent) = above.parent {
                above = ids.get(&parent).unwrap_or_else(|| panic!("{} hangs in the air", above.name));
            }
            assert_eq!(above.id, root.id, "{} belongs to the request", span.name);
        }
    }
    assert!(committed >= 20, "only {committed} transactions committed");
}
