//! What `synod run chain` has to tell, and that the composition with Raft is a verb's argument like every other.
use crate::{folder, stderr, stdout, synod};

/// Each place of a chain is lost once, and whoever was lost comes back as a new tail.
#[test]
fn every_place_of_a_chain_is_lost_and_made_up_for() {
    let here = folder("chain-places");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/chain-places.toml");
    let run = format!("run chain --nodes 5 --seed 1 --ops 600 --sim-time 20s --scenario {scenario} --out o");
    let output = synod(&here, &run);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    for said in ["epoch 2 is n2 → n3 → n4", "lets n1 join", "has handed over to n1", "a new tail:"] {
        assert!(text.contains(said), "{said:?} is not in\n{text}");
    }
}

/// A master that leads is lost or cut off, again and again.
#[test]
fn a_chain_lives_on_under_masters_that_come_and_go() {
    let here = folder("chain-masters");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/chain-masters.toml");
    let run =
        format!("run chain-raft --nodes 7 --seed 1 --ops 600 --sim-time 20s --scenario {scenario} --out o");
    let output = synod(&here, &run);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.matches("leads the masters").count() >= 3, "masters come and go:\n{text}");
    assert!(text.contains("takes servers for dead"), "{text}");
}
