//! Leader Completeness violated: n3 was elected in term 4 without entry 1, committed in term 3
//!
//! Found by `synod sweep raft --seeds 16905..16906`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  RequestVote n1 → n2
//!   5  RequestVoteReply n2 → n1
//!   6  n2: Election fires
//!   7  PreVote n2 → n3
//!   8  n3: Election fires
//!   9  PreVote n3 → n2
//!  10  PreVoteReply n2 → n3
//!  11  RequestVote n3 → n2
//!  12  RequestVoteReply n2 → n3
//!  13  RequestVote n3 → n1
//!  14  n1: Election fires
//!  15  PreVote n1 → n2
//!  16  PreVoteReply n2 → n1
//!  17  RequestVote n1 → n2
//!  18  RequestVoteReply n2 → n1
//!  19  AppendEntries n1 → n2
//!  20  AppendEntriesReply n2 → n1
//!  21  AppendEntries n1 → n2
//!  22  AppendEntriesReply n2 → n1
//!  23  RequestVote n1 → n3
//!  24  n2: LeaderContact fires
//!  25  n3: Election fires
//!  26  PreVote n3 → n2
//!  27  PreVoteReply n2 → n3
//!  28  RequestVote n3 → n2
//!  29  RequestVoteReply n2 → n3
//! ```

#[test]
fn raft_leader_completeness_seed_16905() {
    const STORY: &str = r#"{"schema":"synod.replay/2","algorithm":"raft","seed":16905,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":300000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2,3]},"violation":{"property":"Leader Completeness","story":"n3 was elected in term 4 without entry 1, committed in term 3"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"fire":{"node":2,"timer":"Election"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVote"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":1},"kind":"RequestVote"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"AppendEntriesReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"AppendEntriesReply"}}
{"deliver":{"from":{"node":1},"to":{"node":3},"kind":"RequestVote"}}
{"fire":{"node":2,"timer":"LeaderContact"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"end":{"actions":29,"digest":"89247f1dd0311e85"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
