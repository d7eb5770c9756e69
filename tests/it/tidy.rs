//! The repository's own rules, as tests.
//!
//! A rule looks at one file at a time and says what is wrong with it. Each is tried on a bad file too:
//! a rule that cannot complain would hold for any repository.
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Crates that the compiler itself keeps from clocks, threads, sockets, files and randomly ordered maps.
const PURE: &[&str] = &[
    "protocol",
    "vector-clock",
    "raft",
    "paxos",
    "atomic-commit",
    "chain-replication",
    "mapreduce",
    "gossip",
    "broadcast",
    "crdt",
];

const MOST_LINES: usize = 600;

struct File {
    /// From the root of the repository, with forward slashes.
    path: String,
    text: String,
}

type Rule = fn(&File) -> Option<String>;

#[test]
fn every_crate_is_the_package_of_its_folder() {
    holds(is_the_package_of_its_folder);
    fails(is_the_package_of_its_folder, "raft/Cargo.toml", "[package]\nname = \"raft\"\n");
    fails(is_the_package_of_its_folder, "paxos/Cargo.toml", "[package]\nname = \"synod-raft\"\n");
}

fn is_the_package_of_its_folder(file: &File) -> Option<String> {
    let folder = folder_of_manifest(file)?;
    let line = format!("name = \"synod-{folder}\"");
    let named = file.text.lines().any(|candidate| candidate == line);
    (!named).then(|| format!("the package of this folder is synod-{folder}"))
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    holds(takes_the_lints_of_the_workspace);
    fails(takes_the_lints_of_the_workspace, "raft/Cargo.toml", "[package]\nname = \"synod-raft\"\n");
}

fn takes_the_lints_of_the_workspace(file: &File) -> Option<String> {
    folder_of_manifest(file)?;
    // A crate with a lock file of its own is a workspace of its own, and has nothing to inherit from.
    let inherits =
        file.text.contains("\n[lints]\nworkspace = true\n") || file.text.contains("\n[workspace]\n");
    (!inherits).then(|| "has no `[lints] workspace = true`".into())
}

#[test]
fn every_crate_has_a_readme() {
    let files = files();
    let has_readme = |folder: &str| {
        let readme = files.iter().find(|file| file.path == format!("{folder}/README.md"));
        readme.is_some_and(|readme| readme.text.starts_with("# "))
    };
    let without = files.iter().filter_map(folder_of_manifest).filter(|folder| !has_readme(folder));
    let without = without.collect::<Vec<_>>();
    assert!(without.is_empty(), "a README.md of one page, with a title, is missing in {without:?}");
}

#[test]
fn pure_crates_are_without_std() {
    holds(is_without_std);
    fails(is_without_std, "raft/src/lib.rs", "//! Raft.\nextern crate alloc;\n");
    fails(is_without_std, "raft/src/lib.rs", "//! Raft.\n#![cfg_attr(feature = \"a\", no_std)]\n");
    fails(is_without_std, "raft/src/log.rs", "//! The log.\nuse std::vec::Vec;\n");
    fails(is_without_std, "raft/src/log.rs", "//! The log.\nextern crate std;\n");
    fails(is_without_std, "raft/src/log.rs", "//! The log.\n#[cfg(test)]\nmod laws;\nuse std::vec;\n");
    passes(
        is_without_std,
        "raft/src/log.rs",
        "//! Not std::vec.\n#[cfg(test)]\nmod tests {\n    use std::vec;\n}\n",
    );
    passes(is_without_std, "protocol/src/a.rs", "//! A.\nmacro_rules! a { () => { ::std::fs::a() } }\n");
    passes(is_without_std, "simulator/src/lib.rs", "//! Has std.\nuse std::vec::Vec;\n");
}

fn is_without_std(file: &File) -> Option<String> {
    let (path, text) = pure_source(file)?;
    if path == "lib.rs" {
        let first = text.lines().find(|line| !line.starts_with("//") && !line.trim().is_empty());
        if first != Some("#![no_std]") {
            return Some("begins with `#![no_std]`, after its doc".into());
        }
    }
    // A macro names `::std` for whoever uses it, and has it; here the compiler finds none.
    names_any_of(&text.replace("::std::", "::"), &["std::", "extern crate std"])
}

