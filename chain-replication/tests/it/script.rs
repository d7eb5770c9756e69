//! The chain's words in a dialogue: its own commands, and how its steps are told.
use serde::Serialize;
use synod_chain_replication::{Body, ChainEvent, Config, Configuration, Reads, Record, Timer};
use synod_kv::{Command, Output, Store, Value, operation};
use synod_linearizability::{History, Options, Verdict, check};
use synod_protocol::{
    Answer, Caller, Input, Message, Time,
    by_hand::dialogue::{self, Words, node},
};

use super::cluster::{Cluster, Server, Wire, config, get};

/// A cluster that is played with, and what its clients were told.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    calls: Vec<Call>,
    moment: u64,
}

struct Call {
    caller: Caller,
    command: Command,
    /// The moment of it, and of its first answer.
    called: u64,
    told: Option<(u64, Output)>,
}

impl Call {
    fn is(&self, caller: &Caller) -> bool {
        (self.caller.client, self.caller.number) == (caller.client, caller.number)
    }
}

impl Stage {
    /// What clients were told since the last command.
    fn listen(&mut self) -> Vec<(Caller, Answer<Output>)> {
        let answers: Vec<_> = self.cluster.answers.drain(..).collect();
        for (caller, answer) in &answers {
            let call = self.calls.iter_mut().find(|call| call.is(caller) && call.told.is_none());
            if let (Some(call), Answer::Done(output)) = (call, answer) {
                call.told = Some((self.moment, output.clone()));
            }
        }
        answers
    }

    /// Is there an order of all calls that explains what the clients were told?
    fn judge(&self) -> String {
        let operations = self.calls.iter().map(|Call { caller, command, called, told }| {
            let returned = told.as_ref().map(|(at, output)| (Time(10 * at + 5), output));
            operation(caller.client, command, Time(10 * called), returned)
        });
        let history = History::new(operations).expect("clients call one after the other");
        match check(&history, &Options::default()) {
            Verdict::Linearizable { .. } => "linearizable\n".to_owned(),
            Verdict::NotLinearizable { .. } => "NOT linearizable\n".to_owned(),
            other => panic!("no verdict: {other:?}"),
        }
    }
}

impl dialogue::Stage for Stage {
    /// `cluster 3`, `craq 3` or `eventual 3`: so many servers, and the master behind them.
    fn open(words: &[&str]) -> Option<Stage> {
        let [kind @ ("cluster" | "craq" | "eventual"), servers] = words else { return None };
        let reads = match *kind {
            "craq" => Reads::Apportioned,
            "eventual" => Reads::Eventual,
            _ => Reads::Tail,
        };
        let servers = servers.parse().expect("a number of servers");
        let cluster = Cluster::with(Config { reads, hand_over_within: 0, ..config(servers) });
        Some(Stage { cluster, calls: Vec::new(), moment: 0 })
    }

    fn act(&mut self, words: &[&str]) -> String {
        self.moment += 1;
        let mut text = String::new();
        match words {
            ["call", via, call, command @ ..] => {
                let ((client, number), command) = (dialogue::caller(call), parse_command(command));
                let caller = self.cluster.call(node(via), client, number, command.clone());
                // What is tried again is the same call.
                if !self.calls.iter().any(|call| call.is(&caller)) {
                    self.calls.push(Call { caller, command, called: self.moment, told: None });
                }
            }
            // The master hears these, and looks.
            ["hear", ids @ ..] => self.cluster.detect(&ids.iter().map(|id| node(id)).collect::<Vec<_>>()),
            ["chain"] => text = chain(&self.cluster),
            ["judge"] => text = self.judge(),
            _ => {
                let cluster = &mut *self.cluster;
                assert!(dialogue::act::<Along, _>(cluster, words), "no such command: {words:?}");
            }
        }
        let done = self.cluster.told.drain(..).map(|done| dialogue::tell_step::<Along>(&done));
        text.extend(done);
        text.extend(self.listen().into_iter().map(|(caller, answer)| {
            let Caller { client, number, .. } = caller;
            format!("        → {client}#{number}: {}\n", dialogue::said::<Along>(&answer))
        }));
        text
    }
}

struct Along;

