//! A history: who called what, when, and what came back.
//!
//! Operations keep the order in which they were given; that place is their number everywhere in this crate.
//! They are packed into 56 bytes each, values as symbols, so that a million of them are no burden.
use crate::{
    DataType, HistoryError, Op, Operation, Output, Return, Value,
    data_type::DataTypes,
    function::Function,
    hash::FastMap,
    model::{AppendLog, Bank, Counter, KeyValue, PriorityQueue, Queue, Set, Stack, WithObject},
    symbol::{Interner, Symbol},
};

/// A history that is well formed: every return comes after its call, and no client has two operations open.
#[derive(Clone, Debug)]
pub struct History {
    data_type: DataType,
    /// What an object holds at first, if that is not the type's usual.
    initial: Option<Value>,
    /// Of a bank.
    accounts: usize,
    interner: Interner,
    clients: Vec<u64>,
    operations: Vec<Packed>,
}

/// An operation in symbols.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed {
    pub(crate) call: u64,
    /// `u64::MAX` when it never returned.
    pub(crate) returned: u64,
    pub(crate) client: u32,
    pub(crate) key: Symbol,
    pub(crate) line: u32,
    pub(crate) class: Class,
}

/// All that a model sees of an operation. Operations of one class are interchangeable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Class {
    pub(crate) function: Function,
    pub(crate) arguments: [Symbol; 3],
    pub(crate) answer: Answer,
}

/// An output in symbols.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Answer {
    /// No answer was ever seen.
    Open,
    Bool(bool),
    /// `Symbol::NONE` for null.
    Value(Symbol),
    /// A node of the trie of arrays.
    Array(u32),
}

impl History {
    /// A history from operations in memory.
    ///
    /// ```
    /// use synod_linearizability::{History, Op, Operation, Output};
    ///
    /// let history = History::new([
    ///     Operation::called(1, 0, Op::Put(7.into())).on("x").returned(10, Output::Null),
    ///     Operation::called(2, 5, Op::Get).on("x").returned(6, Output::Value(7.into())),
    /// ])?;
    /// assert_eq!(history.len(), 2);
    /// # Ok::<(), synod_linearizability::HistoryError>(())
    /// ```
    pub fn new(operations: impl IntoIterator<Item = Operation>) -> Result<Self, HistoryError> {
        let mut builder = HistoryBuilder::default();
        for operation in operations {
            builder.push(operation)?;
        }
        builder.finish()
    }

    /// How many operations it has.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Operation `number`, counted from 0 in the order in which they were given.
    pub fn operation(&self, number: usize) -> Operation {
        let packed = &self.operations[number];
        let class = packed.class;
        let arguments = class.arguments.map(|symbol| self.interner.value(symbol));
        let op = Op::new(class.function, arguments).expect("packed with all its arguments");
        let output = match class.answer {
            Answer::Open => None,
            Answer::Bool(answer) => Some(Output::Bool(answer)),
            Answer::Value(symbol) => Some(Output::from(self.interner.value(symbol))),
            Answer::Array(node) => Some(Output::Array(self.interner.array_values(node))),
        };
        Operation {
            client: self.clients[packed.client as usize],
            key: self.interner.value(packed.key),
            op,
            call: packed.call,
            returned: output.map(|output| Return { at: packed.returned, output }),
        }
    }

    /// All operations, in the order in which they were given.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Operation> + '_ {
        (0..self.len()).map(|number| self.operation(number))
    }

    /// The line of the file that operation `number` was read from, or `number + 1`.
    pub fn line(&self, number: usize) -> usize {
        self.operations[number].line as usize
    }

    /// What its objects are.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// These operations alone, in this order. They keep their lines.
    pub fn restricted_to(&self, numbers: &[usize]) -> History {
        let operations = numbers.iter().map(|&number| self.operations[number]).collect();
        History {
            operations,
            initial: self.initial.clone(),
            clients: self.clients.clone(),
            interner: self.interner.clone(),
            ..*self
        }
    }

    /// Does something with the model of its objects.
    pub(crate) fn with_object<W: WithObject>(&self, with: W) -> W::Result {
        match self.data_type {
            DataType::Register | DataType::CasRegister | DataType::KeyValue => {
                with.run(KeyValue { initial: self.initial.clone() })
            }
            DataType::Queue => with.run(Queue),
            DataType::Stack => with.run(Stack),
            DataType::Set => with.run(Set),
            DataType::PriorityQueue => with.run(PriorityQueue),
            DataType::Counter => with.run(Counter),
            DataType::Bank => {
                let initial = match self.initial {
                    Some(Value::Number(initial)) => initial,
                    _ => Bank::INITIAL,
                };
                with.run(Bank { accounts: self.accounts, initial })
            }
            DataType::AppendLog => with.run(AppendLog),
        }
    }

    /// What a register or a key holds at first.
    pub(crate) fn initial_symbol(&self) -> Symbol {
        let known = |initial: &Value| self.interner.known(initial).unwrap_or(Symbol::UNSEEN);
        self.initial.as_ref().map_or(Symbol::NONE, known)
    }

    /// The same as a value.
    pub(crate) fn initial(&self) -> Option<&Value> {
        self.initial.as_ref()
    }

    /// How many clients it has.
    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn packed(&self) -> &[Packed] {
        &self.operations
    }

    pub(crate) fn interner(&self) -> &Interner {
        &self.interner
    }
}

