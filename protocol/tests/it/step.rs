//! One line of a trace file for each thing that can happen, read back as it was written; and what
//! observers see.
use std::{borrow::Cow, time::Duration};

use synod_protocol::*;

use crate::{
    harness::Harness,
    toy::{Config, Record, Request, Tally, Timer, Toy, ToyEvent, ToyMessage, View},
};

const CALLER: Caller = Caller { client: ClientId(4), number: 5, via: NodeId(1) };
const CONFIG: Config = Config { nodes: 3, defect: None };

/// Pinned, because files outlive the code that wrote them.
#[test]
fn each_step_is_one_line_and_can_be_read_back() {
    let view = View { count: 1, digest: 2 };
    let effects: Vec<Effect<Toy>> = vec![
        Effect::Send(NodeId(2), ToyMessage::Copy(3)),
        Effect::Reply(CALLER, Answer::Done(6)),
        Effect::Reply(CALLER, Answer::Elsewhere(Some(NodeId(3)))),
        Effect::Persist(Record::Value(3)),
        Effect::SetTimer(Timer::Beat, Duration::from_millis(1)..Duration::from_millis(2)),
        Effect::CancelTimer(Timer::Nudge),
        Effect::Event(ToyEvent::Put),
    ];
    let (clock, packet) = (Time(9), PacketId(7));
    let tally = Tally::default();
    let boot = What::Booted {
        clock,
        records: 0,
        effects: Cow::Borrowed(&effects),
        view: view.clone(),
        durable: Some(&tally),
    };
    is_written_as(
        boot,
        r#"{"booted":{"clock":9,"records":0,"effects":[{"Send":[2,{"Copy":3}]},{"Reply":[{"client":4,"number":5,"via":1},{"Done":6}]},{"Reply":[{"client":4,"number":5,"via":1},{"Elsewhere":3}]},{"Persist":{"Value":3}},{"SetTimer":["Beat",{"start":{"secs":0,"nanos":1000000},"end":{"secs":0,"nanos":2000000}}]},{"CancelTimer":"Nudge"},{"Event":"Put"}],"view":{"count":1,"digest":2}}}"#,
    );
    let handled = |packet, input| What::Handled {
        clock,
        packet,
        input: Cow::Owned(input),
        effects: Cow::Owned(vec![]),
        view: view.clone(),
    };
    is_written_as(
        handled(Some(packet), Input::Message(NodeId(2), ToyMessage::Probe)),
        r#"{"handled":{"clock":9,"packet":7,"input":{"Message":[2,"Probe"]},"effects":[],"view":{"count":1,"digest":2}}}"#,
    );
    is_written_as(
        handled(None, Input::Timer(Timer::Patience)),
        r#"{"handled":{"clock":9,"packet":null,"input":{"Timer":"Patience"},"effects":[],"view":{"count":1,"digest":2}}}"#,
    );
    is_written_as(
        handled(Some(packet), Input::Request(CALLER, Request::Put(3))),
        r#"{"handled":{"clock":9,"packet":7,"input":{"Request":[{"client":4,"number":5,"via":1},{"Put":3}]},"effects":[],"view":{"count":1,"digest":2}}}"#,
    );
    is_written_as(
        What::Sent { packet, to: Place::Node(NodeId(2)), cause: 3, effect: 1 },
        r#"{"sent":{"packet":7,"to":{"node":2},"cause":3,"effect":1}}"#,
    );
    is_written_as(
        What::Dropped { packet, why: Loss::Partitioned },
        r#"{"dropped":{"packet":7,"why":"partitioned"}}"#,
    );
    is_written_as(What::Duplicated { packet, twin: PacketId(8) }, r#"{"duplicated":{"packet":7,"twin":8}}"#);
    is_written_as(What::Synced { records: 4 }, r#"{"synced":{"records":4}}"#);
    is_written_as(What::Crashed { records: 4 }, r#"{"crashed":{"records":4}}"#);
    is_written_as(What::Wiped, r#""wiped""#);
    is_written_as(What::Ended { why: "sync failed".into() }, r#"{"ended":{"why":"sync failed"}}"#);
    is_written_as(
        What::Called { packet, caller: CALLER, request: Cow::Owned(Request::Read) },
        r#"{"called":{"packet":7,"caller":{"client":4,"number":5,"via":1},"request":"Read"}}"#,
    );
    is_written_as(
        What::Returned { packet, caller: CALLER, answer: Cow::Owned(Answer::Elsewhere(None)) },
        r#"{"returned":{"packet":7,"caller":{"client":4,"number":5,"via":1},"answer":{"Elsewhere":null}}}"#,
    );
    is_written_as(
        What::GaveUp { caller: CALLER },
        r#"{"gave_up":{"caller":{"client":4,"number":5,"via":1}}}"#,
    );
    is_written_as(What::Fault { what: "cut n1 | n2 n3".into() }, r#"{"fault":{"what":"cut n1 | n2 n3"}}"#);
}

fn is_written_as(what: What<'_, Toy>, line: &str) {
    let step = Step { number: 1, at: Time(2), place: Place::Network, what };
    let written = serde_json::to_string(&step).expect("a step can be written");
    assert_eq!(written, format!(r#"{{"number":1,"at":2,"place":"network","what":{line}}}"#));
    let read: Step<'static, Toy> = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(read, step.into_owned());
}

#[test]
fn places_are_told_apart() {
    for (place, line) in [
        (Place::Node(NodeId(1)), r#"{"node":1}"#),
        (Place::Client(ClientId(1)), r#"{"client":1}"#),
        (Place::Network, r#""network""#),
    ] {
        assert_eq!(serde_json::to_string(&place).expect("a place can be written"), line);
    }
}

#[test]
fn a_whole_run_survives_the_file() {
    let mut recorder = Recorder::default();
    Harness::new(5, None, CONFIG, &mut recorder).run(2_000).expect("nobody judges");
    assert!(recorder.0.len() > 1_000);
    for step in recorder.0 {
        let line = serde_json::to_string(&step).expect("a step can be written");
        assert_eq!(serde_json::from_str::<Step<'_, Toy>>(&line).expect("and read"), step);
    }
}

/// Owns what it saw.
#[derive(Default)]
struct Recorder(Vec<Step<'static, Toy>>);

impl Observer<Toy> for Recorder {
    fn observe(&mut self, step: &Step<'_, Toy>, _: Nodes<'_, Toy>) -> Result<(), Violation> {
        self.0.push(step.clone().into_owned());
        Ok(())
    }
}

/// Finds fault with the step of that number.
struct Critic(u64);

impl Observer<Toy> for Critic {
    fn observe(&mut self, step: &Step<'_, Toy>, _: Nodes<'_, Toy>) -> Result<(), Violation> {
        if step.number == self.0 { Err(Violation::new("Taste", "no")) } else { Ok(()) }
    }
}

#[test]
fn the_first_of_a_pair_sees_the_step_that_the_second_condemns() {
    let mut recorder = Recorder::default();
    let verdict = Harness::new(5, None, CONFIG, (&mut recorder, Critic(9))).run(2_000);
    assert_eq!(verdict, Err(Violation::new("Taste", "no")));
    assert_eq!(recorder.0.len(), 10);

    let mut spared = Recorder::default();
    let verdict = Harness::new(5, None, CONFIG, (Critic(9), &mut spared)).run(2_000);
    assert!(verdict.is_err());
    assert_eq!(spared.0.len(), 9, "the second does not see what the first condemned");

    assert_eq!(Harness::new(5, None, CONFIG, None::<Critic>).run(2_000), Ok(()));
    assert!(Harness::new(5, None, CONFIG, Some(Critic(9))).run(2_000).is_err());
    assert_eq!(Harness::new(5, None, CONFIG, ()).run(2_000), Ok(()));
}

#[test]
fn nodes_are_found_by_their_number_and_only_if_they_are_up() {
    let nodes = [Some("one"), None, Some("three")];
    let nodes = Nodes::new(&nodes);
    assert_eq!(nodes.get(NodeId(1)), Some(&"one"));
    assert_eq!(nodes.get(NodeId(2)), None, "down");
    assert_eq!(nodes.get(NodeId(0)), None, "the first node is 1");
    assert_eq!(nodes.get(NodeId(4)), None);
    assert_eq!(nodes.get(NodeId(u32::MAX)), None);
    assert_eq!(nodes.iter().collect::<Vec<_>>(), [(NodeId(1), &"one"), (NodeId(3), &"three")]);
}
