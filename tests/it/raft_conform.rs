//! Runs of the real code under faults are behaviours of `Raft.tla`, and corrupted copies of them are not.
use std::{env, time::Duration};

use serde_json::{Value as Json, json};
use synod_cli::{
    algorithm::Algorithm,
    conform::{check::RAFT, raft::Actions},
    raft::Raft,
    run::{RunOptions, simulate},
};
use synod_protocol::NodeId;
use synod_simulator::Fault;
use synod_tla::{Followed, Shelf, accepts, follow};

/// The actions of a run, and its nodes.
fn run(seed: u64, nodes: u32, operations: u64, faults: &[Fault]) -> (Vec<String>, Vec<Json>) {
    let options = RunOptions {
        nodes,
        operations,
        clients: 3,
        sim_time: Duration::from_secs(3),
        faults: Some(faults.to_vec()),
        ..RunOptions::new(seed)
    };
    let mut actions = Actions::default();
    let outcome = simulate::<Raft, _>(options.config(), &mut actions, false).expect("the knobs make sense");
    assert_eq!(outcome.violation, None, "{} seed {seed}", Raft::NAME);
    let events = actions.finish().into_iter().map(|(_, event)| event).collect();
    ((1..=nodes).map(|node| NodeId(node).to_string()).collect(), events)
}

/// `SYNOD_SEEDS=1000 cargo test --release -p synod-tests raft_conform` follows so many.
#[test]
fn runs_under_all_faults_are_behaviours_of_the_spec() {
    let seeds = env::var("SYNOD_SEEDS").map_or(6, |seeds| seeds.parse().expect("SYNOD_SEEDS is a number"));
    let shelf = Shelf::unpack().expect("a temporary folder");
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for seed in 0..seeds {
        let (nodes, mut events) = run(seed, [3, 5][seed as usize % 2], 60, &Fault::ALL);
        events.truncate(2_500);
        match follow(&shelf, RAFT, &nodes, &events).expect("a verdict") {
            Followed::Accepted => {}
            Followed::Rejected(rejected) => {
                panic!(
                    "seed {seed}, action {}: {}\n{}",
                    rejected.matched, rejected.why, events[rejected.matched]
                )
            }
        }
        for event in events {
            *seen.entry(event["action"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    eprintln!("{seeds} runs accepted: {seen:?}");
    // A run in which little happens is accepted by any spec.
    for action in ["Restart", "UpdateTerm", "StartElection", "BecomeLeader", "ClientRequest", "AnswerReads"] {
        assert!(seen.get(action).is_some_and(|times| *times >= 5), "{action} was hardly seen: {seen:?}");
    }
}

/// What goes wrong with a recording, or in the code that is recorded: somewhere from a place on.
type Corruption = fn(Vec<Json>, usize) -> Option<Vec<Json>>;

const CORRUPTIONS: &[(&str, Corruption)] =
    &[("dropped", dropped), ("swapped", swapped), ("changed", changed), ("committed early", committed_early)];

#[test]
fn corrupted_copies_are_rejected() {
    let shelf = Shelf::unpack().expect("a temporary folder");
    let mut text = String::new();
    let (mut killed, mut all) = (0, 0);
    for (name, corrupt) in CORRUPTIONS {
        let (mut of_these, mut rejected) = (0, 0);
        for seed in 0..3 {
            let (nodes, mut events) = run(seed, 3, 40, &[Fault::Loss, Fault::Crash]);
            events.truncate(400);
            assert!(accepts(&shelf, RAFT, &nodes, &events).expect("a verdict"), "seed {seed}");
            // Every so-and-so-many places, from another one in each run.
            for place in (20 + 7 * seed as usize..events.len() - 20).step_by(29) {
                if let Some(copy) = corrupt(events.clone(), place) {
                    of_these += 1;
                    rejected += u32::from(!accepts(&shelf, RAFT, &nodes, &copy).expect("a verdict"));
                }
            }
        }
        text += &format!("{name}: {rejected} of {of_these} rejected; ");
        assert!(of_these >= 10, "{name}: only {of_these} copies");
        (killed, all) = (killed + rejected, all + of_these);
    }
    let rate = 100 * killed / all;
    eprintln!("{text}in all {rate} %");
    assert!(rate >= 95, "{text}in all {rate} %");
}

fn is(event: &Json, actions: &[&str]) -> bool {
    event["action"].as_str().is_some_and(|action| actions.contains(&action))
}

/// The first from a place on for which it holds.
fn next(events: &[Json], from: usize, holds: impl Fn(&Json) -> bool) -> Option<usize> {
    (from..events.len()).find(|place| holds(&events[*place]))
}

/// An action that changed its node is missing.
fn dropped(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    const CHANGE: &[&str] =
        &["UpdateTerm", "ClientRequest", "AdvanceCommitIndex", "BecomeLeader", "StartElection", "StartRound"];
    let place = next(&events, place, |event| is(event, CHANGE))?;
    events.remove(place);
    Some(events)
}

/// A message is received before it is sent.
fn swapped(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let is_first = |place: usize| {
        let m = &events[place]["m"];
        !m.is_null() && !events[..place].iter().any(|before| before["m"] == *m)
    };
    let late = (place..events.len()).find(|place| is_first(*place))?;
    // It was sent by the last thing that its sender did, or before.
    let from = events[late]["m"]["from"].clone();
    let sent =
        (0..late).rev().find(|place| events[*place]["node"] == from && sends(&events[*place], &events[late]));
    let (sent, event) = (sent?, events.remove(late));
    events.insert(sent, event);
    Some(events)
}

/// Could this action have sent what that one handles?
fn sends(event: &Json, handled: &Json) -> bool {
    let by: &[&str] = match handled["m"]["type"].as_str() {
        Some("PreVote") => &["StartPreVote"],
        Some("RequestVote") => &["StartElection"],
        Some("PreVoteReply") => &["HandlePreVoteRequest"],
        Some("RequestVoteReply") => &["HandleRequestVoteRequest"],
        Some("AppendEntriesReply") => &["HandleAppendEntriesRequest"],
        // The first of a kind: the same may be sent again and again.
        _ => return false,
    };
    is(event, by)
}

/// A field says something else.
fn changed(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| event["post"].is_object())?;
    const FIELDS: &[&str] =
        &["currentTerm", "lastIndex", "lastTerm", "commitIndex", "role", "votedFor", "leader"];
    let post = &mut events[place]["post"];
    let field = &mut post[FIELDS[place % FIELDS.len()]];
    *field = match field.as_u64() {
        Some(number) => json!(number + 1),
        None => json!("somebody else"),
    };
    Some(events)
}

/// A server commits one entry more than it may.
fn committed_early(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| is(event, &["AdvanceCommitIndex"]))?;
    let event = &mut events[place];
    event["index"] = json!(event["index"].as_u64().unwrap_or_default() + 1);
    // What was seen is what the code did.
    if event["post"].is_object() {
        event["post"]["commitIndex"] = event["index"].clone();
    }
    Some(events)
}
