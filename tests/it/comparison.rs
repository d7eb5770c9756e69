//! The page that sets the algorithms side by side says what they do now.
use std::{fs, path::Path};

use synod_cli::compare::{Figures, Page, contestants};

#[test]
fn the_page_is_fresh() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = Page::of(&Figures::measure(&contestants()));
    let plots = page.plots.iter().map(|(name, svg)| (format!("comparison/{name}"), svg));
    assert_eq!(page.plots.len(), 3, "three figures");
    for (name, made) in plots.chain([("comparison.md".to_owned(), &page.text)]) {
        let written = fs::read_to_string(docs.join(&name)).unwrap_or_default();
        let line = written.lines().zip(made.lines()).position(|(old, new)| old != new);
        assert!(
            written == *made,
            "docs/{name} is stale, from line {} on: make it anew with `cargo x comparison`",
            line.map_or(written.lines().count().min(made.lines().count()), |line| line) + 1
        );
    }
}
