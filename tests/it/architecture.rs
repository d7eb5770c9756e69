//! Which crate may know which: four floors, and edges strictly down.
//!
//! Floor 1 (algorithms) and floor 2 (harnesses) never meet, and no two crates of one floor do: they meet
//! on floor 3, through `protocol`. That is what lets one source of an algorithm be driven by a model
//! checker, a simulator and a real runtime.
use cargo_metadata::{DependencyKind, MetadataCommand};

/// A crate of this repository, by its folder; its package is `synod-<folder>`.
struct Room {
    folder: &'static str,
    /// Crates of this repository that it may depend on.
    knows: Knows,
    /// Crates of others; `ANY` but for the [`RESERVED`] ones.
    needs: &'static [&'static str],
    why: &'static str,
}

enum Knows {
    Only(&'static [&'static str]),
    /// All that is not itself on floor 3.
    EverythingBelow,
    /// And the library of `cli`, which holds the compositions themselves.
    EverythingBelowAndCompositions,
}
use Knows::{EverythingBelow, EverythingBelowAndCompositions, Only};

const ANY: &[&str] = &["*"];

const HOUSE: &[Room] = &[
    // floor 0
    room("protocol", Only(&[]), &["serde"], "the waist knows nobody, so that anybody can know it"),
    room(
        "linearizability",
        Only(&[]),
        &["serde", "serde_json", "thiserror"],
        "judges histories of any store, also of those that were not made here",
    ),
    room("vector-clock", Only(&[]), &["serde"], "plain values"),
    // floor 1
    room("raft", Only(&["protocol"]), &["serde"], ALGORITHM),
    room("paxos", Only(&["protocol"]), &["serde"], ALGORITHM),
    room("atomic-commit", Only(&["protocol"]), &["serde"], ALGORITHM),
    room("chain-replication", Only(&["protocol"]), &["serde"], ALGORITHM),
    room("mapreduce", Only(&["protocol"]), &["serde"], ALGORITHM),
    room("gossip", Only(&["protocol"]), &["serde"], ALGORITHM),
    room("broadcast", Only(&["protocol", "vector-clock"]), &["serde"], "causal order is a vector clock"),
    room("crdt", Only(&["protocol", "vector-clock"]), &["serde"], "a CRDT's context is a vector clock"),
    room(
        "kv",
        Only(&["protocol", "linearizability"]),
        &["serde"],
        "an application, and its sequential model",
    ),
    // floor 2
    room(
        "simulator",
        Only(&["protocol", "linearizability"]),
        ANY,
        "a run ends with a verdict on its history",
    ),
    room("model-check", Only(&["protocol"]), ANY, HARNESS),
    room("runtime", Only(&["protocol"]), ANY, HARNESS),
    room("telemetry", Only(&["protocol"]), ANY, HARNESS),
    room("tla", Only(&[]), ANY, "specs know no code; what binds them to it is a composition"),
    // floor 3
    room("cli", EverythingBelow, ANY, COMPOSITION),
    room("tests", EverythingBelowAndCompositions, ANY, DRIVES_THE_SAME),
    room("bench", EverythingBelowAndCompositions, ANY, DRIVES_THE_SAME),
    room("fuzz", EverythingBelow, ANY, COMPOSITION),
    room("xtask", EverythingBelow, ANY, COMPOSITION),
];

const ALGORITHM: &str = "an algorithm knows only the waist: no harness, no other algorithm";
const HARNESS: &str = "a harness drives any node and knows none";
const DRIVES_THE_SAME: &str = "tests and benches drive the very compositions that users run";
const COMPOSITION: &str = "compositions may use what lies below, and nothing depends on them";

/// A crate's own tests may also run it with the application and judge its history: that makes no edge
/// for those who use it. They stay within the waist and floor 0 otherwise; what needs an algorithm *and*
/// a harness is a test of floor 3.
const ALSO_IN_TESTS: &[&str] = &["protocol", "linearizability", "kv"];

/// Names, and whatever begins with them and a hyphen, that only these crates may say, in any section.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("tokio", &["runtime", "telemetry"], "sockets and threads are the runtime's, and the exporter's"),
    ("tonic", &["runtime", "telemetry"], "gRPC is the runtime's, and the exporter's"),
    ("opentelemetry", &["telemetry"], "everyone else speaks in steps"),
    ("stateright", &["model-check"], "the model checker can be changed in one place"),
    ("tla-checker", &["tla"], "two engines check the specs, and others see neither"),
];

