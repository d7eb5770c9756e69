//! What either kind of server needs to be put on a stage: its words, and what is told of them.
use synod_kv::{Command, Store};
use synod_paxos::{
    QuorumSizes,
    multi::{self, MultiPaxos, MultiPaxosMessage},
    single::{self, Paxos, PaxosMessage},
};
use synod_protocol::{Node, by_hand::Cluster};

use crate::servers::{
    Replicas, Request, Response, Synod, campaign, elect, get, led_with, members, n, put, settle,
};

/// A cluster that plays the commands of a dialogue.
pub(crate) trait Stage: Sized {
    type Node: Node;
    type Watch;
    /// `> cluster 4 3 2`: of four servers, three make a phase-1 quorum and two a phase-2 quorum. `> cluster 3 and 1
    /// spare`: three, and one that can be made a member.
    fn open(nodes: u32, spares: u32, quorums: QuorumSizes) -> Self;
    fn cluster(&mut self) -> &mut Cluster<Self::Node, Self::Watch>;
    fn timer(name: &str) -> <Self::Node as Node>::Timer;
    fn request(words: &[&str]) -> <Self::Node as Node>::Request;
    /// Commands of its own.
    fn act(&mut self, words: &[&str]);
    fn ask(request: &<Self::Node as Node>::Request) -> String;
    fn say(response: &<Self::Node as Node>::Response) -> String;
    fn tell(message: &<Self::Node as Node>::Message) -> String;
    fn disk(record: &<Self::Node as Node>::Record) -> String;
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.trim_start_matches('n').parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

impl Stage for Synod {
    type Node = Paxos<u32>;
    type Watch = single::Watch<u32>;

    fn open(nodes: u32, _: u32, quorums: QuorumSizes) -> Synod {
        crate::servers::synod_of(nodes, quorums.phase_1, quorums.phase_2)
    }

    fn cluster(&mut self) -> &mut Cluster<Self::Node, Self::Watch> {
        self
    }

    fn timer(_: &str) -> single::Timer {
        single::Timer::Retry
    }

    fn request(words: &[&str]) -> u32 {
        number(words[1])
    }

    fn act(&mut self, words: &[&str]) {
        panic!("no such command: {words:?}")
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

    fn disk(record: &single::Record<u32>) -> String {
        match record {
            single::Record::Tried(ballot) => format!("tried {ballot}"),
            single::Record::Promised(ballot) => format!("promised {ballot}"),
            single::Record::Voted(vote) => format!("voted for {} in {}", vote.value, vote.ballot),
        }
    }
}

impl Stage for Replicas {
    type Node = MultiPaxos<Store>;
    type Watch = multi::Watch<Store>;

    /// Server 1 leads, and a snapshot is taken every four slots. Where servers can be replaced, α is 3.
    fn open(nodes: u32, spares: u32, quorums: QuorumSizes) -> Replicas {
        let mut config = multi::Config { quorums, ..multi::Config::new((1..=nodes).map(n)) };
        (config.snapshot_every, config.kept_behind_snapshot) = (4, 1);
        if spares > 0 {
            (config.spares, config.window) = ((nodes + 1..=nodes + spares).map(n).collect(), 3);
        }
        led_with(config)
    }

    fn cluster(&mut self) -> &mut Cluster<Self::Node, Self::Watch> {
        self
    }

    fn timer(name: &str) -> multi::Timer {
        match name {
            "LeaderContact" => multi::Timer::LeaderContact,
            "Election" => multi::Timer::Election,
            "Heartbeat" => multi::Timer::Heartbeat,
            "CheckQuorum" => multi::Timer::CheckQuorum,
            other => panic!("no timer {other}"),
        }
    }

    fn request(words: &[&str]) -> Request {
        match words {
            ["put", key, value] => put(number(key), number(value)),
            ["get", key] => get(number(key)),
            ["members", ids @ ..] => members(&ids.iter().map(|id| number(id)).collect::<Vec<_>>()),
            other => panic!("no such request: {other:?}"),
        }
    }

    fn act(&mut self, words: &[&str]) {
        match words {
            ["campaign", id] => campaign(self, number(id)),
            ["elect", id] => elect(self, number(id)),
            ["settle", id] => settle(self, number(id)),
            other => panic!("no such command: {other:?}"),
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

    fn disk(record: &multi::Record<Store>) -> String {
        match record {
            multi::Record::Promised(ballot) => format!("promised {ballot}"),
            multi::Record::Voted { ballot, first, values, .. } => {
                let values: Vec<String> = values.iter().map(value).collect();
                format!("voted in {ballot} from slot {first} for {}", values.join(", "))
            }
            multi::Record::Snapshot { snapshot, cut } => {
                format!("snapshot of slots up to {}, votes cut up to {cut}", snapshot.through)
            }
        }
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
