//! The crate paxos and its two specs name each other.
use crate::spec_link::Link;

#[test]
fn one_decree_and_its_spec_name_each_other() {
    let link = Link {
        spec: "tla/paxos/Paxos.tla",
        code: "paxos/src/single",
        event: ("PaxosEvent", "paxos/src/single/event.rs"),
        without_event: &[],
    };
    link.check();
}

#[test]
fn the_log_and_its_spec_name_each_other() {
    let link = Link {
        spec: "tla/paxos/MultiPaxos.tla",
        code: "paxos/src/multi",
        event: ("MultiPaxosEvent", "paxos/src/multi/event.rs"),
        without_event: &[
            ("Restart", "a boot is a step of the harness, which every trace has"),
            ("SendAccept", "each message is in the effects of its step"),
            ("SendInstall", "each message is in the effects of its step"),
            ("HandleAccepted", "each message is the input of its step"),
            ("AskRead", "each read is the input of its step"),
        ],
    };
    link.check();
}
