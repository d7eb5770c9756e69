//! All cycles of a small history, one by one, from pairwise definitions.
use std::collections::BTreeMap;

use synod_linearizability::{
    Value,
    transactions::{AnomalyKind, Operation, Order, Report, Status, Transaction},
};

use super::{brute_force::BruteForce, random::READER};

type Edge = (usize, usize, &'static str);

/// Compares the cycles of the report with all that there are. It can be done if all transactions took place, the
/// last one reads everything, and no two reads contradict each other; says whether it was.
pub(crate) fn agrees(transactions: &[Transaction], report: &Report, text: impl Fn() -> String) -> bool {
    let Some(edges) = edges(transactions) else { return false };
    let is_broken = |kind| {
        matches!(
            kind,
            AnomalyKind::GarbageRead | AnomalyKind::DuplicateElements | AnomalyKind::IncompatibleOrder
        )
    };
    if report.anomalies.iter().any(|anomaly| is_broken(anomaly.kind)) {
        return false;
    }
    let mut shortest = BTreeMap::<AnomalyKind, usize>::new();
    for start in 0..transactions.len() {
        extend(start, &mut vec![], start, &edges, &mut shortest);
    }
    // A kind with more order is not given where the same kind with less is.
    let all = shortest.clone();
    shortest.retain(|kind, _| {
        let is_less = |other: &AnomalyKind| {
            std::mem::discriminant(other) == std::mem::discriminant(kind) && other.order() < kind.order()
        };
        !all.keys().any(is_less)
    });
    let found: BTreeMap<AnomalyKind, usize> = report
        .anomalies
        .iter()
        .filter(|anomaly| anomaly.kind.order().is_some())
        .map(|anomaly| (anomaly.kind, anomaly.cycle.len()))
        .collect();
    // Where there are others that rule out snapshot isolation, G-nonadjacent may be left out.
    let is_exact = |kind: &AnomalyKind| !matches!(kind, AnomalyKind::GNonadjacent(_));
    let exact = |kinds: &BTreeMap<AnomalyKind, usize>| -> Vec<_> {
        kinds.iter().filter(|(kind, _)| is_exact(kind)).map(|(kind, length)| (*kind, *length)).collect()
    };
    assert_eq!(exact(&found), exact(&shortest), "{}", text());
    for (kind, length) in found.iter().filter(|(kind, _)| !is_exact(kind)) {
        assert!(shortest.get(kind).is_some_and(|shortest| shortest <= length), "{kind} {}", text());
    }
    for anomaly in report.anomalies.iter().filter(|anomaly| !anomaly.cycle.is_empty()) {
        let named = anomaly.cycle.iter().map(|edge| (edge.from, edge.to, edge.dependency.name()));
        assert!(named.clone().all(|edge| edges.contains(&edge)), "{anomaly:?} {}", text());
        assert_eq!(kind_of(&named.map(|(.., kind)| kind).collect::<Vec<_>>()), anomaly.kind, "{}", text());
    }
    true
}

fn edges(transactions: &[Transaction]) -> Option<Vec<Edge>> {
    if transactions.iter().any(|each| each.status != Status::Committed) {
        return None;
    }
    let last = &transactions.last().filter(|last| last.client == READER)?.operations;
    let mut edges = Vec::new();
    for operation in last {
        let Operation::Read { key, list: Some(order) } = operation else { return None };
        let writers: Vec<usize> =
            order.iter().map(|value| appender(transactions, key, value)).collect::<Option<_>>()?;
        edges.extend(writers.windows(2).map(|pair| (pair[0], pair[1], "ww")));
        for (reader, transaction) in transactions.iter().enumerate() {
            for operation in &transaction.operations {
                let Operation::Read { key: other, list: Some(read) } = operation else { continue };
                let is_own =
                    read.last().is_some_and(|last| appender(transactions, key, last) == Some(reader));
                if other != key || is_own {
                    continue;
                }
                edges
                    .extend(read.len().checked_sub(1).and_then(|at| Some((*writers.get(at)?, reader, "wr"))));
                edges.extend(writers.get(read.len()).map(|&writer| (reader, writer, "rw")));
            }
        }
    }
    for (kind, order) in [("process", Order::Session), ("realtime", Order::RealTime)] {
        let brute_force = BruteForce { transactions, order };
        for from in 0..transactions.len() {
            let later = (0..transactions.len()).filter(|&to| to != from && brute_force.precedes(from, to));
            edges.extend(later.map(|to| (from, to, kind)));
        }
    }
    edges.retain(|(from, to, _)| from != to);
    edges.sort_unstable();
    edges.dedup();
    Some(edges)
}

fn appender(transactions: &[Transaction], key: &Value, value: &Value) -> Option<usize> {
    let appends = |operation: &Operation| matches!(operation, Operation::Append { key: k, value: v } if k == key && v == value);
    transactions.iter().position(|transaction| transaction.operations.iter().any(appends))
}

/// Goes on from `node` in all ways, and notes each way back to `start`, the least of its cycle.
fn extend(
    node: usize,
    path: &mut Vec<(usize, &'static str)>,
    start: usize,
    edges: &[Edge],
    shortest: &mut BTreeMap<AnomalyKind, usize>,
) {
    for &(_, to, kind) in edges.iter().filter(|(from, ..)| *from == node) {
        path.push((node, kind));
        if to == start {
            let kinds: Vec<&str> = path.iter().map(|(_, kind)| *kind).collect();
            let length = shortest.entry(kind_of(&kinds)).or_insert(path.len());
            *length = path.len().min(*length);
        } else if to > start && path.iter().all(|(other, _)| *other != to) {
            extend(to, path, start, edges, shortest);
        }
        path.pop();
    }
}

fn kind_of(kinds: &[&str]) -> AnomalyKind {
    let has = |wanted: &str| kinds.contains(&wanted);
    let order = match (has("process"), has("realtime")) {
        (_, true) => Order::RealTime,
        (true, _) => Order::Session,
        _ => Order::Data,
    };
    let adjacent = (0..kinds.len()).any(|at| kinds[at] == "rw" && kinds[(at + 1) % kinds.len()] == "rw");
    match kinds.iter().filter(|kind| **kind == "rw").count() {
        0 if has("wr") => AnomalyKind::G1c(order),
        0 => AnomalyKind::G0(order),
        1 => AnomalyKind::GSingle(order),
        _ if adjacent => AnomalyKind::G2(order),
        _ => AnomalyKind::GNonadjacent(order),
    }
}
