//! The words of either kind of server in a dialogue: its own commands, and how its steps are told.
use synod_kv::{Command, Store};
use synod_paxos::{
    QuorumSizes,
    multi::{self, MultiPaxos, MultiPaxosEvent, MultiPaxosMessage},
    single::{self, Paxos, PaxosEvent, PaxosMessage},
};
use synod_protocol::{
    Node,
    by_hand::dialogue::{self, Stage, Words},
};

use crate::servers::{
    Replicas, Request, Response, Synod, campaign, elect, get, led_with, members, n, put, settle, synod_of,
};

/// Servers that choose one number.
pub(crate) struct OneValue(Synod);

/// Servers that replicate a store.
pub(crate) struct ManySlots(Replicas);

impl Stage for OneValue {
    fn open(words: &[&str]) -> Option<OneValue> {
        let (nodes, _, quorums) = cluster(words)?;
        Some(OneValue(synod_of(nodes, quorums.phase_1, quorums.phase_2)))
    }

    fn act(&mut self, words: &[&str]) -> String {
        assert!(dialogue::act::<OneValue, _>(&mut self.0, words), "no such command: {words:?}");
        dialogue::tell::<OneValue, _>(&mut self.0)
    }
}

impl Stage for ManySlots {
    /// Server 1 leads, and a snapshot is taken every four slots. Where servers can be replaced, α is 3.
    fn open(words: &[&str]) -> Option<ManySlots> {
        let (nodes, spares, quorums) = cluster(words)?;
        let mut config = multi::Config { quorums, ..multi::Config::new((1..=nodes).map(n)) };
        (config.snapshot_every, config.kept_behind_snapshot) = (4, 1);
        if spares > 0 {
            (config.spares, config.window) = ((nodes + 1..=nodes + spares).map(n).collect(), 3);
        }
        Some(ManySlots(led_with(config)))
    }

    fn act(&mut self, words: &[&str]) -> String {
        match words {
            ["campaign", id] => campaign(&mut self.0, number(id)),
            ["elect", id] => elect(&mut self.0, number(id)),
            ["settle", id] => settle(&mut self.0, number(id)),
            _ => assert!(dialogue::act::<ManySlots, _>(&mut self.0, words), "no such command: {words:?}"),
        }
        dialogue::tell::<ManySlots, _>(&mut self.0)
    }
}

