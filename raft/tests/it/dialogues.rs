//! Golden dialogues: what one would show in a lecture, as a play (see `synod_protocol::by_hand::dialogue`).
//! `UPDATE_DIALOGUES=1 cargo test -p synod-raft` writes the files anew: read the difference before you commit it.
use synod_protocol::dialogues;

use crate::script::Stage;

dialogues! {
    d01_an_election: Stage,
    d02_a_split_vote: Stage,
    d03_a_write: Stage,
    d04_a_failover: Stage,
    d05_logs_that_part: Stage,
    d06_figure_8: Stage,
    d07_a_server_comes_back: Stage,
    d08_a_leader_alone: Stage,
    d09_a_vote_and_a_crash: Stage,
    d10_exactly_once: Stage,
    d11_a_read_of_a_deposed_leader: Stage,
    d12_a_slow_disk: Stage,
}
