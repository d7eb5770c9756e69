//! The ordered list: what nests in it, how it may be cut, and whether the clock was read.
use std::time::Duration;

use synod_protocol::*;

use crate::toy::{Beaten, Beats, Config, Metronome, Record, Tally, Tick, Timer, Toy, ToyEvent, ToyMessage};

const CALLER: Caller = Caller { client: ClientId(1), number: 1, via: NodeId(1) };
const PEER: NodeId = NodeId(2);

type Out = Effects<Toy>;

fn effects(fill: impl FnOnce(&mut Out)) -> Out {
    let mut out = Out::default();
    fill(&mut out);
    out
}

fn record(out: &mut Out) {
    out.persist(Record::Value(1));
}
fn send(out: &mut Out) {
    out.send(PEER, ToyMessage::Probe);
}
fn action(out: &mut Out) {
    out.note(ToyEvent::Put);
}
fn remark(out: &mut Out) {
    out.note(ToyEvent::Heard);
}

#[test]
fn nested_effects_stand_where_the_inner_node_ran() {
    let out = effects(|out| {
        send(out);
        let result = out.nest(
            |inner: &mut Effects<Metronome>| {
                inner.persist(Beaten);
                inner.send(PEER, Tick);
                7
            },
            |effect, out| match effect {
                Effect::Persist(beaten) => {
                    remark(out);
                    out.persist(Record::Metronome(beaten));
                }
                Effect::Send(to, tick) => out.send(to, ToyMessage::Metronome(tick)),
                _ => unreachable!("nothing else was asked for"),
            },
        );
        assert_eq!(result, 7);
        action(out);
    });
    assert_eq!(
        out.as_slice(),
        [
            Effect::Send(PEER, ToyMessage::Probe),
            Effect::Event(ToyEvent::Heard),
            Effect::Persist(Record::Metronome(Beaten)),
            Effect::Send(PEER, ToyMessage::Metronome(Tick)),
            Effect::Event(ToyEvent::Put),
        ]
    );
}

#[test]
fn a_nested_node_reads_the_same_clock_and_is_seen_to_read_it() {
    let now = Time(42);
    let mut out = Out::default();
    out.begin(now);
    out.nest(|_: &mut Effects<Metronome>| (), |_, _| ());
    assert!(!out.clock_was_read());
    let read = out.nest(|inner: &mut Effects<Metronome>| inner.now(), |_, _| ());
    assert_eq!(read, now);
    assert!(out.clock_was_read());
    out.begin(now);
    assert!(!out.clock_was_read(), "a step begins anew");
}

#[test]
fn an_action_writes_one_record_before_its_outputs() {
    let clean = |fill: &[fn(&mut Out)]| effects(|out| fill.iter().for_each(|f| f(out))).is_cut_clean();
    assert!(clean(&[]));
    assert!(clean(&[record, send, send]), "before the first action there is one without a name");
    assert!(clean(&[action, record, send, action, record, send]), "each action has a record of its own");
    assert!(clean(&[send, action, record]), "an output of an earlier action");
    assert!(!clean(&[record, record]), "two records");
    assert!(!clean(&[action, record, action, record, record]), "two records in the second action");
    assert!(!clean(&[action, send, record]), "the output stands before the record");
    assert!(!clean(&[action, record, remark, record]), "an event without an action opens none");
    assert!(!clean(&[send, remark, record]), "nor does it here");
    let local = effects(|out| {
        out.set_timer(Timer::Nudge, Duration::ZERO..Duration::from_millis(1));
        out.cancel_timer(Timer::Beat);
        remark(out);
        record(out);
    });
    assert!(local.is_cut_clean(), "timers and events are no outputs");
}

#[test]
fn a_redirect_is_an_output_as_a_reply_is() {
    let late = effects(|out| {
        out.redirect(CALLER, None);
        record(out);
    });
    assert!(!late.is_cut_clean());
    let outputs = effects(|out| {
        send(out);
        out.reply(CALLER, 1);
        out.redirect(CALLER, Some(PEER));
        record(out);
        action(out);
        out.cancel_timer(Timer::Beat);
    });
    let are_outputs = outputs.as_slice().iter().map(Effect::is_output).collect::<Vec<_>>();
    assert_eq!(are_outputs, [true, true, true, false, false, false]);
}

#[test]
fn a_list_is_emptied_by_the_next_step_and_by_draining() {
    let mut out = Out::default();
    let config = Config { nodes: 3, defect: None };
    let mut toy: Toy = out.boot(Time::ZERO, NodeId(1), &config, Tally::default());
    assert!(out.as_slice().contains(&Effect::Event(ToyEvent::Restart)));
    out.step(Time::ZERO, &mut toy, &Input::Message(PEER, ToyMessage::Probe));
    assert_eq!(out.as_slice(), [Effect::Send(PEER, ToyMessage::Copied)]);
    assert_eq!(out.drain().count(), 1);
    assert!(out.as_slice().is_empty());
}

#[test]
fn boots_of_equal_disks_are_equal() {
    let config = Config { nodes: 3, defect: None };
    let boot = || {
        let mut out = Effects::<Metronome>::default();
        let node = out.boot(Time(5), NodeId(3), &config, Beats::default());
        (node, out.as_slice().to_vec())
    };
    assert_eq!(boot(), boot());
}
