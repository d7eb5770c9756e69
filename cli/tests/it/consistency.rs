//! Models weaker than linearizability, judged from outside.
use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{folder, stderr, stdout, synod};

/// Lines from client, call, operation and output.
fn write(here: &Path, name: &str, operations: &[(u32, u32, &str, &str)]) {
    let line = |(client, call, op, output): &(u32, u32, &str, &str)| {
        let end = call + 5;
        format!(
            "{{\"client\":{client},\"call\":{call},\"return\":{end},\"op\":{{{op}}},\"output\":{output}}}\n"
        )
    };
    fs::write(here.join(name), operations.iter().map(line).collect::<String>()).expect("a file");
}

const PUT_X: &str = r#""f":"put","key":"x","value":1"#;
const PUT_Y: &str = r#""f":"put","key":"y","value":2"#;
const GET_X: &str = r#""f":"get","key":"x""#;
const GET_Y: &str = r#""f":"get","key":"y""#;

fn some_histories(test: &str) -> PathBuf {
    let here = folder(test);
    write(&here, "stale", &[(1, 0, PUT_X, "null"), (2, 10, GET_X, "null"), (2, 20, GET_X, "1")]);
    let buffers =
        [(1, 0, PUT_X, "null"), (2, 1, PUT_Y, "null"), (1, 10, GET_Y, "null"), (2, 11, GET_X, "null")];
    write(&here, "buffers", &buffers);
    write(&here, "forgetful", &[(1, 0, PUT_X, "null"), (1, 10, GET_X, "null")]);
    write(&here, "queue", &[(1, 0, r#""f":"enq","value":1"#, "null"), (1, 10, r#""f":"deq""#, "null")]);
    here
}

#[test]
fn what_is_not_linearizable_keeps_something_weaker() {
    let here = some_histories("weaker");
    let output = synod(&here, "lin stale buffers forgetful queue");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.contains("✗ not linearizable: ")), "{text}");
    assert!(lines[0].ends_with("; still sequential"), "{text}");
    assert!(lines[1].contains("; still causal; not sequential: no order fits what was read, "), "{text}");
    assert!(
        lines[2].ends_with(
            "; still monotonic-reads, monotonic-writes, writes-follow-reads; not read-your-writes: line 2: \
             client 1: get of \"x\" → null [10, 15] found what was there at first and missed line 1: its client \
             had called line 1 before"
        ),
        "{text}"
    );
    assert!(lines[3].contains("; not even sequential: no order of these 2 operations, "), "{text}");
    assert!(!lines[3].contains("causal"), "what makes no sense for a queue is not spoken of: {text}");
    let document: Value =
        serde_json::from_str(&stdout(&synod(&here, "lin --json stale buffers"))).expect("JSON");
    let weaker = |file: usize| &document["files"][file]["weaker"];
    assert_eq!(weaker(0)["sequential"], json!({ "verdict": "holds" }));
    assert_eq!(weaker(1)["sequential"]["verdict"], "violated");
    assert_eq!(weaker(1)["sequential"]["counterexample"], json!([0, 1, 2, 3]));
    assert_eq!(weaker(1)["causal"], json!({ "verdict": "holds" }));
}

#[test]
fn one_model_is_judged_alone() {
    let here = some_histories("consistency");
    let cases = [
        ("linearizable", "stale", 1, "✗ not linearizable: "),
        ("sequential", "stale", 0, "✓ sequential"),
        ("sequential", "buffers", 1, "✗ not sequential: no order fits"),
        ("causal", "buffers", 0, "✓ causal"),
        ("causal", "forgetful", 1, "✗ not causal: line 2: "),
        ("read-your-writes", "forgetful", 1, "✗ not read-your-writes: line 2: "),
        ("monotonic-reads", "forgetful", 0, "✓ monotonic-reads"),
        ("writes-follow-reads", "queue", 3, "? writes-follow-reads: not decidable: "),
    ];
    for (model, file, exit, said) in cases {
        let output = synod(&here, &format!("lin --consistency {model} {file}"));
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(exit), "{model} of {file}: {text}{}", stderr(&output));
        assert!(text.contains(&format!(": {said}")), "{model} of {file}: {text}");
        assert!(!text.contains("; still"), "{text}");
    }
    let output = synod(&here, "lin --consistency causal --json forgetful buffers");
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(document["files"][0]["consistency"], "causal");
    assert_eq!(document["files"][0]["violated"]["counterexample"], json!([0, 1]));
    assert_eq!(document["files"][1]["verdict"], "holds");
    assert!(document["files"][1]["holds"]["order"].is_array());
}

#[test]
fn a_model_that_does_not_exist_is_refused() {
    let here = some_histories("consistency-nonsense");
    let output = synod(&here, "lin --consistency strong stale");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there are linearizable, sequential, causal, "), "{}", stderr(&output));
    let output = synod(&here, "lin --consistency causal stale --html page.html");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--html shows linearizability"), "{}", stderr(&output));
    assert!(!here.join("page.html").exists());
}
