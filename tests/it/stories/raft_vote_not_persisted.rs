//! Election Safety violated: n1 and n3 were both elected in term 1
//!
//! Found by `synod sweep raft --seeds 13975..13976`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  n3: Election fires
//!   4  PreVote n3 → n1
//!   5  PreVoteReply n1 → n3
//!   6  PreVoteReply n2 → n1
//!   7  RequestVote n1 → n2
//!   8  RequestVoteReply n2 → n1
//!   9  n2 crashes
//!  10  n2 is back
//!  11  RequestVote n3 → n2
//!  12  RequestVoteReply n2 → n3
//! ```

#[test]
fn raft_election_safety_seed_13975() {
    const STORY: &str = r#"{"schema":"synod.replay/1","algorithm":"raft","seed":13975,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":300000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":256,"members":[1,2,3]},"violation":{"property":"Election Safety","story":"n1 and n3 were both elected in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":1},"kind":"PreVote"}}
{"deliver":{"from":{"node":1},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"crash":{"node":2}}
{"boot":{"node":2}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"end":{"actions":12,"digest":"2811c66d0bae40fc"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
