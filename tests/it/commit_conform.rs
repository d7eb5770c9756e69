//! Runs of atomic commit under faults are behaviours of its specs, and corrupted copies of them are not.
use std::time::Duration;

use serde_json::{Value as Json, json};
use synod_atomic_commit::{Config, paxos_commit::PaxosCommit, three_phase::ThreePhase, two_phase::TwoPhase};
use synod_cli::{atomic_commit::Commit, conform::Conforms};
use synod_protocol::Node;
use synod_simulator::Fault;

use crate::conform::{Corruptions, Runs, are_behaviours_in, copies_are_rejected, is, next};

/// Twenty seconds of all faults, so that crashes fall into calls.
fn are_behaviours<A: Conforms<Node: Node<Config = Config>>>(operations: u64, must_be_seen: &[&str]) {
    let runs = Runs { seeds: 8, nodes: &[3, 5], operations, faults: A::FAULTS, actions: 5_000 };
    are_behaviours_in::<A>(&runs, Duration::from_secs(20), A::config, must_be_seen);
}

#[test]
fn runs_of_two_phase_commit_are_behaviours_of_the_spec() {
    are_behaviours::<Commit<TwoPhase>>(
        120,
        &[
            "Restart",
            "Begin",
            "Prepare",
            "Refuse",
            "HandleVote",
            "Decide",
            "Learn",
            "HandleAck",
            "Forget",
            "Ask",
            "Tell",
            "PresumeAbort",
            "SendAgain",
        ],
    );
}

#[test]
fn runs_of_three_phase_commit_are_behaviours_of_the_spec() {
    are_behaviours::<Commit<ThreePhase>>(
        120,
        &[
            "Restart",
            "Crash",
            "Begin",
            "Prepare",
            "Refuse",
            "HandleVote",
            "StartPreCommit",
            "PreCommit",
            "HandlePreAck",
            "Decide",
            "Learn",
            "HandleAck",
            "Forget",
        ],
    );
}

/// Three acceptors for each participant of each call make for long runs of few calls.
#[test]
fn runs_of_paxos_commit_are_behaviours_of_the_spec() {
    are_behaviours::<Commit<PaxosCommit>>(
        40,
        &[
            "Restart",
            "Begin",
            "Prepare",
            "Refuse",
            "Accept",
            "Promise",
            "StartBallot",
            "Propose",
            "Decide",
            "Learn",
            "HandleAck",
            "Forget",
            "Ask",
            "SendAgain",
        ],
    );
}

#[test]
fn corrupted_copies_of_two_phase_commit_are_rejected() {
    let runs =
        Runs { seeds: 3, nodes: &[3], operations: 40, faults: &[Fault::Loss, Fault::Crash], actions: 500 };
    let corruptions = Corruptions {
        needed: &["Begin", "Prepare", "HandleVote", "Decide"],
        sent_by: &[
            ("Prepare", "Begin"),
            ("VoteYes", "Prepare"),
            ("VoteNo", "Refuse"),
            ("Commit", "Decide"),
            ("Abort", "Decide"),
            ("Ack", "Learn"),
        ],
        others: &[("committed early", committed_early), ("the opposite", the_opposite)],
    };
    copies_are_rejected::<Commit<TwoPhase>>(&runs, &corruptions);
}

#[test]
fn corrupted_copies_of_three_phase_commit_are_rejected() {
    let runs = Runs {
        seeds: 3,
        nodes: &[3],
        operations: 40,
        faults: &[Fault::Duplication, Fault::Crash],
        actions: 500,
    };
    let corruptions = Corruptions {
        needed: &["Prepare", "HandleVote", "StartPreCommit", "PreCommit", "HandlePreAck"],
        sent_by: &[],
        others: &[("committed early", committed_early), ("the opposite", the_opposite)],
    };
    copies_are_rejected::<Commit<ThreePhase>>(&runs, &corruptions);
}

#[test]
fn corrupted_copies_of_paxos_commit_are_rejected() {
    let runs =
        Runs { seeds: 3, nodes: &[3], operations: 40, faults: &[Fault::Loss, Fault::Crash], actions: 700 };
    let corruptions = Corruptions {
        needed: &["Prepare", "StartBallot", "Propose", "Decide"],
        sent_by: &[("1a", "StartBallot"), ("Commit", "Decide"), ("Abort", "Decide")],
        others: &[("the opposite", the_opposite), ("another vote", another_vote)],
    };
    copies_are_rejected::<Commit<PaxosCommit>>(&runs, &corruptions);
}

/// A coordinator decides before the last vote has come.
fn committed_early(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let decided = next(&events, place, |event| is(event, &["Decide"]) && event["commits"] == true)?;
    let vote = (0..decided).rfind(|place| is(&events[*place], &["HandleVote", "HandlePreAck"]))?;
    let event = events.remove(decided);
    events.insert(vote, event);
    Some(events)
}

/// Somebody commits what aborts, or the other way round, and writes that too.
fn the_opposite(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| event["commits"].is_boolean())?;
    let event = &mut events[place];
    let commits = event["commits"] == false;
    event["commits"] = json!(commits);
    let state = if commits { "committed" } else { "aborted" };
    for field in ["rm", "told"] {
        if event["post"][field].is_string() {
            event["post"][field] = json!(state);
        }
    }
    Some(events)
}

/// An acceptor takes, or a leader proposes or counts, a vote that was another.
fn another_vote(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place =
        next(&events, place, |event| event["votes"].as_object().is_some_and(|votes| !votes.is_empty()))?;
    for (_, vote) in events[place]["votes"].as_object_mut()? {
        *vote = json!(if *vote == "prepared" { "aborted" } else { "prepared" });
    }
    Some(events)
}
