//! Golden dialogues: what one would show in a lecture, as a play. For tests of algorithms.
//!
//! A file of a crate's `tests/dialogues` is a list of commands (lines with `>`), each followed by what the nodes did.
//! [`dialogues!`](crate::dialogues) makes a test of each: it plays the commands and compares the whole text. With
//! `UPDATE_DIALOGUES` in the environment it writes the file anew: read the difference before you commit it.
use alloc::{format, string::String, vec::Vec};

use super::{Cluster, Done};
use crate::{Answer, Effect, Event, Input, Message, Node, NodeId, Observer};

/// Where a dialogue is played.
pub trait Stage: Sized {
    /// `> cluster 3` opens a new one. `None`: these words are another command.
    fn open(words: &[&str]) -> Option<Self>;

    /// Carries out a command, and tells in whole lines what it led to.
    fn act(&mut self, words: &[&str]) -> String;
}

/// Comments and commands as they stand, and after each command what it led to; with the stage as it was left. What
/// follows `quietly` has been seen often enough: it is carried out without a word.
///
/// # Panics
/// If a command comes before the one that opens the stage.
pub fn play<S: Stage>(script: &str) -> (S, String) {
    const NO_STAGE: &str = "a dialogue begins with `> cluster N`";
    let mut stage: Option<S> = None;
    let mut text = String::new();
    for line in script.lines() {
        if line.starts_with('#') {
            text += &format!("{line}\n");
        } else if let Some(command) = line.strip_prefix("> ") {
            text += &format!("\n> {command}\n");
            let words: Vec<&str> = command.split_whitespace().collect();
            match (&*words, S::open(&words)) {
                (_, Some(new)) => stage = Some(new),
                (["quietly", words @ ..], _) => drop(stage.as_mut().expect(NO_STAGE).act(words)),
                (words, _) => text += &stage.as_mut().expect(NO_STAGE).act(words),
            }
        }
    }
    (stage.expect(NO_STAGE), text)
}

/// A test per file of `tests/dialogues`, each with the [`Stage`] that it is played on; and one that no file is forgotten.
#[macro_export]
macro_rules! dialogues {
    ($($name:ident: $stage:ty),* $(,)?) => {
        fn dialogues() -> ::std::path::PathBuf {
            ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues")
        }

        fn check_dialogue(name: &str, play: fn(&str) -> ::std::string::String) {
            let path = dialogues().join(::std::format!("{name}.txt"));
            let written = ::std::fs::read_to_string(&path).expect("the dialogue is there");
            let played = play(&written);
            if ::std::env::var_os("UPDATE_DIALOGUES").is_some() {
                ::std::fs::write(&path, &played).expect("it can be written");
            } else {
                let otherwise = "goes otherwise now (UPDATE_DIALOGUES=1 writes it anew)";
                assert!(written == played, "{name} {otherwise}:\n{played}");
            }
        }

        $(#[test] fn $name() {
            check_dialogue(stringify!($name), |script| $crate::by_hand::dialogue::play::<$stage>(script).1);
        })*

        /// Each file is played by a test, and each test has its file.
        #[test]
        fn none_is_forgotten() {
            let mut files: ::std::vec::Vec<_> = ::std::fs::read_dir(dialogues())
                .expect("the folder is there")
                .map(|entry| entry.expect("it can be read").path())
                .map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*]);
        }
    };
}

/// An algorithm's own words, for a [`Cluster`] in the hand.
pub trait Words {
    type Node: Node;

    /// `put 0 5`
    fn request(words: &[&str]) -> <Self::Node as Node>::Request;
    fn ask(request: &<Self::Node as Node>::Request) -> String;
    fn say(response: &<Self::Node as Node>::Response) -> String;
    fn tell(message: &<Self::Node as Node>::Message) -> String;

    /// `None`: it is not worth a line.
    fn disk(record: &<Self::Node as Node>::Record) -> Option<String>;

    /// What stands behind the name of an event: ` term=3 candidate=1`.
    fn fields(event: &<Self::Node as Node>::Event) -> String;

    /// What goes on without a word.
    fn is_routine(_: &Input<Self::Node>) -> bool {
        false
    }
}

