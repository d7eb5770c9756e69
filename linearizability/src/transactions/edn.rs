//! Jepsen's histories of list appends, as Elle takes them.
//!
//! ```text
//! {:index 0 :type :invoke :process 0 :f :txn :value [[:append :x 1] [:r :y nil]]}
//! {:index 1 :type :ok     :process 0 :f :txn :value [[:append :x 1] [:r :y [2]]]}
//! ```
//!
//! Events stand one after the other or in one vector; `:f` may be missing. Real time is their order. `:fail` did not
//! take place, `:info` may have, and its process never calls again.
use super::{Operation, Status, Transaction, TransactionError, TransactionHistory};
use crate::{
    Value,
    format::edn::{Edn, Reader},
    hash::FastMap,
};

/// Some line has a process that does a `:txn`, or something that only a transaction does.
pub(super) fn is_recognised(text: &str) -> bool {
    let start = text.trim_start();
    // No map of Jepsen's has strings for keys; each of JSON has.
    let is_edn = start.starts_with(['{', '[', '(', '#', ';']) && !start.starts_with("{\"");
    let tells = |line: &str| line.contains(":txn") || line.contains("[[:append ") || line.contains("[[:r ");
    is_edn && text.lines().take(1000).any(tells)
}

pub(super) fn read(text: &str) -> Result<TransactionHistory, TransactionError> {
    let mut reader = Reader::new(text);
    let is_vector = reader.enter_vector()?;
    let mut recorder = Recorder::default();
    loop {
        if is_vector && reader.leave_vector()? {
            break;
        }
        let line = reader.line()?;
        let Some(form) = reader.next_form()? else { break };
        if let Some(event) = Event::new(line, &form)? {
            recorder.record(event)?;
        }
    }
    if let Some(form) = reader.next_form()? {
        let line = reader.line()?;
        return Err(bad(line, format!("{form:?} follows the end of the history")));
    }
    TransactionHistory::with_lines(recorder.transactions)
}

fn bad(line: usize, reason: impl Into<String>) -> TransactionError {
    TransactionError::Event { line, reason: reason.into() }
}

struct Event {
    line: usize,
    process: u64,
    kind: Kind,
    operations: Option<Vec<Operation>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

impl Event {
    /// None if it is not a client's: the nemesis is no transaction.
    fn new(line: usize, form: &Edn) -> Result<Option<Event>, TransactionError> {
        let Edn::Map(_) = form else { return Err(bad(line, format!("{form:?} is no event"))) };
        let process = match form.get("process") {
            None => return Err(bad(line, "the event has no :process")),
            Some(Edn::Scalar(Value::Number(process))) => *process,
            Some(_) => return Ok(None),
        };
        let process =
            u64::try_from(process).map_err(|_| bad(line, format!(":process {process} is negative")))?;
        let kind = match form.get("type") {
            Some(Edn::Keyword(kind)) => match &kind[..] {
                "invoke" => Kind::Invoke,
                "ok" => Kind::Ok,
                "fail" => Kind::Fail,
                "info" => Kind::Info,
                other => {
                    return Err(bad(line, format!("`:type :{other}` is none of :invoke, :ok, :fail, :info")));
                }
            },
            _ => return Err(bad(line, "the event has no :type")),
        };
        match form.get("f") {
            None | Some(Edn::Nil) => {}
            Some(Edn::Keyword(f)) if f == "txn" => {}
            Some(other) => return Err(bad(line, format!("`:f {other:?}` is not :txn"))),
        }
        let operations = match form.get("value") {
            None | Some(Edn::Nil) => None,
            Some(Edn::Vector(forms)) => {
                Some(forms.iter().map(|form| operation(line, form, kind)).collect::<Result<_, _>>()?)
            }
            Some(other) => return Err(bad(line, format!("`:value {other:?}` is no vector of operations"))),
        };
        Ok(Some(Event { line, process, kind, operations }))
    }
}

/// `[:append key value]` or `[:r key list]`.
fn operation(line: usize, form: &Edn, kind: Kind) -> Result<Operation, TransactionError> {
    let wrong = || bad(line, format!("{form:?} is neither [:append key value] nor [:r key list]"));
    let Edn::Vector(parts) = form else { return Err(wrong()) };
    let [Edn::Keyword(function), key, value] = &parts[..] else { return Err(wrong()) };
    let key = scalar(key).ok_or_else(wrong)?;
    match (&function[..], value) {
        ("append", value) => Ok(Operation::Append { key, value: scalar(value).ok_or_else(wrong)? }),
        // What committed and found nil found nothing; otherwise nobody knows.
        ("r", Edn::Nil) => Ok(Operation::Read { key, list: (kind == Kind::Ok).then(Vec::new) }),
        ("r", Edn::Vector(forms)) => {
            let list = forms.iter().map(scalar).collect::<Option<_>>().ok_or_else(wrong)?;
            Ok(Operation::Read { key, list: Some(list) })
        }
        _ => Err(wrong()),
    }
}

/// A keyword counts as its name.
fn scalar(form: &Edn) -> Option<Value> {
    match form {
        Edn::Scalar(value) => Some(value.clone()),
        Edn::Keyword(name) => Some(name.as_str().into()),
        _ => None,
    }
}

/// Pairs calls with their ends, process by process.
#[derive(Default)]
struct Recorder {
    now: u64,
    transactions: Vec<(Transaction, usize)>,
    open: FastMap<u64, usize>,
}

impl Recorder {
    fn record(&mut self, event: Event) -> Result<(), TransactionError> {
        let Event { line, process: client, kind, operations } = event;
        self.now += 1;
        if kind == Kind::Invoke {
            if let Some(&place) = self.open.get(&client) {
                let other = self.transactions[place].1;
                return Err(TransactionError::CalledTwice { line, client, other });
            }
            let operations = operations.ok_or_else(|| bad(line, "the call has no :value"))?;
            self.open.insert(client, self.transactions.len());
            self.transactions.push((Transaction::called(client, self.now, operations), line));
            return Ok(());
        }
        let place = self.open.remove(&client).ok_or(TransactionError::ReturnWithoutCall { line, client })?;
        let (transaction, called) = &mut self.transactions[place];
        if let Some(operations) = operations {
            if !is_same(&transaction.operations, &operations) {
                let reason = format!("process {client} ends something else than it called in line {called}");
                return Err(bad(line, reason));
            }
            transaction.operations = operations;
        } else if kind == Kind::Ok {
            return Err(bad(line, "the transaction committed, but has no :value that says what it read"));
        }
        transaction.returned = Some(self.now);
        transaction.status = match kind {
            Kind::Ok => Status::Committed,
            Kind::Fail => Status::Aborted,
            Kind::Invoke | Kind::Info => Status::Unknown,
        };
        Ok(())
    }
}

/// Whether they differ at most in what was read.
fn is_same(called: &[Operation], ended: &[Operation]) -> bool {
    let without_list = |operation: &Operation| match operation {
        Operation::Read { key, .. } => Operation::Read { key: key.clone(), list: None },
        append => append.clone(),
    };
    called.iter().map(without_list).eq(ended.iter().map(without_list))
}
