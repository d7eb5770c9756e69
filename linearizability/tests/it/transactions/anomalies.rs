//! One history for each anomaly of the literature: found under its name, told in words, and ruling out what it must.
use synod_linearizability::transactions::{
    Level, Operation, Transaction, TransactionHistory, Verdict, check,
};

use super::{kinds, report, strongest};

fn append(key: &str, value: i64) -> Operation {
    Operation::append(key, value)
}

fn read<const N: usize>(key: &str, list: [i64; N]) -> Operation {
    Operation::read(key, list)
}

/// Transactions of clients of their own, all at once.
fn at_once<const N: usize>(transactions: [&[Operation]; N]) -> Vec<Transaction> {
    let transaction = |(number, operations): (usize, &[Operation])| {
        Transaction::called(number as u64, 0, operations.to_vec()).committed(9)
    };
    transactions.into_iter().enumerate().map(transaction).collect()
}

/// All transactions at once: what is found, the strongest models that are left, and the words for the first.
#[track_caller]
fn expect<const N: usize>(transactions: [&[Operation]; N], found: &[&str], left: &[&str], told: &[&str]) {
    expect_of(at_once(transactions), found, left, told);
}

#[track_caller]
fn expect_of(transactions: Vec<Transaction>, found: &[&str], left: &[&str], told: &[&str]) {
    let report = report(transactions);
    assert_eq!(kinds(&report), found, "{:#?}", report.anomalies);
    assert_eq!(strongest(&report), left);
    assert_eq!(report.anomalies.first().map_or(&[][..], |anomaly| &anomaly.explanation[..]), told);
    assert!(report.anomalies.iter().all(|anomaly| anomaly.is_shortest));
}

#[test]
fn nothing_is_wrong_with_what_is_serial() {
    expect([], &[], &["strict-serializable"], &[]);
    let serial: [&[_]; 3] = [
        &[append("x", 1), read("x", [1]), append("x", 2)],
        &[read("x", [1, 2]), read("y", []), append("y", 3), read("y", [3])],
        &[],
    ];
    expect(serial, &[], &["strict-serializable"], &[]);
}

#[test]
fn g0_dirty_write() {
    let dirty: [&[_]; 3] = [
        &[append("x", 1), append("y", 1)],
        &[append("x", 2), append("y", 2)],
        &[read("x", [1, 2]), read("y", [2, 1])],
    ];
    let told = ["T0 appended 1 to x, and T1 appended 2 next", "T1 appended 2 to y, and T0 appended 1 next"];
    expect(dirty, &["G0"], &[], &told);
}

#[test]
fn g1a_aborted_read() {
    let transactions = vec![
        Transaction::called(0, 0, [append("x", 1)]).aborted(9),
        Transaction::called(1, 0, [read("x", [1])]).committed(9),
    ];
    let told = ["T1 read 1 from x, which T0 appended, but T0 aborted"];
    expect_of(transactions, &["G1a"], &["strong-read-uncommitted"], &told);
}

#[test]
fn g1b_intermediate_read() {
    let intermediate: [&[_]; 3] =
        [&[append("x", 1), append("x", 2)], &[read("x", [1])], &[read("x", [1, 2])]];
    let told = ["T1 read x as [1], in the middle of T0, which appended more after 1"];
    expect(intermediate, &["G1b", "G-single"], &["strong-read-uncommitted"], &told);
}

#[test]
fn g1c_circular_information_flow() {
    let circular: [&[_]; 2] = [&[append("x", 1), read("y", [2])], &[append("y", 2), read("x", [1])]];
    let told = ["T0 appended 1 to x, and T1 read it", "T1 appended 2 to y, and T0 read it"];
    expect(circular, &["G1c"], &["strong-read-uncommitted"], &told);
}

/// Half of another transaction is seen: one read before it, one after it.
#[test]
fn g_single_read_skew() {
    let skew: [&[_]; 2] = [&[append("x", 1), append("y", 1)], &[read("x", []), read("y", [1])]];
    let told = ["T0 appended 1 to y, and T1 read it", "T1 read x as [] before T0 appended 1"];
    expect(skew, &["G-single"], &["strong-read-committed"], &told);
}

#[test]
fn g_single_lost_update() {
    let lost: [&[_]; 3] =
        [&[read("x", []), append("x", 1)], &[read("x", []), append("x", 2)], &[read("x", [1, 2])]];
    let told = ["T0 appended 1 to x, and T1 appended 2 next", "T1 read x as [] before T0 appended 1"];
    expect(lost, &["G-single"], &["strong-read-committed"], &told);
}

