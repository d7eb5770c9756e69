//! Who must come after whom: Adya's dependencies, sessions, and real time.
use std::fmt;

use super::{
    List as Shown, Name, Operation, Status,
    graph::{Graph, GraphBuilder, Kinds},
    versions::{List, Versions},
};
use crate::Value;

/// A dependency between two transactions, and why it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The number of the earlier transaction.
    pub from: usize,
    /// The number of the later one.
    pub to: usize,
    /// What makes it the later one.
    pub dependency: Dependency,
}

/// What makes one transaction the later one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dependency {
    /// `ww`: it appended next, or later, to the same list.
    WriteWrite {
        /// The list.
        key: Value,
        /// What the earlier one appended.
        before: Value,
        /// What the later one appended.
        after: Value,
    },
    /// `wr`: it read what the earlier one appended.
    WriteRead {
        /// The list.
        key: Value,
        /// The element.
        value: Value,
    },
    /// `rw`: it appended what the earlier one did not see yet.
    ReadWrite {
        /// The list.
        key: Value,
        /// What the earlier one saw.
        read: Vec<Value>,
        /// What the later one appended.
        value: Value,
    },
    /// Its client called it later.
    Session {
        /// Of both.
        client: u64,
    },
    /// It was called after the earlier one had returned.
    RealTime {
        /// When the earlier one returned.
        returned: u64,
        /// When the later one was called.
        called: u64,
    },
}

impl Dependency {
    /// `ww`, `wr`, `rw`, `process` or `realtime`.
    pub fn name(&self) -> &'static str {
        match self {
            Dependency::WriteWrite { .. } => "ww",
            Dependency::WriteRead { .. } => "wr",
            Dependency::ReadWrite { .. } => "rw",
            Dependency::Session { .. } => "process",
            Dependency::RealTime { .. } => "realtime",
        }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Edge { from, to, dependency } = self;
        match dependency {
            Dependency::WriteWrite { key, before, after } => {
                write!(f, "T{from} appended {before} to {}, and T{to} appended {after} next", Name(key))
            }
            Dependency::WriteRead { key, value } => {
                write!(f, "T{from} appended {value} to {}, and T{to} read it", Name(key))
            }
            Dependency::ReadWrite { key, read, value } => {
                write!(f, "T{from} read {} as {} before T{to} appended {value}", Name(key), Shown(read))
            }
            Dependency::Session { client } => write!(f, "client {client} called T{to} after T{from}"),
            Dependency::RealTime { returned, called } => {
                write!(f, "T{from} had returned at {returned} before T{to} was called at {called}")
            }
        }
    }
}

