//! Leader Completeness violated: n3 was elected in term 2 without entry 2, committed in term 1
//!
//! Found by `synod sweep raft --seeds 0..1`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  RequestVote n1 → n2
//!   5  RequestVoteReply n2 → n1
//!   6  AppendEntries n1 → n2
//!   7  AppendEntriesReply n2 → n1
//!   8  AppendEntries n1 → n3
//!   9  c1 asks n1: Delete { key: 0 }
//!  10  AppendEntries n1 → n2
//!  11  AppendEntriesReply n2 → n1
//!  12  n2: LeaderContact fires
//!  13  n3: LeaderContact fires
//!  14  n3: Election fires
//!  15  PreVote n3 → n2
//!  16  PreVoteReply n2 → n3
//!  17  RequestVote n3 → n2
//!  18  RequestVoteReply n2 → n3
//! ```

#[test]
fn raft_leader_completeness_seed_0() {
    const STORY: &str = r#"{"schema":"synod.replay/2","algorithm":"raft","seed":0,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":160000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":256,"members":[1,2,3]},"violation":{"property":"Leader Completeness","story":"n3 was elected in term 2 without entry 2, committed in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"AppendEntriesReply"}}
{"deliver":{"from":{"node":1},"to":{"node":3},"kind":"AppendEntries"}}
{"request":{"client":1,"via":1,"request":{"delete":{"key":0}},"arrives":true}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"AppendEntriesReply"}}
{"fire":{"node":2,"timer":"LeaderContact"}}
{"fire":{"node":3,"timer":"LeaderContact"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"end":{"actions":18,"digest":"3c80592963065c9b"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
