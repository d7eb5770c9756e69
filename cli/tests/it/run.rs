//! What a run prints and writes.
use std::fs;

use serde_json::Value;
use synod_cli::raft::Server;
use synod_linearizability::History;
use synod_protocol::What;
use synod_telemetry::trace_file::Reader;

use crate::{SHORT, folder, stderr, stdout, synod};

#[test]
fn plain_synod_says_what_to_try() {
    let output = synod(&folder("plain"), "");
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.contains("synod run raft"), "{text}");
    assert!((8..=13).contains(&text.lines().count()), "{text}");
}

#[test]
fn help_has_examples_and_exit_codes() {
    let text = stdout(&synod(&folder("help"), "run --help"));
    for word in ["Examples:", "--otlp http://127.0.0.1:4317", "Exit codes:", "one-way"] {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
}

#[test]
fn a_run_is_told_and_judged() {
    let here = folder("told");
    let output = synod(&here, SHORT);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
    let text = stdout(&output);
    for word in [
        "leads term",
        "network.loss=",
        "messages ",
        "operations ",
        "✓ invariants",
        "✓ liveness",
        "✓ linearizability",
        "trace hash",
    ] {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours but on a terminal");
    let named: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("synod-out")))
        .collect();
    assert_eq!(named.len(), 4, "{text}");
    for file in named {
        assert!(fs::metadata(here.join(file)).expect("it is there").len() > 0, "{file}");
    }
}

#[test]
fn a_random_seed_is_printed_and_makes_the_same_run() {
    let here = folder("random");
    let document: Value =
        serde_json::from_str(&stdout(&synod(&here, "run raft --ops 30 --sim-time 1s --json --out a")))
            .expect("JSON");
    let seed = document["seed"].as_u64().expect("a seed");
    let again = format!("run raft --ops 30 --sim-time 1s --json --out b --seed {seed}");
    let again: Value = serde_json::from_str(&stdout(&synod(&here, &again))).expect("JSON");
    assert_eq!(document["trace_hash"], again["trace_hash"]);
    let command = document["command"].as_str().expect("a command").to_owned();
    assert!(command.contains(&format!("--seed {seed}")) && command.contains("--ops 30"), "{command}");
}

#[test]
fn json_is_one_document() {
    let output = synod(&folder("json"), &format!("{SHORT} --json"));
    let document: Value = serde_json::from_str(&stdout(&output)).expect("one document");
    for key in [
        "seed",
        "trace_hash",
        "verdict",
        "messages",
        "operations",
        "elections",
        "verdicts",
        "config",
        "files",
    ] {
        assert!(!document[key].is_null(), "{key}");
    }
    assert_eq!(document["verdict"], "holds");
    let messages = |key: &str| document["messages"][key].as_u64().expect("a count");
    assert_eq!(
        messages("sent") + messages("duplicated"),
        messages("delivered") + messages("dropped") + messages("in_flight")
    );
    assert!(document["elections"]["won"].as_u64() >= Some(1));
}

/// Every file, byte for byte, in two processes; and another seed is another run.
#[test]
fn the_same_seed_gives_the_same_bytes() {
    let here = folder("bytes");
    for out in ["a", "b"] {
        synod(&here, &format!("{SHORT} --out {out}"));
    }
    for file in ["trace.jsonl", "history.jsonl", "trace.otlp.jsonl", "trace.jaeger.json"] {
        let bytes = |out: &str| fs::read(here.join(out).join(file)).expect("it was written");
        assert!(bytes("a") == bytes("b"), "{file} differs");
    }
    synod(&here, &format!("{SHORT} --out c --seed 8").replacen("--seed 7 ", "", 1));
    assert!(
        fs::read(here.join("a/trace.jsonl")).expect("a") != fs::read(here.join("c/trace.jsonl")).expect("c")
    );
}

