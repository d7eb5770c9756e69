//! Leader Completeness violated: n3 was elected in term 3 without entry 2, committed in term 2
//!
//! Found by `synod sweep raft --seeds 184..185`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  RequestVote n1 → n2
//!   5  RequestVoteReply n2 → n1
//!   6  AppendEntries n1 → n2
//!   7  n2: LeaderContact fires
//!   8  n2: Election fires
//!   9  PreVote n2 → n3
//!  10  PreVoteReply n3 → n2
//!  11  RequestVote n2 → n3
//!  12  RequestVoteReply n3 → n2
//!  13  AppendEntries n2 → n1
//!  14  AppendEntriesReply n1 → n2
//!  15  AppendEntries n2 → n3
//!  16  AppendEntriesReply n3 → n2
//!  17  AppendEntries n2 → n3
//!  18  n3 crashes
//!  19  n1 crashes and loses 1 record
//!  20  n3 is back
//!  21  n1 is back
//!  22  n3: Election fires
//!  23  PreVote n3 → n1, and once more
//!  24  PreVoteReply n1 → n3
//!  25  RequestVote n3 → n1
//!  26  RequestVoteReply n1 → n3
//! ```

#[test]
fn raft_leader_completeness_seed_184() {
    const STORY: &str = r#"{"schema":"synod.replay/2","algorithm":"raft","seed":184,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":160000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2,3]},"violation":{"property":"Leader Completeness","story":"n3 was elected in term 3 without entry 2, committed in term 2"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntries"}}
{"fire":{"node":2,"timer":"LeaderContact"}}
{"fire":{"node":2,"timer":"Election"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVote"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVote"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntriesReply"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"AppendEntriesReply"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"AppendEntries"}}
{"crash":{"node":3}}
{"crash":{"node":1,"lose":1}}
{"boot":{"node":3}}
{"boot":{"node":1}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":1},"kind":"PreVote","again":true}}
{"deliver":{"from":{"node":1},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":1},"kind":"RequestVote"}}
{"deliver":{"from":{"node":1},"to":{"node":3},"kind":"RequestVoteReply"}}
{"end":{"actions":26,"digest":"0ef1405a9c288889"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
