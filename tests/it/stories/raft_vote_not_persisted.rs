//! Election Safety violated: n3 and n1 were both elected in term 1
//!
//! Found by `synod sweep raft --seeds 34880..34881`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  PreVote n1 → n2
//!   3  PreVoteReply n2 → n1
//!   4  n3: Election fires
//!   5  PreVote n3 → n2
//!   6  PreVoteReply n2 → n3
//!   7  RequestVote n3 → n2
//!   8  RequestVoteReply n2 → n3
//!   9  n2 crashes
//!  10  n2 is back
//!  11  RequestVote n1 → n2
//!  12  RequestVoteReply n2 → n1
//! ```

#[test]
fn raft_election_safety_seed_34880() {
    const STORY: &str = r#"{"schema":"synod.replay/2","algorithm":"raft","seed":34880,"nodes":3,"node_config":{"election_timeout":{"end":{"nanos":160000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2,3]},"violation":{"property":"Election Safety","story":"n3 and n1 were both elected in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"PreVoteReply"}}
{"fire":{"node":3,"timer":"Election"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"PreVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"PreVoteReply"}}
{"deliver":{"from":{"node":3},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":3},"kind":"RequestVoteReply"}}
{"crash":{"node":2}}
{"boot":{"node":2}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"deliver":{"from":{"node":2},"to":{"node":1},"kind":"RequestVoteReply"}}
{"end":{"actions":12,"digest":"4d9e773b414541e6"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
