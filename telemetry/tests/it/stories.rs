//! What one reads in the traces: elections, calls, crashes.
use std::collections::BTreeSet;

use synod_protocol::{Step, Time, What};
use synod_telemetry::{
    Spans,
    attribute::key,
    span::{Event, Kind, Span, Trace},
};

use crate::{
    record, record_plan,
    spans::{all, has},
    tell_run,
    toy::{Ballot, Plan},
};

fn titled<'a>(spans: &'a Spans, prefix: &'a str) -> impl Iterator<Item = &'a Trace> {
    spans.traces.iter().filter(move |trace| trace.spans[0].name.starts_with(prefix))
}

fn events(span: &Span) -> Vec<&str> {
    span.events.iter().map(|event| &*event.name).collect()
}

fn told(event: &Event) -> Vec<String> {
    event.attributes.iter().map(|attribute| attribute.value.to_string()).collect()
}

fn parent<'a>(trace: &'a Trace, span: &Span) -> &'a Span {
    let parent = span.parent.expect("it is not the root");
    trace.spans.iter().find(|span| span.id == parent).expect("it is in the trace")
}

/// Two seconds in which nothing goes wrong.
fn calm() -> Spans {
    let plan = Plan {
        seed: 1,
        nodes: 3,
        length: std::time::Duration::from_secs(2),
        lost: 0,
        repeated: 0,
        faults: false,
    };
    tell_run(1, &record_plan(&plan))
}

#[test]
fn an_election_is_one_trace_that_tells_who_voted_and_who_won() {
    let spans = calm();
    let elections: Vec<&Trace> = titled(&spans, "election ").collect();
    let [election] = elections[..] else { panic!("there is one election: {elections:#?}") };
    let root = &election.spans[0];
    assert_eq!(events(root)[..2], ["became_candidate", "voted"]);
    assert_eq!(
        BTreeSet::from_iter(events(root)),
        BTreeSet::from(["became_candidate", "became_leader", "voted"])
    );
    assert!(has(root, key::OUTCOME, "won"), "{root:?}");
    assert_eq!(root.kind, Kind::Internal);
    let candidate = root.service;

    let services: BTreeSet<&str> = election.spans.iter().map(|span| &*spans.services[span.service]).collect();
    assert_eq!(services, BTreeSet::from(["toy-n1", "toy-n2", "toy-n3"]));

    let mut voters = BTreeSet::new();
    for voted in election.spans[1..].iter().filter(|span| events(span).contains(&"voted")) {
        assert_eq!((&*voted.name, voted.kind), ("RequestVote handle", Kind::Consumer));
        let request = parent(election, voted);
        let asked = (request.name.starts_with("RequestVote -> n"), request.kind, request.service);
        assert_eq!(asked, (true, Kind::Producer, candidate));
        let stood = parent(election, request);
        assert_eq!((&*stood.name, events(stood)), ("timer Election", vec!["became_candidate"]));
        assert_eq!(parent(election, stood).id, root.id);
        voters.insert(voted.service);
    }
    assert_eq!(voters.len(), 2);

    let winner = election.spans[1..].iter().find(|span| events(span) == ["became_leader"]);
    let winner = winner.expect("a vote made it the leader");
    assert_eq!((&*winner.name, winner.service), ("Vote handle", candidate));
    let vote = parent(election, winner);
    assert!(has(vote, "synod.granted", "true") && voters.contains(&vote.service), "{vote:?}");
    assert_eq!(parent(election, vote).name, "RequestVote handle");
}

#[test]
fn a_call_has_its_tries_its_replication_and_its_answers() {
    let spans = calm();
    let calls: Vec<&Trace> = titled(&spans, "add ").collect();
    assert!(calls.len() > 10);
    for call in calls {
        let root = &call.spans[0];
        assert_eq!(spans.services[root.service], "clients");
        let names: BTreeSet<&str> = call.spans.iter().map(|span| &*span.name).collect();
        if has(root, key::OUTCOME, "done") {
            assert!(names.contains("request handle") && names.contains("answer handle"), "{names:?}");
            let here = names.contains("Store handle");
            assert!(
                here || call.spans.iter().any(|span| events(span).contains(&"sent_elsewhere")),
                "{names:?}"
            );
            assert!(events(root).contains(&"returned"));
        }
    }
    assert!(titled(&spans, "add ").any(|call| events(&call.spans[0]).contains(&"redirected")));
}

