//! Raft in the few words that fit into a space–time diagram.
use synod_kv::Command;
use synod_raft::{Body, Payload, RaftEvent, RaftMessage};

pub(super) fn label(message: &RaftMessage<Command>) -> String {
    let term = message.term;
    match &message.body {
        Body::PreVote(_) => format!("PreVote t{term}"),
        Body::PreVoteReply { granted: true } => "would".into(),
        Body::PreVoteReply { granted: false } => "would not".into(),
        Body::RequestVote(_) => format!("RequestVote t{term}"),
        Body::RequestVoteReply { granted: true } => format!("vote t{term}"),
        Body::RequestVoteReply { granted: false } => format!("no vote t{term}"),
        Body::AppendEntries(append) if append.entries.is_empty() => format!("heartbeat t{term}"),
        Body::AppendEntries(append) => {
            let (first, count) = (append.prev_log_index.next(), append.entries.len());
            let entries: Vec<String> = append
                .entries
                .iter()
                .take(3)
                .map(|entry| match &entry.payload {
                    Payload::NoOp => format!("no-op of t{}", entry.term),
                    Payload::Command { .. } => format!("command of t{}", entry.term),
                })
                .collect();
            let more = if count > 3 { ", …" } else { "" };
            format!("Append t{term}: {first} = {}{more}", entries.join(", "))
        }
        Body::AppendEntriesReply { outcome, .. } => match outcome {
            synod_raft::Outcome::Matched { index } => format!("has up to {index}, t{term}"),
            synod_raft::Outcome::Conflict { prev_log_index, .. } => {
                format!("lacks {prev_log_index}, t{term}")
            }
            synod_raft::Outcome::StaleTerm => format!("stale, t{term}"),
        },
    }
}

pub(super) fn caption(event: &RaftEvent) -> Option<String> {
    Some(match event {
        RaftEvent::LostLeader { leader, .. } => format!("forgets {leader}"),
        RaftEvent::BecamePreCandidate { .. } => "asks who would vote".into(),
        RaftEvent::PreVoted { candidate, granted: true, .. } => format!("would vote for {candidate}"),
        RaftEvent::PreVoted { candidate, granted: false, .. } => format!("would not vote for {candidate}"),
        RaftEvent::BecameCandidate { term } => format!("stands in term {term}"),
        RaftEvent::Voted { candidate, granted: true, term } => {
            format!("votes for {candidate} in term {term}")
        }
        RaftEvent::Voted { candidate, granted: false, .. } => format!("refuses {candidate}"),
        RaftEvent::BecameLeader { term, .. } => format!("LEADS TERM {term}"),
        RaftEvent::LostQuorum { term } => format!("gives up term {term}"),
        RaftEvent::Appended { index, term, .. } => format!("appends entry {index} of term {term}"),
        RaftEvent::HandledAppendEntries { matched: false, .. } => "refuses".into(),
        RaftEvent::CommitAdvanced { index, .. } => format!("COMMITS up to {index}"),
        RaftEvent::AnsweredReads { reads, .. } => format!("answers {reads} reads"),
        RaftEvent::SawCallAgain { client, .. } => format!("knows this call of {client}"),
        RaftEvent::OutOfTerms => "has no later term".into(),
        RaftEvent::IgnoredNonsense { .. } => "ignores it".into(),
        RaftEvent::TermAdvanced { .. }
        | RaftEvent::GotVote { .. }
        | RaftEvent::HandledAppendEntries { matched: true, .. }
        | RaftEvent::HandledAppendEntriesReply { .. }
        | RaftEvent::SentHeartbeat { .. }
        | RaftEvent::StartedRound { .. } => return None,
    })
}
