//! The crate raft and `Raft.tla` name each other.
use crate::spec_link::Link;

#[test]
fn code_and_spec_name_each_other() {
    let link = Link {
        spec: "tla/raft/Raft.tla",
        code: "raft/src",
        event: ("RaftEvent", "raft/src/event.rs"),
        without_event: &[
            ("Restart", "a boot is a step of the harness, which every trace has"),
            ("SendAppendEntries", "each message is in the effects of its step"),
            ("AskRead", "each read is the input of its step"),
        ],
    };
    link.check();
}
