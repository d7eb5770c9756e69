//! What clients were promised, and how what they saw is held to it.
//!
//! Whoever replicates one object promises linearizability: [`Linearizable`] judges the algorithms whose calls are
//! [`Objects`]' operations. Whoever commits transactions promises serializability: [`Serializable`] judges those whose
//! calls are [`Transactions`]. An algorithm that promises something else brings a [`Promise`] of its own.
use std::io;

use anyhow::Context;
use synod_linearizability::{
    self as lin, DataType, History, Operation,
    transactions::{self, Anomaly, Model, Transaction, TransactionHistory},
};
use synod_protocol::{Node, Observer};
use synod_simulator::ClientCall;

use crate::{algorithm::Algorithm, clients::Clients};

/// What the clients of an algorithm can rely on.
pub trait Promise<A: Algorithm>: 'static {
    /// As it stands beside its verdict, and in words that end a line of a story.
    const NAME: &'static str;
    /// As a violated property is called.
    const PROPERTY: &'static str;
    /// What clients saw.
    type History;
    /// Judges while the run happens. What it leaves open is judged at the end.
    type Monitor: Observer<A::Node> + Default;

    /// What clients saw, without what certainly did not happen.
    ///
    /// # Errors
    /// Clients that called twice at once: a defect of the harness.
    fn history(calls: &[ClientCall<A::Node>]) -> anyhow::Result<Self::History>;

    /// How many calls it has.
    fn len(history: &Self::History) -> usize;

    /// Was the promise kept? `steps` bounds a search.
    fn judge(history: &Self::History, steps: u64) -> Judged;

    /// One call a line, as `synod lin` reads it.
    ///
    /// # Errors
    /// Of the sink.
    fn write(history: &Self::History, sink: &mut dyn io::Write) -> io::Result<()>;
}

/// What was found, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    Kept(String),
    Broken(String),
    Undecided(String),
}

/// Algorithms whose calls are operations on objects.
pub trait Objects: Algorithm {
    /// What its clients use.
    const DATA_TYPE: DataType = DataType::KeyValue;

    /// Is it about the objects at all? What asks for other servers, say, is not.
    fn is_operation(_: &<Self::Node as Node>::Request) -> bool {
        true
    }

    /// A call as the checker of histories sees it.
    fn operation(call: &ClientCall<Self::Node>) -> Operation;
}

/// There is an order of all calls that agrees with real time and explains every answer (Herlihy & Wing 1990).
#[derive(Clone, Copy, Debug)]
pub struct Linearizable;

impl<A: Objects> Promise<A> for Linearizable {
    const NAME: &'static str = "linearizability";
    const PROPERTY: &'static str = "Linearizability";
    type History = History;
    type Monitor = Clients<A>;

    fn history(calls: &[ClientCall<A::Node>]) -> anyhow::Result<History> {
        History::new(happened(calls).filter(|call| A::is_operation(&call.request)).map(A::operation))
            .context("the clients of the simulator called in no sensible order")
    }

    fn len(history: &History) -> usize {
        history.len()
    }

    fn judge(history: &History, steps: u64) -> Judged {
        match lin::check(history, &lin::Options::default().steps(steps)) {
            lin::Verdict::Linearizable { .. } => {
                Judged::Kept(format!("an order of all {} operations explains every answer", history.len()))
            }
            lin::Verdict::NotLinearizable(violation) => Judged::Broken(violation.to_string()),
            lin::Verdict::Unknown { why, .. } => Judged::Undecided(format!("not decided: {why}")),
            other => Judged::Undecided(format!("{other:?}")),
        }
    }

    fn write(history: &History, sink: &mut dyn io::Write) -> io::Result<()> {
        history.write_jsonl(sink)
    }
}

/// Algorithms whose calls are transactions that append to lists and read them.
pub trait Transactions: Algorithm {
    /// What is promised.
    const MODEL: Model = Model::STRICT_SERIALIZABLE;

    /// A call as the checker of transactions sees it.
    fn transaction(call: &ClientCall<Self::Node>) -> Transaction;
}

/// There is an order of all transactions, which may have to agree with real time, that explains what each read.
#[derive(Clone, Copy, Debug)]
pub struct Serializable;

impl<A: Transactions> Promise<A> for Serializable {
    const NAME: &'static str = "serializability";
    const PROPERTY: &'static str = "Serializability";
    type History = TransactionHistory;
    type Monitor = ();

    fn history(calls: &[ClientCall<A::Node>]) -> anyhow::Result<TransactionHistory> {
        TransactionHistory::new(happened(calls).map(A::transaction))
            .context("the clients of the simulator called in no sensible order")
    }

    fn len(history: &TransactionHistory) -> usize {
        history.len()
    }

    fn judge(history: &TransactionHistory, _: u64) -> Judged {
        let report = transactions::check(history);
        let (model, transactions) = (A::MODEL, report.transactions);
        match report.verdict(model) {
            transactions::Verdict::Holds => {
                Judged::Kept(format!("{transactions} transactions took place, and are {model}"))
            }
            transactions::Verdict::NoAnomalyFound => {
                Judged::Kept(format!("{transactions} transactions took place: no anomaly against {model}"))
            }
            transactions::Verdict::Violated(kinds) => {
                let anomaly = report.anomalies.iter().find(|anomaly| kinds.contains(&anomaly.kind));
                let why = anomaly.map(told).unwrap_or_default();
                Judged::Broken(format!("not {model}: {why}"))
            }
        }
    }

    fn write(history: &TransactionHistory, sink: &mut dyn io::Write) -> io::Result<()> {
        history.write_jsonl(sink)
    }
}

/// Its kind, and the cycle.
fn told(anomaly: &Anomaly) -> String {
    let cycle: Vec<String> = anomaly.cycle.iter().map(ToString::to_string).collect();
    format!("{}: {}", anomaly.kind.name(), cycle.join("; "))
}

/// Without the calls that no node ever got.
fn happened<N: Node>(calls: &[ClientCall<N>]) -> impl Iterator<Item = &ClientCall<N>> {
    calls.iter().filter(|call| call.returned.is_some() || call.reached)
}
