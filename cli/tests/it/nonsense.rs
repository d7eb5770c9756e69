//! Bad input: a clear message, exit code 2 or 10, and nothing half-written.
use std::{fs, net::TcpListener};

use serde_json::Value;
use synod_cli::{conform::recorded, multipaxos::MultiPaxos};

use crate::{SHORT, folder, stderr, stdout, synod};

#[test]
fn flags_that_make_no_sense_are_refused() {
    let here = folder("flags");
    for (line, said) in [
        ("run raft --nodes 0", "--nodes"),
        ("run raft --nodes five", "--nodes"),
        ("run 2pc --nodes 0", "0 is not in 1..=99"),
        ("run 3pc --nodes 0", "0 is not in 1..=99"),
        ("run paxos-commit --nodes 0", "0 is not in 1..=99"),
        ("run paxos-commit --nodes 4294967296", "4294967296 is not in 1..=99"),
        ("sweep 2pc --nodes 0 --seeds 1", "--nodes"),
        ("check 2pc --nodes 0", "0 is not in 1..=9"),
        ("check 3pc --nodes 0", "0 is not in 1..=9"),
        ("check paxos-commit --nodes 0", "0 is not in 1..=9"),
        ("run raft --faults crash,earthquake", "there is no fault class \"earthquake\"; there are loss"),
        ("run raft --clients 0", "--clients"),
        ("run raft --ops 0", "--ops"),
        ("run raft --sim-time soon", "write 60s, 5m or 1500ms"),
        ("run raft --sim-time 0s", "between a millisecond and a week"),
        ("run raft --seed -1", "unexpected argument"),
        ("run raftt", "raft"),
        ("run", "<ALGORITHM>"),
        ("rnu raft", "unrecognized subcommand 'rnu'"),
        ("run raft --otlp ::::", "--otlp"),
        ("run raft --scenario nowhere.toml", "--scenario nowhere.toml"),
        ("run raft --scenario x.toml --swarm", "--swarm"),
        ("run raft --swarm --nodes 3", "--swarm"),
    ] {
        let output = synod(&here, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{line}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{line}: {}", stdout(&output));
    }
    assert_eq!(fs::read_dir(&here).expect("a folder").count(), 0, "nothing was written");
}

#[test]
fn a_scenario_that_makes_no_sense_is_refused_with_its_line() {
    let here = folder("scenario-nonsense");
    let rule =
        "[[rule]]\nwhen = \"leader_is_tired\"\npause = \"1s\"\npick = [{ do = \"crash\", lasts = \"1s\" }]\n";
    for (text, said) in [
        (rule.to_owned(), "bad.toml, line 2: there is no predicate \"leader_is_tired\"; there is leader_has"),
        (
            rule.replace("leader_is_tired", "two_servers_lead").replace("crash", "explode"),
            "line 4: there is no fault",
        ),
        ("[[rule]\n".into(), "line 1: "),
    ] {
        fs::write(here.join("bad.toml"), text).expect("a file can be made");
        let output = synod(&here, "run raft --scenario bad.toml");
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "{}", stdout(&output));
    }
}

#[test]
fn an_even_cluster_is_warned_about() {
    let output = synod(&folder("even"), "run raft --nodes 4 --seed 1 --ops 30 --sim-time 1s");
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).starts_with("warning: --nodes 4"), "{}", stderr(&output));
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named_before_the_run() {
    let here = folder("unwritable");
    fs::write(here.join("file"), "in the way").expect("a file can be made");
    let output = synod(&here, &format!("{SHORT} --out file/inside"));
    assert_eq!(output.status.code(), Some(10));
    assert!(
        stderr(&output).contains("--out file/inside: the folder cannot be written to"),
        "{}",
        stderr(&output)
    );
    assert!(output.stdout.is_empty(), "{}", stdout(&output));
    assert_eq!(fs::read_dir(&here).expect("a folder").count(), 1);
}

/// What is in the way of the last file undoes the first ones.
#[test]
fn nothing_half_written_stays() {
    let here = folder("halfway");
    fs::create_dir_all(here.join("o/trace.jaeger.json.partial")).expect("a folder can be made");
    let output = synod(&here, &format!("{SHORT} --out o"));
    assert_eq!(output.status.code(), Some(10), "{}", stderr(&output));
    assert!(stderr(&output).contains("trace.jaeger.json"), "{}", stderr(&output));
    let left: Vec<_> = fs::read_dir(here.join("o"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["trace.jaeger.json.partial"], "only what had been there");
}

#[test]
fn an_endpoint_that_does_not_answer_spoils_no_run() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    let here = folder("deaf");
    let output = synod(&here, &format!("{SHORT} --json --out o --otlp http://127.0.0.1:{port}"));
    assert_eq!(output.status.code(), Some(10), "{}", stderr(&output));
    assert!(stderr(&output).contains("--otlp: nothing takes OTLP over gRPC"), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(document["verdict"], "holds");
    assert!(document["exported"]["error"].is_string());
    assert_eq!(fs::read_dir(here.join("o")).expect("a folder").count(), 4);
}

/// A run that its trace spec does not follow is not rejected by it: it is said how far it can be followed.
#[test]
fn a_run_beyond_its_trace_spec() {
    let folder = folder("beyond");
    let line = "run multipaxos --seed 3 --ops 200 --sim-time 10s --faults none --set load.churn=5 --out .";
    assert_eq!(synod(&folder, line).status.code(), Some(0));
    let trace = folder.join("trace.jsonl");
    let error = recorded::read::<MultiPaxos>(&trace, None).expect_err("its acceptors change").to_string();
    let steps = error.split("--steps ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a remedy");
    let before = recorded::read::<MultiPaxos>(&trace, steps.parse().ok()).expect("they do not, up to there");
    assert!(!before.actions.is_empty(), "{error}");
}
