//! Leader Completeness violated: n2 was elected in term 2 without entry 1, committed in term 1
//!
//! Found by `synod sweep raft --seeds 184..185`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  RequestVote n1 → n2
//!   5  RequestVoteReply n2 → n1
//!   6  AppendEntries n1 → n3
//!   7  AppendEntriesReply n3 → n1
//!   8  n3 crashes and loses 1 record
//!   9  n3 is back
//!  10  n2: Election fires
//!  11  PreVote n2 → n3, and once more
//!  12  PreVoteReply n3 → n2
//!  13  RequestVote n2 → n3
//!  14  RequestVoteReply n3 → n2
//! ```

#[test]
fn raft_leader_completeness_seed_184() {
    const STORY: &str = r#"{"schema":"synod.replay/2","algorithm":"raft","seed":184,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":160000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2,3]},"violation":{"property":"Leader Completeness","story":"n2 was elected in term 2 without entry 1, committed in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":3},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":3},"to":{"node":1},"kind":"AppendEntriesReply"}}
{"crash":{"node":3,"lose":1}}
{"boot":{"node":3}}
{"fire":{"node":2,"timer":"Election"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVote","again":true}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVote"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVoteReply"}}
{"end":{"actions":14,"digest":"d1fadfbd2aa96897"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
