//! Golden dialogues: what one would show in a lecture, as a play.
//!
//! A file of `tests/dialogues` is a list of commands (lines with `>`), each followed by what the nodes did. The test
//! plays the commands and compares the whole text. `UPDATE_DIALOGUES=1 cargo test -p synod-atomic-commit` writes the
//! files anew: read the difference before you commit it.
use std::{env, fmt::Write, fs, path::PathBuf};

use serde::Serialize;
use serde_json::Value;
use synod_atomic_commit::{
    CommitEvent, Key, MicroOp, Protocol, Response, TxnId, paxos_commit::PaxosCommit, three_phase::ThreePhase,
    two_phase::TwoPhase,
};
use synod_protocol::{Answer, Effect, Event, Input, Message, NodeId};

use crate::cluster::{Cluster, Done, n, txn};

macro_rules! dialogues {
    ($($name:ident: $protocol:ty),* $(,)?) => {
        $(#[test] fn $name() { check::<$protocol>(stringify!($name)); })*

        /// Each file is played by a test, and each test has its file.
        #[test]
        fn none_is_forgotten() {
            let mut files: Vec<_> = fs::read_dir(folder())
                .expect("the folder is there")
                .map(|entry| entry.expect("it can be read").path())
                .map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*]);
        }
    };
}

dialogues! {
    d01_a_commit: TwoPhase,
    d02_a_lock_is_taken: TwoPhase,
    d03_presumed_abort: TwoPhase,
    d04_blocking: TwoPhase,
    d05_participants_help_each_other: TwoPhase,
    d06_a_decision_is_kept: TwoPhase,
    d07_a_call_comes_again: TwoPhase,
    d08_three_phases: ThreePhase,
    d09_a_partition: ThreePhase,
    d10_all_were_down: ThreePhase,
    d11_paxos_commit: PaxosCommit,
    d12_a_leader_dies: PaxosCommit,
    d13_a_participant_dies: PaxosCommit,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues")
}

fn check<P: Protocol>(name: &str) {
    let path = folder().join(format!("{name}.txt"));
    let written = fs::read_to_string(&path).expect("the dialogue is there");
    let played = play::<P>(&written);
    if env::var_os("UPDATE_DIALOGUES").is_some() {
        fs::write(&path, &played).expect("it can be written");
    } else {
        assert!(
            written == played,
            "{name} goes otherwise now (UPDATE_DIALOGUES=1 writes it anew):\n{played}"
        );
    }
}

/// Comments and commands as they stand, and after each command what it led to.
fn play<P: Protocol>(script: &str) -> String {
    let mut cluster: Option<Cluster<P>> = None;
    let mut text = String::new();
    for line in script.lines() {
        if line.starts_with('#') {
            text += &format!("{line}\n");
        } else if let Some(command) = line.strip_prefix("> ") {
            text += &format!("\n> {command}\n");
            let words: Vec<&str> = command.split_whitespace().collect();
            if let ["cluster", nodes] = words[..] {
                cluster = Some(Cluster::new(nodes.parse().expect("a number of nodes")));
                continue;
            }
            let cluster = cluster.as_mut().expect("a dialogue begins with `> cluster N`");
            text += &run(cluster, &words);
            for done in cluster.told.drain(..) {
                text += &tell(&done);
            }
            for (caller, answer) in cluster.answers.drain(..) {
                text += &format!("{} → {}: {}\n", caller.via, caller.client, said(&answer));
            }
            for violation in cluster.violations.drain(..) {
                text += &format!("!!      {violation}\n");
            }
        }
    }
    text
}

fn run<P: Protocol>(cluster: &mut Cluster<P>, words: &[&str]) -> String {
    match words {
        // `call n2 c1.1 append k0 7, read k1`
        ["call", via, call, ops @ ..] => {
            let TxnId { client, number, .. } = parse_txn(call);
            let ops: Vec<MicroOp> = ops.join(" ").split(", ").map(parse_op).collect();
            cluster.call(node(via), client.0, number, &ops);
        }
        ["fire", id, timer, about] => cluster.fire(node(id), timer, parse_txn(about)),
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

fn node(word: &str) -> u32 {
    word.trim_start_matches('n').parse().expect("a node: n1")
}

/// `c1.2`, or `c1.2/3` in the third life of its coordinator; two-phase commit counts from 1.
fn parse_txn(word: &str) -> TxnId {
    let (call, life) = word.split_once('/').unwrap_or((word, "1"));
    let (client, number) = call.trim_start_matches('c').split_once('.').expect("a transaction: c1.2");
    let number = number.parse().expect("a number");
    txn(client.parse().expect("a client"), number, life.parse().expect("a life"))
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
