//! `synod check`: exact numbers of states, what is said of them, and what becomes of a counterexample.
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::atomic::AtomicBool,
    thread::yield_now,
};

use serde_json::Value;
use synod_cli::{
    algorithm::Algorithm,
    check::{CheckOptions, Explored, check},
    exit::Exit,
    raft::{Memory, Raft, Server},
    replay::{ReplayOptions, holds, replay},
};
use synod_model_check::{Engine, Limits, Moment, Scope, Seen, Symmetry, Watch};
use synod_protocol::{NodeId, Violation};

use crate::{
    folder, stderr, stdout, synod,
    wrong::{Doomed, Forgetful},
};

fn options(scope: &str) -> CheckOptions {
    CheckOptions {
        scope: Some(scope.into()),
        nodes: None,
        budget: None,
        engine: Engine::Bfs,
        threads: 1,
        limits: Limits::default(),
        out: None,
    }
}

// What some scopes cannot come into; each is come into by another one.
const SECOND: &str = "another leader takes over";
const SPLIT: &str = "two candidates stand in one term";
const COMMITTED: &str = "a command is committed";
const OLD_TERM: &str = "an entry of an earlier term is committed";
const CUT: &str = "a conflicting entry is cut";
const READ: &str = "a read is answered without the log";
const SEEN_AGAIN: &str = "a call that took effect comes again";
const DEPOSED: &str = "a leader hears of a later term";

/// Explores a scope of Raft to its end; gives the states, the steps and the depth, and what never came about.
fn exhausted(scope: &str) -> ([u64; 3], Vec<&'static str>) {
    let report = check::<Raft>(&options(scope), &AtomicBool::new(false)).expect("it can be checked");
    assert_eq!(report.exit(), Exit::Holds, "{}", report.text());
    let never = report.sometimes.iter().filter(|about| !about.did).map(|about| about.name);
    ([report.counts.unique, report.counts.generated, report.counts.depth], never.collect())
}

#[test]
fn two_candidates_and_a_crash() {
    let (counts, never) = exhausted("small");
    assert_eq!(counts, [68_056, 313_497, 18]);
    assert_eq!(never, [SECOND, COMMITTED, OLD_TERM, CUT, READ, SEEN_AGAIN, DEPOSED]);
}

#[test]
fn a_first_boot_with_a_crash() {
    let (counts, never) = exhausted("boot");
    assert_eq!(counts, [15_597, 49_447, 15]);
    assert_eq!(never, [SECOND, SPLIT, COMMITTED, OLD_TERM, CUT, READ, SEEN_AGAIN, DEPOSED]);
}

#[test]
fn two_calls_with_a_crash_a_loss_and_a_repetition() {
    let (counts, never) = exhausted("replication");
    assert_eq!(counts, [51_838, 226_911, 19]);
    assert_eq!(never, [SECOND, SPLIT, OLD_TERM, CUT, READ, SEEN_AGAIN, DEPOSED]);
}

#[test]
fn a_call_that_is_tried_again_at_another_leader() {
    let (counts, never) = exhausted("sessions");
    assert_eq!(counts, [10_361, 42_893, 17]);
    assert_eq!(never, [SPLIT, OLD_TERM, CUT]);
}

#[test]
fn a_read_while_another_leader_takes_over() {
    let (counts, never) = exhausted("reads");
    assert_eq!(counts, [47_817, 197_922, 21]);
    assert_eq!(never, [SPLIT, OLD_TERM, SEEN_AGAIN]);
}

#[test]
fn a_call_while_another_leader_takes_over() {
    let (counts, never) = exhausted("takeover");
    assert_eq!(counts, [6_984, 23_570, 19]);
    assert_eq!(never, [SPLIT, OLD_TERM, READ, SEEN_AGAIN]);
}

