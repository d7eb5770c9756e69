//! Trace validation, by hand: what is accepted, and what is said of what is not.
use std::path::Path;

use serde_json::{Value, json};
use synod_tla::{Followed, Shelf, TlaError, follow};

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

/// Rejected after so many events, with these words, for this conjunct, while the spec was in this state.
fn rejected(events: &[Value], matched: usize, words: &str, conjunct: &str, state: (&str, &str)) {
    let Followed::Rejected(rejected) = followed(events) else { panic!("accepted, and not: {words}") };
    assert_eq!(rejected.matched, matched, "{}", rejected.why);
    assert!(rejected.why.contains(words), "{}", rejected.why);
    assert_eq!(rejected.conjunct.as_deref(), Some(conjunct), "{}", rejected.why);
    let value = rejected.state.iter().find(|(name, _)| name == state.0).map(|(_, value)| &**value);
    assert!(value.is_some_and(|value| value.contains(state.1)), "{}: {value:?}", state.0);
}

#[test]
fn what_the_spec_does_is_accepted_and_so_is_its_beginning() {
    let events = a_pre_vote();
    for up_to in 0..=events.len() {
        let accepted = Followed::Accepted { states: up_to as u64 + 1 };
        assert_eq!(followed(&events[..up_to]), accepted, "the first {up_to}");
    }
}

#[test]
fn an_action_too_early_is_not_enabled_for_want_of_votes() {
    let mut events = a_pre_vote();
    events.remove(2);
    let conjunct = "in StartElection: 2 * Cardinality(Q \\cap Server) > Cardinality(Server), which is 2 > 3";
    rejected(&events, 2, "StartElection is not enabled", conjunct, ("role", "pre-candidate"));
}

const RECEIVED: &str = "Trace[l].m \\in msgs";

#[test]
fn a_message_from_nowhere_is_told_as_such() {
    let mut events = a_pre_vote();
    events[2]["m"]["from"] = json!("n3");
    rejected(&events, 2, "a message that nobody sent", RECEIVED, ("l", "3"));
}

#[test]
fn a_message_with_other_contents_was_not_sent_either() {
    let mut events = a_pre_vote();
    events[1]["m"]["lastIndex"] = json!(7);
    rejected(&events, 1, "a message that nobody sent", RECEIVED, ("l", "2"));
}

#[test]
fn another_state_than_was_seen_is_told_as_such() {
    let mut events = a_pre_vote();
    events[3]["post"]["votedFor"] = json!("n2");
    let conjunct = "votedFor'[s] = Trace[l].post.votedFor, which is \"n1\" = \"n2\"";
    rejected(&events, 3, "otherwise than was seen", conjunct, ("votes", "n2"));
}

/// Each rule that a leader or a voter could break, and the conjunct that says it.
#[test]
fn a_broken_rule_is_named() {
    let vote = |from: &str, last_index: u64| json!({"type": "RequestVote", "term": 1, "from": from, "lastTerm": 0, "lastIndex": last_index});
    let entries = json!([{"term": 1, "call": "no-op"}]);
    let append = json!({"type": "AppendEntries", "term": 1, "from": "n1", "prev": 0, "prevTerm": 0,
                        "entries": entries, "commit": 0, "round": 0});
    let cases = [
        (
            json!({"action": "ClientRequest", "node": "n2", "call": "c1#1"}),
            "in ClientRequest: role[s] = \"leader\", which is \"follower\" = \"leader\"",
        ),
        (
            json!({"action": "AdvanceCommitIndex", "node": "n1", "index": 1}),
            "in LeaderCommits: 2 * Cardinality(Q \\cap Server) > Cardinality(Server), which is 2 > 3",
        ),
        (
            json!({"action": "AdvanceCommitIndex", "node": "n1", "index": 7}),
            "in LeaderCommits: i \\in 1..Len(log[s]), which is 7 \\in {1}",
        ),
        (
            json!({"action": "UpdateTerm", "node": "n1", "m": vote("n1", 0)}),
            "in UpdateTerm: t > currentTerm[s], which is 1 > 1",
        ),
        (
            json!({"action": "HandleAppendEntriesRequest", "node": "n1", "m": append}),
            "in HandleAppendEntriesRequest: m.from # s, which is \"n1\" # \"n1\"",
        ),
        (json!({"action": "HandleRequestVoteRequest", "node": "n2", "m": vote("n1", 3)}), RECEIVED),
        (
            json!({"action": "SendAppendEntries", "node": "n1", "prev": 0, "upTo": 2}),
            "in SendAppendEntries: upTo <= Len(log[s]), which is 2 <= 1",
        ),
        (
            json!({"action": "StartRound", "node": "n1"}),
            "in StartRound: leadership[s].reads # {}, which is {} # {}",
        ),
    ];
    for (event, conjunct) in cases {
        let mut events = a_leader();
        let matched = events.len();
        events.push(event);
        let words = events[matched]["action"].as_str().expect("it has one").to_owned();
        rejected(&events, matched, &words, conjunct, ("role", "leader"));
    }
}

/// `n1` leads term 1, has its first entry, and has sent it.
fn a_leader() -> Vec<Value> {
    let mut events = a_pre_vote();
    let question = json!({"type": "RequestVote", "term": 1, "from": "n1", "lastTerm": 0, "lastIndex": 0});
    let answer = json!({"type": "RequestVoteReply", "term": 1, "from": "n2", "to": "n1", "granted": true});
    events.extend([
        json!({"action": "UpdateTerm", "node": "n2", "m": question}),
        json!({"action": "HandleRequestVoteRequest", "node": "n2", "m": question}),
        json!({"action": "HandleVoteReply", "node": "n1", "m": answer}),
        json!({"action": "BecomeLeader", "node": "n1"}),
        json!({"action": "SendAppendEntries", "node": "n1", "prev": 0, "upTo": 1}),
    ]);
    events
}

const DICE_TRACE: &str = r#"
---- MODULE DiceTrace ----
EXTENDS Naturals, Sequences
CONSTANT Trace
VARIABLES l, thrown

TraceInit == l = 1 /\ thrown = 0
TraceNext == /\ l <= Len(Trace)
             /\ l' = l + 1
             /\ thrown' \in 1..Trace[l].faces
TraceSpec == TraceInit /\ [][TraceNext]_<<l, thrown>>
TraceNotAccepted == l <= Len(Trace)
====
"#;

/// The trace does not say what was thrown, so each face is a way in which it fits.
#[test]
fn a_trace_that_fits_in_very_many_ways_has_no_verdict() {
    let shelf = Shelf::unpack().expect("a temporary folder");
    shelf.write("dice/DiceTrace.tla", DICE_TRACE).expect("it can be written");
    let cfg = "SPECIFICATION TraceSpec\nINVARIANT TraceNotAccepted\n";
    shelf.write("dice/DiceTrace.follow.cfg", cfg).expect("it can be written");
    let throw = |faces: u32| json!({"action": "Throw", "node": "n1", "faces": faces});
    let followed = |faces| follow(&shelf, "dice/Dice", &[], &[throw(faces), throw(1)]);
    assert!(matches!(followed(6), Ok(Followed::Accepted { states: 8.. })), "{:?}", followed(6));
    let Err(error) = followed(11_000) else { panic!("that was too much") };
    assert!(matches!(error, TlaError::LimitReached { .. }), "not a defect of the spec: {error}");
    assert!(error.to_string().contains("follow fewer of its steps"), "{error}");
}
