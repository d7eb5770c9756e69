//! Golden dialogues: what one would show in a lecture, as a play (see `synod_protocol::by_hand::dialogue`).
//! `UPDATE_DIALOGUES=1 cargo test -p synod-atomic-commit` writes the files anew: read the difference before you commit it.
use synod_atomic_commit::{paxos_commit::PaxosCommit, three_phase::ThreePhase, two_phase::TwoPhase};
use synod_protocol::dialogues;

use crate::cluster::Cluster;

dialogues! {
    d01_a_commit: Cluster<TwoPhase>,
    d02_a_lock_is_taken: Cluster<TwoPhase>,
    d03_presumed_abort: Cluster<TwoPhase>,
    d04_blocking: Cluster<TwoPhase>,
    d05_participants_help_each_other: Cluster<TwoPhase>,
    d06_a_decision_is_kept: Cluster<TwoPhase>,
    d07_a_call_comes_again: Cluster<TwoPhase>,
    d08_three_phases: Cluster<ThreePhase>,
    d09_a_partition: Cluster<ThreePhase>,
    d10_all_were_down: Cluster<ThreePhase>,
    d11_paxos_commit: Cluster<PaxosCommit>,
    d12_a_leader_dies: Cluster<PaxosCommit>,
    d13_a_participant_dies: Cluster<PaxosCommit>,
}
