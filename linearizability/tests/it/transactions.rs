//! Isolation levels of histories of transactions: each anomaly of the literature, a brute-force search, both formats.
mod anomalies;
mod brute_force;
mod formats;
mod naive;
pub(crate) mod random;
mod reads;
mod rings;

use synod_linearizability::transactions::{Report, Transaction, TransactionHistory, check};

fn report(transactions: impl IntoIterator<Item = Transaction>) -> Report {
    check(&TransactionHistory::new(transactions).expect("a valid history"))
}

fn kinds(report: &Report) -> Vec<String> {
    report.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect()
}

fn strongest(report: &Report) -> Vec<String> {
    report.strongest().into_iter().map(|model| model.name()).collect()
}
