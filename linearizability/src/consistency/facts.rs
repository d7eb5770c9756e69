//! What is certain of a history of registers: who wrote what, and which write each read saw.
use super::order::in_session_order;
use crate::{
    DataType, History,
    function::Function,
    hash::{FastMap, FastSet},
    history::{Answer, Class, Packed},
    symbol::Symbol,
};

/// The operations that took place and are understood, client by client, each client's in its order.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) events: Vec<Event>,
    /// Where each client's events begin; one more than there are clients.
    starts: Vec<u32>,
    /// For each key the events that write it, client by client.
    pub(super) writers: Vec<Vec<Writer>>,
    /// An operation that is not understood, and why.
    pub(super) unclear: Option<(u32, Unclear)>,
}

/// An operation that took place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// Its number in the history.
    pub(super) number: u32,
    pub(super) client: u32,
    /// Its place among the events of its client.
    pub(super) place: u32,
    pub(super) key: u32,
    /// What it read, if it reads.
    pub(super) source: Option<Source>,
    pub(super) writes: bool,
    /// It has no answer: that it took place is known from who read its value.
    pub(super) is_open: bool,
}

/// Where a value came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// It was there at first.
    Initial,
    Event(u32),
    /// Nobody else wrote it.
    Nobody,
}

/// What one client wrote to one key.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) client: u32,
    /// Ascending.
    pub(super) places: Vec<u32>,
}

/// Why an operation is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unclear {
    FailedCas,
    Appended,
    WrittenTwice,
}

impl Unclear {
    /// To follow the operation in a sentence.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Unclear::FailedCas => "saw a value that it does not name",
            Unclear::Appended => "is about a text that several operations wrote",
            Unclear::WrittenTwice => {
                "names a value that was written more than once, and may have seen either"
            }
        }
    }
}

impl Facts {
    pub(super) fn len(&self) -> u32 {
        self.events.len() as u32
    }

    pub(super) fn get(&self, event: u32) -> &Event {
        &self.events[event as usize]
    }

    pub(super) fn clients(&self) -> usize {
        self.starts.len() - 1
    }

    /// The events of a client.
    pub(super) fn of_client(&self, client: u32) -> std::ops::Range<u32> {
        self.starts[client as usize]..self.starts[client as usize + 1]
    }

    pub(super) fn at(&self, client: u32, place: u32) -> u32 {
        self.starts[client as usize] + place
    }

    /// The next event of the same client.
    pub(super) fn next(&self, event: u32) -> Option<u32> {
        (event + 1 < self.of_client(self.get(event).client).end).then_some(event + 1)
    }

    /// For each event those that read what it wrote.
    pub(super) fn readers(&self) -> Vec<Vec<u32>> {
        let mut readers = vec![Vec::new(); self.events.len()];
        for (event, read) in (0..).zip(&self.events) {
            if let Some(Source::Event(write)) = read.source {
                readers[write as usize].push(event);
            }
        }
        readers
    }

    /// These events alone, given in ascending order, without those that then read what is not there, or of which
    /// nobody would know that they took place.
    pub(super) fn only(&self, kept: &[u32]) -> Facts {
        let mut is_kept = vec![false; self.events.len()];
        kept.iter().for_each(|&event| is_kept[event as usize] = true);
        let readers = self.readers();
        let mut orphans = (0..self.len()).filter(|&event| !is_kept[event as usize]).collect::<Vec<_>>();
        while let Some(gone) = orphans.pop() {
            for &reader in &readers[gone as usize] {
                if std::mem::replace(&mut is_kept[reader as usize], false) {
                    orphans.push(reader);
                }
            }
        }
        let mut took_place = vec![false; self.events.len()];
        for &event in kept.iter().filter(|&&event| is_kept[event as usize] && !self.get(event).is_open) {
            let mut next = Some(event);
            while let Some(event) =
                next.filter(|&event| !std::mem::replace(&mut took_place[event as usize], true))
            {
                next = match self.get(event).source {
                    Some(Source::Event(write)) => Some(write),
                    _ => None,
                };
            }
        }
        let kept = kept.iter().map(|&event| *self.get(event)).zip(kept);
        let kept = kept.filter(|(_, event)| took_place[**event as usize]).collect::<Vec<_>>();
        let renumbered = kept.iter().zip(0..).map(|((_, old), new)| (**old, new)).collect::<FastMap<_, _>>();
        let events = kept.into_iter().map(|(event, _)| Event {
            source: event.source.map(|source| match source {
                Source::Event(write) => Source::Event(renumbered[&write]),
                other => other,
            }),
            ..event
        });
        Facts::new(events.collect())
    }

