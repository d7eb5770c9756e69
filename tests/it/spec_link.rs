//! Code and spec name each other: every action of a spec has its handlers, and every handler its actions.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A spec, and the code that does what it says.
pub(crate) struct Link {
    /// `tla/raft/Raft.tla`.
    pub(crate) spec: &'static str,
    /// The folder of the code, with those in it: `raft/src`.
    pub(crate) code: &'static str,
    /// The type of its events, and the file that says which action each opens. If that file lies outside the code's
    /// folder, several specs share it, and only the events that this code notes count.
    pub(crate) event: (&'static str, &'static str),
    /// Actions that no event opens, and why they need none.
    pub(crate) without_event: &'static [(&'static str, &'static str)],
}

impl Link {
    /// All that follows.
    pub(crate) fn check(&self) {
        self.check_with(&[]);
    }

    /// The same code does what these specs say as well, whose actions this one takes over.
    pub(crate) fn check_with(&self, others: &[&'static str]) {
        let specs: Vec<&str> = others.iter().copied().chain([self.spec]).collect();
        let text: String = specs.iter().map(|spec| read(spec)).collect();
        let actions = actions(&text);
        let functions = self.functions(&specs);
        self.every_action_has_a_handler_and_every_handler_its_action(&actions, &functions);
        self.every_event_opens_an_action(&actions);
        self.who_notes_an_event_names_its_action(&functions);
    }

    fn every_action_has_a_handler_and_every_handler_its_action(
        &self,
        actions: &BTreeSet<String>,
        functions: &[Function],
    ) {
        let handled: BTreeSet<_> =
            functions.iter().flat_map(|function| function.actions.iter().cloned()).collect();
        let (spec, module) = (self.spec, module(self.spec));
        assert_eq!(*actions, handled, "left: {spec}, right: `Spec: {module}!…` in {}", self.code);
    }

    fn every_event_opens_an_action(&self, actions: &BTreeSet<String>) {
        let opened: BTreeSet<_> = self.actions_of_events().into_values().collect();
        let without: BTreeSet<_> =
            self.without_event.iter().map(|(action, _)| (*action).to_owned()).collect();
        let all: BTreeSet<_> = opened.union(&without).cloned().collect();
        let event = self.event.0;
        assert_eq!(*actions, all, "left: {}, right: {event}::action, and those without an event", self.spec);
        assert!(opened.is_disjoint(&without), "an action without event has one");
    }

    fn who_notes_an_event_names_its_action(&self, functions: &[Function]) {
        let of_event = self.actions_of_events();
        let mut notes = 0;
        for function in functions {
            for event in &function.notes {
                let Some(action) = of_event.get(event) else { continue };
                notes += 1;
                let (name, module) = (&function.name, module(self.spec));
                assert!(
                    function.actions.contains(action),
                    "{}: {name} notes {event} and does not say `Spec: {module}!{action}`",
                    self.code
                );
            }
        }
        assert!(notes >= of_event.len(), "only {notes} notes were found for {} events", of_event.len());
    }

    /// All functions of the code.
    fn functions(&self, specs: &[&str]) -> Vec<Function> {
        let of_specs: Vec<String> = specs.iter().map(|spec| format!("{}!", module(spec))).collect();
        let noting = format!("note({}::", self.event.0);
        let mut functions = Vec::new();
        let folder = root().join(self.code);
        let beside = Some(folder.with_extension("rs")).filter(|file| file.is_file());
        for path in beside.into_iter().chain(sources(&folder)) {
            let text = fs::read_to_string(&path).expect("its files can be read");
            let mut named = Vec::new();
            for line in text.lines().map(str::trim) {
                if let Some(spec) = line.strip_prefix("/// Spec: ") {
                    // Another spec's name may end in ours: `MultiPaxos!`.
                    let words = spec.split([' ', '`', ',']);
                    let action = |it| of_specs.iter().find_map(|of_spec| str::strip_prefix(it, &**of_spec));
                    named.extend(words.filter_map(action).map(word));
                } else if let Some(function) = line.split("fn ").nth(1).filter(|_| !line.starts_with("//")) {
                    let actions = std::mem::take(&mut named);
                    functions.push(Function { name: word(function), actions, notes: Vec::new() });
                }
                if let (Some(event), Some(function)) = (line.split(&*noting).nth(1), functions.last_mut()) {
                    function.notes.push(word(event));
                }
            }
        }
        functions
    }

    /// `RaftEvent::X { .. } => Some("Action")`, with several before one arrow, too.
    fn actions_of_events(&self) -> BTreeMap<String, String> {
        let (event, file) = self.event;
        let (text, event) = (read(file), format!("{event}::"));
        let mut actions = BTreeMap::new();
        for line in text.lines().filter_map(|line| line.split_once(" => Some(\"")) {
            let names = line.0.split(&*event).skip(1);
            actions.extend(names.map(|name| (word(name), word(line.1))));
        }
        if !file.starts_with(self.code) {
            let noted: BTreeSet<_> = self.functions(&[]).into_iter().flat_map(|it| it.notes).collect();
            actions.retain(|event, _| noted.contains(event));
        }
        actions
    }
}

/// `Raft`, of `tla/raft/Raft.tla`.
fn module(spec: &str) -> &str {
    let (_, file) = spec.rsplit_once('/').expect("tla/FOLDER/MODULE.tla");
    file.trim_end_matches(".tla")
}

struct Function {
    name: String,
    /// `Spec: Raft!…` in its doc.
    actions: Vec<String>,
    /// Events that it notes.
    notes: Vec<String>,
}

/// The definitions that `Next`, `ElectionNext` and so on are made of, as far as they say what becomes of variables:
/// themselves, or by what they are made of.
fn actions(spec: &str) -> BTreeSet<String> {
    let definitions = definitions(spec);
    let mut changing: BTreeSet<&str> = BTreeSet::new();
    loop {
        let changes = |body: &str| {
            body.contains('\'')
                || body.contains("UNCHANGED")
                || words(body).any(|word| changing.contains(word))
        };
        let found: BTreeSet<&str> =
            definitions.iter().filter(|(_, body)| changes(body)).map(|(name, _)| *name).collect();
        if found == changing {
            break;
        }
        changing = found;
    }
    let is_next = |name: &str| name.ends_with("Next");
    let named = definitions.iter().filter(|(name, _)| is_next(name)).flat_map(|(_, body)| words(body));
    let actions: BTreeSet<_> = named.filter(|word| changing.contains(word) && !is_next(word)).collect();
    assert!(!actions.is_empty(), "the spec has its actions in Next, or in ElectionNext and so on");
    actions.into_iter().map(str::to_owned).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// Name and body of each definition that begins at the edge of a line; comments do not count.
fn definitions(spec: &str) -> Vec<(&str, String)> {
    let mut definitions: Vec<(&str, String)> = Vec::new();
    for line in spec.lines().filter(|line| !line.starts_with("(*")) {
        let line = line.split("\\*").next().unwrap_or_default();
        if let Some((head, body)) = line.split_once("==")
            && line.starts_with(char::is_alphabetic)
        {
            let name = head.split(['(', ' ']).next().unwrap_or_default();
            definitions.push((name, body.to_owned()));
        } else if let Some((_, body)) = definitions.last_mut() {
            *body += line;
            *body += " ";
        }
    }
    definitions
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut sources = Vec::new();
    for path in files.map(|file| file.expect("its files can be listed").path()) {
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            sources.push(path);
        }
    }
    sources.sort();
    sources
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
