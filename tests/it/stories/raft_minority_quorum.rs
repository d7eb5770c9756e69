//! Election Safety violated: n1 and n2 were both elected in term 1
//!
//! Found by `synod sweep raft --seeds 2..3`.
//!
//! ```text
//!   1  n1: Election fires
//!   2  n2: Election fires
//! ```

#[test]
fn raft_election_safety_seed_2() {
    const STORY: &str = r#"{"schema":"synod.replay/2","algorithm":"raft","seed":2,"nodes":2,"node_config":{"election_timeout":{"end":{"nanos":300000000,"secs":0},"start":{"nanos":150000000,"secs":0}},"heartbeat_interval":{"nanos":50000000,"secs":0},"max_appends_in_flight":1,"max_entries_per_append":1,"members":[1,2]},"violation":{"property":"Election Safety","story":"n1 and n2 were both elected in term 1"}}
{"fire":{"node":1,"timer":"Election"}}
{"fire":{"node":2,"timer":"Election"}}
{"end":{"actions":2,"digest":"4e085e0e1e09324a"}}
"#;
    synod_cli::replay::holds::<synod_cli::raft::Raft>(STORY).expect("the story ends well");
}
