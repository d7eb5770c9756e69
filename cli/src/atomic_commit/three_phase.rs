//! What is particular to three-phase commit.
use std::time::Duration;

use synod_atomic_commit::{
    Config,
    three_phase::{Body, Standing, ThreePhase, ThreePhaseMessage},
};
use synod_simulator::{Draws, Fault};

use super::{Style, in_past};

impl Style for ThreePhase {
    /// A synchronous network: nodes crash and come back, and what is sent between nodes that are up arrives in time.
    /// With any fault that delays or loses messages it must be expected to be violated, and is.
    const FAULTS: &'static [Fault] = &[Fault::Duplication, Fault::Crash, Fault::Torn, Fault::CrashLoop];

    const SOMETIMES: &'static [&'static str] = &[
        "call_was_seen_again",
        "commit_was_sent_again",
        "coordinator_crashed_before_it_decided",
        "coordinator_crashed_between_decision_and_last_ack",
        "participant_asked_in_doubt",
        "participant_crashed_after_it_promised",
        "participant_pre_committed",
        "participant_refused_because_another_asked",
        "participant_took_over",
        "transaction_was_refused_for_a_lock",
    ];

    /// All: no crash blocks the others, but each holds keys, and has clients, that nobody else has.
    fn needed(nodes: u32) -> u32 {
        nodes
    }

    /// Above all that a message and two syncs can take.
    fn drawn(config: Config, draws: &mut Draws) -> Config {
        let ms = Duration::from_millis;
        let patience = draws.pick(&[60, 100, 250]).copied().unwrap_or(100);
        let doubt = patience + 100;
        Config { patience: ms(patience), doubt: ms(doubt)..ms(doubt + 50), ..config }
    }

    fn label(message: &ThreePhaseMessage) -> String {
        let txn = message.txn;
        match &message.body {
            Body::Prepare(branch) => {
                let ops: Vec<String> = branch.ops.iter().map(ToString::to_string).collect();
                format!("{txn} prepare {}", ops.join(", "))
            }
            Body::VoteYes { .. } => format!("{txn} yes"),
            Body::VoteNo => format!("{txn} no"),
            Body::PreCommit => format!("{txn} pre-commit"),
            Body::PreAck => format!("{txn} pre-committed"),
            Body::Commit => format!("{txn} commit"),
            Body::Abort => format!("{txn} abort"),
            Body::Ack => format!("{txn} done"),
            Body::AskState => format!("{txn}?"),
            Body::State { standing, was_down } => {
                let standing = match standing {
                    Standing::Uncertain => "uncertain",
                    Standing::PreCommitted => "pre-committed",
                    Standing::Decided(decision) => in_past(*decision),
                };
                format!("{txn} {standing}{}", if *was_down { ", was down" } else { "" })
            }
        }
    }
}