impl Versions<'_> {
    /// All dependencies between transactions that took place.
    pub(super) fn dependencies(&self) -> Graph {
        let mut graph = GraphBuilder::new(self.history.len() as u32);
        let ends: Vec<Option<u32>> =
            self.lists.iter().map(|list| self.order_appends(list, &mut graph)).collect();
        for reader in self.live() {
            for (number, operation) in self.operations(reader) {
                let list = &self.lists[number as usize];
                if let (Operation::Read { list: Some(read), .. }, false) = (operation, list.is_broken) {
                    self.place_read(list, reader, read.len(), ends[number as usize], &mut graph);
                }
            }
        }
        self.order_sessions(&mut graph);
        self.order_times(&mut graph);
        graph.finish()
    }

    /// The appends to a list, one after the other, then those that nobody read: the longest list that was read
    /// begins the whole list, so they came later. Answers the junction before these.
    fn order_appends(&self, list: &List<'_>, graph: &mut GraphBuilder) -> Option<u32> {
        if list.is_broken {
            return None;
        }
        let mut last = None;
        for &writer in list.writers.iter().filter(|&&writer| self.is_live[writer as usize]) {
            if let Some(last) = last.filter(|&last| last != writer) {
                graph.arc(last, writer, Kinds::WW);
            }
            last = Some(writer);
        }
        if let Some(last) = last {
            for &later in list.unread.iter().filter(|&&later| later != last) {
                graph.arc(last, later, Kinds::WW);
            }
        }
        (!list.unread.is_empty()).then(|| {
            let end = graph.junction();
            for &later in &list.unread {
                graph.arc(end, later, Kinds::FREE);
            }
            end
        })
    }

    /// After the append that it saw last, and before the next one. Who sees its own append last is placed by that.
    fn place_read(
        &self,
        list: &List<'_>,
        reader: u32,
        length: usize,
        end: Option<u32>,
        graph: &mut GraphBuilder,
    ) {
        if let Some(&writer) = length.checked_sub(1).and_then(|last| list.writers.get(last)) {
            if writer == reader {
                return;
            }
            if self.is_live[writer as usize] {
                graph.arc(writer, reader, Kinds::WR);
            }
        }
        let later = list.writers[length..].iter().find(|&&writer| self.is_live[writer as usize]);
        match (later, end) {
            (Some(&next), _) if next != reader => graph.arc(reader, next, Kinds::RW),
            (None, Some(end)) if list.unread != [reader] => graph.arc(reader, end, Kinds::RW),
            _ => {}
        }
    }

    fn order_sessions(&self, graph: &mut GraphBuilder) {
        let client = |number: u32| self.history.transactions()[number as usize].client;
        let mut in_turn = self.history.by_client();
        in_turn.retain(|&number| self.is_live[number as usize]);
        let mut junction = None;
        for pair in in_turn.windows(2) {
            if client(pair[0]) != client(pair[1]) {
                junction = None;
                continue;
            }
            let next = graph.junction();
            graph.arc(pair[0], next, Kinds::SESSION);
            graph.arc(next, pair[1], Kinds::FREE);
            if let Some(junction) = junction.replace(next) {
                graph.arc(junction, next, Kinds::FREE);
            }
        }
    }

    /// A junction for each return, in a chain; each call hangs on the last return before it.
    fn order_times(&self, graph: &mut GraphBuilder) {
        let transaction = |number: u32| &self.history.transactions()[number as usize];
        let mut returns: Vec<(u64, u32)> = self
            .live()
            .filter(|&number| transaction(number).status == Status::Committed)
            .filter_map(|number| Some((transaction(number).returned?, number)))
            .collect();
        let mut calls: Vec<(u64, u32)> =
            self.live().map(|number| (transaction(number).call, number)).collect();
        returns.sort_unstable();
        calls.sort_unstable();
        let mut calls = calls.into_iter().peekable();
        let mut latest = None;
        for (returned, number) in returns {
            while let Some((_, called)) = calls.next_if(|&(call, _)| call <= returned) {
                if let Some(latest) = latest {
                    graph.arc(latest, called, Kinds::FREE);
                }
            }
            let junction = graph.junction();
            graph.arc(number, junction, Kinds::REAL_TIME);
            if let Some(latest) = latest.replace(junction) {
                graph.arc(latest, junction, Kinds::FREE);
            }
        }
        if let Some(latest) = latest {
            calls.for_each(|(_, called)| graph.arc(latest, called, Kinds::FREE));
        }
    }

    /// Why there is a dependency of this kind. It is looked up again: few are ever asked for.
    pub(super) fn edge(&self, from: u32, to: u32, kind: Kinds) -> Edge {
        let [earlier, later] = [from, to].map(|number| &self.history.transactions()[number as usize]);
        let dependency = match kind {
            Kinds::WW => self.appends(to).find_map(|(list, value)| self.append_before(list, from, value)),
            Kinds::WR => self.reads(to).find_map(|(list, read)| {
                let value = read.last()?;
                let append = list.append_of(value)?;
                (append.transaction == from)
                    .then(|| Dependency::WriteRead { key: list.key.clone(), value: value.clone() })
            }),
            Kinds::RW => self.reads(from).find_map(|(list, read)| self.append_after(list, to, read)),
            Kinds::SESSION => Some(Dependency::Session { client: later.client }),
            _ => None,
        };
        let real_time =
            Dependency::RealTime { returned: earlier.returned.unwrap_or(u64::MAX), called: later.call };
        Edge { from: from as usize, to: to as usize, dependency: dependency.unwrap_or(real_time) }
    }

    fn appends(&self, transaction: u32) -> impl Iterator<Item = (&List<'_>, &Value)> {
        self.operations(transaction).filter_map(|(list, operation)| match operation {
            Operation::Append { value, .. } => Some((&self.lists[list as usize], value)),
            Operation::Read { .. } => None,
        })
    }

    fn reads(&self, transaction: u32) -> impl Iterator<Item = (&List<'_>, &[Value])> {
        self.operations(transaction).filter_map(|(list, operation)| match operation {
            Operation::Read { list: Some(read), .. } => Some((&self.lists[list as usize], &read[..])),
            _ => None,
        })
    }

    /// The live append before this one, if that transaction made it.
    fn append_before(&self, list: &List<'_>, from: u32, after: &Value) -> Option<Dependency> {
        let position = list.append_of(after)?.position.map_or(list.writers.len(), |at| at as usize);
        let is_live = |place: &usize| self.is_live[list.writers[*place] as usize];
        let place = (0..position).rev().find(is_live).filter(|&place| list.writers[place] == from)?;
        let before = list.order[place].clone();
        Some(Dependency::WriteWrite { key: list.key.clone(), before, after: after.clone() })
    }

    /// The live append that comes after what was read, if that transaction made it.
    fn append_after(&self, list: &List<'_>, to: u32, read: &[Value]) -> Option<Dependency> {
        let is_live = |place: &usize| self.is_live[list.writers[*place] as usize];
        let value = match (read.len()..list.writers.len()).find(is_live) {
            Some(place) => (list.writers[place] == to).then(|| &list.order[place])?,
            None => self.appends(to).find_map(|(other, value)| {
                let is_unread = list.append_of(value)?.position.is_none();
                (std::ptr::eq(other, list) && is_unread).then_some(value)
            })?,
        };
        Some(Dependency::ReadWrite { key: list.key.clone(), read: read.to_vec(), value: value.clone() })
    }
}