#[test]
fn pure_crates_name_nothing_that_differs_from_run_to_run() {
    holds(is_deterministic);
    for name in ["HashMap", "HashSet", "Instant::now", "SystemTime"] {
        fails(is_deterministic, "protocol/src/a.rs", &format!("//! A.\nlet a = {name}();\n"));
    }
    passes(is_deterministic, "protocol/src/a.rs", "//! A.\n// No HashMap here.\nlet a = BTreeMap::new();\n");
}

fn is_deterministic(file: &File) -> Option<String> {
    let (_, text) = pure_source(file)?;
    names_any_of(text, &["HashMap", "HashSet", "Instant::now", "SystemTime"])
}

#[test]
fn no_file_is_a_monster() {
    holds(is_short);
    fails(is_short, "raft/src/raft.rs", &"//! Long.\n".repeat(MOST_LINES + 1));
}

fn is_short(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (file.is_rust() && lines > MOST_LINES).then(|| format!("has {lines} lines, more than {MOST_LINES}"))
}

#[test]
fn every_source_file_is_compiled() {
    let files = files();
    assert_eq!(without_a_parent(&files), [] as [&str; 0], "no file says `mod …;` of these");
    let orphan = |path: &str| File { path: path.into(), text: "//! A.\n".into() };
    let root = File { path: "raft/src/lib.rs".into(), text: "//! A.\npub mod log;\n".into() };
    let few = [root, orphan("raft/src/log.rs"), orphan("raft/src/log/cut.rs"), orphan("raft/src/old.rs")];
    assert_eq!(without_a_parent(&few), ["raft/src/log/cut.rs", "raft/src/old.rs"]);
}

/// Source files that are modules of nothing: what a move left behind is read by people and by no compiler.
fn without_a_parent(files: &[File]) -> Vec<&str> {
    let says = |path: &str, line: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.is_some_and(|file| file.text.lines().any(|it| it.ends_with(line)))
    };
    let modules = files.iter().filter(|file| file.path.contains("/src/") || file.path.contains("/it/"));
    let orphans = modules.filter_map(|file| {
        let (folder, name) = file.path.strip_suffix(".rs")?.trim_end_matches("/mod").rsplit_once('/')?;
        let line = format!("mod {name};");
        let parents = ["/lib.rs", "/main.rs", "/mod.rs", ".rs"].map(|end| format!("{folder}{end}"));
        let is_root = ["lib", "main", "build"].contains(&name);
        (!is_root && !parents.iter().any(|parent| says(parent, &line))).then_some(&*file.path)
    });
    orphans.collect()
}

#[test]
fn every_source_file_begins_with_its_doc() {
    holds(begins_with_its_doc);
    fails(begins_with_its_doc, "raft/src/log.rs", "use alloc::vec::Vec;\n");
    fails(begins_with_its_doc, "raft/src/log.rs", "//!\n");
}

fn begins_with_its_doc(file: &File) -> Option<String> {
    let says_something = file.text.strip_prefix("//! ").is_some_and(|doc| !doc.trim_start().is_empty());
    (file.is_rust() && !says_something).then(|| "begins with a `//!` doc that says what it is".into())
}

#[test]
fn no_test_is_ignored_or_sleeps() {
    holds(tests_run_and_do_not_sleep);
    let test = |body: &str| format!("//! Tests.\n{body}\n");
    fails(tests_run_and_do_not_sleep, "raft/src/log.rs", &test(concat!("#[", "ignore]")));
    fails(tests_run_and_do_not_sleep, "raft/src/log.rs", &test(concat!("#[", "ignore = \"slow\"]")));
    fails(tests_run_and_do_not_sleep, "raft/tests/it/log.rs", &test("    thread::sleep(TICK);"));
    fails(tests_run_and_do_not_sleep, "tests/it/log.rs", &test("    tokio::time::sleep(TICK).await;"));
    passes(tests_run_and_do_not_sleep, "runtime/src/retry.rs", &test("    time::sleep(TICK).await;"));
}

fn tests_run_and_do_not_sleep(file: &File) -> Option<String> {
    if !file.is_rust() {
        return None;
    }
    let is_test = file.path.split('/').any(|part| part == "tests");
    // Tests of this very rule quote what it forbids.
    let sleeps: &[&str] =
        if is_test && file.path != "tests/it/tidy.rs" { &["thread::sleep", "time::sleep"] } else { &[] };
    names_any_of(&file.text, &[&[concat!("#[", "ignore")], sleeps].concat())
}

