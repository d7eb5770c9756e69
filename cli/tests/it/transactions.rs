//! Histories of transactions, judged from outside.
use std::fs;

use serde_json::{Value, json};

use crate::{folder, stderr, stdout, synod};

const LOST_UPDATE: &str = r#"{"client":1,"call":0,"return":10,"txn":[["r","x",[]],["append","x",1]],"ok":true}
{"client":2,"call":0,"return":10,"txn":[["r","x",[]],["append","x",2]],"ok":true}

{"client":3,"call":20,"return":30,"txn":[["r","x",[1,2]]],"ok":true}
"#;

/// The second transaction begins after the first, and sees nothing of it.
const STALE: &str = "[{:process 0 :type :invoke :f :txn :value [[:append :x 1]]}
 {:process 0 :type :ok :f :txn :value [[:append :x 1]]}
 {:process 1 :type :invoke :f :txn :value [[:r :x nil]]}
 {:process 1 :type :ok :f :txn :value [[:r :x []]]}]
";

/// Write skew; and who appended first to z, nobody knows.
const SKEW: &str = r#"{"client":1,"call":0,"return":10,"txn":[["r","x",[]],["append","y",1],["append","z",1]],"ok":true}
{"client":2,"call":0,"return":10,"txn":[["r","y",[]],["append","x",1],["append","z",2]],"ok":true}
"#;

#[test]
fn a_line_for_the_models_and_more_for_each_anomaly() {
    let here = folder("transactions");
    fs::write(here.join("lost.jsonl"), LOST_UPDATE).expect("a file");
    fs::write(here.join("stale.edn"), STALE).expect("a file");
    fs::write(here.join("skew.jsonl"), SKEW).expect("a file");
    fs::write(here.join("good.jsonl"), LOST_UPDATE.lines().next().expect("a line")).expect("a file");
    let told = |line: &str, code: i32| {
        let output = synod(&here, line);
        assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
        stdout(&output)
    };
    let lost =
        "lost.jsonl: 3 transactions on 1 key: ✗ not serializable: G-single; still strong-read-committed
  G-single: T0 → T1 → T0
    T0 appended 1 to x, and T1 appended 2 next
    T1 read x as [] before T0 appended 1
    T0, line 1: read x [], append x 1
    T1, line 2: read x [], append x 2
";
    let stale = "stale.edn: 2 transactions on 1 key: ✓ serializable; and strong-read-committed, \
                 strong-session-serializable
  G-single-realtime: T0 → T1 → T0
    T0 had returned at 2 before T1 was called at 3
    T1 read x as [] before T0 appended 1
    T0, line 1: append x 1
    T1, line 3: read x []
";
    assert_eq!(told("lin lost.jsonl stale.edn", 1), format!("{lost}{stale}"));
    assert_eq!(
        told("lin good.jsonl", 0),
        "good.jsonl: 1 transaction on 1 key: ✓ serializable; and strict-serializable\n"
    );
    told("lin stale.edn", 0);
    told("lin stale.edn --consistency strict-serializable", 1);
    told("lin lost.jsonl --consistency strong-read-committed", 0);
    let skew = told("lin skew.jsonl --consistency snapshot-isolation", 0);
    let first = "skew.jsonl: 2 transactions on 3 keys: ✓ no anomaly found against snapshot-isolation, \
                 strong-snapshot-isolation (nobody read the order of 2 appends to 1 key)\n";
    assert!(skew.starts_with(first), "{skew}");
    let skew = told("lin skew.jsonl", 1);
    assert!(
        skew.contains("✗ not serializable: G2; no anomaly found against strong-snapshot-isolation (no"),
        "{skew}"
    );
}

#[test]
fn json_has_every_model() {
    let here = folder("transactions-json");
    fs::write(here.join("lost.jsonl"), LOST_UPDATE).expect("a file");
    let output = synod(&here, "lin --json lost.jsonl");
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let file = &document["files"][0];
    assert_eq!((&file["verdict"], &file["consistency"]), (&json!("violated"), &json!("serializable")));
    assert_eq!(file["models"].as_object().expect("an object").len(), 12);
    assert_eq!(file["models"]["strong-read-committed"], "holds");
    assert_eq!(file["models"]["snapshot-isolation"], "violated");
    let anomaly = json!({
        "kind": "G-single",
        "transactions": [0, 1],
        "lines": [1, 2],
        "dependencies": ["ww", "rw"],
        "explanation": ["T0 appended 1 to x, and T1 appended 2 next", "T1 read x as [] before T0 appended 1"],
        "shortest": true,
    });
    assert_eq!(file["anomalies"], json!([anomaly]));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let here = folder("transactions-bad");
    fs::write(here.join("twice"), LOST_UPDATE.replace("\"x\",2", "\"x\",1")).expect("a file");
    fs::write(here.join("good"), LOST_UPDATE).expect("a file");
    fs::write(here.join("unended"), STALE.replace("}]", "")).expect("a file");
    let read = r#"{"client":1,"call":0,"return":1,"op":{"f":"read"},"output":null}"#;
    fs::write(here.join("operations"), read).expect("a file");
    let refused = |line: &str, reason: &str| {
        let output = synod(&here, &format!("lin {line}"));
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{line}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    };
    refused("twice", "error: twice: line 2: 1 is appended to x again, after line 1; ");
    refused("unended", "error: unended: line 5: a form is missing at the end; ");
    refused(
        "good --consistency causal",
        "error: good: these are transactions; judge them with --consistency serial",
    );
    refused("operations --consistency serializable", "error: operations: these are no transactions; ");
    refused("good --html page.html", "these are transactions, and --html shows single operations");
    refused("good --model kv", "error: good: line 1, column 38: unknown field `txn`");
    refused("good --consistency repeatable", "there are linearizable, sequential, ");
    refused(
        "good --consistency repeatable",
        "; and for transactions read-uncommitted, strong-session-read-unc",
    );
}
