//! Multi-Paxos in the few words that fit into a space–time diagram.
use synod_kv::Command;
use synod_paxos::multi::{MultiPaxosEvent, MultiPaxosMessage, Request, Response, Value};

use super::Wire;

pub(super) fn label(message: &Wire) -> String {
    match message {
        MultiPaxosMessage::Prepare { ballot, chosen } => format!("Prepare {ballot} after {chosen}"),
        MultiPaxosMessage::Promise(promise) => {
            let votes: Vec<String> = promise
                .votes
                .iter()
                .take(3)
                .map(|(slot, vote)| format!("{slot} = {} in {}", short(&vote.value), vote.ballot))
                .collect();
            let more = if promise.votes.len() > 3 { ", …" } else { "" };
            let snapshot = promise.snapshot.as_ref().map(|it| format!(" with a snapshot of {}", it.through));
            let told = if votes.is_empty() { "no votes".to_owned() } else { votes.join(", ") };
            format!("Promise {}: {told}{more}{}", promise.ballot, snapshot.unwrap_or_default())
        }
        MultiPaxosMessage::Accept(accept) if accept.values.is_empty() => {
            format!("alive in {}, chosen {}", accept.ballot, accept.chosen)
        }
        MultiPaxosMessage::Accept(accept) => {
            let values: Vec<&str> = accept.values.iter().take(3).map(short).collect();
            let more = if accept.values.len() > 3 { ", …" } else { "" };
            format!("Accept {}: {} = {}{more}", accept.ballot, accept.first, values.join(", "))
        }
        MultiPaxosMessage::Accepted(accepted) => match (accepted.count, accepted.missing) {
            (0, None) => format!("takes part in {}", accepted.ballot),
            (0, Some(missing)) => format!("takes part in {}, lacks {missing}", accepted.ballot),
            (1, _) => format!("voted for {} in {}", accepted.first, accepted.ballot),
            (count, _) => format!("voted for {count} from {} in {}", accepted.first, accepted.ballot),
        },
        MultiPaxosMessage::Nack { promised, .. } => format!("promised {promised}"),
        MultiPaxosMessage::Install { snapshot, .. } => format!("snapshot of {}", snapshot.through),
    }
}

fn short(value: &Value<Command>) -> &'static str {
    match value {
        Value::NoOp => "no-op",
        Value::Command { command, .. } => match **command {
            Request::Command(_) => "command",
            Request::Reconfigure(_) => "members",
        },
    }
}

pub(super) fn ask(request: &super::Request) -> String {
    match request {
        Request::Command(command) => command.to_string(),
        Request::Reconfigure(wish) => {
            let members: Vec<String> = wish.members.iter().map(ToString::to_string).collect();
            format!("members {}", members.join(" "))
        }
    }
}

pub(super) fn say(response: &super::Response) -> String {
    match response {
        Response::Output(output) => format!("{output:?}"),
        Response::Reconfigured { epoch, from } => format!("epoch {epoch} from slot {from}"),
        Response::Refused(refusal) => format!("refused: {refusal}"),
    }
}

pub(super) fn caption(event: &MultiPaxosEvent) -> Option<String> {
    Some(match event {
        MultiPaxosEvent::Prepared { ballot, .. } => format!("begins ballot {ballot}"),
        MultiPaxosEvent::Promised { ballot, .. } => format!("promises {ballot}"),
        MultiPaxosEvent::BecameLeader { ballot, .. } => format!("LEADS BALLOT {ballot}"),
        MultiPaxosEvent::Proposed { first, last, .. } if first == last => {
            format!("proposes for slot {first}")
        }
        MultiPaxosEvent::Proposed { first, last, .. } => format!("proposes for slots {first} to {last}"),
        MultiPaxosEvent::Accepted { first, last, ballot } if last.0 > 0 => {
            let slots = if first == last { format!("{first}") } else { format!("{first} to {last}") };
            format!("votes for {slots} in {ballot}")
        }
        MultiPaxosEvent::Chose { through, .. } => format!("CHOSEN up to {through}"),
        MultiPaxosEvent::Learned { through, .. } => format!("learns up to {through}"),
        MultiPaxosEvent::SteppedDown { ballot } => format!("gives up {ballot}"),
        MultiPaxosEvent::LostLeader { leader } => format!("forgets {leader}"),
        MultiPaxosEvent::LostQuorum { .. } => "hears no quorum".into(),
        MultiPaxosEvent::Refused { ballot, .. } => format!("refuses {ballot}"),
        MultiPaxosEvent::AnsweredReads { reads, .. } => format!("answers {reads} reads"),
        MultiPaxosEvent::SawCallAgain { client, .. } => format!("knows this call of {client}"),
        MultiPaxosEvent::TookSnapshot { through, .. } => format!("snapshot of {through}"),
        MultiPaxosEvent::Installed { through } => format!("INSTALLS SNAPSHOT of {through}"),
        MultiPaxosEvent::Reconfigured { from, .. } => format!("OTHERS DECIDE from {from}"),
        MultiPaxosEvent::OutOfBallots => "has no later ballot".into(),
        MultiPaxosEvent::IgnoredVotes { after } => format!("leaves out votes after slot {after}"),
        MultiPaxosEvent::IgnoredNonsense { .. } => "ignores it".into(),
        MultiPaxosEvent::Accepted { .. }
        | MultiPaxosEvent::GotPromise { .. }
        | MultiPaxosEvent::WasRefused { .. }
        | MultiPaxosEvent::SentHeartbeat { .. }
        | MultiPaxosEvent::StartedRound { .. } => return None,
    })
}
