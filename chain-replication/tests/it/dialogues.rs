//! Golden dialogues: what one would show in a lecture, as a play.
//!
//! A file of `tests/dialogues` is a list of commands (lines with `>`), each followed by what the nodes did; the last
//! node is the master. The test plays the commands and compares the whole text. `UPDATE_DIALOGUES=1 cargo test -p
//! synod-chain-replication` writes the files anew: read the difference before you commit it.
use std::{env, fs, path::PathBuf};

use serde::Serialize;
use synod_chain_replication::{Body, Configuration, Record};
use synod_protocol::{Answer, Effect, Event, Input, Message, by_hand::Done};

use crate::{
    cluster::{Server, Wire},
    script::{Stage, compact},
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
    d01_a_write_and_a_read,
    d02_the_head_fails,
    d03_a_middle_fails,
    d04_the_tail_fails,
    d05_a_new_tail,
    d06_a_tail_of_the_past,
    d07_a_dirty_read,
    d08_reads_go_back_in_time,
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
    let mut stage: Option<Stage> = None;
    let mut text = String::new();
    for line in script.lines() {
        if line.starts_with('#') {
            text += &format!("{line}\n");
        } else if let Some(command) = line.strip_prefix("> ") {
            text += &format!("\n> {command}\n");
            let words: Vec<&str> = command.split_whitespace().collect();
            if let Some(new) = Stage::new(&words) {
                stage = Some(new);
                continue;
            }
            let stage = stage.as_mut().expect("a dialogue begins with `> cluster N`");
            text += &stage.run(&words);
            for done in stage.cluster.told.drain(..) {
                text += &tell(&done);
            }
            for (caller, answer) in stage.listen() {
                let said = match answer {
                    Answer::Done(output) => compact(&output),
                    Answer::Elsewhere(Some(other)) => format!("ask {other}"),
                    Answer::Elsewhere(None) => "ask somebody else".into(),
                };
                text += &format!("        → {}#{}: {said}\n", caller.client, caller.number);
            }
        }
    }
    text
}

fn tell(done: &Done<Server>) -> String {
    let node = done.node;
    let mut text = match &done.input {
        None => format!("{node} boots\n"),
        // Their lives go on without a word.
        Some(Input::Timer(synod_chain_replication::Timer::Heartbeat)) => return String::new(),
        Some(Input::Message(_, message)) if message.kind() == "Heartbeat" => return String::new(),
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
        Effect::Persist(Record::Updated { entries }) => Some(format!("disk: {} more", entries.len())),
        Effect::Persist(Record::Committed { index }) => Some(format!("disk: clean up to {index}")),
        Effect::Persist(Record::Restored { .. }) => Some("disk: the state, in place of all it had".into()),
        Effect::Persist(Record::HandedOver) => Some("disk: handed over".into()),
        Effect::Persist(Record::Configured(configuration)) => {
            Some(format!("disk: {}", tell_configuration(configuration)))
        }
        Effect::Persist(Record::Booted { .. } | Record::Decided(_)) => None,
        // Told when they arrive, or not at all.
        Effect::Send(..) | Effect::Reply(..) | Effect::SetTimer(..) | Effect::CancelTimer(..) => None,
    }
}

fn tell_message(message: &Wire) -> String {
    let said = match &message.body {
        Body::Update { first, entries } => {
            let commands: Vec<String> = entries.iter().map(|entry| entry.command.to_string()).collect();
            if commands.is_empty() { "how far?".into() } else { format!("{first}: {}", commands.join(", ")) }
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

fn tell_configuration(Configuration { epoch, chain, joining, .. }: &Configuration) -> String {
    let chain: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let joining = joining.map_or(String::new(), |server| format!(", {server} joins"));
    format!("epoch {epoch} is {}{joining}", chain.join(" → "))
}

/// The fields of an event: ` epoch=3 index=1`.
fn fields(event: &impl Serialize) -> String {
    let value = serde_json::to_value(event).expect("events are plain data");
    let Some(fields) = value.as_object().and_then(|variant| variant.values().next()?.as_object()) else {
        return String::new();
    };
    let told = fields.iter().filter(|(name, _)| *name != "caller");
    told.map(|(name, value)| format!(" {name}={value}")).collect()
}
