//! A history that is judged while it happens.
//!
//! Events are fed in the order in which they happen, and that order is all that is known of time. The answer that
//! leaves no linearization is reported when it is fed, not at the end. What is held is the frontier: for each
//! object the states that are possible where its oldest open operation was called, and what was called since.
use std::fmt;

use crate::{
    DataType, HistoryError, Op, Output, Value,
    data_type::DataTypes,
    function::Function,
    hash::FastMap,
    model::{AppendLog, Bank, Counter, KeyValue, Object, PriorityQueue, Queue, Set, Stack},
};

mod frontier;
mod watch;
use watch::Watch;

/// Watches clients as they call and are answered.
///
/// ```
/// use synod_linearizability::{DataType, Monitor, Op, Output};
///
/// let mut monitor = Monitor::new(DataType::Register);
/// monitor.call(1, None, Op::Write(5.into()))?;
/// monitor.call(2, None, Op::Read)?;
/// assert_eq!(monitor.returned(2, Output::Value(5.into()))?, None); // the write is under way
/// monitor.call(2, None, Op::Read)?;
/// let alarm = monitor.returned(2, Output::Null)?.expect("once seen, a value is not lost");
/// assert_eq!(alarm.event, 5);
/// assert_eq!(alarm.to_string(), "event 5: client 2: read → null fits nowhere: what is there then is 5");
/// # Ok::<(), synod_linearizability::HistoryError>(())
/// ```
#[derive(Debug)]
pub struct Monitor {
    data_type: DataType,
    initial: Option<Value>,
    accounts: usize,
    steps: u64,
    events: u64,
    /// What each client has open: of which object, and the number of its call.
    open: FastMap<u64, (usize, u64)>,
    places: FastMap<(Option<Value>, Option<Value>), usize>,
    objects: Vec<Watched>,
    undecided: u64,
}

/// An object, as long as it is watched.
#[derive(Debug)]
struct Watched {
    key: Option<Value>,
    watch: Option<Box<dyn Watching>>,
}

/// A watched object, whatever its states are.
trait Watching: fmt::Debug + Send {
    fn call(&mut self, event: u64, op: Op);
    fn returned(&mut self, call: u64, event: u64, output: Output, steps: u64) -> Found;
    fn gave_up(&mut self, call: u64);
    fn op(&self, call: u64) -> Option<&Op>;
    fn held(&self) -> usize;
}

/// What an answer leaves.
enum Found {
    /// Some order.
    Order,
    /// None; what is there instead, in words.
    Nothing(Vec<String>),
    /// It would take too long to say.
    Undecided,
}

/// No order explains the answers up to this one, and some order explained those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alarm {
    /// The answer's place among all events that were fed, counted from 1.
    pub event: u64,
    /// Who was answered.
    pub client: u64,
    /// The object, if it has a key.
    pub key: Option<Value>,
    /// What was asked.
    pub op: Op,
    /// What was answered.
    pub output: Output,
    /// What the object may hold where the answer was tried; a few of them.
    pub states: Vec<String>,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Alarm { event, client, key, op, output, states } = self;
        write!(f, "event {event}: client {client}: {op}")?;
        if let Some(key) = key {
            write!(f, " of {key}")?;
        }
        write!(f, " → {output} fits nowhere")?;
        match &states[..] {
            [] => Ok(()),
            states => write!(f, ": what is there then is {}", states.join(" or ")),
        }
    }
}

impl Monitor {
    /// Of objects of this type, any number of them.
    pub fn new(data_type: DataType) -> Self {
        Monitor {
            data_type,
            initial: None,
            accounts: 0,
            steps: 200_000,
            events: 0,
            open: FastMap::default(),
            places: FastMap::default(),
            objects: Vec::new(),
            undecided: 0,
        }
    }

    /// Says what an object holds at first: a register or a key (nothing, unless given), or each account of a bank
    /// (10, unless given).
    #[must_use]
    pub fn initial(mut self, initial: Value) -> Self {
        self.initial = Some(initial);
        self
    }

    /// Says how many accounts a bank has; nothing told so far says it.
    #[must_use]
    pub fn accounts(mut self, accounts: usize) -> Self {
        self.accounts = accounts;
        self
    }

