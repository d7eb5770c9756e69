//! Code and spec name each other: every action of `Raft.tla` has its handlers, and every handler its actions.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Actions that no event opens, and why they need none.
const WITHOUT_EVENT: &[(&str, &str)] = &[
    ("Restart", "a boot is a step of the harness, which every trace has"),
    ("SendAppendEntries", "each message is in the effects of its step"),
    ("AskRead", "each read is the input of its step"),
];

#[test]
fn every_action_has_a_handler_and_every_handler_its_action() {
    let actions = actions(&read("tla/raft/Raft.tla"));
    let handled: BTreeSet<_> =
        functions().iter().flat_map(|function| function.actions.iter().cloned()).collect();
    assert_eq!(actions, handled, "left: Raft.tla, right: `Spec: Raft!…` in raft/src");
}

#[test]
fn every_event_opens_an_action_of_the_spec() {
    let actions = actions(&read("tla/raft/Raft.tla"));
    let opened: BTreeSet<_> = actions_of_events().into_values().collect();
    let without: BTreeSet<_> = WITHOUT_EVENT.iter().map(|(action, _)| (*action).to_owned()).collect();
    let all: BTreeSet<_> = opened.union(&without).cloned().collect();
    assert_eq!(actions, all, "left: Raft.tla, right: RaftEvent::action, and those without an event");
    assert!(opened.is_disjoint(&without), "an action without event has one");
}

#[test]
fn who_notes_an_event_names_its_action() {
    let of_event = actions_of_events();
    let mut notes = 0;
    for function in functions() {
        for event in &function.notes {
            let Some(action) = of_event.get(event) else { continue };
            notes += 1;
            assert!(
                function.actions.contains(action),
                "raft/src: {} notes {event} and does not say `Spec: Raft!{action}`",
                function.name
            );
        }
    }
    assert!(notes >= of_event.len(), "only {notes} notes were found for {} events", of_event.len());
}

/// What the definitions that make up `Next` may do with a server.
fn actions(spec: &str) -> BTreeSet<String> {
    let from = spec.find("ElectionNext(s) ==").expect("Raft.tla has its actions in ElectionNext and so on");
    let to = from + spec[from..].find("Spec ==").expect("Next is followed by Spec");
    let calls = spec[from..to].split("(s").map(|before| {
        let name = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        name.to_owned()
    });
    let actions: BTreeSet<_> = calls.filter(|name| !name.is_empty() && !name.ends_with("Next")).collect();
    // `LastIndex(s)` bounds a quantifier; it does nothing.
    actions.into_iter().filter(|name| name != "LastIndex").collect()
}

struct Function {
    name: String,
    /// `Spec: Raft!…` in its doc.
    actions: Vec<String>,
    /// Events that it notes.
    notes: Vec<String>,
}

/// All functions of the crate raft.
fn functions() -> Vec<Function> {
    let mut functions = Vec::new();
    for file in fs::read_dir(root().join("raft/src")).expect("the crate raft is here") {
        let path = file.expect("its files can be listed").path();
        let text = fs::read_to_string(&path).expect("its files can be read");
        let mut named = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(spec) = line.strip_prefix("/// Spec: ") {
                named = spec.split("Raft!").skip(1).map(word).collect();
            } else if let Some(function) = line.split("fn ").nth(1).filter(|_| !line.starts_with("//")) {
                let actions = std::mem::take(&mut named);
                functions.push(Function { name: word(function), actions, notes: Vec::new() });
            }
            if let (Some(event), Some(function)) =
                (line.split("note(RaftEvent::").nth(1), functions.last_mut())
            {
                function.notes.push(word(event));
            }
        }
    }
    functions
}

/// `RaftEvent::X { .. } => Some("Action")`.
fn actions_of_events() -> BTreeMap<String, String> {
    let text = read("raft/src/event.rs");
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("RaftEvent::"));
    let arms = lines.filter_map(|line| line.split_once(" => Some(\""));
    arms.map(|(event, action)| (word(event), word(action))).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}
