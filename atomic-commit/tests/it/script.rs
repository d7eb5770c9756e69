//! The commands that a dialogue is made of, and how their outcome is told.
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use synod_atomic_commit::{CommitEvent, Key, MicroOp, Protocol, Response, TxnId};
use synod_protocol::{
    Answer, Effect, Event, Input, Message, NodeId,
    by_hand::dialogue::{Stage, node},
};

use super::cluster::{Cluster, Done, n, txn};

impl<P: Protocol> Stage for Cluster<P> {
    /// `cluster 3`
    fn open(words: &[&str]) -> Option<Cluster<P>> {
        let ["cluster", nodes] = words else { return None };
        Some(Cluster::new(nodes.parse().expect("a number of nodes")))
    }

    fn act(&mut self, words: &[&str]) -> String {
        let mut text = run(self, words);
        for done in self.told.drain(..) {
            text += &tell(&done);
        }
        for (caller, answer) in self.answers.drain(..) {
            text += &format!("{} → {}: {}\n", caller.via, caller.client, said(&answer));
        }
        for violation in self.violations.drain(..) {
            text += &format!("!!      {violation}\n");
        }
        text
    }
}

fn run<P: Protocol>(cluster: &mut Cluster<P>, words: &[&str]) -> String {
    match words {
        // `call n2 c1.1 append k0 7, read k1`
        ["call", via, call, ops @ ..] => {
            let (client, number, _) = parse_call(call);
            let ops: Vec<MicroOp> = ops.join(" ").split(", ").map(parse_op).collect();
            cluster.call(node(via), client, number, &ops);
        }
        ["fire", id, timer, about] => cluster.fire(node(id), timer, run_of(cluster, about)),
        ["deliver"] => drop(cluster.deliver()),
        ["deliver", kind] => drop(cluster.deliver_kind(kind)),
        ["deliver", kind, "to", to] => drop(cluster.deliver_kind_to(kind, node(to))),
        ["lose"] => cluster.lose_if(|_| true),
        ["lose", kind, "to", to] => cluster.lose_kind_to(kind, node(to)),
        ["crash", ids @ ..] => ids.iter().for_each(|id| cluster.crash(node(id))),
        ["restart", ids @ ..] => ids.iter().for_each(|id| cluster.restart(node(id))),
        ["part", ids @ ..] => cluster.part(&ids.iter().map(|id| node(id)).collect::<Vec<_>>()),
        ["heal"] => cluster.heal(),
        ["expect", "violations"] => cluster.expect_violations(),
        ["look"] => return look(cluster),
        other => panic!("no such command: {other:?}"),
    }
    String::new()
}

/// `c1.2`, or `c1.2/3` in the third life of its coordinator.
fn parse_call(word: &str) -> (u32, u64, Option<u32>) {
    let (call, life) = word.split_once('/').map_or((word, None), |(call, life)| (call, Some(life)));
    let (client, number) = call.trim_start_matches('c').split_once('.').expect("a transaction: c1.2");
    let life = life.map(|life| life.parse().expect("a life"));
    (client.parse().expect("a client"), number.parse().expect("a number"), life)
}

/// The run that is meant: where no life is named, the first of which a timer is armed.
fn run_of<P: Protocol>(cluster: &Cluster<P>, word: &str) -> TxnId {
    let (client, number, life) = parse_call(word);
    let first = || cluster.runs_of(client, number).first().copied().expect("a timer is armed for it");
    life.map_or_else(first, |life| txn(client, number, life))
}

fn parse_op(text: &str) -> MicroOp {
    let key = |word: &str| Key(word.trim_start_matches('k').parse().expect("a key: k1"));
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        ["append", to, value] => MicroOp::Append { key: key(to), value: value.parse().expect("a value") },
        ["read", from] => MicroOp::Read { key: key(from) },
        _ => panic!("no such operation: {text}"),
    }
}

/// What each node holds, and what it has promised.
fn look<P: Protocol>(cluster: &Cluster<P>) -> String {
    let mut text = String::new();
    for id in cluster.ids() {
        if !cluster.is_up(id) {
            text += &format!("n{id}  down\n");
            continue;
        }
        let branches = cluster.node(id).branches();
        let lists: Vec<String> = branches.lists().map(|(key, list)| format!(" {key} {list:?}")).collect();
        let lists = if lists.is_empty() { " nothing".into() } else { lists.concat() };
        let promised: Vec<String> = branches.prepared().map(|(txn, _)| format!(" {txn}")).collect();
        let promised =
            if promised.is_empty() { String::new() } else { format!("; promised{}", promised.concat()) };
        let _ = writeln!(text, "n{id} {lists}{promised}");
    }
    text
}

fn tell<P: Protocol>(done: &Done<P>) -> String {
    let node: NodeId = done.node;
    let mut text = match &done.input {
        None => format!("{node} boots\n"),
        Some(Input::Timer(timer)) => {
            let name = format!("{timer:?}");
            let name = name.split('(').next().unwrap_or_default();
            format!("{node}: {name} of {} fires\n", P::txn_of_timer(*timer))
        }
        Some(Input::Request(caller, transaction)) => {
            format!("{}.{} → {node}: {transaction}\n", caller.client, caller.number)
        }
        Some(Input::Message(from, message)) => {
            format!("{from} → {node}: {} {}\n", message.kind(), P::txn_of(message))
        }
    };
    for effect in &done.effects {
        let line = match effect {
            Effect::Event(event) => Some(tell_event(event)),
            Effect::Persist(record) => Some(format!("disk: {}", path(record))),
            // Told when they arrive, or not at all.
            _ => None,
        };
        if let Some(line) = line {
            text += &format!("        {line}\n");
        }
    }
    text
}

/// The name and the fields, without the transaction: the line above it says which.
fn tell_event(event: &CommitEvent) -> String {
    let value = serde_json::to_value(event).expect("events are plain data");
    let mut text = event.name().replace('_', " ");
    let fields = value.as_object().and_then(|variant| variant.values().next()?.as_object()).cloned();
    for (name, value) in fields.into_iter().flatten().filter(|(name, _)| name != "txn") {
        text += &match (&*name, value) {
            ("ballot", ballot) => format!(" ballot={}", ballot["round"]),
            ("holder", Value::Object(holder)) => {
                format!(" holder=c{}.{}", holder["client"], holder["number"])
            }
            ("holder", _) => String::new(),
            (name, value) => format!(" {name}={}", value.to_string().replace('"', "")),
        };
    }
    text
}

/// `{"branch":{"prepared":{…}}}` is `branch prepared`.
fn path(record: &impl Serialize) -> String {
    let mut value = serde_json::to_value(record).expect("records are plain data");
    let mut names = Vec::new();
    loop {
        match value {
            Value::String(name) => names.push(name),
            Value::Object(variant) if variant.len() == 1 && names.len() < 2 => {
                let (name, inner) = variant.into_iter().next().expect("one");
                if name != "txn" {
                    names.push(name);
                    value = inner;
                    continue;
                }
            }
            Value::Object(fields) => {
                names.extend(fields.get("decision").and_then(Value::as_str).map(Into::into))
            }
            _ => {}
        }
        return names.join(" ").replace('_', " ");
    }
}

fn said(answer: &Answer<Response>) -> String {
    match answer {
        Answer::Done(Response::Committed { reads }) => {
            reads.iter().fold("committed".into(), |text, list| format!("{text} {list:?}"))
        }
        Answer::Done(Response::Aborted { .. }) => "aborted".into(),
        Answer::Elsewhere(Some(node)) => format!("ask {}", n(node.0)),
        Answer::Elsewhere(None) => "ask somebody else".into(),
    }
}
