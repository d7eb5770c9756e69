//! Bad input: a clear message, exit code 2 or 10, and nothing half-written.
use std::{fs, net::TcpListener};

use serde_json::Value;
use synod_cli::{chain::Chain, conform::recorded, multipaxos::MultiPaxos};

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
        ("run paxos --nodes 0", "0 is not in 1..=99"),
        ("run multipaxos --nodes 0", "0 is not in 1..=99"),
        ("run chain --nodes 0", "0 is not in 1..=99"),
        ("run craq --nodes 100", "100 is not in 1..=99"),
        ("run chain-raft --nodes 1", "--nodes 1: chain-raft needs 2 nodes at least"),
        ("run chain-raft --set nodes=1", "--nodes 1: chain-raft needs 2 nodes at least"),
        ("run multipaxos --set nodes=0", "--nodes 0: multipaxos needs 1 nodes at least"),
        ("run multipaxos --set node.window=0", "--set node.window=0: window, max_slots_per_message and"),
        ("run multipaxos --set node.window=-1", "it takes no such value: "),
        (
            "run multipaxos --set node.windows=1",
            "a node has no knob \"windows\" there; there are election_timeout,",
        ),
        ("run multipaxos --set node.quorums.phase_1=1", "need not share a member"),
        (
            "run multipaxos --set node.members=[1,2,3]",
            "n4 is one of 5 nodes and has no place in this configuration",
        ),
        ("run paxos --set node.quorums.phase_2=2", "need not share a member"),
        ("run paxos --set node.members=[1,2,3,4,4]", "listed twice"),
        ("run raft --set node.members=[]", "at least one member"),
        ("run raft --set node.max_appends_in_flight=0", "must be at least 1"),
        ("run chain --set node.servers=[]", "a chain needs at least one server"),
        ("run chain --set node.servers=[1,2,1]", "listed twice"),
        ("run craq --set node.least=5", "no chain is long enough to answer"),
        ("run chain --set node.master=9", "n5 is one of 5 nodes and has no place"),
        ("run chain-raft --set node.chain.least=0", "no chain is long enough to answer"),
        ("sweep multipaxos --set node.window=8", "node.window"),
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

/// A run whose acceptors change brings what its trace spec needs to follow it to the end.
#[test]
fn a_run_in_which_acceptors_change_is_followed() {
    let folder = folder("churn");
    let line = "run multipaxos --seed 3 --ops 200 --sim-time 10s --faults none --set load.churn=5 --out .";
    assert_eq!(synod(&folder, line).status.code(), Some(0));
    let trace = folder.join("trace.jsonl");
    let read = recorded::read::<MultiPaxos>(&trace, None).expect("it can be followed");
    let told =
        |(_, action): &&(u64, Value)| action["reconfigured"].as_array().is_some_and(|it| !it.is_empty());
    assert!(read.actions.iter().filter(told).count() >= 5, "its acceptors change");
}

/// A chain of one works: alone it is its own master, and with one beside it a chain as short as it gets.
#[test]
fn the_smallest_clusters_run() {
    let folder = folder("smallest");
    for algorithm in ["paxos", "multipaxos", "chain", "craq", "raft"] {
        let output = synod(
            &folder,
            &format!("run {algorithm} --nodes 1 --seed 1 --ops 20 --sim-time 2s --faults none"),
        );
        assert_eq!(output.status.code(), Some(0), "{algorithm}: {}", stderr(&output));
    }
    for algorithm in ["chain", "craq", "chain-raft"] {
        let output = synod(&folder, &format!("run {algorithm} --nodes 2 --seed 1 --ops 40 --sim-time 2s"));
        assert_eq!(output.status.code(), Some(0), "{algorithm}: {}", stderr(&output));
    }
}

/// A run with knobs turned is held to its spec as it was configured, not as is usual.
#[test]
fn a_recorded_run_knows_its_configuration() {
    let folder = folder("knobs");
    let usual = "--seed 3 --ops 60 --sim-time 5s --faults none --out .";
    let trace = folder.join("trace.jsonl");
    let flexible = "--nodes 4 --set node.quorums.phase_2=2 --set node.window=8 --set node.snapshot_every=5";
    assert_eq!(synod(&folder, &format!("run multipaxos {flexible} {usual}")).status.code(), Some(0));
    let read = recorded::read::<MultiPaxos>(&trace, None).expect("it can be followed");
    let constant =
        |name: &str| read.constants.iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone());
    assert_eq!((constant("Phase1"), constant("Phase2")), (Some(3.into()), Some(2.into())));
    // Two of its servers are spares.
    let spares = "--set node.members=[1,2,3] --set node.spares=[4,5]";
    // The three that are healed in the end are no majority of all five.
    assert!(matches!(synod(&folder, &format!("run multipaxos {spares} {usual}")).status.code(), Some(0 | 1)));
    let read = recorded::read::<MultiPaxos>(&trace, None).expect("it can be followed");
    assert!(
        read.constants.contains(&("Members", serde_json::json!(["n1", "n2", "n3"]))),
        "{:?}",
        read.constants
    );
    // A cluster of another size than --nodes says.
    assert_eq!(synod(&folder, &format!("run multipaxos --set nodes=3 {usual}")).status.code(), Some(0));
    assert_eq!(recorded::read::<MultiPaxos>(&trace, None).expect("it can be followed").nodes, 3);
    assert_eq!(synod(&folder, &format!("run chain --set node.least=1 {usual}")).status.code(), Some(0));
    let chain = recorded::read::<Chain>(&trace, None).expect("it can be followed");
    assert!(chain.constants.contains(&("Shortest", 1.into())), "{:?}", chain.constants);
    // What the trace spec does not know is said, whatever the run did.
    for (line, why) in [
        ("run chain --set node.reads=apportioned", "reads are answered elsewhere"),
        ("run chain --nodes 12", "more than eight servers"),
    ] {
        let output = synod(&folder, &format!("{line} {usual}"));
        assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
        let read =
            if line.contains("chain") { recorded::read::<Chain> } else { recorded::read::<MultiPaxos> };
        let error = read(&trace, None).expect_err(line).to_string();
        assert!(error.contains(why), "{line}: {error}");
    }
    // Nor is a trace compared that does not say how its nodes were configured.
    let text = fs::read_to_string(&trace).expect("a trace");
    let (header, steps) = text.split_once('\n').expect("a header");
    let mut header: Value = serde_json::from_str(header).expect("JSON");
    header.as_object_mut().expect("an object").remove("node_config");
    fs::write(&trace, format!("{header}\n{steps}")).expect("it can be written");
    let error = recorded::read::<Chain>(&trace, None).expect_err("it does not say it").to_string();
    assert!(error.contains("does not say how its nodes were configured"), "{error}");
}