    /// Bounds the steps of the model for each answer (200,000, unless given). Where one would need more, nothing is
    /// said, its object is not watched any longer, and counts as [undecided](Monitor::undecided).
    #[must_use]
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self
    }

    /// A client calls.
    ///
    /// # Errors
    /// It has an operation open, or gave up; or the type has no such operation. Events stand for lines.
    pub fn call(&mut self, client: u64, key: Option<Value>, op: Op) -> Result<(), HistoryError> {
        let event = self.events + 1;
        let line = event as usize;
        if let Some(&(_, other)) = self.open.get(&client) {
            return Err(HistoryError::CalledTwice { line, client, other: other as usize });
        }
        self.check_type(&op, None)?;
        self.events = event;
        let element = match &op {
            Op::Add(value) | Op::Remove(value) | Op::Contains(value) => Some(value.clone()),
            _ => None,
        };
        let name = (key, element);
        let place = match self.places.get(&name) {
            Some(&place) => place,
            None => {
                let watch = Some(self.watch());
                self.objects.push(Watched { key: name.0.clone(), watch });
                self.places.insert(name, self.objects.len() - 1);
                self.objects.len() - 1
            }
        };
        self.open.insert(client, (place, event));
        if let Some(watch) = &mut self.objects[place].watch {
            watch.call(event, op);
        }
        Ok(())
    }

    /// A client is answered. The alarm, if no order explains that; its object is not watched any longer.
    ///
    /// # Errors
    /// It has no operation open, or the operation never gives such an answer.
    pub fn returned(&mut self, client: u64, output: Output) -> Result<Option<Alarm>, HistoryError> {
        let event = self.events + 1;
        let Some(&(place, call)) = self.open.get(&client) else {
            return Err(HistoryError::ReturnWithoutCall { line: event as usize, client });
        };
        let op = self.objects[place].watch.as_ref().and_then(|watch| watch.op(call)).cloned();
        if let Some(op) = &op {
            self.check_type(op, Some(&output))?;
        }
        self.events = event;
        self.open.remove(&client);
        let object = &mut self.objects[place];
        let (Some(op), Some(watch)) = (op, &mut object.watch) else { return Ok(None) };
        match watch.returned(call, event, output.clone(), self.steps) {
            Found::Order => Ok(None),
            Found::Undecided => {
                self.undecided += 1;
                object.watch = None;
                Ok(None)
            }
            Found::Nothing(states) => {
                let key = object.key.clone();
                object.watch = None;
                Ok(Some(Alarm { event, client, key, op, output, states }))
            }
        }
    }

    /// A client will never be answered: its operation may take place at any time from its call on, or never.
    /// The client may call again.
    pub fn gave_up(&mut self, client: u64) {
        self.events += 1;
        if let Some((place, call)) = self.open.remove(&client)
            && let Some(watch) = &mut self.objects[place].watch
        {
            watch.gave_up(call);
        }
    }

    /// How many objects are not watched any longer because an answer could not be judged within the
    /// [bound](Monitor::steps).
    pub fn undecided(&self) -> u64 {
        self.undecided
    }

    /// How many operations it holds: those that are open, those that were given up, and what was called since the
    /// oldest open one.
    pub fn held(&self) -> usize {
        self.objects.iter().filter_map(|object| object.watch.as_ref()).map(|watch| watch.held()).sum()
    }

    fn check_type(&self, op: &Op, output: Option<&Output>) -> Result<(), HistoryError> {
        let line = self.events as usize + 1;
        let function: Function = op.function();
        if let Some(output) = output {
            function.admits(output).map_err(|expected| HistoryError::WrongOutput {
                line,
                function: function.name(),
                expected,
                found: output.to_string(),
            })?;
        }
        let types: DataTypes = function.types(output);
        if types.contains(self.data_type) {
            return Ok(());
        }
        let operation = match output {
            Some(output) => format!("`{op}` → {output}"),
            None => format!("`{op}`"),
        };
        Err(HistoryError::NotOfType { line, operation, data_type: self.data_type })
    }

    fn watch(&self) -> Box<dyn Watching> {
        fn of<T>(data_type: DataType, object: T) -> Box<dyn Watching>
        where
            T: Object + fmt::Debug + Send + Sync + 'static,
            T::State: Send + Sync,
        {
            Box::new(Watch::new(data_type, object))
        }
        match self.data_type {
            DataType::Register | DataType::CasRegister | DataType::KeyValue => {
                of(self.data_type, KeyValue { initial: self.initial.clone() })
            }
            DataType::Queue => of(self.data_type, Queue),
            DataType::Stack => of(self.data_type, Stack),
            DataType::Set => of(self.data_type, Set),
            DataType::PriorityQueue => of(self.data_type, PriorityQueue),
            DataType::Counter => of(self.data_type, Counter),
            DataType::AppendLog => of(self.data_type, AppendLog),
            DataType::Bank => {
                let initial = match self.initial {
                    Some(Value::Number(initial)) => initial,
                    _ => Bank::INITIAL,
                };
                of(self.data_type, Bank { accounts: self.accounts, initial })
            }
        }
    }
}
