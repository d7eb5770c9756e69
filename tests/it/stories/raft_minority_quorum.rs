//! Leader Completeness violated: n2 was elected in term 2 without entry 1, committed in term 1
//!
//! Found by `synod sweep raft --seeds 2..3`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  RequestVote n1 → n2
//!   3  n2: Election fires
//! ```

#[test]
fn raft_leader_completeness_seed_2() {
    const STORY: &str = r#"{"schema":"synod.replay/1","algorithm":"raft","seed":2,"nodes":2,"node_config":{"election_timeout":{"end":{"nanos":300000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2]},"violation":{"property":"Leader Completeness","story":"n2 was elected in term 2 without entry 1, committed in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"deliver":{"from":{"node":1},"to":{"node":2},"kind":"RequestVote"}}
{"fire":{"node":2,"timer":"Election"}}
{"end":{"actions":3,"digest":"1a49a5354a132954"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
