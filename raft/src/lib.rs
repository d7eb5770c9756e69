//! Raft (Ongaro & Ousterhout 2014), readable beside the paper: elections with pre-vote, replication, exactly-once sessions, ReadIndex.
