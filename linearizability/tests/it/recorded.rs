//! Recorded histories of real stores, from the test data of Porcupine, with their verdicts.
use std::{fs, path::Path};

use synod_linearizability::{Format, History, Options, ReadOptions, Verdict, check};

use crate::is_linearizable;

#[test]
fn recorded_histories_have_their_known_verdicts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let verdicts = fs::read_to_string(folder.join("verdicts.tsv")).unwrap();
    let mut judged = 0;
    for row in verdicts.lines().skip(1) {
        let [file, count, verdict] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let format = if file.starts_with("kv") { Format::PorcupineKv } else { Format::Etcd };
        assert_eq!(Format::of(&text), format, "{file}");
        let history =
            History::read(&text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{file}, {error}"));
        let called = text.matches(":invoke").count();
        assert_eq!(count.parse(), Ok(called), "{file}");
        assert_eq!(is_linearizable(&history), verdict == "ok", "{file}");
        if let Verdict::NotLinearizable(violation) = check(&history, &Options::default()) {
            println!("{file}: {} operations: {violation}", violation.counterexample.len());
        }
        judged += 1;
    }
    assert_eq!(judged, 56);
}
