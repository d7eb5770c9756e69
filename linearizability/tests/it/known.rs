//! Small histories that one can check by hand.
use synod_linearizability::{History, Op, Operation, Options, Output, Verdict, Violation, Why, check};

use crate::is_linearizable;

fn history(lines: &str) -> History {
    History::read_jsonl(lines.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// The violation of a history that is not linearizable.
fn violation(lines: &str) -> Violation {
    match check(&history(lines), &Options::default()) {
        Verdict::NotLinearizable(violation) => *violation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_linearizable() {
    assert!(is_linearizable(&History::default()));
}

#[test]
fn a_stale_read_is_where_it_gets_stuck() {
    let violation = violation(
        r#"{"client":1,"call":0,"return":1,"op":{"f":"put","key":"x","value":"old"},"output":null}
{"client":1,"call":2,"return":3,"op":{"f":"put","key":"x","value":"new"},"output":null}
{"client":3,"call":4,"return":9,"op":{"f":"put","key":"y","value":"new"},"output":null}
{"client":2,"call":4,"return":5,"op":{"f":"get","key":"x"},"output":"old"}
{"client":2,"call":6,"return":7,"op":{"f":"get","key":"x"},"output":"new"}
"#,
    );
    assert_eq!(violation.stuck, 3);
    assert_eq!(violation.key, Some("x".into()));
    assert_eq!(violation.prefix, [0, 1]);
    assert_eq!(violation.counterexample, [0, 1, 3]);
    assert_eq!(
        violation.reason,
        "line 4: client 2: get of \"x\" → \"old\" [4, 5] fits nowhere: whatever the order of these 3 operations, \
         what is there then is \"new\""
    );
}

/// A read may see a write that never got an answer, from its call on, and then no read may lose it.
#[test]
fn an_operation_without_an_answer_may_take_place_at_any_time() {
    let lost = r#"{"client":1,"call":10,"return":null,"op":{"f":"write","value":1},"output":null}"#;
    let read = |client: u64, call: u64, seen: &str| {
        let (end, op) = (call + 1, r#"{"f":"read"}"#);
        format!(r#"{{"client":{client},"call":{call},"return":{end},"op":{op},"output":{seen}}}"#)
    };
    let judged = |reads: &[String]| is_linearizable(&history(&format!("{lost}\n{}", reads.join("\n"))));
    assert!(judged(&[read(2, 20, "null"), read(2, 30, "null")]));
    assert!(judged(&[read(2, 20, "null"), read(2, 30, "1")]));
    assert!(!judged(&[read(2, 20, "1"), read(2, 30, "null")]));
    assert!(!judged(&[read(2, 5, "1")]));
}

/// Equal times are concurrent: an operation that is called when another returns may come first.
#[test]
fn touching_operations_are_concurrent() {
    let write = Operation::called(1, 0, Op::Write(1.into())).returned(5, Output::Null);
    let read = |call| Operation::called(2, call, Op::Read).returned(9, Output::Null);
    assert!(is_linearizable(&History::new([write.clone(), read(5)]).unwrap()));
    assert!(!is_linearizable(&History::new([write, read(6)]).unwrap()));
}

#[test]
fn a_compare_and_set_fails_on_an_absent_key() {
    let cas = |output| Operation::called(1, 0, Op::cas(1, 2)).on("x").returned(1, Output::Bool(output));
    assert!(is_linearizable(&History::new([cas(false)]).unwrap()));
    assert!(!is_linearizable(&History::new([cas(true)]).unwrap()));
}

#[test]
fn an_append_to_an_absent_key_makes_a_string() {
    let append = |at, value: i64| {
        Operation::called(1, at, Op::Append(value.into())).on("x").returned(at, Output::Null)
    };
    let get = |seen: &str| Operation::called(1, 9, Op::Get).on("x").returned(9, Output::Value(seen.into()));
    assert!(is_linearizable(&History::new([append(1, 1), append(2, 2), get("12")]).unwrap()));
    assert!(!is_linearizable(&History::new([append(1, 1), append(2, 2), get("21")]).unwrap()));
}

#[test]
fn a_budget_that_is_used_up_is_said() {
    let write = |client: u64| {
        Operation::called(client, 0, Op::Write((client as i64).into())).returned(9, Output::Null)
    };
    let read = Operation::called(99, 10, Op::Read).returned(11, Output::Value(77.into()));
    // A compare-and-set, so that no polynomial path applies.
    let cas = Operation::called(98, 0, Op::cas(5, 6)).returned(9, Output::Bool(true));
    let hard = History::new((0..18).map(write).chain([cas, read])).unwrap();
    let verdict = check(&hard, &Options::default().steps(1000));
    assert!(matches!(verdict, Verdict::Unknown { why: Why::Steps(1000), .. }), "{verdict:?}");
    let verdict = check(&hard, &Options::default().memory(100_000));
    assert!(matches!(verdict, Verdict::Unknown { why: Why::Memory(100_000), .. }), "{verdict:?}");
    assert_eq!(Why::Steps(1000).to_string(), "the budget of 1000 steps is used up");
}
