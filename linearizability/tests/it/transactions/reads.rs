//! The anomalies of reads, by their definitions, one read after the other.
use std::collections::BTreeSet;

use synod_linearizability::{
    Value,
    transactions::{AnomalyKind, Operation, Report, Status, Transaction},
};

/// All appends to a list, with the transaction and the place in it.
fn appends<'t>(
    transactions: &'t [Transaction],
    list: &'t Value,
) -> impl Iterator<Item = (usize, usize, &'t Value)> {
    transactions.iter().enumerate().flat_map(move |(number, transaction)| {
        transaction.operations.iter().enumerate().filter_map(move |(place, operation)| match operation {
            Operation::Append { key, value } if key == list => Some((number, place, value)),
            _ => None,
        })
    })
}

/// All reads of those that took place: who, where, of which list, and what.
type Read<'t> = (usize, usize, &'t Value, &'t [Value]);

fn reads(transactions: &[Transaction]) -> Vec<Read<'_>> {
    let mut took_place: Vec<bool> =
        transactions.iter().map(|each| each.status == Status::Committed).collect();
    loop {
        let mut reads: Vec<Read<'_>> = Vec::new();
        for (number, transaction) in transactions.iter().enumerate().filter(|(number, _)| took_place[*number])
        {
            for (place, operation) in transaction.operations.iter().enumerate() {
                if let Operation::Read { key, list: Some(list) } = operation {
                    reads.push((number, place, key, list));
                }
            }
        }
        let mut is_done = true;
        for (_, _, key, list) in &reads {
            for (writer, _, value) in appends(transactions, key) {
                if transactions[writer].status == Status::Unknown
                    && list.contains(value)
                    && !took_place[writer]
                {
                    took_place[writer] = true;
                    is_done = false;
                }
            }
        }
        if is_done {
            return reads;
        }
    }
}

/// Compares which of these there are.
pub(crate) fn agree(transactions: &[Transaction], report: &Report, text: impl Fn() -> String) {
    let reads = reads(transactions);
    let mut expected = BTreeSet::new();
    for &(reader, at, key, list) in &reads {
        for (position, value) in list.iter().enumerate() {
            let append = appends(transactions, key).find(|(.., other)| *other == value);
            let Some((writer, place, _)) = append else {
                expected.insert(AnomalyKind::GarbageRead);
                continue;
            };
            if list[..position].contains(value) {
                expected.insert(AnomalyKind::DuplicateElements);
            }
            if transactions[writer].status == Status::Aborted {
                expected.insert(AnomalyKind::G1a);
            }
            if writer == reader && place > at {
                expected.insert(AnomalyKind::FutureRead);
            }
            let is_last = position + 1 == list.len();
            let goes_on =
                appends(transactions, key).any(|(other, later, _)| other == writer && later > place);
            if is_last && goes_on && writer != reader && transactions[writer].status != Status::Aborted {
                expected.insert(AnomalyKind::G1b);
            }
        }
    }
    let found: BTreeSet<AnomalyKind> = report.anomalies.iter().map(|anomaly| anomaly.kind).collect();
    let compared = |kind: &&AnomalyKind| {
        use AnomalyKind::*;
        matches!(kind, GarbageRead | DuplicateElements | G1a | G1b | FutureRead)
    };
    assert_eq!(
        found.iter().filter(compared).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>(),
        "{}",
        text()
    );
    // Two reads of a list that do not continue each other: then nothing is read committed.
    let differ = |one: &Read<'_>, other: &Read<'_>| {
        one.2 == other.2 && !one.3.starts_with(other.3) && !other.3.starts_with(one.3)
    };
    if reads.iter().any(|one| reads.iter().any(|other| differ(one, other))) {
        let explained =
            [AnomalyKind::IncompatibleOrder, AnomalyKind::GarbageRead, AnomalyKind::DuplicateElements];
        assert!(explained.iter().any(|kind| found.contains(kind)), "{}", text());
    }
}
