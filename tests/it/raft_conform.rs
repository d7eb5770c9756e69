//! Runs of the real code under faults are behaviours of `Raft.tla`, and corrupted copies of them are not.
use serde_json::{Value as Json, json};
use synod_cli::raft::Raft;
use synod_simulator::Fault;

use crate::conform::{Corruptions, Runs, are_behaviours, copies_are_rejected, followed_at_once, is, next};

#[test]
fn runs_under_all_faults_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 6, nodes: &[3, 5], operations: 60, faults: &Fault::ALL, actions: 2_500 };
    are_behaviours::<Raft>(
        &runs,
        &["Restart", "UpdateTerm", "StartElection", "BecomeLeader", "ClientRequest", "AnswerReads"],
    );
}

#[test]
fn corrupted_copies_are_rejected() {
    let runs =
        Runs { seeds: 3, nodes: &[3], operations: 40, faults: &[Fault::Loss, Fault::Crash], actions: 400 };
    copies_are_rejected::<Raft>(&runs, &CORRUPTIONS);
}

const CORRUPTIONS: Corruptions = Corruptions {
    needed: &[
        "UpdateTerm",
        "ClientRequest",
        "AdvanceCommitIndex",
        "BecomeLeader",
        "StartElection",
        "StartRound",
    ],
    sent_by: &[
        ("PreVote", "StartPreVote"),
        ("RequestVote", "StartElection"),
        ("PreVoteReply", "HandlePreVoteRequest"),
        ("RequestVoteReply", "HandleRequestVoteRequest"),
        ("AppendEntriesReply", "HandleAppendEntriesRequest"),
    ],
    others: &[("committed early", committed_early)],
};

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

/// The time of following a run is bounded by what it explores: one state per action, and nothing beside it.
#[test]
fn five_thousand_actions_are_followed_without_a_detour() {
    let runs =
        Runs { seeds: 1, nodes: &[3], operations: 800, faults: &[Fault::Loss, Fault::Crash], actions: 5_000 };
    assert_eq!(followed_at_once::<Raft>(&runs, 1), 5_000);
}
