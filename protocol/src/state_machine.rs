//! The replicated application.
use crate::Data;

/// A deterministic state machine (Schneider 1990): equal states and equal commands give equal outputs.
///
/// It lives *inside* the node, as in the Raft paper's Figure 1, so that commit → apply → reply is one
/// straight line.
pub trait StateMachine: Data + Default {
    type Command: Data;
    type Output: Data;
    /// All that [`restore`](StateMachine::restore) needs. It may be large: keep it behind an `Arc`.
    type Snapshot: Data;

    fn apply(&mut self, command: &Self::Command) -> Self::Output;

    /// Does this command change nothing in any state? Then it may be answered by
    /// [`query`](StateMachine::query), without a place in the log.
    fn is_read_only(command: &Self::Command) -> bool;

    /// Can this update change what that command returns? Two commands about different objects do not
    /// interfere; a state machine that does not know its objects says yes.
    fn interferes(_update: &Self::Command, _with: &Self::Command) -> bool {
        true
    }

    /// What `apply` would return, for a read-only command.
    fn query(&self, command: &Self::Command) -> Self::Output;

    fn snapshot(&self) -> Self::Snapshot;
    /// `restore(&s.snapshot()) == s`.
    fn restore(snapshot: &Self::Snapshot) -> Self;
}