#[test]
fn what_another_story_caused_is_linked_to_its_cause() {
    let spans = tell_run(1, &record(1));
    let calls = spans.traces.iter().filter(|trace| spans.services[trace.spans[0].service] == "clients");
    let moved: Vec<(&Trace, &Span)> = calls
        .flat_map(|trace| trace.spans.iter().map(move |span| (trace, span)))
        .filter(|(_, span)| span.attributes.iter().any(|attribute| attribute.key == key::CAUSE))
        .collect();
    assert!(moved.len() > 5, "heartbeats carry the sums of calls again");
    for (call, span) in moved.into_iter().filter(|(_, span)| !has(span, key::DUPLICATE, "true")) {
        assert_eq!(parent(call, span).id, call.spans[0].id);
        let cause = span.links.first().expect("it is linked to its cause");
        let story = spans.traces.iter().find(|trace| trace.id == cause.trace).expect("it is a story");
        assert!(has(span, key::CAUSE, &story.spans[0].name), "{span:?}");
        let step = story.spans.iter().find(|step| step.id == cause.span).expect("it is in its trace");
        assert_ne!(step.kind, Kind::Producer);
        assert!(step.events.iter().any(|event| event.name == "sent_elsewhere"
            && told(event) == [&*span.name, &*call.spans[0].name, &*call.id.to_string()]));
    }
}

#[test]
fn a_message_for_two_calls_is_in_one_trace_and_told_in_the_other() {
    let spans = tell_run(1, &record(1));
    let calls = || titled(&spans, "add ");
    let mut shared = 0;
    for event in calls().flat_map(|call| &call.spans[0].events).filter(|event| event.name == "sent_elsewhere")
    {
        let [message, title, trace] = &told(event)[..] else { panic!("{event:?}") };
        let carrier = calls().find(|call| call.id.to_string() == *trace).expect("it is a call");
        assert_eq!(carrier.spans[0].name, *title);
        assert!(carrier.spans.iter().any(|span| span.name == *message && span.links.len() > 1));
        shared += 1;
    }
    assert!(shared > 0);
}

#[test]
fn a_drop_is_an_error_that_says_why() {
    let spans = tell_run(1, &record(1));
    let errors: BTreeSet<&str> = all(&spans)
        .filter(|span| span.kind == Kind::Producer)
        .filter_map(|span| span.error.as_deref())
        .collect();
    assert_eq!(
        errors,
        BTreeSet::from(["dropped: lost by the link", "dropped: partitioned", "dropped: receiver down"])
    );
}

#[test]
fn a_crash_ends_what_the_node_was_doing() {
    let mut cut_short = 0;
    for seed in 1..=5 {
        let steps = record(seed);
        let spans = tell_run(seed, &steps);
        let lives: Vec<&Span> = titled(&spans, "n")
            .map(|trace| &trace.spans[0])
            .filter(|root| root.error.as_deref() == Some("crashed"))
            .collect();
        let crashes: Vec<Time> = steps.iter().filter(|step| is_crash(step)).map(|step| step.at).collect();
        assert_eq!(
            lives.iter().map(|root| root.end).collect::<BTreeSet<_>>(),
            crashes.iter().copied().collect()
        );
        assert!(lives.iter().all(|root| events(root) == ["crashed"]));

        for step in all(&spans).filter(|span| span.kind != Kind::Producer && span.parent.is_some()) {
            if let Some(error) = &step.error {
                assert_eq!(error, "crashed before its outputs were let out");
                assert!(crashes.contains(&step.end) && events(step).contains(&"crashed"), "{step:?}");
                cut_short += 1;
            }
        }
        let leaders = titled(&spans, "heartbeats ").map(|trace| &trace.spans[0]);
        for leader in leaders.filter(|root| root.error.is_some()) {
            assert!(has(leader, key::OUTCOME, "crashed"), "{leader:?}");
        }
    }
    assert!(cut_short > 0, "no crash hit a step that waited for the disk");
}

fn is_crash(step: &Step<'static, Ballot>) -> bool {
    matches!(step.what, What::Crashed { .. })
}

#[test]
fn a_call_that_was_given_up_is_an_error_of_unknown_outcome() {
    let steps = record(1);
    let given_up = steps.iter().filter(|step| matches!(step.what, What::GaveUp { .. })).count();
    let spans = tell_run(1, &steps);
    let unknown = titled(&spans, "add ").map(|trace| &trace.spans[0]);
    let unknown: Vec<&Span> = unknown.filter(|root| has(root, key::OUTCOME, "unknown")).collect();
    assert!(given_up > 0);
    assert_eq!(unknown.len(), given_up);
    assert!(unknown.iter().all(|root| root.error.is_some() && events(root).contains(&"gave_up")));
}

#[test]
fn faults_are_told_in_order() {
    let steps = record(1);
    let spans = tell_run(1, &steps);
    let faults: Vec<String> = steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Fault { what } => Some(format!("{} {what}", step.at.0)),
            _ => None,
        })
        .collect();
    let told = titled(&spans, "faults").next().expect("there were faults");
    let told: Vec<String> = told.spans[0]
        .events
        .iter()
        .map(|event| format!("{} {}", event.at.0, event.attributes[0].value))
        .collect();
    assert!(!faults.is_empty());
    assert_eq!(told, faults);
}
