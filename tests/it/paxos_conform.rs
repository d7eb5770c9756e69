//! Runs of both kinds of Paxos under faults are behaviours of their specs, and corrupted copies of them are not.
use serde_json::{Value as Json, json};
use synod_cli::{multipaxos::MultiPaxos, paxos::Paxos};
use synod_simulator::Fault;

use crate::conform::{Corruptions, Runs, are_behaviours, copies_are_rejected, followed_at_once, is, next};

#[test]
fn runs_of_one_decree_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 12, nodes: &[3, 5], operations: 30, faults: &Fault::ALL, actions: 1_000 };
    are_behaviours::<Paxos>(&runs, &["Restart", "Phase1a", "Phase1b", "Phase2a", "Phase2b"]);
}

#[test]
fn runs_of_a_log_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 6, nodes: &[3, 5], operations: 60, faults: &Fault::ALL, actions: 2_500 };
    are_behaviours::<MultiPaxos>(
        &runs,
        &[
            "Restart",
            "Prepare",
            "Promise",
            "HandlePromise",
            "BecomeLeader",
            "Propose",
            "Choose",
            "Learn",
            "AnswerReads",
        ],
    );
}

#[test]
fn a_log_is_followed_without_a_detour() {
    let runs =
        Runs { seeds: 1, nodes: &[3], operations: 800, faults: &[Fault::Loss, Fault::Crash], actions: 2_000 };
    assert_eq!(followed_at_once::<MultiPaxos>(&runs, 1), 2_000);
}

#[test]
fn corrupted_copies_of_a_log_are_rejected() {
    let runs =
        Runs { seeds: 3, nodes: &[3], operations: 40, faults: &[Fault::Loss, Fault::Crash], actions: 400 };
    let corruptions = Corruptions {
        needed: &["Prepare", "Promise", "HandlePromise", "BecomeLeader", "Propose", "Choose"],
        sent_by: &[("Prepare", "Prepare"), ("Promise", "Promise"), ("Accepted", "Accept")],
        others: &[("chosen early", chosen_early), ("another value", another_value)],
    };
    copies_are_rejected::<MultiPaxos>(&runs, &corruptions);
}

/// A server holds one slot more to be chosen than it may.
fn chosen_early(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| is(event, &["Choose", "Learn"]))?;
    let event = &mut events[place];
    event["through"] = json!(event["through"].as_u64().unwrap_or_default() + 1);
    // What was seen is what the code did.
    if event["post"].is_object() {
        event["post"]["chosen"] = event["through"].clone();
    }
    Some(events)
}

/// The leader proposes something else than what it sends.
fn another_value(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| is(event, &["Propose"]))?;
    events[place]["values"][0] = json!("c99#1");
    Some(events)
}
