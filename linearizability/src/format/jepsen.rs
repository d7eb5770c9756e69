//! Jepsen's histories, and the logs of Porcupine's store, which differ in having a `:key`:
//!
//! ```text
//! {:type :invoke, :process 0, :f :cas, :value [1 2], :time 1234, :index 0}
//! ```
//!
//! Real time is the order of the file. With `jepsen.independent` each value is a pair of a key and the value
//! proper; that is recognised by the first write or compare-and-set.
use super::{
    edn::{Edn, Reader},
    recorder::{End, Recorder},
};
use crate::{
    History, HistoryBuilder, HistoryError, Op, Output, Value,
    function::{Arguments, Function, Kind},
};

pub(super) fn read(builder: HistoryBuilder, text: &str) -> Result<History, HistoryError> {
    let events = events(text)?;
    let independent = events.iter().any(Event::is_independent);
    let mut recorder = Recorder::new(builder);
    for event in events {
        event.record(&mut recorder, independent)?;
    }
    recorder.finish()
}

struct Event {
    line: usize,
    process: u64,
    kind: String,
    function: Function,
    key: Option<Value>,
    value: Edn,
}

/// All events of clients; those of the nemesis say nothing about the object.
fn events(text: &str) -> Result<Vec<Event>, HistoryError> {
    let mut reader = Reader::new(text);
    let is_vector = reader.enter_vector()?;
    let mut events = Vec::new();
    loop {
        if is_vector && reader.leave_vector()? {
            break;
        }
        let line = reader.line()?;
        let Some(form) = reader.next_form()? else { break };
        events.extend(Event::new(line, &form)?);
    }
    Ok(events)
}

impl Event {
    fn new(line: usize, form: &Edn) -> Result<Option<Event>, HistoryError> {
        let bad = |reason: String| HistoryError::Log { line, reason };
        let field = |name: &str| form.get(name).ok_or_else(|| bad(format!("an event needs :{name}")));
        let Edn::Scalar(Value::Number(process)) = field("process")? else { return Ok(None) };
        let process =
            u64::try_from(*process).map_err(|_| bad("a :process is a natural number".to_owned()))?;
        let keyword = |name: &str| match field(name)? {
            Edn::Keyword(word) => Ok(word.clone()),
            _ => Err(bad(format!(":{name} must be a keyword"))),
        };
        let name = keyword("f")?;
        let function = match &name[..] {
            "enqueue" => Function::Enq,
            "dequeue" => Function::Deq,
            "increment" => Function::Inc,
            _ => Function::named(&name)
                .ok_or_else(|| HistoryError::UnknownFunction { line, function: name.clone() })?,
        };
        let key = match form.get("key") {
            None => None,
            Some(Edn::Scalar(key)) => Some(key.clone()),
            Some(_) => return Err(bad("a :key is a number or a string".to_owned())),
        };
        let value = form.get("value").cloned().unwrap_or(Edn::Nil);
        Ok(Some(Event { line, process, kind: keyword("type")?, function, key, value }))
    }

    /// Whether this can only be a pair of a key and a value.
    fn is_independent(&self) -> bool {
        let Edn::Vector(pair) = &self.value else { return false };
        matches!((self.function, &pair[..]), (Function::Write, [_, _]) | (Function::Cas, [_, Edn::Vector(_)]))
    }

    fn record(mut self, recorder: &mut Recorder, independent: bool) -> Result<(), HistoryError> {
        let Event { line, process, .. } = self;
        if let (true, Edn::Vector(pair)) = (independent, &self.value)
            && let [Edn::Scalar(key), value] = &pair[..]
        {
            (self.key, self.value) = (Some(key.clone()), value.clone());
        }
        if self.kind == "invoke" {
            let op = self.op()?;
            return recorder.call(line, process, self.key, op);
        }
        let called = recorder.open(line, process)?;
        if called.op.function() != self.function {
            let reason =
                format!("`{}` ends the `{}` that its process called", self.function.name(), called.op);
            return Err(HistoryError::Log { line, reason });
        }
        let end = match &self.kind[..] {
            "ok" => End::Answered(self.output()?),
            "fail" => End::DidNotTakePlace,
            "info" => End::Unknown,
            other => {
                let reason = format!("`:type :{other}` is none of :invoke, :ok, :fail and :info");
                return Err(HistoryError::Log { line, reason });
            }
        };
        recorder.end(line, process, end)
    }

    fn op(&self) -> Result<Op, HistoryError> {
        let wanted = self.function.arguments();
        let given: Vec<Option<&Edn>> = match (&self.value, wanted) {
            (_, []) => Vec::new(),
            (Edn::Nil, [(_, Kind::Number)]) => Vec::new(),
            (value, [_]) => vec![Some(value)],
            (Edn::Vector(values), _) => values.iter().map(Some).collect(),
            (map, names) => names.iter().map(|(name, _)| map.get(name)).collect(),
        };
        let mut arguments: Arguments = [None, None, None];
        for (place, &(field, kind)) in wanted.iter().enumerate() {
            let function = self.function.name();
            arguments[place] = Some(match given.get(place).copied().flatten() {
                Some(Edn::Scalar(value)) if kind.admits(value) => value.clone(),
                None if self.function == Function::Inc => 1.into(),
                None => return Err(HistoryError::MissingField { line: self.line, function, field }),
                Some(other) => {
                    let (expected, found) = (kind.name(), format!("{other:?}"));
                    return Err(HistoryError::WrongType {
                        line: self.line,
                        function,
                        field,
                        expected,
                        found,
                    });
                }
            });
        }
        Ok(Op::new(self.function, arguments).expect("all arguments are there, of the right kinds"))
    }

    /// An operation that says nothing but that it took place has the output that says so.
    fn output(&self) -> Result<Output, HistoryError> {
        let wrong = |expected| HistoryError::WrongOutput {
            line: self.line,
            function: self.function.name(),
            expected,
            found: format!("{:?}", self.value),
        };
        match self.function {
            Function::Cas | Function::Transfer => return Ok(Output::Bool(true)),
            function if function.admits(&Output::Null).is_ok() && !function.arguments().is_empty() => {
                return Ok(Output::Null);
            }
            _ => {}
        }
        let scalar = |form: &Edn| match form {
            Edn::Scalar(value) => Some(value.clone()),
            _ => None,
        };
        let values = |forms: &[Edn]| forms.iter().map(scalar).collect::<Option<Vec<_>>>();
        match &self.value {
            Edn::Nil => Ok(Output::Null),
            Edn::Bool(answer) => Ok(Output::Bool(*answer)),
            Edn::Scalar(value) => Ok(Output::Value(value.clone())),
            Edn::Vector(forms) => {
                values(forms).map(Output::Array).ok_or_else(|| wrong("an array of numbers and strings"))
            }
            Edn::Map(entries) => {
                balances(entries).ok_or_else(|| wrong("the balance of each account from 0 on"))
            }
            Edn::Keyword(_) => Err(wrong("a number, a string or an array of them")),
        }
    }
}

/// The accounts of a bank, `{0 10, 1 10}`.
fn balances(entries: &[(Edn, Edn)]) -> Option<Output> {
    let balance = |account: usize| {
        let account = Edn::Scalar(Value::Number(account as i64));
        match entries.iter().find(|(key, _)| *key == account) {
            Some((_, Edn::Scalar(balance))) => Some(balance.clone()),
            _ => None,
        }
    };
    (0..entries.len()).map(balance).collect::<Option<Vec<_>>>().map(Output::Array)
}
