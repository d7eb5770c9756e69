//! The golden dialogues of the crate chain-replication, held to its specs: what is told in a lecture is what they do.
use std::{fs, path::Path};

use synod_chain_replication::Reads;
use synod_cli::{
    chain::{Chain, Craq},
    conform::{Conforms, actions::Actions},
};
use synod_protocol::by_hand::dialogue::play;
use synod_tla::{Followed, Shelf, follow};

// The very stage on which its own tests play them; they also use what is not used here.
#[allow(dead_code, reason = "its own tests use the rest")]
#[path = "../../chain-replication/tests/it/cluster.rs"]
mod cluster;
#[allow(dead_code, reason = "its own tests use the rest")]
#[path = "../../chain-replication/tests/it/script.rs"]
mod script;

#[test]
fn dialogues_are_behaviours_of_the_spec() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chain-replication/tests/dialogues");
    let shelf = Shelf::unpack().expect("a temporary folder");
    let (mut of_chain, mut of_craq) = (0, 0);
    for file in fs::read_dir(folder).expect("the dialogues are there") {
        let path = file.expect("it can be listed").path();
        let (script::Stage { cluster, .. }, _) = play(&fs::read_to_string(&path).expect("it can be read"));
        let name = path.file_name().unwrap_or_default().display().to_string();
        if cluster.config.reads == Reads::Tail {
            is_accepted::<Chain>(&shelf, &name, &cluster);
            of_chain += 1;
        }
        // CRAQ is chain replication where only the tail is asked.
        is_accepted::<Craq>(&shelf, &name, &cluster);
        of_craq += 1;
    }
    assert!(of_chain >= 6 && of_craq >= 8, "only {of_chain} and {of_craq} dialogues");
}

fn is_accepted<A: Conforms<Node = cluster::Server>>(shelf: &Shelf, name: &str, cluster: &cluster::Cluster) {
    let mut actions = Actions::<A>::default();
    for step in &cluster.steps {
        actions.add(step);
    }
    let events: Vec<_> = actions.finish().into_iter().map(|(_, event)| event).collect();
    assert!(events.len() >= 8, "{name}: only {} actions", events.len());
    let constants = A::constants(&cluster.config, cluster.master());
    match follow(shelf, A::SPEC, &constants, &events).expect("a verdict") {
        // Nothing in them leaves a choice.
        Followed::Accepted { states } => assert_eq!(states, events.len() as u64 + 1, "{name}"),
        Followed::Rejected(rejected) => {
            let (matched, why, conjunct) = (rejected.matched, &rejected.why, &rejected.conjunct);
            panic!("{name}, action {matched}: {why}; {conjunct:?}\n{}", events[matched])
        }
    }
}