/// The files say what the run said.
#[test]
fn the_files_can_be_read_back() {
    let here = folder("files");
    let document: Value =
        serde_json::from_str(&stdout(&synod(&here, &format!("{SHORT} --json --out o")))).expect("JSON");
    let read = |file: &str| fs::read(here.join("o").join(file)).expect("it was written");
    let trace = read("trace.jsonl");
    let reader = Reader::new(&trace[..]).expect("a header");
    assert_eq!((reader.header().algorithm.as_str(), reader.header().seed), ("raft", 7));
    let steps: Vec<_> = reader.steps::<Server>().collect::<Result<_, _>>().expect("steps");
    let count = |pick: &dyn Fn(&What<'_, Server>) -> bool| {
        steps.iter().filter(|step| pick(&step.what)).count() as u64
    };
    let sent = count(&|what| matches!(what, What::Sent { .. } | What::Called { .. }));
    assert_eq!(document["messages"]["sent"].as_u64(), Some(sent));
    assert_eq!(
        document["messages"]["dropped"].as_u64(),
        Some(count(&|what| matches!(what, What::Dropped { .. })))
    );
    assert_eq!(document["counts"]["steps"].as_u64(), Some(steps.len() as u64));
    let history = History::read_jsonl(&read("history.jsonl")[..]).expect("a history");
    let answered = history.operations().filter(|operation| operation.returned.is_some()).count();
    assert_eq!(document["operations"]["ok"].as_u64(), Some(answered as u64));
    for file in ["trace.jaeger.json", "trace.otlp.jsonl"] {
        for line in String::from_utf8(read(file)).expect("text").lines().filter(|_| file.ends_with('l')) {
            serde_json::from_str::<Value>(line).expect("JSON");
        }
    }
    assert!(fs::read_dir(here.join("o")).expect("a folder").count() == 4, "nothing half-written is left");
}

/// The example that is handed out: it strikes as it says, and the command that is printed makes the same run.
#[test]
fn a_scenario_is_followed() {
    let here = folder("scenario");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/leader-hunt.toml");
    fs::copy(example, here.join("hunt.toml")).expect("the example can be copied");
    let output =
        synod(&here, "run raft --seed 7 --ops 1000 --sim-time 20s --scenario hunt.toml --verbose --out o");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    for said in [
        "healed: everything",
        "crash n1 n2 n3 n4 n5",
        "scenario = \"leader hunt\", 3 rules",
        "network.loss = 0.02",
    ] {
        assert!(text.contains(said), "{said:?} is not in\n{text}");
    }
    let command = text.lines().next().expect("a command").strip_prefix("synod ").expect("a command");
    assert!(command.contains("--scenario hunt.toml") && !command.contains("--faults"), "{command}");
    let again = stdout(&synod(&here, &format!("{command} --out p")));
    let hash = |text: &str| text.lines().find(|line| line.starts_with("trace hash")).map(ToOwned::to_owned);
    assert!(hash(&text).is_some() && hash(&text) == hash(&again));
}

#[test]
fn the_scenario_in_the_docs_is_one() {
    let here = folder("scenario-docs");
    let docs =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scenarios.md")).expect("docs");
    let text = docs.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    fs::write(here.join("docs.toml"), text).expect("a file can be made");
    let output = synod(&here, "run raft --seed 1 --ops 100 --sim-time 3s --scenario docs.toml --out o");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for fault in synod_simulator::Fault::STRIKES {
        assert!(docs.contains(&format!("`{fault}`")), "{fault} is not explained");
    }
}

#[test]
fn a_swarm_prints_what_it_drew() {
    let runs: Vec<Value> = (1..=6)
        .map(|seed| {
            let line = format!("run raft --swarm --ops 100 --sim-time 3s --json --seed {seed} --out o{seed}");
            serde_json::from_str(&stdout(&synod(&folder("swarm"), &line))).expect("JSON")
        })
        .collect();
    assert!(runs.iter().any(|run| run["config"]["nodes"] != runs[0]["config"]["nodes"]));
    assert!(runs.iter().all(|run| run["command"].as_str().is_some_and(|line| line.contains("--swarm"))));
}

#[test]
fn what_was_reached_is_told_and_what_was_not_is_called_untested() {
    let here = folder("sometimes");
    let text =
        stdout(&synod(&here, "run raft --faults none --nodes 3 --ops 100 --sim-time 5s --seed 1 --verbose"));
    assert!(text.contains("untested       never   entry_was_overwritten"), "{text}");
    let brief = stdout(&synod(&here, "run raft --faults none --nodes 3 --ops 100 --sim-time 5s --seed 1"));
    assert!(brief.contains("of 12 situations were reached"), "{brief}");
    let all = stdout(&synod(&here, "run raft --seed 7 --verbose --out o"));
    assert!(all.lines().any(|line| line.starts_with("sometimes ") && line.contains("× ")), "{all}");
}

#[test]
fn a_quiet_cluster_loses_nothing() {
    let output =
        synod(&folder("quiet"), "run raft --nodes 3 --faults none --ops 100 --sim-time 5s --seed 1 --json");
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(document["messages"]["dropped_why"]["lost"], 0);
    assert_eq!(document["messages"]["duplicated"], 0);
    assert_eq!(document["counts"]["crashes"], 0);
    assert_eq!(document["operations"]["unknown"], 0);
    // The heal keeps a quorum only; if the leader is not in it, there is a second election.
    assert!((1..=2).contains(&document["elections"]["won"].as_u64().expect("a count")));
}