/// `cluster 4 3 2`: of four servers, three make a phase-1 quorum and two a phase-2 quorum. `cluster 3 and 1 spare`: three,
/// and one that can be made a member.
fn cluster(words: &[&str]) -> Option<(u32, u32, QuorumSizes)> {
    let ["cluster", nodes, rest @ ..] = words else { return None };
    let majorities = QuorumSizes::majorities(number(nodes));
    Some(match rest {
        ["and", spares, "spare" | "spares"] => (number(nodes), number(spares), majorities),
        [one, two] => (number(nodes), 0, QuorumSizes { phase_1: number(one), phase_2: number(two) }),
        _ => (number(nodes), 0, majorities),
    })
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.trim_start_matches('n').parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

impl Words for OneValue {
    type Node = Paxos<u32>;

    fn request(words: &[&str]) -> u32 {
        number(words[1])
    }

    fn ask(value: &u32) -> String {
        format!("propose {value}")
    }

    fn say(chosen: &<Paxos<u32> as Node>::Response) -> String {
        plain(chosen)
    }

    fn tell(message: &PaxosMessage<u32>) -> String {
        match message {
            PaxosMessage::Prepare { ballot } => format!("Prepare {ballot}"),
            PaxosMessage::Promise { ballot, vote: None } => format!("Promise {ballot}: never voted"),
            PaxosMessage::Promise { ballot, vote: Some(vote) } => {
                format!("Promise {ballot}: voted for {} in {}", vote.value, vote.ballot)
            }
            PaxosMessage::Accept { ballot, value } => format!("Accept {ballot}: {value}"),
            PaxosMessage::Accepted { ballot, value } => format!("Accepted {ballot}: {value}"),
            PaxosMessage::Nack { ballot, promised } => format!("Nack {ballot}: promised {promised}"),
        }
    }

    fn disk(record: &single::Record<u32>) -> Option<String> {
        Some(match record {
            single::Record::Tried(ballot) => format!("tried {ballot}"),
            single::Record::Promised(ballot) => format!("promised {ballot}"),
            single::Record::Voted(vote) => format!("voted for {} in {}", vote.value, vote.ballot),
        })
    }

    fn fields(event: &PaxosEvent) -> String {
        fields(event)
    }
}

impl Words for ManySlots {
    type Node = MultiPaxos<Store>;

    fn request(words: &[&str]) -> Request {
        match words {
            ["put", key, value] => put(number(key), number(value)),
            ["get", key] => get(number(key)),
            ["members", ids @ ..] => members(&ids.iter().map(|id| number(id)).collect::<Vec<_>>()),
            other => panic!("no such request: {other:?}"),
        }
    }

    fn ask(request: &Request) -> String {
        asked(request)
    }

    fn say(response: &Response) -> String {
        match response {
            Response::Output(output) => plain(output),
            Response::Reconfigured { epoch, from } => format!("epoch {epoch} begins at slot {from}"),
            Response::Refused(refusal) => format!("refused: {refusal}"),
        }
    }

    fn tell(message: &MultiPaxosMessage<Store>) -> String {
        match message {
            MultiPaxosMessage::Prepare { ballot, chosen } => {
                format!("Prepare {ballot}, for slots after {chosen}")
            }
            MultiPaxosMessage::Promise(promise) => {
                let vote = |(slot, vote): &(_, multi::Vote<_>)| {
                    format!("; slot {slot}: {} in {}", value(&vote.value), vote.ballot)
                };
                let votes: String = promise.votes.iter().map(vote).collect();
                let snapshot =
                    promise.snapshot.as_ref().map(|it| format!("; a snapshot of slots up to {}", it.through));
                format!("Promise {}{}{votes}", promise.ballot, snapshot.unwrap_or_default())
            }
            MultiPaxosMessage::Accept(accept) => {
                let values: Vec<String> = accept.values.iter().map(value).collect();
                let what = match accept.values.len() {
                    0 => "alive".to_owned(),
                    _ => format!("slots from {}: {}", accept.first, values.join(", ")),
                };
                format!("Accept {}: {what}; chosen up to {}", accept.ballot, accept.chosen)
            }
            MultiPaxosMessage::Accepted(accepted) => {
                let what = match accepted.count {
                    0 => "nothing new".to_owned(),
                    count => format!("{count} from slot {}", accepted.first),
                };
                let missing = accepted.missing.map(|slot| format!("; lacks slot {slot}"));
                format!("Accepted {}: {what}{}", accepted.ballot, missing.unwrap_or_default())
            }
            MultiPaxosMessage::Nack { ballot, promised } => format!("Nack {ballot}: promised {promised}"),
            MultiPaxosMessage::Install { snapshot, .. } => {
                format!("Install: slots up to {}", snapshot.through)
            }
        }
    }

    fn disk(record: &multi::Record<Store>) -> Option<String> {
        Some(match record {
            multi::Record::Promised(ballot) => format!("promised {ballot}"),
            multi::Record::Voted { ballot, first, values, .. } => {
                let values: Vec<String> = values.iter().map(value).collect();
                format!("voted in {ballot} from slot {first} for {}", values.join(", "))
            }
            multi::Record::Snapshot { snapshot, cut } => {
                format!("snapshot of slots up to {}, votes cut up to {cut}", snapshot.through)
            }
        })
    }

    fn fields(event: &MultiPaxosEvent) -> String {
        fields(event)
    }
}

fn value(value: &multi::Value<Command>) -> String {
    match value {
        multi::Value::NoOp => "no-op".into(),
        multi::Value::Command { command, .. } => asked(command),
    }
}

fn plain(response: &impl serde::Serialize) -> String {
    serde_json::to_string(response).expect("responses are plain data")
}

fn asked(request: &Request) -> String {
    match request {
        Request::Command(command) => command.to_string(),
        Request::Reconfigure(wish) => {
            let members: Vec<String> = wish.members.iter().map(ToString::to_string).collect();
            format!("members {}", members.join(" "))
        }
    }
}

/// ` ballot=1.2 acceptor=1`
fn fields(event: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(event).expect("events are plain data");
    let fields = value.as_object().and_then(|variant| variant.values().next()?.as_object());
    let told = |value: &serde_json::Value| match (value.get("round"), value.get("proposer")) {
        (Some(round), Some(proposer)) => format!("{round}.{proposer}"),
        _ => value.to_string(),
    };
    fields.into_iter().flatten().map(|(name, value)| format!(" {name}={}", told(value))).collect()
}