#[test]
fn two_logs_that_part_and_one_that_gives_way() {
    let (counts, never) = exhausted("conflict");
    assert_eq!(counts, [5_121, 17_493, 16]);
    assert_eq!(never, [SPLIT, OLD_TERM, READ, SEEN_AGAIN]);
    let (counts, never) = exhausted("led-again");
    assert_eq!(counts, [69_408, 380_036, 25]);
    assert_eq!(never, [SPLIT, READ, SEEN_AGAIN]);
}

#[test]
fn an_entry_of_an_earlier_term_on_a_majority() {
    let (counts, never) = exhausted("figure-8");
    assert_eq!(counts, [136_766, 748_402, 29]);
    assert_eq!(never, [SPLIT, READ, SEEN_AGAIN]);
}

#[test]
fn a_message_that_comes_again_late() {
    let (counts, never) = exhausted("repeated");
    assert_eq!(counts, [101_290, 558_584, 18]);
    assert_eq!(never, [SPLIT, OLD_TERM, READ, SEEN_AGAIN]);
}

/// No third term: what is checked at each step of a run is checked in each state, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NoThird;

impl Watch<Server> for NoThird {
    const ALWAYS: &'static [&'static str] = &["Two terms"];
    const SOMETIMES: &'static [&'static str] = &[];

    fn watch(&mut self, moment: &Moment<'_, Server>, _: &mut Seen) -> Result<(), Violation> {
        let leads = |node: &Server| node.is_leader() && node.current_term().0 >= 3;
        match leads(moment.after) {
            true => Err(Violation::new("Two terms", format!("{} leads a third one", moment.node))),
            false => Ok(()),
        }
    }
}

impl Explored for Doomed {
    type Memory = NoThird;
    fn scopes() -> Vec<Scope<Server>> {
        let mut scope = Scope::new(
            "one",
            "one server",
            1,
            Raft::config(1),
            "timers=3,crashes=2".parse().expect("a budget"),
        );
        scope.fires = |timer| *timer == synod_raft::Timer::Election;
        vec![scope]
    }
}

impl Explored for Forgetful {
    type Memory = Memory;
    const SYMMETRY: Option<Symmetry<Server, Memory>> = Some(Symmetry::new());
    fn scopes() -> Vec<Scope<Server>> {
        let mut scopes = Raft::scopes();
        scopes.retain(|scope| scope.name == "sessions");
        scopes[0].opening.truncate(2);
        scopes[0].budget = "requests=2".parse().expect("a budget");
        scopes
    }
}

/// What is found is a file that replays to the same violation.
fn found<A: Explored>(name: &str, property: &str, engine: Engine) {
    let out = folder(name);
    let options = CheckOptions { scope: None, out: Some(out), engine, ..options("") };
    let report = check::<A>(&options, &AtomicBool::new(false)).expect("it can be checked");
    assert_eq!(report.exit(), Exit::Violated, "{}", report.text());
    let found = report.found.as_ref().expect("it is violated");
    assert_eq!((&*found.property, found.can_be_replayed), (property, true), "{}", report.text());
    assert!(found.actions <= 15, "{}", report.text());
    let file = report.files[0].clone();
    let text = fs::read_to_string(&file).expect("the story was written");
    assert!(holds::<A>(&text).is_err());
    let options = ReplayOptions { file, until: None, state: Some(NodeId(1)), edited: false };
    let replayed = replay::<A>(&options).expect("it can be replayed");
    assert!(replayed.is_as_told, "{:?}", replayed.lines);
}

#[test]
fn an_invariant_that_is_violated_becomes_a_story() {
    found::<Doomed>("check-doomed", "Two terms", Engine::Bfs);
}

#[test]
fn what_clients_saw_becomes_a_story() {
    found::<Forgetful>("check-forgetful", "Linearizability", Engine::Bfs);
}

#[test]
fn symmetry_takes_nothing_from_what_is_found() {
    found::<Forgetful>("check-symmetric", "Linearizability", Engine::Dfs { symmetry: true });
}

