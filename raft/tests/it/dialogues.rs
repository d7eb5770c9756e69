//! Golden dialogues: what one would show in a lecture, as a play.
//!
//! A file of `tests/dialogues` is a list of commands (lines with `>`), each followed by what the servers did.
//! The test plays the commands and compares the whole text. `UPDATE_DIALOGUES=1 cargo test -p synod-raft`
//! writes the files anew: read the difference before you commit it.
use std::{env, fs, path::PathBuf};

use serde::Serialize;
use synod_protocol::{Answer, Effect, Event, Input, Message, NodeId};
use synod_raft::{Body, Outcome, Record};

use crate::{
    cluster::{Cluster, Done, Server, Wire},
    script::{self, compact},
};

macro_rules! dialogues {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

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
    d01_an_election,
    d02_a_split_vote,
    d03_a_write,
    d04_a_failover,
    d05_logs_that_part,
    d06_figure_8,
    d07_a_server_comes_back,
    d08_a_leader_alone,
    d09_a_vote_and_a_crash,
    d10_exactly_once,
    d11_a_read_of_a_deposed_leader,
    d12_a_slow_disk,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues")
}

fn check(name: &str) {
    let path = folder().join(format!("{name}.txt"));
    let written = fs::read_to_string(&path).expect("the dialogue is there");
    let played = play(&written);
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
fn play(script: &str) -> String {
    let mut cluster: Option<Cluster> = None;
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
            text += &script::run(cluster, &words);
            for done in cluster.told.drain(..) {
                text += &tell(&done);
            }
            for (caller, answer) in cluster.answers.drain(..) {
                let said = match answer {
                    Answer::Done(output) => compact(&output),
                    Answer::Elsewhere(Some(leader)) => format!("ask {leader}"),
                    Answer::Elsewhere(None) => "ask somebody else".into(),
                };
                text += &format!("{} → {}: {said}\n", caller.via, caller.client);
            }
        }
    }
    text
}

fn tell(done: &Done) -> String {
    let node = done.node;
    let mut text = match &done.input {
        None => format!("{node} boots\n"),
        Some(Input::Timer(timer)) => format!("{node}: {timer:?} fires\n"),
        Some(Input::Request(caller, command)) => {
            format!("{}#{} → {node}: {command}\n", caller.client, caller.number)
        }
        Some(Input::Message(from, message)) => format!("{from} → {node}: {}\n", tell_message(message)),
    };
    for effect in &done.effects {
        if let Some(line) = tell_effect(effect) {
            text += &format!("        {line}\n");
        }
    }
    text
}

fn tell_effect(effect: &Effect<Server>) -> Option<String> {
    match effect {
        Effect::Event(event) => Some(format!("{}{}", event.name(), fields(event))),
        Effect::Persist(Record::Vote { current_term, voted_for }) => {
            let vote =
                voted_for.map_or("no vote".into(), |candidate: NodeId| format!("vote for {candidate}"));
            Some(format!("disk: term {current_term}, {vote}"))
        }
        Effect::Persist(Record::Append { after, entries }) => {
            let terms: Vec<String> = entries.iter().map(|entry| entry.term.to_string()).collect();
            Some(format!("disk: after entry {after}, entries of term {}", terms.join(" ")))
        }
        // Told when they arrive, or not at all.
        Effect::Send(..) | Effect::Reply(..) | Effect::SetTimer(..) | Effect::CancelTimer(..) => None,
    }
}

fn tell_message(message: &Wire) -> String {
    let said = match &message.body {
        Body::PreVote(last) | Body::RequestVote(last) => {
            format!("log ends at {} of term {}", last.last_log_index, last.last_log_term)
        }
        Body::PreVoteReply { granted } | Body::RequestVoteReply { granted } => {
            if *granted { "yes" } else { "no" }.into()
        }
        Body::AppendEntries(append) => {
            let terms: Vec<String> = append.entries.iter().map(|entry| entry.term.to_string()).collect();
            let entries = if terms.is_empty() { "nothing".into() } else { format!("[{}]", terms.join(" ")) };
            format!(
                "after {} of term {}: {entries}, committed {}",
                append.prev_log_index, append.prev_log_term, append.leader_commit
            )
        }
        Body::AppendEntriesReply { outcome, .. } => match outcome {
            Outcome::Matched { index } => format!("matches up to {index}"),
            Outcome::Conflict { prev_log_index, term: Some(term), first_index } => {
                format!("conflict at {prev_log_index}: term {term} since {first_index}")
            }
            Outcome::Conflict { prev_log_index, term: None, first_index } => {
                format!("conflict at {prev_log_index}: the log ends before {first_index}")
            }
            Outcome::StaleTerm => "stale term".into(),
        },
    };
    format!("{} (term {}) {said}", message.kind(), message.term)
}

/// The fields of an event: ` term=3 candidate=1`.
fn fields(event: &impl Serialize) -> String {
    let value = serde_json::to_value(event).expect("events are plain data");
    let Some(fields) = value.as_object().and_then(|variant| variant.values().next()?.as_object()) else {
        return String::new();
    };
    fields.iter().map(|(name, value)| format!(" {name}={value}")).collect()
}
