//! What broke Raft when bugs were planted in it (`docs/bug-stories.md`) does not break it without them.
//!
//! The tests are as `synod sweep` wrote them; `scripts/planted-bugs --stories tests/it/stories` makes them anew.
mod raft_acknowledged_before_sync;
mod raft_log_not_compared;
mod raft_minority_quorum;
mod raft_old_term_committed;
mod raft_vote_not_persisted;