#[test]
fn no_path_of_somebodys_machine() {
    holds(names_no_machine);
    fails(names_no_machine, "docs/a.md", concat!("Look into /ho", "me/jane/synod.\n"));
    fails(names_no_machine, "docs/a.json", concat!("{\"path\":\"/Us", "ers/jane/synod\"}\n"));
    fails(names_no_machine, "scripts/a", concat!("cd /ro", "ot/synod\n"));
    passes(names_no_machine, "docs/a.md", concat!("https://example.org/ho", "me/jane and ~/synod\n"));
}

fn names_no_machine(file: &File) -> Option<String> {
    const HOMES: [&str; 5] = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!(":\\Us", "ers\\"),
    ];
    let is_path = |at: usize| {
        // The middle of a longer path or of an address is something else.
        let before = file.text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~*}>".contains(c))
            || file.text[at..].starts_with(':')
    };
    let (home, at) = HOMES
        .iter()
        .flat_map(|home| file.text.match_indices(home).map(move |(at, _)| (home, at)))
        .find(|(_, at)| is_path(*at))?;
    let line = file.text[..at].lines().count().max(1);
    Some(format!("line {line} names a path below {home}, of one machine"))
}

// How rules are asked.

fn holds(rule: Rule) {
    let complaints =
        files().iter().filter_map(|file| Some(format!("{}: {}", file.path, rule(file)?))).collect::<Vec<_>>();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn fails(rule: Rule, path: &str, text: &str) {
    let file = File { path: path.into(), text: text.into() };
    assert!(rule(&file).is_some(), "the rule let this pass as {path}:\n{text}");
}

fn passes(rule: Rule, path: &str, text: &str) {
    let file = File { path: path.into(), text: text.into() };
    assert_eq!(rule(&file), None, "the rule finds fault with this as {path}:\n{text}");
}

// What rules look at.

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// The crate's folder, if this is the manifest of one (and not of a mere workspace, as in `bench`).
fn folder_of_manifest(file: &File) -> Option<&str> {
    if !file.text.starts_with("[package]") && file.text.contains("\n[workspace]\n") {
        return None;
    }
    file.path.strip_suffix("/Cargo.toml").filter(|folder| !folder.contains('/'))
}

/// The source of a pure crate: its path below `src`, and its text without the tests at its end.
fn pure_source(file: &File) -> Option<(&str, &str)> {
    let (folder, path) = file.path.split_once("/src/")?;
    let before_tests = file.text.split("\n#[cfg(test)]\nmod tests {\n").next()?;
    (file.is_rust() && PURE.contains(&folder)).then_some((path, before_tests))
}

/// Names in code, that is outside comments.
fn names_any_of(text: &str, names: &[&str]) -> Option<String> {
    let mut code = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.find_map(|(number, line)| {
        let name = names.iter().find(|name| line.contains(**name))?;
        Some(format!("line {number} names `{name}`"))
    })
}

/// All text files that are, or are about to be, part of the repository; a source archive has no history,
/// and there it is all that lies around.
fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let paths = known_to_git(root).unwrap_or_else(|| lying_around(root));
    let mut files = Vec::new();
    for path in paths {
        // A file may be deleted and not committed yet, and pictures are no text.
        if let Ok(text) = fs::read_to_string(root.join(&path)) {
            files.push(File { path, text });
        }
    }
    assert!(files.iter().any(|file| file.path == "tests/it/tidy.rs"), "found itself not among its files");
    files
}

fn known_to_git(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let paths = String::from_utf8(git.stdout).ok()?;
    Some(paths.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn lying_around(root: &Path) -> Vec<String> {
    const NOT_OURS: &[&str] = &["target", "synod-out", ".git"];
    let mut folders = vec![PathBuf::new()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(root.join(&folder)).expect("a folder of the repository can be read");
        for entry in entries.filter_map(Result::ok) {
            let path = folder.join(entry.file_name());
            match entry.file_type() {
                Ok(_) if NOT_OURS.iter().any(|name| entry.file_name() == *name) => {}
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => paths.push(path.to_string_lossy().replace('\\', "/")),
                _ => {}
            }
        }
    }
    paths.sort();
    paths
}

#[test]
fn a_source_archive_is_looked_at_as_the_repository_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let around = lying_around(root);
    let missed = files().into_iter().map(|file| file.path).find(|path| !around.contains(path));
    assert_eq!(missed, None);
}