    /// From events client by client; places are counted here.
    fn new(mut events: Vec<Event>) -> Facts {
        let mut starts = vec![0];
        let mut writers: Vec<Vec<Writer>> = Vec::new();
        let mut last = None;
        for (place, event) in events.iter_mut().enumerate() {
            if last.is_some_and(|last| last != event.client) {
                starts.push(place as u32);
            }
            last = Some(event.client);
            event.client = starts.len() as u32 - 1;
            event.place = place as u32 - starts[event.client as usize];
            if writers.len() <= event.key as usize {
                writers.resize(event.key as usize + 1, Vec::new());
            }
            if event.writes {
                let of_key = &mut writers[event.key as usize];
                match of_key.last_mut() {
                    Some(writer) if writer.client == event.client => writer.places.push(event.place),
                    _ => of_key.push(Writer { client: event.client, places: vec![event.place] }),
                }
            }
        }
        starts.push(events.len() as u32);
        starts.dedup();
        if events.is_empty() {
            starts = vec![0];
        }
        Facts { events, starts, writers, unclear: None }
    }
}

impl Writer {
    /// The latest write before this place.
    pub(super) fn before(&self, place: u32) -> Option<u32> {
        let later = self.places.partition_point(|&write| write < place);
        later.checked_sub(1).map(|latest| self.places[latest])
    }

    /// The first write at this place or later.
    pub(super) fn from(&self, place: u32) -> Option<u32> {
        self.places.get(self.places.partition_point(|&write| write < place)).copied()
    }
}

/// The facts of a history of registers; none of anything else.
pub(super) fn of(history: &History) -> Option<Facts> {
    let is_register =
        matches!(history.data_type(), DataType::Register | DataType::CasRegister | DataType::KeyValue);
    is_register.then(|| Gathering::new(history).facts())
}

/// What an operation reads and writes, if it took place.
struct Effect {
    reads: Option<Symbol>,
    writes: Option<Symbol>,
}

impl Effect {
    fn of(class: Class) -> Result<Effect, Unclear> {
        let [first, second, _] = class.arguments;
        let (reads, writes) = match (class.function, class.answer) {
            (Function::Write | Function::Put, _) => (None, Some(first)),
            (Function::Delete, _) => (None, Some(Symbol::NONE)),
            (Function::Cas, Answer::Bool(false)) => return Err(Unclear::FailedCas),
            (Function::Cas, _) => (Some(first), Some(second)),
            (Function::Append, _) => return Err(Unclear::Appended),
            (_, Answer::Value(value)) => (Some(value), None),
            _ => (None, None),
        };
        Ok(Effect { reads, writes })
    }
}

struct Gathering<'a> {
    packed: &'a [Packed],
    order: Vec<u32>,
    /// Who writes a value to a key; `None` stands for the beginning.
    writers: FastMap<(u32, u32), Vec<Option<u32>>>,
    /// Keys that are appended to.
    texts: FastSet<u32>,
    unclear: Option<(u32, Unclear)>,
}

