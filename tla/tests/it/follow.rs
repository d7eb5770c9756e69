//! Trace validation, by hand: what is accepted, and what is said of what is not.
use std::path::Path;

use serde_json::{Value, json};
use synod_tla::{Followed, Shelf, follow};

/// A server asks whether it could win, and another would help it.
fn a_pre_vote() -> Vec<Value> {
    let question = json!({"type": "PreVote", "term": 0, "from": "n1", "lastTerm": 0, "lastIndex": 0});
    let answer = json!({"type": "PreVoteReply", "term": 0, "from": "n2", "to": "n1", "granted": true});
    vec![
        json!({"action": "StartPreVote", "node": "n1"}),
        json!({"action": "HandlePreVoteRequest", "node": "n2", "m": question}),
        json!({"action": "HandleVoteReply", "node": "n1", "m": answer}),
        json!({"action": "StartElection", "node": "n1", "post": {
            "role": "candidate", "currentTerm": 1, "votedFor": "n1", "leader": "nil",
            "lastIndex": 0, "lastTerm": 0, "commitIndex": 0,
        }}),
    ]
}

fn followed(events: &[Value]) -> Followed {
    let shelf = Shelf::open(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the specs of this checkout");
    let nodes = [("Server", json!(["n1", "n2", "n3"]))];
    follow(&shelf, "raft/Raft", &nodes, events).expect("a verdict")
}

/// Rejected after so many events, with these words, while the spec was in this state.
fn rejected(events: &[Value], matched: usize, words: &str, state: (&str, &str)) {
    let Followed::Rejected(rejected) = followed(events) else { panic!("accepted, and not: {words}") };
    assert_eq!(rejected.matched, matched, "{}", rejected.why);
    assert!(rejected.why.contains(words), "{}", rejected.why);
    let value = rejected.state.iter().find(|(name, _)| name == state.0).map(|(_, value)| &**value);
    assert!(value.is_some_and(|value| value.contains(state.1)), "{}: {value:?}", state.0);
}

#[test]
fn what_the_spec_does_is_accepted_and_so_is_its_beginning() {
    let events = a_pre_vote();
    for up_to in 0..=events.len() {
        assert_eq!(followed(&events[..up_to]), Followed::Accepted, "the first {up_to}");
    }
}

#[test]
fn an_action_too_early_is_not_enabled() {
    let mut events = a_pre_vote();
    events.remove(2);
    rejected(&events, 2, "StartElection is not enabled", ("role", "pre-candidate"));
}

#[test]
fn a_message_from_nowhere_is_told_as_such() {
    let mut events = a_pre_vote();
    events[2]["m"]["from"] = json!("n3");
    rejected(&events, 2, "a message that nobody sent", ("l", "3"));
}

#[test]
fn a_message_with_other_contents_was_not_sent_either() {
    let mut events = a_pre_vote();
    events[1]["m"]["lastIndex"] = json!(7);
    rejected(&events, 1, "a message that nobody sent", ("l", "2"));
}

#[test]
fn another_state_than_was_seen_is_told_as_such() {
    let mut events = a_pre_vote();
    events[3]["post"]["votedFor"] = json!("n2");
    rejected(&events, 3, "otherwise than was seen", ("votes", "n2"));
}
