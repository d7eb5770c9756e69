//! Golden dialogues: what one would show in a lecture, as a play.
//!
//! A file of `tests/dialogues` is a list of commands (lines with `>`), each followed by what the servers did.
//! The test plays the commands and compares the whole text. `UPDATE_DIALOGUES=1 cargo test -p synod-paxos`
//! writes the files anew: read the difference before you commit it.
use std::{env, fs, path::PathBuf};

use serde::Serialize;
use synod_paxos::QuorumSizes;
use synod_protocol::{Answer, Effect, Event, Input, Observer, by_hand::Done};

use crate::{
    servers::{Replicas, Synod},
    stage::Stage,
};

macro_rules! dialogues {
    ($($name:ident: $stage:ty),* $(,)?) => {
        $(#[test] fn $name() { check::<$stage>(stringify!($name)); })*

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
    m01_a_write: Replicas,
    m02_a_hole_and_a_no_op: Replicas,
    m03_a_chosen_value_and_a_new_leader: Replicas,
    m04_a_read_by_quorum: Replicas,
    m05_a_deposed_leader_reads_nothing: Replicas,
    m06_a_laggard_and_a_snapshot: Replicas,
    m07_a_ballot_outbid: Replicas,
    m08_a_server_is_replaced: Replicas,
    s01_one_value: Synod,
    s02_duelling_proposers: Synod,
    s03_the_chosen_value_survives: Synod,
    s04_the_highest_vote_binds: Synod,
    s05_flexible_quorums: Synod,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues")
}

fn check<S: Stage>(name: &str)
where
    S::Watch: Observer<S::Node> + Default,
{
    let path = folder().join(format!("{name}.txt"));
    let written = fs::read_to_string(&path).expect("the dialogue is there");
    let played = play::<S>(&written);
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
fn play<S: Stage>(script: &str) -> String
where
    S::Watch: Observer<S::Node> + Default,
{
    let mut stage: Option<S> = None;
    let mut text = String::new();
    for line in script.lines() {
        if line.starts_with('#') {
            text += &format!("{line}\n");
        } else if let Some(command) = line.strip_prefix("> ") {
            text += &format!("\n> {command}\n");
            let words: Vec<&str> = command.split_whitespace().collect();
            if let ["cluster", nodes, quorums @ ..] = &words[..] {
                let nodes: u32 = nodes.parse().expect("a number of nodes");
                let mut sizes = QuorumSizes::majorities(nodes as usize);
                let spares = match quorums {
                    ["and", spares, "spare" | "spares"] => spares.parse().expect("a number of spares"),
                    _ => 0,
                };
                if let [phase_1, phase_2] = quorums {
                    let size = |word: &str| word.parse().expect("the size of a quorum");
                    sizes = QuorumSizes { phase_1: size(phase_1), phase_2: size(phase_2) };
                }
                stage = Some(S::open(nodes, spares, sizes));
                continue;
            }
            let stage = stage.as_mut().expect("a dialogue begins with `> cluster N`");
            run(stage, &words);
            let cluster = stage.cluster();
            for done in cluster.told.drain(..) {
                text += &tell::<S>(&done);
            }
            for (caller, answer) in cluster.answers.drain(..) {
                let said = match answer {
                    Answer::Done(response) => S::say(&response),
                    Answer::Elsewhere(Some(leader)) => format!("ask {leader}"),
                    Answer::Elsewhere(None) => "ask somebody else".into(),
                };
                text += &format!("{} → {}: {said}\n", caller.via, caller.client);
            }
        }
    }
    text
}

fn run<S: Stage>(stage: &mut S, words: &[&str])
where
    S::Watch: Observer<S::Node> + Default,
{
    let node = |word: &str| -> u32 { word.trim_start_matches('n').parse().expect("a node: n1") };
    let cluster = stage.cluster();
    match words {
        ["fire", id, timer] => cluster.fire(node(id), S::timer(timer)),
        // By client 1, call 2: `call n1 c1#2 put 0 5`.
        ["call", via, call, request @ ..] => {
            let (client, number) = call.trim_start_matches('c').split_once('#').expect("a call: c1#2");
            let (client, number) = (client.parse().expect("a client"), number.parse().expect("a number"));
            cluster.call(node(via), client, number, S::request(request));
        }
        ["deliver"] => drop(cluster.deliver()),
        ["deliver", from, to] => drop(cluster.deliver_link(node(from), node(to))),
        ["lose"] => cluster.drop_if(|_| true),
        ["lose", from, to] => {
            let (from, to) = (node(from), node(to));
            cluster.drop_if(|it| it.from.0 == from && it.to.0 == to);
        }
        ["crash", ids @ ..] => ids.iter().for_each(|id| cluster.crash(node(id))),
        ["restart", id] => cluster.restart(node(id)),
        ["isolate", ids @ ..] => ids.iter().for_each(|id| cluster.isolate(node(id))),
        ["heal"] => cluster.heal(),
        // What has been seen often enough: without a word.
        ["quietly", words @ ..] => {
            run(stage, words);
            stage.cluster().told.clear();
            stage.cluster().answers.clear();
        }
        other => stage.act(other),
    }
}

fn tell<S: Stage>(done: &Done<S::Node>) -> String {
    let node = done.node;
    let mut text = match &done.input {
        None => format!("{node} boots\n"),
        Some(Input::Timer(timer)) => format!("{node}: {timer:?} fires\n"),
        Some(Input::Request(caller, request)) => {
            format!("{}#{} → {node}: {}\n", caller.client, caller.number, S::ask(request))
        }
        Some(Input::Message(from, message)) => format!("{from} → {node}: {}\n", S::tell(message)),
    };
    for effect in &done.effects {
        match effect {
            Effect::Event(event) => text += &format!("        {}{}\n", event.name(), fields(event)),
            Effect::Persist(record) => text += &format!("        disk: {}\n", S::disk(record)),
            // Told when they arrive, or not at all.
            Effect::Send(..) | Effect::Reply(..) | Effect::SetTimer(..) | Effect::CancelTimer(..) => {}
        }
    }
    text
}

/// The fields of an event: ` ballot=1.2 acceptor=1`.
fn fields(event: &impl Serialize) -> String {
    let value = serde_json::to_value(event).expect("events are plain data");
    let Some(fields) = value.as_object().and_then(|variant| variant.values().next()?.as_object()) else {
        return String::new();
    };
    let told = |value: &serde_json::Value| match (value.get("round"), value.get("proposer")) {
        (Some(round), Some(proposer)) => format!("{round}.{proposer}"),
        _ => value.to_string(),
    };
    fields.iter().map(|(name, value)| format!(" {name}={}", told(value))).collect()
}
