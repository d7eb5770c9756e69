//! Runs of chain replication and of CRAQ under faults are behaviours of their specs, and corrupted copies are not.
use std::time::Duration;

use serde_json::{Value as Json, json};
use synod_chain_replication::{Config, Reads};
use synod_cli::{
    algorithm::Algorithm,
    chain::{Chain, Craq},
};
use synod_simulator::Fault;

use crate::conform::{
    Corruptions, Runs, are_behaviours, are_behaviours_in, are_behaviours_with, copies_are_rejected,
    followed_at_once, is, next,
};

const RUNS: Runs = Runs { seeds: 8, nodes: &[4, 6], operations: 60, faults: &Fault::ALL, actions: 2_500 };

const UPDATES: &[&str] = &[
    "Restart",
    "ClientRequest",
    "SendUpdate",
    "HandleUpdate",
    "Commit",
    "HandleAck",
    "Exclude",
    "Configure",
    "AskRead",
    "AskMaster",
    "Confirm",
    "AnswerReads",
];

const JOINS: &[&str] = &["Exclude", "Admit", "SendState", "HandleState", "HandOver", "SendJoined", "Promote"];

#[test]
fn runs_of_a_chain_are_behaviours_of_the_spec() {
    are_behaviours::<Chain>(&RUNS, UPDATES);
}

#[test]
fn runs_of_craq_are_behaviours_of_the_spec() {
    are_behaviours::<Craq>(&RUNS, UPDATES);
}

/// A master that is often wrong, small messages, and a tail that keeps the last word for long.
#[test]
fn runs_with_many_joins_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 6, operations: 40, ..RUNS };
    are_behaviours_with::<Chain>(&runs, |nodes| hasty(Chain::config(nodes)), JOINS);
    are_behaviours_with::<Craq>(&runs, |nodes| hasty(Craq::config(nodes)), JOINS);
}

/// Servers lose their disks, and are given the state anew.
#[test]
fn runs_in_which_disks_are_lost_are_behaviours_of_the_spec() {
    const LOST: &[&str] = &["NameFirst", "Wipe", "Name", "Admit", "HandleState", "Promote"];
    let faults = &[Fault::Loss, Fault::Duplication, Fault::Crash, Fault::Wipe];
    let runs = Runs { operations: 40, faults, ..RUNS };
    let time = Duration::from_secs(20);
    are_behaviours_in::<Chain>(&runs, time, |nodes| Chain::losing_disks(Chain::config(nodes)), LOST);
    are_behaviours_in::<Craq>(&runs, time, |nodes| Craq::losing_disks(Craq::config(nodes)), LOST);
}

/// What CRAQ's eventual mode does is in the spec, which promises nothing of it.
#[test]
fn runs_of_the_eventual_mode_are_behaviours_of_the_spec() {
    let eventual = |nodes| Config { reads: Reads::Eventual, ..Craq::config(nodes) };
    are_behaviours_with::<Craq>(&Runs { seeds: 4, ..RUNS }, eventual, &["AnswerAnyhow", "Commit"]);
}

/// Slow enough that objects are dirty when they are read.
#[test]
fn dirty_reads_are_behaviours_of_the_spec() {
    let runs =
        Runs { seeds: 6, nodes: &[6], operations: 150, faults: &[Fault::Loss, Fault::Crash], actions: 2_500 };
    are_behaviours::<Craq>(&runs, &["AskTail", "TellVersion", "AnswerReads"]);
}

#[test]
fn a_chain_is_followed_without_a_detour() {
    let runs =
        Runs { seeds: 1, nodes: &[4], operations: 300, faults: &[Fault::Loss, Fault::Crash], actions: 2_000 };
    assert!(followed_at_once::<Chain>(&runs, 1) > 1_000);
}

#[test]
fn corrupted_copies_of_a_chain_are_rejected() {
    let corruptions = Corruptions { needed: NEEDED, sent_by: &[], others: OTHERS };
    copies_are_rejected::<Chain>(&CORRUPTED, &corruptions);
}

#[test]
fn corrupted_copies_of_craq_are_rejected() {
    let corruptions = Corruptions { needed: NEEDED, sent_by: &[], others: OTHERS };
    copies_are_rejected::<Craq>(&CORRUPTED, &corruptions);
}

const CORRUPTED: Runs =
    Runs { seeds: 3, nodes: &[4], operations: 40, faults: &[Fault::Loss, Fault::Crash], actions: 300 };

const NEEDED: &[&str] = &["ClientRequest", "HandleUpdate", "Commit", "HandleAck", "Configure", "AskMaster"];

const OTHERS: &[(&str, crate::conform::Corruption)] = &[
    ("heard before it was said", heard_before_said),
    ("acknowledged early", acknowledged_early),
    ("answered early", answered_early),
];

fn hasty(config: Config) -> Config {
    let ms = Duration::from_millis;
    Config {
        heartbeat_interval: ms(50),
        detection_interval: ms(60),
        max_entries_per_update: 2,
        hand_over_within: 8,
        ..config
    }
}

/// A server takes an update before its predecessor sent it.
fn heard_before_said(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let late = next(&events, place, |event| is(event, &["HandleUpdate"]))?;
    let index = events[late]["index"].clone();
    let sent = (0..late).find(|at| is(&events[*at], &["SendUpdate"]) && events[*at]["upTo"] == index)?;
    let event = events.remove(late);
    events.insert(sent, event);
    Some(events)
}

/// A server takes for answered one update more than its successor told.
fn acknowledged_early(events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    one_more(events, place, "HandleAck")
}

/// A tail answers one update more than it has.
fn answered_early(events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    one_more(events, place, "Commit")
}

fn one_more(mut events: Vec<Json>, place: usize, action: &str) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| is(event, &[action]))?;
    let event = &mut events[place];
    event["index"] = json!(event["index"].as_u64()? + 1);
    // What was seen is what the code did.
    if event["post"].is_object() {
        event["post"]["acked"] = event["index"].clone();
    }
    Some(events)
}
