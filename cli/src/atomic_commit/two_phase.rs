//! What is particular to two-phase commit.
use synod_atomic_commit::two_phase::{Body, TwoPhase, TwoPhaseMessage};

use super::Style;

impl Style for TwoPhase {
    const SOMETIMES: &'static [&'static str] = &[
        "abort_was_presumed",
        "call_was_seen_again",
        "commit_was_sent_again",
        "coordinator_crashed_before_it_decided",
        "coordinator_crashed_between_decision_and_last_ack",
        "participant_asked_in_doubt",
        "participant_crashed_after_it_promised",
        "participant_refused_because_another_asked",
        "participant_was_told_by_another",
        "participants_were_blocked",
        "transaction_was_refused_for_a_lock",
    ];

    /// All: each holds keys that nobody else has, and coordinates for clients that have nobody else.
    fn needed(nodes: u32) -> u32 {
        nodes
    }

    fn label(message: &TwoPhaseMessage) -> String {
        let txn = message.txn;
        match &message.body {
            Body::Prepare(branch) => {
                let ops: Vec<String> = branch.ops.iter().map(ToString::to_string).collect();
                format!("{txn} prepare {}", ops.join(", "))
            }
            Body::VoteYes { .. } => format!("{txn} yes"),
            Body::VoteNo => format!("{txn} no"),
            Body::Commit => format!("{txn} commit"),
            Body::Abort => format!("{txn} abort"),
            Body::Ack => format!("{txn} done"),
            Body::Inquire => format!("{txn}?"),
        }
    }
}
