//! The crate chain-replication and its two specs name each other. `Craq.tla` takes over what `ChainReplication.tla` says,
//! all but the reads.
use crate::spec_link::Link;

#[test]
fn the_chain_and_its_specs_name_each_other() {
    let link = Link {
        spec: "tla/chain-replication/Craq.tla",
        code: "chain-replication/src",
        event: ("ChainEvent", "chain-replication/src/event.rs"),
        without_event: &[
            ("SendUpdate", "each message is in the effects of its step"),
            ("SendAck", "each message is in the effects of its step"),
            ("SendJoined", "each message is in the effects of its step"),
            ("LearnHas", "each message is the input of its step"),
        ],
    };
    link.check_with(&["tla/chain-replication/ChainReplication.tla"]);
}
