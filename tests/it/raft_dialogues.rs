//! The golden dialogues of the crate raft, held to `Raft.tla`: what is told in a lecture is what the spec does.
use std::{fs, path::Path};

use serde_json::json;
use synod_cli::{
    conform::{Conforms, actions::Actions, names},
    raft::Raft,
};
use synod_protocol::by_hand::dialogue::play;
use synod_tla::{Followed, Shelf, follow};

// The very stage on which raft's own tests play them; they also use what is not used here.
#[allow(dead_code, reason = "raft's own tests use the rest")]
#[path = "../../raft/tests/it/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "raft's own tests use the rest")]
#[path = "../../raft/tests/it/script.rs"]
mod script;

#[test]
fn dialogues_are_behaviours_of_the_spec() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../raft/tests/dialogues");
    let shelf = Shelf::unpack().expect("a temporary folder");
    let mut played = 0;
    for file in fs::read_dir(folder).expect("the dialogues are there") {
        let path = file.expect("it can be listed").path();
        let (nodes, events) = actions(&fs::read_to_string(&path).expect("it can be read"));
        let constants = [("Server", json!(names(nodes)))];
        match follow(&shelf, Raft::SPEC, &constants, &events).expect("a verdict") {
            // Nothing in them leaves a choice.
            Followed::Accepted { states } => assert_eq!(states, events.len() as u64 + 1),
            Followed::Rejected(rejected) => {
                let name = path.file_name().unwrap_or_default().display();
                let (matched, why, conjunct) = (rejected.matched, &rejected.why, &rejected.conjunct);
                panic!("{name}, action {matched}: {why}; {conjunct:?}\n{}", events[matched])
            }
        }
        assert!(events.len() > 10, "{}: only {} actions", path.display(), events.len());
        played += 1;
    }
    assert!(played >= 12, "only {played} dialogues");
}

/// Plays a dialogue: how many nodes it has, and what they did.
fn actions(dialogue: &str) -> (u32, Vec<serde_json::Value>) {
    let (script::Stage(cluster), _) = play(dialogue);
    let mut actions = Actions::<Raft>::default();
    for step in &cluster.steps {
        actions.add(step);
    }
    (cluster.ids().count() as u32, actions.finish().into_iter().map(|(_, event)| event).collect())
}
