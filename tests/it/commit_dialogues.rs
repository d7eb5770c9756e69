//! The golden dialogues of the crate atomic-commit, held to its specs: what is told in a lecture is what they do.
use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use synod_atomic_commit::{Config, paxos_commit::PaxosCommit, three_phase::ThreePhase, two_phase::TwoPhase};
use synod_cli::{
    atomic_commit::{Commit, Style},
    conform::{Conforms, actions::Actions},
};
use synod_protocol::by_hand::dialogue::play;
use synod_tla::{Followed, Shelf, follow};

// The very stage on which its own tests play them; they also use what is not used here.
#[allow(dead_code, reason = "its own tests use the rest")]
#[path = "../../atomic-commit/tests/it/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "its own tests use the rest")]
#[path = "../../atomic-commit/tests/it/script.rs"]
mod script;

const OF_TWO_PHASE_COMMIT: [&str; 7] = [
    "d01_a_commit",
    "d02_a_lock_is_taken",
    "d03_presumed_abort",
    "d04_blocking",
    "d05_participants_help_each_other",
    "d06_a_decision_is_kept",
    "d07_a_call_comes_again",
];
const OF_THREE_PHASE_COMMIT: [&str; 2] = ["d08_three_phases", "d10_all_were_down"];
const BEYOND: &str = "d09_a_partition";
const OF_PAXOS_COMMIT: [&str; 3] = ["d11_paxos_commit", "d12_a_leader_dies", "d13_a_participant_dies"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../atomic-commit/tests/dialogues")
}

/// The spec accepts each, and nothing in it leaves a choice.
fn are_followed<P: Style>(names: &[&str])
where
    Commit<P>: Conforms<Node = P>,
{
    let shelf = Shelf::unpack().expect("a temporary folder");
    for name in names {
        let (events, followed) = followed::<P>(&shelf, name);
        assert!(events.len() >= 8, "{name}: only {} actions", events.len());
        match followed {
            // But for what had left a node that crashes.
            Followed::Accepted { states } if events.iter().any(|event| event["action"] == "Crash") => {
                assert!(states > events.len() as u64, "{name}");
            }
            Followed::Accepted { states } => assert_eq!(states, events.len() as u64 + 1, "{name}"),
            Followed::Rejected(rejected) => {
                let (matched, why, conjunct) = (rejected.matched, &rejected.why, &rejected.conjunct);
                panic!("{name}, action {matched}: {why}; {conjunct:?}\n{}", events[matched])
            }
        }
    }
}

/// What was done in a dialogue, and whether the spec does it.
fn followed<P: Style>(shelf: &Shelf, name: &str) -> (Vec<serde_json::Value>, Followed)
where
    Commit<P>: Conforms<Node = P>,
{
    let (config, events) = actions::<P>(name);
    let constants = Commit::<P>::constants(&config, config.members.len() as u32);
    let followed = follow(shelf, Commit::<P>::SPEC, &constants, &events).expect("a verdict");
    (events, followed)
}

/// Plays a dialogue: among whom, and what they did.
fn actions<P: Style>(name: &str) -> (Config, Vec<serde_json::Value>)
where
    Commit<P>: Conforms<Node = P>,
{
    let dialogue = fs::read_to_string(folder().join(format!("{name}.txt"))).expect("the dialogue is there");
    let (cluster, _) = play::<cluster::Cluster<P>>(&dialogue);
    let mut actions = Actions::<Commit<P>>::default();
    for step in &cluster.steps {
        actions.add(step);
    }
    let events = actions.finish().into_iter().map(|(_, event)| event).collect();
    (cluster.config, events)
}

#[test]
fn those_of_two_phase_commit() {
    are_followed::<TwoPhase>(&OF_TWO_PHASE_COMMIT);
}

#[test]
fn those_of_three_phase_commit() {
    are_followed::<ThreePhase>(&OF_THREE_PHASE_COMMIT);
}

/// The spec is of a synchronous network. It does all that the dialogue does until somebody gives up one that has not
/// failed: the coordinator commits without n3, which cannot have acknowledged.
#[test]
fn a_partition_is_beyond_the_spec() {
    let shelf = Shelf::unpack().expect("a temporary folder");
    let (events, followed) = followed::<ThreePhase>(&shelf, BEYOND);
    let Followed::Rejected(rejected) = followed else { panic!("the network is not synchronous") };
    let event = &events[rejected.matched];
    assert_eq!(
        (&event["action"], &event["node"], &event["commits"]),
        (&json!("Decide"), &json!("n1"), &json!(true))
    );
}

#[test]
fn those_of_paxos_commit() {
    are_followed::<PaxosCommit>(&OF_PAXOS_COMMIT);
}

#[test]
fn none_is_forgotten() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("the dialogues are there")
        .map(|file| file.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let followed = [&OF_TWO_PHASE_COMMIT[..], &OF_THREE_PHASE_COMMIT, &OF_PAXOS_COMMIT, &[BEYOND]].concat();
    let mut followed: Vec<String> = followed.iter().map(|name| format!("{name}.txt")).collect();
    followed.sort();
    assert_eq!(files, followed);
}
