//! The spans of a run are its packets and steps: no more, no fewer, and in one tree per story.
use std::collections::{BTreeMap, BTreeSet};

use synod_protocol::{Input, Step, What};
use synod_telemetry::{
    Spans, TellError, Teller,
    attribute::key,
    span::{Kind, Span, SpanId},
    tell,
};

use crate::{
    header, record, tell_run,
    toy::{self, Ballot},
};

/// How often each thing happened.
type Counts = BTreeMap<&'static str, usize>;

/// Of packets, as the steps have them.
fn counts_of_steps(steps: &[Step<'static, Ballot>]) -> Counts {
    let mut counts = Counts::new();
    for step in steps {
        let what = match &step.what {
            What::Sent { .. } | What::Called { .. } => "sent",
            What::Handled { packet: Some(_), .. } | What::Returned { .. } => "delivered",
            What::Handled { input, .. } if matches!(**input, Input::Timer(_)) => "timer",
            What::Dropped { .. } => "dropped",
            What::Duplicated { .. } => "duplicated",
            _ => continue,
        };
        *counts.entry(what).or_default() += 1;
    }
    counts
}

fn counts_of_spans(spans: &Spans) -> Counts {
    let mut counts = Counts::new();
    for span in all(spans) {
        let what = match span.kind {
            Kind::Producer if has(span, key::DUPLICATE, "true") => "duplicated",
            Kind::Producer => "sent",
            Kind::Consumer => "delivered",
            Kind::Internal if span.name.starts_with("timer ") => "timer",
            Kind::Internal => continue,
        };
        *counts.entry(what).or_default() += 1;
        if span.kind == Kind::Producer && span.error.is_some() {
            *counts.entry("dropped").or_default() += 1;
        }
    }
    counts
}

pub(crate) fn all(spans: &Spans) -> impl Iterator<Item = &Span> {
    spans.traces.iter().flat_map(|trace| &trace.spans)
}

pub(crate) fn has(span: &Span, key: &str, value: &str) -> bool {
    span.attributes.iter().any(|attribute| attribute.key == key && attribute.value.to_string() == value)
}

#[test]
fn every_packet_of_the_run_is_there_with_its_fate() {
    for seed in 1..=5 {
        let steps = record(seed);
        let (in_steps, in_spans) = (counts_of_steps(&steps), counts_of_spans(&tell_run(seed, &steps)));
        assert_eq!(in_spans, in_steps, "seed {seed}");
        for what in ["sent", "delivered", "dropped", "duplicated", "timer"] {
            assert!(in_steps[what] > 10, "seed {seed} has too few to show anything: {what}");
        }
    }
}

#[test]
fn fates_are_exclusive() {
    let spans = tell_run(1, &record(1));
    let parents: BTreeSet<Option<SpanId>> =
        all(&spans).filter(|span| span.kind == Kind::Consumer).map(|span| span.parent).collect();
    for span in all(&spans).filter(|span| span.kind == Kind::Producer) {
        let handled = parents.contains(&Some(span.id));
        let fate = |fate| has(span, key::FATE, fate);
        assert_eq!(handled, fate("delivered"), "{span:?}");
        assert_eq!(span.error.is_some(), fate("dropped"), "{span:?}");
        assert!(handled || fate("dropped") || fate("in_flight") && span.end == spans.end, "{span:?}");
    }
}

#[test]
fn each_story_is_one_tree_and_all_ids_are_unique() {
    let spans = tell_run(2, &record(2));
    let mut ids = BTreeSet::new();
    for trace in &spans.traces {
        let mut before: BTreeMap<SpanId, &Span> = BTreeMap::new();
        for (number, span) in trace.spans.iter().enumerate() {
            assert!(ids.insert(span.id.0) && span.id.0 != 0, "{span:?}");
            assert!(span.start <= span.end && span.end <= spans.end, "{span:?}");
            let root = &trace.spans[0];
            assert!(root.start <= span.start && span.end <= root.end, "{span:?} in {root:?}");
            match span.parent {
                None => assert_eq!(number, 0, "only the root has no parent: {span:?}"),
                Some(parent) => {
                    let parent = before.get(&parent).expect("a parent comes before its children");
                    assert!(parent.start <= span.start, "{span:?} before {parent:?}");
                    if span.kind == Kind::Consumer {
                        assert_eq!((parent.kind, parent.end), (Kind::Producer, span.start), "{span:?}");
                    }
                }
            }
            before.insert(span.id, span);
        }
    }
    let traces: BTreeSet<u128> = spans.traces.iter().map(|trace| trace.id.0).collect();
    assert_eq!(traces.len(), spans.traces.len());
}

#[test]
fn keys_are_unique_in_a_span() {
    for span in all(&tell_run(2, &record(2))) {
        let keys: BTreeSet<&str> = span.attributes.iter().map(|attribute| &*attribute.key).collect();
        assert_eq!(keys.len(), span.attributes.len(), "{span:?}");
    }
}

#[test]
fn times_are_those_of_the_steps() {
    let steps = record(3);
    let mut sent = BTreeMap::new();
    let mut ended = BTreeMap::new();
    for step in &steps {
        match &step.what {
            What::Sent { packet, .. }
            | What::Called { packet, .. }
            | What::Duplicated { twin: packet, .. } => {
                sent.insert(packet.0.to_string(), step.at);
            }
            What::Handled { packet: Some(packet), .. }
            | What::Returned { packet, .. }
            | What::Dropped { packet, .. } => {
                ended.insert(packet.0.to_string(), step.at);
            }
            _ => {}
        }
    }
    let spans = tell_run(3, &steps);
    for span in all(&spans).filter(|span| span.kind == Kind::Producer) {
        let mut attributes = span.attributes.iter();
        let packet = attributes.find(|attribute| attribute.key == key::PACKET).expect("it is a packet");
        let packet = packet.value.to_string();
        assert_eq!(Some(&span.start), sent.get(&packet));
        assert_eq!(span.end, ended.get(&packet).copied().unwrap_or(spans.end));
    }
}

#[test]
fn a_step_lasts_until_its_outputs_are_let_out() {
    let spans = tell_run(1, &record(1));
    let mut waited = 0;
    for trace in &spans.traces {
        for step in trace.spans.iter().filter(|span| span.kind == Kind::Consumer && span.error.is_none()) {
            let mine = trace.spans.iter().filter(|span| span.parent == Some(step.id));
            let last = mine.filter(|span| !has(span, key::DUPLICATE, "true")).map(|span| span.start).max();
            // What it sent in another story, or what still waits when the run ends, lets it last longer.
            assert!(last.is_none_or(|last| last <= step.end), "{step:?}");
            waited += usize::from(last == Some(step.end) && step.start < step.end);
        }
    }
    assert!(waited > 10, "no step waited for the disk: {waited}");
}

#[test]
fn the_same_run_has_the_same_spans_and_another_one_other_ids() {
    let steps = record(4);
    assert_eq!(tell_run(4, &steps), tell_run(4, &record(4)));
    let mut other = header(4);
    other.config = serde_json::json!({ "faults": "none" });
    let other = tell(&other, &steps, toy::Teller::default()).expect("the run is whole");
    let ours: BTreeSet<SpanId> = all(&tell_run(4, &steps)).map(|span| span.id).collect();
    assert!(all(&other).all(|span| !ours.contains(&span.id)));
}

#[test]
fn without_background_the_rest_stays_as_it_was() {
    let whole = tell_run(5, &record(5));
    let rest = whole.clone().without_background();
    assert!(whole.traces.iter().any(|trace| trace.background));
    let kept: BTreeSet<u128> = rest.traces.iter().map(|trace| trace.id.0).collect();
    let foreground = whole.traces.iter().filter(|trace| !trace.background);
    for (before, after) in foreground.zip(&rest.traces) {
        assert_eq!((before.id, before.spans.len()), (after.id, after.spans.len()));
    }
    assert!(all(&rest).flat_map(|span| &span.links).all(|link| kept.contains(&link.trace.0)));
    assert!(all(&rest).count() < all(&whole).count());
}

#[test]
fn links_lead_to_spans() {
    let spans = tell_run(5, &record(5));
    let ids: BTreeSet<(u128, SpanId)> =
        spans.traces.iter().flat_map(|trace| trace.spans.iter().map(|span| (trace.id.0, span.id))).collect();
    let links: Vec<_> = all(&spans).flat_map(|span| &span.links).collect();
    assert!(links.len() > 10);
    assert!(links.iter().all(|link| ids.contains(&(link.trace.0, link.span))));
}

#[test]
fn a_run_without_its_beginning_is_refused() {
    let steps = record(1);
    let tell_from = |from: fn(&What<'_, Ballot>) -> bool| {
        let mut teller = Teller::new(&header(1), toy::Teller::default());
        let mut told = steps.iter().skip_while(|step| !from(&step.what)).map(|step| teller.step(step));
        told.find_map(Result::err).expect("its beginning is missing")
    };
    let error = tell_from(|what| matches!(what, What::Sent { .. }));
    assert!(matches!(error, TellError::UnknownOutput { .. }), "{error}");
    let error = tell_from(|what| matches!(what, What::Handled { packet: Some(_), .. }));
    assert!(matches!(error, TellError::UnknownPacket { .. }), "{error}");
    assert!(error.to_string().contains("give the whole run"), "{error}");
}

#[test]
fn a_step_that_cannot_be_is_refused() {
    let mut steps = record(1);
    let handled =
        |step: &&mut Step<'static, Ballot>| matches!(&step.what, What::Handled { packet: Some(_), .. });
    let step = steps.iter_mut().find(handled).expect("something is delivered");
    let number = step.number;
    if let What::Handled { packet, .. } = &mut step.what {
        *packet = None;
    }
    let told = tell(&header(1), &steps, toy::Teller::default());
    assert_eq!(told, Err(TellError::NoPacket { step: number }));

    let step = &mut steps[0];
    step.place = synod_protocol::Place::Network;
    let told = tell(&header(1), &steps, toy::Teller::default());
    assert!(matches!(told, Err(TellError::NotANode { step: 0, .. })), "{told:?}");
}