impl<'a> Gathering<'a> {
    fn new(history: &'a History) -> Self {
        let order = in_session_order(history);
        let packed = history.packed();
        let initial = history.initial_symbol();
        let mut writers = FastMap::<(u32, u32), Vec<Option<u32>>>::default();
        let mut texts = FastSet::default();
        for operation in packed {
            writers.entry((operation.key.0, initial.0)).or_insert_with(|| vec![None]);
        }
        for &number in &order {
            let Packed { key, class, .. } = packed[number as usize];
            match Effect::of(class) {
                Ok(Effect { writes: Some(value), .. }) => {
                    writers.entry((key.0, value.0)).or_default().push(Some(number));
                }
                Err(Unclear::Appended) => {
                    texts.insert(key.0);
                }
                _ => {}
            }
        }
        Gathering { packed, order, writers, texts, unclear: None }
    }

    /// Which operation wrote what `number` read; `None` of the two when that is unclear.
    fn source(&self, number: u32, value: Symbol) -> Result<Option<u32>, Option<Unclear>> {
        let key = self.packed[number as usize].key.0;
        if self.texts.contains(&key) {
            return Err(Some(Unclear::Appended));
        }
        let all = self.writers.get(&(key, value.0)).map_or(&[][..], |writers| writers);
        let mut others = all.iter().filter(|writer| **writer != Some(number));
        match (others.next(), others.next()) {
            (Some(only), None) => Ok(*only),
            (None, _) => Err(None),
            _ => Err(Some(Unclear::WrittenTwice)),
        }
    }

    fn facts(mut self) -> Facts {
        let took_place = self.took_place();
        let mut keys = FastMap::<u32, u32>::default();
        let mut places = FastMap::<u32, u32>::default();
        let mut events = Vec::new();
        let mut read_from = Vec::new();
        for number in std::mem::take(&mut self.order) {
            let packed @ Packed { client, key, class, .. } = self.packed[number as usize];
            if !took_place[number as usize] {
                continue;
            }
            let effect = Effect::of(class).unwrap_or_else(|why| {
                self.unclear.get_or_insert((number, why));
                Effect { reads: None, writes: None }
            });
            let source = effect.reads.map(|value| self.source(number, value));
            let known = match source {
                Some(Err(Some(why))) => {
                    self.unclear.get_or_insert((number, why));
                    None
                }
                Some(Err(None)) => Some(Source::Nobody),
                Some(Ok(None)) => Some(Source::Initial),
                // To be replaced once it has a number.
                Some(Ok(Some(_))) => Some(Source::Event(u32::MAX)),
                None => None,
            };
            let writes = effect.writes.is_some();
            if known.is_none() && !writes {
                continue;
            }
            let next = keys.len() as u32;
            let key = *keys.entry(key.0).or_insert(next);
            places.insert(number, events.len() as u32);
            read_from.push(source.and_then(Result::ok).flatten());
            events.push(Event {
                number,
                client,
                place: 0,
                key,
                source: known,
                writes,
                is_open: packed.is_open(),
            });
        }
        for (event, write) in events.iter_mut().zip(read_from) {
            if let (Some(Source::Event(source)), Some(write)) = (&mut event.source, write) {
                *source = places[&write];
            }
        }
        Facts { unclear: self.unclear, ..Facts::new(events) }
    }

    /// Operations with an answer, and those whose value one of these read.
    fn took_place(&self) -> Vec<bool> {
        let mut took_place = self.packed.iter().map(|operation| !operation.is_open()).collect::<Vec<_>>();
        let answered = (0..).zip(&took_place).filter(|(_, took)| **took).map(|(number, _)| number);
        let mut left = answered.collect::<Vec<u32>>();
        while let Some(number) = left.pop() {
            if let Ok(Effect { reads: Some(value), .. }) = Effect::of(self.packed[number as usize].class)
                && let Ok(Some(write)) = self.source(number, value)
                && !std::mem::replace(&mut took_place[write as usize], true)
            {
                left.push(write);
            }
        }
        took_place
    }
}