impl Packed {
    pub(crate) fn is_open(&self) -> bool {
        self.class.answer == Answer::Open
    }
}

/// No operations, of a register.
impl Default for History {
    fn default() -> Self {
        History {
            data_type: DataType::Register,
            initial: None,
            accounts: 0,
            interner: Interner::default(),
            clients: Vec::new(),
            operations: Vec::new(),
        }
    }
}

/// Builds a [`History`] one operation at a time, in any order.
#[derive(Clone, Debug)]
pub struct HistoryBuilder {
    history: History,
    numbers: FastMap<u64, u32>,
    chosen: Option<DataType>,
    /// The types that have all operations so far.
    types: DataTypes,
}

impl Default for HistoryBuilder {
    fn default() -> Self {
        HistoryBuilder {
            history: History::default(),
            numbers: FastMap::default(),
            chosen: None,
            types: DataTypes::ALL,
        }
    }
}

impl HistoryBuilder {
    /// Says what the objects are, instead of having it guessed from the operations.
    pub fn data_type(mut self, data_type: DataType) -> Self {
        self.chosen = Some(data_type);
        self
    }

    /// Says what an object holds at first: a register or a key (nothing, unless given), or each account of a
    /// bank (10, unless given).
    pub fn initial(mut self, initial: Value) -> Self {
        self.history.initial = Some(initial);
        self
    }

    /// Adds an operation, and checks what can be checked of it alone.
    pub fn push(&mut self, operation: Operation) -> Result<(), HistoryError> {
        let line = self.history.len() + 1;
        self.push_at(line, operation)
    }

    /// Adds the operation of this line of a file.
    pub fn push_at(&mut self, line: usize, operation: Operation) -> Result<(), HistoryError> {
        let Operation { client, key, op, call, returned } = operation;
        let function = op.function();
        if function.needs_key() && key.is_none() {
            return Err(HistoryError::MissingField { line, function: function.name(), field: "key" });
        }
        if let Some(Return { at, output }) = &returned {
            function.admits(output).map_err(|expected| HistoryError::WrongOutput {
                line,
                function: function.name(),
                expected,
                found: output.to_string(),
            })?;
            if *at < call {
                return Err(HistoryError::ReturnBeforeCall { line, client, call, returned: *at });
            }
        }
        self.check_type(line, &op, returned.as_ref().map(|end| &end.output))?;
        let client = self.client(client);
        let interner = &mut self.history.interner;
        let mut symbol = |value: Option<Value>| value.map_or(Symbol::NONE, |value| interner.symbol(&value));
        let key = symbol(key);
        let arguments = op.arguments().map(symbol);
        let (returned, answer) = match returned {
            None => (u64::MAX, Answer::Open),
            Some(Return { at, output }) => (at, pack(interner, &output)),
        };
        let class = Class { function, arguments, answer };
        self.history.operations.push(Packed { call, returned, client, key, line: line as u32, class });
        Ok(())
    }

    /// The history, if every client had one operation at a time and all operations are of one type.
    pub fn finish(mut self) -> Result<History, HistoryError> {
        self.check_clients()?;
        self.history.data_type = match self.chosen {
            Some(chosen) => chosen,
            None => self.guess()?,
        };
        self.check_initial()?;
        if self.history.data_type == DataType::Bank {
            self.history.accounts = self.count_accounts()?;
        }
        self.history.operations.shrink_to_fit();
        Ok(self.history)
    }

    fn check_type(&mut self, line: usize, op: &Op, output: Option<&Output>) -> Result<(), HistoryError> {
        let types = op.function().types(output);
        let operation = || match output {
            Some(output) => format!("`{op}` → {output}"),
            None => format!("`{op}`"),
        };
        if let Some(data_type) = self.chosen.filter(|chosen| !types.contains(*chosen)) {
            return Err(HistoryError::NotOfType { line, operation: operation(), data_type });
        }
        self.types = self.types.intersection(types);
        if !self.types.is_empty() || self.chosen.is_some() {
            return Ok(());
        }
        let clashes = |number: &usize| {
            let other = self.history.operation(*number);
            let output = other.returned.map(|end| end.output);
            types.intersection(other.op.function().types(output.as_ref())).is_empty()
        };
        let other = (0..self.history.len()).find(clashes).unwrap_or(0);
        Err(HistoryError::MixedTypes { line, operation: operation(), other: self.history.line(other) })
    }

