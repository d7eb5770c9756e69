//! Leader Completeness violated: n1 was elected in term 4 without entry 1, committed in term 3
//!
//! Found by `synod sweep raft --seeds 413..414`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  n3: Election fires
//!   5  PreVote n3 → n2
//!   6  n3: Election fires
//!   7  PreVoteReply n2 → n3
//!   8  RequestVote n3 → n2
//!   9  RequestVoteReply n2 → n3
//!  10  n1: Election fires
//!  11  PreVote n1 → n2
//!  12  PreVoteReply n2 → n1, and once more
//!  13  RequestVote n1 → n2
//!  14  RequestVoteReply n2 → n1
//!  15  PreVote n3 → n2
//!  16  PreVoteReply n2 → n3
//!  17  n3: Election fires
//!  18  PreVote n3 → n2
//!  19  PreVoteReply n2 → n3
//!  20  RequestVote n3 → n2
//!  21  RequestVoteReply n2 → n3
//!  22  AppendEntries n3 → n2
//!  23  AppendEntriesReply n2 → n3
//!  24  AppendEntries n3 → n2
//!  25  AppendEntriesReply n2 → n3
//!  26  n2 crashes
//!  27  n2 is back
//!  28  n2: Election fires
//!  29  PreVote n2 → n1
//!  30  n1: Election fires
//!  31  PreVote n1 → n2
//!  32  PreVoteReply n2 → n1
//!  33  RequestVote n1 → n2
//!  34  RequestVoteReply n2 → n1
//! ```

#[test]
fn raft_leader_completeness_seed_413() {
    const STORY: &str = r#"{"schema":"synod.replay/1","algorithm":"raft","seed":413,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":90000000,"secs":0},"start":{"nanos":60000000,"secs":0}},"heartbeat_interval":{"nanos":20000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2,3]},"violation":{"property":"Leader Completeness","story":"n1 was elected in term 4 without entry 1, committed in term 3"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply","again":true}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"AppendEntriesReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"AppendEntries"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"AppendEntriesReply"}}
{"crash":{"node":2}}
{"boot":{"node":2}}
{"fire":{"node":2,"timer":"Election"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVote"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"end":{"actions":34,"digest":"8b025e99b491aa54"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