impl Words for Along {
    type Node = Server;

    fn request(words: &[&str]) -> Command {
        parse_command(words)
    }

    fn ask(command: &Command) -> String {
        command.to_string()
    }

    fn say(output: &Output) -> String {
        compact(output)
    }

    fn tell(message: &Wire) -> String {
        let said = match &message.body {
            Body::Update { first, entries } => {
                let commands: Vec<String> = entries.iter().map(|entry| entry.command.to_string()).collect();
                if commands.is_empty() {
                    "how far?".into()
                } else {
                    format!("{first}: {}", commands.join(", "))
                }
            }
            Body::Ack { acked, has } => format!("the tail has {acked}, I have {has}"),
            Body::State { index, entries, .. } => format!("after {index}, and {} more", entries.len()),
            Body::Version { acked, .. } => format!("{acked}"),
            Body::Call { caller, command } => format!("{}#{}: {}", caller.client, caller.number, **command),
            Body::Configured(configuration) | Body::Welcome { configuration, .. } => {
                tell_configuration(configuration)
            }
            Body::VersionQuery { .. } | Body::Hello { .. } | Body::Heartbeat | Body::Confirm { .. } => {
                String::new()
            }
            Body::Confirmed { .. } | Body::Joined => String::new(),
        };
        format!("{} (epoch {}) {said}", message.kind(), message.epoch).trim_end().to_owned()
    }

    fn disk(record: &Record<Store>) -> Option<String> {
        Some(match record {
            Record::Updated { entries } => format!("{} more", entries.len()),
            Record::Committed { index } => format!("clean up to {index}"),
            Record::Restored { .. } => "the state, in place of all it had".into(),
            Record::HandedOver => "handed over".into(),
            Record::Configured(configuration) => tell_configuration(configuration),
            Record::Booted { .. } | Record::Decided(_) => return None,
        })
    }

    /// ` epoch=3 index=1`
    fn fields(event: &ChainEvent) -> String {
        let value = serde_json::to_value(event).expect("events are plain data");
        let fields = value.as_object().and_then(|variant| variant.values().next()?.as_object());
        let told = fields.into_iter().flatten().filter(|(name, _)| *name != "caller");
        told.map(|(name, value)| format!(" {name}={value}")).collect()
    }

    /// Their lives.
    fn is_routine(input: &Input<Server>) -> bool {
        match input {
            Input::Timer(timer) => *timer == Timer::Heartbeat,
            Input::Message(_, message) => message.kind() == "Heartbeat",
            Input::Request(..) => false,
        }
    }
}

fn tell_configuration(Configuration { epoch, chain, joining, .. }: &Configuration) -> String {
    let chain: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let joining = joining.map_or(String::new(), |server| format!(", {server} joins"));
    format!("epoch {epoch} is {}{joining}", chain.join(" → "))
}

fn parse_command(words: &[&str]) -> Command {
    let number = |word: &str| word.parse::<u64>().expect("a number");
    match words {
        ["put", key, value] => Command::Put { key: number(key), value: Value::Number(number(value) as i64) },
        ["get", key] => get(number(key)),
        ["append", key, text] => Command::Append { key: number(key), text: (*text).into() },
        other => panic!("no such request: {other:?}"),
    }
}

/// `n1  head of epoch 1: 2 of 3 clean`: how many updates it has, and how many it knows to be answered.
fn chain(cluster: &Cluster) -> String {
    let mut text = String::new();
    for id in cluster.ids().filter(|id| *id != cluster.master()) {
        if !cluster.is_up(id) {
            text += &format!("n{id}  down\n");
            continue;
        }
        let node = cluster.node(id);
        let (role, epoch) = (compact(&node.role()), node.epoch());
        text += &format!("n{id}  {role:<8} of epoch {epoch}: {} of {} clean\n", node.acked(), node.last());
    }
    let (epoch, chain, joining) = cluster.decided();
    let chain: Vec<String> = chain.iter().map(|id| format!("n{id}")).collect();
    let joining = joining.map_or(String::new(), |id| format!(", n{id} joins"));
    text + &format!("epoch {epoch} is {}{joining}\n", chain.join(" → "))
}

pub(crate) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is plain data").replace('"', "")
}