    /// The narrowest type, where the choice makes no difference.
    fn guess(&self) -> Result<DataType, HistoryError> {
        use DataType::*;
        let candidates = self.types.iter().collect::<Vec<_>>();
        let is_keyed = || self.history.operations.iter().any(|operation| operation.key != Symbol::NONE);
        match candidates[..] {
            [KeyValue, AppendLog] => Ok(if is_keyed() { KeyValue } else { AppendLog }),
            [Register, CasRegister, KeyValue, Counter] | [Bank, AppendLog] => Err(HistoryError::Ambiguous {
                candidates: candidates
                    .iter()
                    .map(|candidate| candidate.name())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
            [first, ..] => Ok(first),
            [] => unreachable!("operations of no type were refused one by one"),
        }
    }

    fn check_initial(&self) -> Result<(), HistoryError> {
        use DataType::*;
        let (data_type, initial) = (self.history.data_type, self.history.initial.as_ref());
        let expected = match (data_type, initial) {
            (_, None) | (Register | CasRegister | KeyValue, _) | (Bank, Some(Value::Number(0..))) => {
                return Ok(());
            }
            (Bank, _) => "a natural number",
            _ => "none",
        };
        Err(HistoryError::Initial { data_type, initial: initial.expect("one was given").clone(), expected })
    }

    fn count_accounts(&self) -> Result<usize, HistoryError> {
        let history = &self.history;
        let mut read: Option<(usize, usize)> = None;
        let mut paid = 0;
        for number in 0..history.len() {
            let (line, operation) = (history.line(number), history.operation(number));
            match (operation.op, operation.returned) {
                (Op::Transfer { from, to, .. }, _) => paid = paid.max(from.max(to) as usize + 1),
                (_, Some(Return { output: Output::Array(balances), .. })) => match read {
                    Some((other, accounts)) if accounts != balances.len() => {
                        let found = format!("{} balances", balances.len());
                        return Err(HistoryError::Accounts { line, found, other, accounts });
                    }
                    _ => read = read.or(Some((line, balances.len()))),
                },
                _ => {}
            }
        }
        let Some((other, accounts)) = read else { return Ok(paid) };
        if paid > accounts {
            let names =
                |op: Op| matches!(op, Op::Transfer { from, to, .. } if from.max(to) as usize + 1 == paid);
            let number = (0..history.len()).find(|&number| names(history.operation(number).op));
            let line = history.line(number.expect("the maximum stands somewhere"));
            return Err(HistoryError::Accounts {
                line,
                found: format!("account {}", paid - 1),
                other,
                accounts,
            });
        }
        Ok(accounts)
    }

    fn client(&mut self, id: u64) -> u32 {
        *self.numbers.entry(id).or_insert_with(|| {
            self.history.clients.push(id);
            self.history.clients.len() as u32 - 1
        })
    }

    fn check_clients(&self) -> Result<(), HistoryError> {
        let operations = &self.history.operations;
        let mut in_time = (0..operations.len() as u32).collect::<Vec<_>>();
        let moment = |&number: &u32| {
            let operation = &operations[number as usize];
            (operation.call, operation.returned, operation.is_open(), number)
        };
        if !in_time.is_sorted_by_key(moment) {
            in_time.sort_unstable_by_key(moment);
        }
        let mut latest: Vec<Option<&Packed>> = vec![None; self.history.clients.len()];
        for number in in_time {
            let next = &operations[number as usize];
            if let Some(last) = latest[next.client as usize].replace(next) {
                self.check_in_turn(last, next)?;
            }
        }
        Ok(())
    }

    fn check_in_turn(&self, last: &Packed, next: &Packed) -> Result<(), HistoryError> {
        let (line, other) = (next.line as usize, last.line as usize);
        let client = self.history.clients[next.client as usize];
        if last.is_open() {
            return Err(HistoryError::CallAfterGivingUp { line, client, call: next.call, other });
        }
        if last.returned > next.call {
            let until = last.returned;
            return Err(HistoryError::Overlap { line, client, call: next.call, other, until });
        }
        Ok(())
    }
}

fn pack(interner: &mut Interner, output: &Output) -> Answer {
    match output {
        Output::Null => Answer::Value(Symbol::NONE),
        Output::Bool(answer) => Answer::Bool(*answer),
        Output::Value(value) => Answer::Value(interner.symbol(value)),
        Output::Array(values) => Answer::Array(interner.array(values)),
    }
}
