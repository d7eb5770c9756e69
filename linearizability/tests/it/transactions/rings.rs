//! Cycles through very many transactions: found as they are, and in time.
use synod_linearizability::transactions::{Operation, Transaction};

use super::report;

/// Each transaction depends on the one before it, and the first on the last: by `wr`, or, where `is_rw` says so, by
/// `rw`.
fn ring(length: i64, is_rw: impl Fn(i64) -> bool) -> Vec<Transaction> {
    let transaction = |number: i64| {
        let before = (number + length - 1) % length;
        let out = if is_rw(number) { Operation::read(number, []) } else { Operation::append(number, 1) };
        let into = if is_rw(before) { Operation::append(before, 1) } else { Operation::read(before, [1]) };
        Transaction::called(number as u64, 0, [out, into]).committed(9)
    };
    (0..length).map(transaction).collect()
}

#[track_caller]
fn expect(ring: Vec<Transaction>, kind: &str, is_shortest: bool) {
    let length = ring.len();
    let report = report(ring);
    let found: Vec<_> = report
        .anomalies
        .iter()
        .map(|anomaly| (anomaly.kind.name(), anomaly.cycle.len(), anomaly.is_shortest))
        .collect();
    assert_eq!(found, [(kind.to_owned(), length, is_shortest)]);
}

#[test]
fn a_long_cycle_is_found_and_named() {
    for length in [2, 3, 40, 300] {
        expect(ring(length, |_| false), "G1c", true);
        expect(ring(length, |number| number == length / 2), "G-single", true);
        expect(ring(length, |_| true), "G2", true);
        expect(ring(2 * length, |number| number % 2 == 0), "G-nonadjacent", true);
        expect(ring(2 * length + 1, |number| number % 2 == 0), "G2", true);
    }
}

/// The search for a shorter one is given up, and that is said.
#[test]
fn a_vast_cycle_costs_no_square() {
    expect(ring(4_000, |_| false), "G1c", false);
}
