//! Golden dialogues: what one would show in a lecture, as a play (see `synod_protocol::by_hand::dialogue`).
//! `UPDATE_DIALOGUES=1 cargo test -p synod-paxos` writes the files anew: read the difference before you commit it.
use synod_protocol::dialogues;

use crate::stage::{ManySlots, OneValue};

dialogues! {
    m01_a_write: ManySlots,
    m02_a_hole_and_a_no_op: ManySlots,
    m03_a_chosen_value_and_a_new_leader: ManySlots,
    m04_a_read_by_quorum: ManySlots,
    m05_a_deposed_leader_reads_nothing: ManySlots,
    m06_a_laggard_and_a_snapshot: ManySlots,
    m07_a_ballot_outbid: ManySlots,
    m08_a_server_is_replaced: ManySlots,
    s01_one_value: OneValue,
    s02_duelling_proposers: OneValue,
    s03_the_chosen_value_survives: OneValue,
    s04_the_highest_vote_binds: OneValue,
    s05_flexible_quorums: OneValue,
}
