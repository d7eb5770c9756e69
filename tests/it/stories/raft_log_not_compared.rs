//! Leader Completeness violated: n3 was elected in term 2 without entry 1, committed in term 1
//!
//! Found by `synod sweep raft --seeds 1..2`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  RequestVote n1 → n2
//!   5  RequestVoteReply n2 → n1
//!   6  AppendEntries n1 → n2
//!   7  AppendEntriesReply n2 → n1
//!   8  n2 crashes
//!   9  n2 is back
//!  10  n2: Election fires
//!  11  PreVote n2 → n3, and once more
//!  12  n3: Election fires
//!  13  PreVote n3 → n2
//!  14  PreVoteReply n2 → n3
//!  15  RequestVote n3 → n2
//!  16  RequestVoteReply n2 → n3
//! ```

#[test]
fn raft_leader_completeness_seed_1() {
    const STORY: &str = r#"{"schema":"synod.replay/1","algorithm":"raft","seed":1,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":300000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2,3]},"violation":{"property":"Leader Completeness","story":"n3 was elected in term 2 without entry 1, committed in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"AppendEntriesReply"}}
{"crash":{"node":2}}
{"boot":{"node":2}}
{"fire":{"node":2,"timer":"Election"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVote","again":true}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"end":{"actions":16,"digest":"ad9361ed5de83a30"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
