//! Planted bugs (`mutants/*.toml`) can be planted: what each edit replaces stands once in its file. Without this they fall
//! behind the code, and `scripts/planted-bugs` finds that out an hour later.
use std::{collections::BTreeSet, fs, path::Path};

use serde::Deserialize;

#[derive(Deserialize)]
struct Bugs {
    mutant: Vec<Bug>,
}

#[derive(Deserialize)]
struct Bug {
    name: String,
    edit: Vec<Edit>,
}

#[derive(Deserialize)]
struct Edit {
    file: String,
    replace: String,
    by: String,
}

/// What is wrong with an edit, if anything.
fn misfit(Edit { file, replace, by }: &Edit, text: &str) -> Option<String> {
    match text.matches(replace.as_str()).count() {
        1 => (replace == by).then(|| format!("{file}: it changes nothing")),
        times => Some(format!("{file}: this stands {times} times in it:\n{replace}")),
    }
}

#[test]
fn every_planted_bug_can_be_planted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut names = BTreeSet::new();
    let mut misfits = Vec::new();
    for entry in fs::read_dir(root.join("mutants")).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("it is text");
        let bugs: Bugs = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for Bug { name, edit } in bugs.mutant {
            for edit in &edit {
                let text = fs::read_to_string(root.join(&edit.file)).unwrap_or_default();
                misfits.extend(misfit(edit, &text).map(|what| format!("{name}: {what}")));
            }
            assert!(names.insert(name.clone()), "two bugs are called {name}");
        }
    }
    assert!(names.len() > 20, "{names:?}");
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

#[test]
fn what_does_not_fit_is_told() {
    let edit = |replace: &str, by: &str| Edit { file: "a.rs".into(), replace: replace.into(), by: by.into() };
    assert_eq!(misfit(&edit("one", "two"), "one three"), None);
    for (edit, text) in
        [(edit("one", "two"), "three"), (edit("one", "two"), "one, and one"), (edit("one", "one"), "one")]
    {
        assert!(misfit(&edit, text).is_some_and(|what| what.starts_with("a.rs")), "{text}");
    }
}