/// Carries out a command that every cluster in the hand knows; `false`: it is another.
///
/// # Panics
/// With what the command gets wrong, as [`Cluster`] does.
pub fn act<W: Words, O: Observer<W::Node> + Default>(
    cluster: &mut Cluster<W::Node, O>,
    words: &[&str],
) -> bool {
    match words {
        ["fire", id, timer] => {
            let armed = cluster.armed.get(&NodeId(node(id))).into_iter().flatten();
            let timer = armed.copied().find(|armed| format!("{armed:?}") == *timer);
            cluster.fire(node(id), timer.expect("it is armed, so it can fire"));
        }
        ["call", via, call, request @ ..] => {
            let (client, number) = caller(call);
            cluster.call(node(via), client, number, W::request(request));
        }
        ["deliver"] => drop(cluster.deliver()),
        ["deliver", "but", kinds @ ..] => {
            cluster.deliver_if(|it| !kinds.contains(&it.message.kind()));
        }
        ["deliver", from, to] => drop(cluster.deliver_link(node(from), node(to))),
        ["deliver", from, to, kind] => {
            let link = (NodeId(node(from)), NodeId(node(to)));
            cluster.deliver_if(|it| (it.from, it.to) == link && it.message.kind() == *kind);
        }
        ["lose"] => cluster.drop_if(|_| true),
        ["lose", "to", id] => cluster.drop_if(|it| it.to.0 == node(id)),
        ["lose", from, to] => cluster.drop_if(|it| (it.from.0, it.to.0) == (node(from), node(to))),
        ["crash", ids @ ..] => ids.iter().for_each(|id| cluster.crash(node(id))),
        ["restart", ids @ ..] => ids.iter().for_each(|id| cluster.restart(node(id))),
        ["isolate", ids @ ..] => ids.iter().for_each(|id| cluster.isolate(node(id))),
        ["heal"] => cluster.heal(),
        ["slow", "disk", id] => cluster.slow_disk(node(id)),
        ["sync", id] => cluster.sync(node(id)),
        _ => return false,
    }
    true
}

/// The node that is called `n1`.
///
/// # Panics
/// If none is called so.
pub fn node(name: &str) -> u32 {
    name.trim_start_matches('n').parse().expect("a node: n1")
}

/// Client 1 and its call 2: `c1#2`.
///
/// # Panics
/// If that is no call.
pub fn caller(call: &str) -> (u32, u64) {
    let (client, number) = call.trim_start_matches('c').split_once('#').expect("a call: c1#2");
    (client.parse().expect("a client"), number.parse().expect("a number"))
}

/// What happened since this was told last.
pub fn tell<W: Words, O>(cluster: &mut Cluster<W::Node, O>) -> String {
    let done: String = cluster.told.drain(..).map(|done| tell_step::<W>(&done)).collect();
    let answer = |(caller, answer): (crate::Caller, _)| {
        format!("{} → {}: {}\n", caller.via, caller.client, said::<W>(&answer))
    };
    done + &cluster.answers.drain(..).map(answer).collect::<String>()
}

/// What one node did in a step. Sends and replies are told when they arrive, or not at all.
pub fn tell_step<W: Words>(done: &Done<W::Node>) -> String {
    let node = done.node;
    let mut text = match &done.input {
        Some(input) if W::is_routine(input) => return String::new(),
        None => format!("{node} boots\n"),
        Some(Input::Timer(timer)) => format!("{node}: {timer:?} fires\n"),
        Some(Input::Request(caller, request)) => {
            format!("{}#{} → {node}: {}\n", caller.client, caller.number, W::ask(request))
        }
        Some(Input::Message(from, message)) => format!("{from} → {node}: {}\n", W::tell(message)),
    };
    for effect in &done.effects {
        let line = match effect {
            Effect::Event(event) => Some(format!("{}{}", event.name(), W::fields(event))),
            Effect::Persist(record) => W::disk(record).map(|record| format!("disk: {record}")),
            Effect::Send(..) | Effect::Reply(..) | Effect::SetTimer(..) | Effect::CancelTimer(..) => None,
        };
        text += &line.map_or(String::new(), |line| format!("        {line}\n"));
    }
    text
}

/// What a client was told.
pub fn said<W: Words>(answer: &Answer<<W::Node as Node>::Response>) -> String {
    match answer {
        Answer::Done(response) => W::say(response),
        Answer::Elsewhere(Some(other)) => format!("ask {other}"),
        Answer::Elsewhere(None) => "ask somebody else".into(),
    }
}