/// Nobody looks afterwards, so that the order of both updates is unknown: one was lost all the same.
#[test]
fn a_lost_update_that_nobody_looks_at() {
    let lost: [&[_]; 2] = [&[read("x", []), append("x", 1)], &[read("x", []), append("x", 2)]];
    let told = ["T0 and T1 both read x as [], and both appended to it"];
    expect(lost, &["lost-update", "G2"], &["strong-read-committed"], &told);
}

/// A transaction that reads a list twice and finds it longer. Read committed allows that.
#[test]
fn internal_and_unrepeatable_reads() {
    let twice: [&[_]; 2] = [&[append("x", 1)], &[read("x", []), read("x", [1])]];
    let told = ["T1 read x as [1], but its own operations before leave []"];
    expect(twice, &["internal", "G-single"], &["strong-read-committed"], &told);
    let forgotten: [&[_]; 2] = [&[append("x", 1), read("x", [])], &[read("x", [1])]];
    let told = ["T0 read x as [], but its own operations before end it with [1]"];
    expect(forgotten, &["internal"], &["strong-read-committed"], &told);
}

#[test]
fn future_read() {
    let future: [&[_]; 1] = [&[read("x", [1]), append("x", 1)]];
    let told = ["T0 read 1 from x before it appended it"];
    expect(future, &["future-read"], &["strong-read-uncommitted"], &told);
}

#[test]
fn g2_write_skew() {
    let skew: [&[_]; 2] =
        [&[read("x", []), read("y", []), append("x", 1)], &[read("x", []), read("y", []), append("y", 1)]];
    let told = ["T0 read y as [] before T1 appended 1", "T1 read x as [] before T0 appended 1"];
    expect(skew, &["G2"], &["strong-snapshot-isolation"], &told);
}

/// Two readers see two independent appends in different orders. Parallel snapshot isolation allows that; snapshot
/// isolation does not, although there are two `rw`: they are not next to each other (Cerone & Gotsman 2016).
#[test]
fn g_nonadjacent_long_fork() {
    let fork: [&[_]; 4] = [
        &[append("x", 1)],
        &[append("y", 1)],
        &[read("x", [1]), read("y", [])],
        &[read("x", []), read("y", [1])],
    ];
    let told = [
        "T0 appended 1 to x, and T2 read it",
        "T2 read y as [] before T1 appended 1",
        "T1 appended 1 to y, and T3 read it",
        "T3 read x as [] before T0 appended 1",
    ];
    expect(fork, &["G-nonadjacent"], &["strong-read-committed"], &told);
}

/// Whoever looks later must not see less.
#[test]
fn strict_serializable_stale_read() {
    let transactions = vec![
        Transaction::called(0, 0, [append("x", 1)]).committed(5),
        Transaction::called(1, 6, [read("x", [])]).committed(9),
    ];
    let told = ["T0 had returned at 5 before T1 was called at 6", "T1 read x as [] before T0 appended 1"];
    let left = ["strong-read-committed", "strong-session-serializable"];
    expect_of(transactions.clone(), &["G-single-realtime"], &left, &told);
    let mut at_once = transactions;
    at_once[1].call = 5;
    expect_of(at_once.clone(), &[], &["strict-serializable"], &[]);
    at_once[1].client = 0;
    let told = ["client 0 called T1 after T0", "T1 read x as [] before T0 appended 1"];
    let left = ["strong-read-committed", "serializable"];
    expect_of(at_once, &["G-single-process"], &left, &told);
}

#[test]
fn writes_and_reads_against_real_time() {
    let mut writes = at_once([&[append("x", 1)], &[append("x", 2)], &[read("x", [2, 1])]]);
    (writes[1].call, writes[1].returned, writes[2].returned) = (10, Some(20), Some(20));
    let told =
        ["T0 had returned at 9 before T1 was called at 10", "T1 appended 2 to x, and T0 appended 1 next"];
    expect_of(writes, &["G0-realtime"], &["strong-session-serializable"], &told);
    let mut reads = at_once([&[append("x", 1)], &[read("x", [1])]]);
    (reads[0].call, reads[0].returned) = (10, Some(20));
    let told = ["T0 appended 1 to x, and T1 read it", "T1 had returned at 9 before T0 was called at 10"];
    expect_of(reads, &["G1c-realtime"], &["strong-read-uncommitted", "strong-session-serializable"], &told);
}