const fn room(folder: &'static str, knows: Knows, needs: &'static [&'static str], why: &'static str) -> Room {
    Room { folder, knows, needs, why }
}

#[test]
fn every_edge_goes_down_and_is_on_the_list() {
    let edges = edges_of_this_repository();
    assert!(edges.len() > 30, "cargo metadata showed only {} edges", edges.len());
    let breaches = breaches(&edges);
    assert!(
        breaches.is_empty(),
        "{}\nargue for a new edge in docs/decisions.md, and change the list in the same commit",
        breaches.join("\n")
    );
}

#[test]
fn the_judge_of_edges_sees_each_kind_of_breach() {
    let bad = [
        ("synod-protocol -> synod-linearizability", "floor 0 knows nobody"),
        ("synod-raft -> synod-simulator", "an algorithm and a harness"),
        ("synod-raft -> synod-kv", "outside its tests"),
        ("synod-raft -> synod-paxos", "two algorithms"),
        ("synod-paxos => synod-raft", "two algorithms, in tests"),
        ("synod-raft => synod-simulator", "an algorithm and a harness, in tests"),
        ("synod-simulator -> synod-telemetry", "two harnesses"),
        ("synod-simulator => synod-raft", "a harness and an algorithm, in tests"),
        ("synod-telemetry -> synod-kv", "a harness and the application"),
        ("synod-cli -> synod-xtask", "two compositions"),
        ("synod-xtask => synod-cli", "two compositions, in tests"),
        ("synod-tests => synod-xtask", "two compositions, and not the one with the registry"),
        ("synod-raft -> rand", "chance in an algorithm"),
        ("synod-protocol -> thiserror", "more than the waist needs"),
        ("synod-simulator -> tokio", "a runtime in the simulator"),
        ("synod-cli -> tokio-stream", "a part of a reserved name"),
        ("synod-runtime -> opentelemetry-proto", "another's name"),
        ("synod-cli => stateright", "a reserved name, in tests"),
        ("synod-cli -> tla-checker", "one engine of two"),
        ("synod-tla -> synod-raft", "a spec and the code that it is about"),
        ("synod-raft => tokio", "a reserved name, in an algorithm's tests"),
        ("synod-blockchain -> serde", "a crate that is not on the list"),
        ("synod-cli -> synod-blockchain", "to a crate that is not on the list"),
        ("blockchain -> serde", "a package without the prefix"),
    ];
    for (edge, why) in bad {
        assert!(breach(&parse(edge)).is_some(), "{edge} got away: {why}");
    }
    let good = [
        "synod-raft -> synod-protocol",
        "synod-raft -> serde",
        "synod-raft => synod-kv",
        "synod-raft => proptest",
        "synod-crdt -> synod-vector-clock",
        "synod-simulator -> rand",
        "synod-telemetry => tokio-stream",
        "synod-telemetry -> opentelemetry",
        "synod-model-check -> stateright",
        "synod-tests => synod-raft",
        "synod-tests => synod-cli",
        "synod-cli -> synod-simulator",
        "synod-cli -> tokiology",
    ];
    for edge in good {
        assert_eq!(breach(&parse(edge)), None, "{edge}");
    }
}

/// `a -> b`, or `a => b` if only a's tests know b.
fn parse(edge: &str) -> Edge {
    let in_tests = edge.contains(" => ");
    let (from, to) = edge.split_once(if in_tests { " => " } else { " -> " }).expect("an arrow");
    Edge { from: from.into(), to: to.into(), in_tests }
}

struct Edge {
    from: String,
    to: String,
    in_tests: bool,
}

/// As the manifests declare them: nothing is resolved, downloaded or written.
fn edges_of_this_repository() -> Vec<Edge> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata describes this repository");
    let edge = |from: &str, dependency: &cargo_metadata::Dependency| Edge {
        from: from.to_owned(),
        to: dependency.name.to_string(),
        in_tests: dependency.kind == DependencyKind::Development,
    };
    let packages = metadata.packages.iter();
    packages.flat_map(|p| p.dependencies.iter().map(|dependency| edge(&p.name, dependency))).collect()
}

fn breaches(edges: &[Edge]) -> Vec<String> {
    edges.iter().filter_map(|edge| Some(format!("{} -> {}: {}", edge.from, edge.to, breach(edge)?))).collect()
}

fn breach(edge: &Edge) -> Option<String> {
    let Some(room) = find(&edge.from) else {
        return Some(format!("{} is not on the list of this test", edge.from));
    };
    if edge.to.starts_with("synod-") {
        let Some(to) = find(&edge.to) else { return Some(format!("{} is not on the list", edge.to)) };
        let allowed = match room.knows {
            EverythingBelow => matches!(to.knows, Only(_)),
            EverythingBelowAndCompositions => matches!(to.knows, Only(_)) || to.folder == "cli",
            Only(list) => list.contains(&to.folder) || edge.in_tests && ALSO_IN_TESTS.contains(&to.folder),
        };
        return (!allowed).then(|| room.why.to_owned());
    }
    let is_part_of =
        |name: &str| edge.to.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if let Some((name, owners, why)) = RESERVED.iter().find(|(name, ..)| is_part_of(name)) {
        return (!owners.contains(&room.folder)).then(|| format!("only {owners:?} may name {name}: {why}"));
    }
    let allowed = edge.in_tests || room.needs == ANY || room.needs.contains(&edge.to.as_str());
    (!allowed).then(|| format!("{} needs no more than {:?}", room.folder, room.needs))
}

fn find(package: &str) -> Option<&'static Room> {
    let folder = package.strip_prefix("synod-")?;
    HOUSE.iter().find(|room| room.folder == folder)
}
