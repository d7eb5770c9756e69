//! Golden dialogues: what one would show in a lecture, as a play (see `synod_protocol::by_hand::dialogue`). The last node is
//! the master. `UPDATE_DIALOGUES=1 cargo test -p synod-chain-replication` writes the files anew: read the difference
//! before you commit it.
use synod_protocol::dialogues;

use crate::script::Stage;

dialogues! {
    d01_a_write_and_a_read: Stage,
    d02_the_head_fails: Stage,
    d03_a_middle_fails: Stage,
    d04_the_tail_fails: Stage,
    d05_a_new_tail: Stage,
    d06_a_tail_of_the_past: Stage,
    d07_a_dirty_read: Stage,
    d08_reads_go_back_in_time: Stage,
}