#[test]
fn garbage_duplicates_and_orders() {
    let told = ["T0 read 7 from x, which nobody appended"];
    expect([&[read("x", [7])]], &["garbage-read"], &[], &told);
    let twice: [&[_]; 2] = [&[append("x", 1)], &[read("x", [1, 1])]];
    let told = ["T1 read 1 from x twice; T0 appended it only once"];
    expect(twice, &["duplicate-elements"], &[], &told);
    let orders: [&[_]; 4] =
        [&[append("x", 1)], &[append("x", 2)], &[read("x", [1, 2])], &[read("x", [2, 1])]];
    let told = ["T3 read x as [2 1], and T2 as [1 2]: neither continues the other"];
    expect(orders, &["incompatible-order"], &["strong-read-uncommitted"], &told);
    let reversed: [&[_]; 2] = [&[append("x", 1), append("x", 2)], &[read("x", [2, 1])]];
    let told = ["T1 read x as [2 1], but T0 appended 1 before the others"];
    expect(reversed, &["incompatible-order", "G1b"], &["strong-read-uncommitted"], &told);
}

/// Of unknown outcome: as good as committed when its appends were seen, as good as never called otherwise.
#[test]
fn unknown_transactions() {
    let lost = Transaction::called(0, 0, [append("x", 1), append("y", 1)]);
    let half = Transaction::called(1, 0, [read("x", []), read("y", [1])]).committed(9);
    expect_of(
        vec![lost.clone(), half.clone()],
        &["G-single"],
        &["strong-read-committed"],
        &["T0 appended 1 to y, and T1 read it", "T1 read x as [] before T0 appended 1"],
    );
    let neither = Transaction::called(1, 0, [read("x", []), read("y", [])]).committed(9);
    expect_of(vec![lost.clone(), neither.clone()], &[], &["strict-serializable"], &[]);
    // It has no return, so nothing comes after it in real time; but it comes after what had returned before its call.
    let whole = Transaction::called(1, 0, [read("x", [1]), read("y", [1])]).committed(9);
    let much_later = Transaction::called(2, 20, [read("x", []), read("y", [])]).committed(29);
    expect_of(vec![lost.clone(), much_later], &[], &["strict-serializable"], &[]);
    let late = Transaction { call: 10, ..lost };
    let told = ["T0 appended 1 to x, and T1 read it", "T1 had returned at 9 before T0 was called at 10"];
    let left = ["strong-read-uncommitted", "strong-session-serializable"];
    expect_of(vec![late, whole], &["G1c-realtime"], &left, &told);
}

/// A cycle goes through a transaction only once, and its own append is no cycle.
#[test]
fn what_nobody_read_is_no_cycle_by_itself() {
    let own: [&[_]; 2] = [&[read("x", []), append("x", 1)], &[append("x", 2)]];
    expect(own, &[], &["strict-serializable"], &[]);
}

#[test]
fn what_was_not_seen_is_not_vouched_for() {
    let skew: [&[_]; 2] =
        [&[read("x", []), append("y", 1), append("z", 1)], &[read("y", []), append("x", 1), append("z", 2)]];
    let unread = report(at_once(skew));
    assert_eq!(kinds(&unread), ["G2"]);
    assert_eq!(unread.verdict(Level::SnapshotIsolation.into()), Verdict::NoAnomalyFound);
    assert_eq!((unread.unordered_appends, unread.unordered_keys), (2, 1));
    // A reader of z shows that both wrote to it at once, which snapshot isolation forbids.
    let read: [&[_]; 3] = [skew[0], skew[1], &[read("z", [1, 2])]];
    let report = report(at_once(read));
    assert!(report.verdict(Level::SnapshotIsolation.into()).is_violated());
    assert!(report.verdict(Level::ReadCommitted.into()).holds());
}

/// Two reads of one length hide each other from the order, and not from this.
#[test]
fn a_read_of_what_is_appended_later_shows_whatever_else_was_read() {
    let text = r#"{"client":1,"call":4,"return":7,"txn":[["r",0,[3]],["r",0,[1]],["append",0,1]],"ok":true}
{"client":2,"call":5,"return":null,"txn":[["append",0,3]],"ok":null}
"#;
    let history = TransactionHistory::read(text).expect("a history");
    assert!(kinds(&check(&history)).contains(&"future-read".to_owned()));
}
