//! What is particular to Paxos Commit.
use synod_atomic_commit::paxos_commit::{Body, PaxosCommit, PaxosCommitMessage, Vote};
use synod_protocol::{NodeId, majority};

use super::Style;

impl Style for PaxosCommit {
    const SOMETIMES: &'static [&'static str] = &[
        "call_was_seen_again",
        "commit_was_sent_again",
        "coordinator_crashed_before_it_decided",
        "coordinator_crashed_between_decision_and_last_ack",
        "later_ballot_was_begun",
        "node_ended_for_good",
        "participant_asked_in_doubt",
        "participant_crashed_after_it_promised",
        "transaction_was_refused_for_a_lock",
    ];

    /// A majority of the acceptors brings every transaction to its end, and answers every client.
    fn needed(nodes: u32) -> u32 {
        majority(nodes as usize) as u32
    }

    fn label(message: &PaxosCommitMessage) -> String {
        let txn = message.txn;
        let told = |(of, vote): (&NodeId, &Vote)| match vote {
            Vote::Prepared { .. } => format!("{of} yes"),
            Vote::Aborted => format!("{of} no"),
        };
        match &message.body {
            Body::Prepare(branch) => {
                let ops: Vec<String> = branch.ops.iter().map(ToString::to_string).collect();
                format!("{txn} prepare {}", ops.join(", "))
            }
            Body::Phase1a { ballot } => format!("{txn} 1a {ballot}"),
            Body::Phase1b { ballot, accepted } => {
                let votes = accepted.iter().map(|(of, (at, vote))| format!("{} in {at}", told((of, vote))));
                format!("{txn} 1b {ballot}: {}", votes.collect::<Vec<_>>().join(", "))
            }
            Body::Phase2a { ballot, votes, .. } => {
                format!("{txn} 2a {ballot}: {}", votes.iter().map(told).collect::<Vec<_>>().join(", "))
            }
            Body::Phase2b { ballot, votes } => {
                format!("{txn} 2b {ballot}: {}", votes.iter().map(told).collect::<Vec<_>>().join(", "))
            }
            Body::Promised { ballot } => format!("{txn} promised {ballot}"),
            Body::Outdated => format!("{txn} forgotten"),
            Body::Commit => format!("{txn} commit"),
            Body::Abort => format!("{txn} abort"),
            Body::Ack => format!("{txn} done"),
            Body::Forget => format!("{txn} over"),
        }
    }
}