/// Of states that differ by the names of nodes one is left: n! would be one of six, after an opening it is less.
#[test]
fn symmetry_leaves_one_of_each_and_the_verdict() {
    for (scope, all, states) in [("boot", 15_597, 2_619), ("takeover", 6_984, 3_496)] {
        let options = CheckOptions { engine: Engine::Dfs { symmetry: true }, ..options(scope) };
        let report = check::<Raft>(&options, &AtomicBool::new(false)).expect("it can be checked");
        assert_eq!(report.exit(), Exit::Holds, "{}", report.text());
        assert_eq!(report.counts.unique, states, "{scope}");
        assert!(states < all && states * 6 >= all, "{scope}");
        assert!(report.bounds.contains("interchangeable nodes (symmetry)"), "{}", report.bounds);
    }
}

#[test]
fn bounds_and_verdict_are_printed_and_the_exit_code_says_the_same() {
    let folder = folder("check-verdicts");
    let small = synod(&folder, "check raft --scope boot --budget timers=0 --nodes 2");
    assert_eq!(small.status.code(), Some(0), "{}", stderr(&small));
    let text = stdout(&small);
    for said in [
        "2 nodes",
        "crashes=1,drops=0,duplicates=0,timers=0,requests=0,retries=0",
        "holds",
        "Election Safety",
    ] {
        assert!(text.contains(said), "{said:?} is not in\n{text}");
    }
    let cut = synod(&folder, "check raft --scope boot --max-states 100 --json");
    assert_eq!(cut.status.code(), Some(3));
    let json: Value = serde_json::from_slice(&cut.stdout).expect("one document");
    assert_eq!((&json["verdict"], &json["exhausted"]), (&Value::from("inconclusive"), &Value::from(false)));
    let walks = synod(&folder, "check raft --scope boot --engine simulation --max-states 2000");
    assert_eq!(walks.status.code(), Some(3), "{}", stderr(&walks));
    let scopes = synod(&folder, "check raft --scopes");
    assert!(stdout(&scopes).lines().any(|line| line.starts_with("medium ")), "{}", stdout(&scopes));
}

#[test]
fn nonsense_is_refused() {
    let folder = folder("check-nonsense");
    for (line, said) in [
        ("check raft --scope tiny", "there is no scope tiny"),
        ("check raft --budget crash=1", "crash=1"),
        ("check raft --engine quick", "quick"),
        ("check raft --nodes 0", "--nodes"),
        ("check multipaxos --nodes 2", "give --nodes 3 or more"),
        ("check raft --symmetry", "--symmetry: bfs would ignore it and count every state: add --engine dfs"),
        ("check raft --symmetry --engine simulation", "would ignore it"),
        ("check raft --symmetry --explore 127.0.0.1:0", "--symmetry"),
        ("check paxos --symmetry --engine dfs", "tells its nodes apart by their names"),
        ("check raft --explore nowhere", "--explore"),
        ("check raft --explore 127.0.0.1:0 --json", "--json"),
    ] {
        let refused = synod(&folder, line);
        assert_eq!(refused.status.code(), Some(2), "{line}");
        assert!(stderr(&refused).contains(said), "{line}: {}", stderr(&refused));
    }
}

#[test]
fn the_explorer_shows_what_may_happen_first() {
    // A port that was free a moment ago.
    let free =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port is free");
    let mut command = Command::new(env!("CARGO_BIN_EXE_synod"));
    command.args(["check", "raft", "--scope", "boot", "--explore", &free.to_string()]);
    let mut server = command.stderr(Stdio::null()).spawn().expect("synod starts");
    let mut connection = loop {
        match TcpStream::connect(free) {
            Ok(connection) => break connection,
            Err(_) => assert!(matches!(server.try_wait(), Ok(None)), "it serves until it is stopped"),
        }
        yield_now();
    };
    let asked = connection.write_all(b"GET /.states/0 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let read = asked.and_then(|()| connection.read_to_string(&mut answer));
    server.kill().and_then(|()| server.wait()).expect("it can be stopped");
    read.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("n1: Election fires"), "{answer:.300}");
}
