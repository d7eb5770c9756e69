//! The commands that a dialogue is made of.
use serde::Serialize;
use synod_chain_replication::{Config, Reads, Timer};
use synod_kv::{Command, Output, Value, operation};
use synod_linearizability::{History, Options, Verdict, check};
use synod_protocol::{Answer, Caller, Message, Time};

use super::cluster::{Cluster, config, get};

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
    /// `cluster 3`, `craq 3` or `eventual 3`: so many servers, and the master behind them.
    pub(crate) fn new(words: &[&str]) -> Option<Stage> {
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

    /// Carries out one command: what follows `> ` in a line, in words.
    pub(crate) fn run(&mut self, words: &[&str]) -> String {
        self.moment += 1;
        let node = |word: &str| -> u32 { word.trim_start_matches('n').parse().expect("a node: n1") };
        let cluster = &mut self.cluster;
        match words {
            // By client 1, call 2: `call n1 c1#2 put 0 5`.
            ["call", via, call, command @ ..] => {
                let (client, number) = call.trim_start_matches('c').split_once('#').expect("a call: c1#2");
                let (client, number) = (client.parse().expect("a client"), number.parse().expect("a number"));
                let command = parse_command(command);
                let caller = cluster.call(node(via), client, number, command.clone());
                // What is tried again is the same call.
                if !self.calls.iter().any(|call| call.is(&caller)) {
                    self.calls.push(Call { caller, command, called: self.moment, told: None });
                }
            }
            ["fire", id, timer] => {
                let timer = match *timer {
                    "Heartbeat" => Timer::Heartbeat,
                    "Resend" => Timer::Resend,
                    "Detect" => Timer::Detect,
                    other => panic!("no timer {other}"),
                };
                cluster.fire(node(id), timer);
            }
            ["deliver"] => drop(cluster.deliver()),
            ["deliver", "but", kinds @ ..] => {
                cluster.deliver_if(|it| !kinds.contains(&it.message.kind()));
            }
            ["deliver", from, to, kind] => drop(cluster.deliver_kind(node(from), node(to), kind)),
            ["lose"] => cluster.drop_if(|_| true),
            ["lose", "to", id] => {
                let lost = node(id);
                cluster.drop_if(|it| it.to.0 == lost);
            }
            ["crash", id] => cluster.crash(node(id)),
            ["restart", id] => cluster.restart(node(id)),
            // The master hears these, and looks.
            ["hear", ids @ ..] => cluster.detect(&ids.iter().map(|id| node(id)).collect::<Vec<_>>()),
            ["chain"] => return chain(cluster),
            ["judge"] => return self.judge(),
            // What has been seen often enough: without a word.
            ["quietly", rest @ ..] => {
                self.run(rest);
                self.listen();
                self.cluster.told.clear();
            }
            other => panic!("no such command: {other:?}"),
        }
        String::new()
    }

    /// What clients were told since the last command.
    pub(crate) fn listen(&mut self) -> Vec<(Caller, Answer<Output>)> {
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
