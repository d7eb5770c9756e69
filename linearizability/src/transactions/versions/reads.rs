//! The anomalies that one read shows, or two: each is sought before any cycle, since cycles rest on the order.
use super::{List, Versions};
use crate::{
    Value,
    hash::{FastMap, FastSet},
    transactions::{Anomaly, AnomalyKind, List as Shown, Name, Operation},
};

/// What a transaction knows of a list from its own operations.
#[derive(Clone, Default)]
struct Own<'h> {
    /// Whose this is: the lists' notes are not wiped between transactions.
    transaction: Option<u32>,
    /// What it read last …
    read: Option<&'h [Value]>,
    /// … and appended since.
    appended: Vec<&'h Value>,
    /// The longest beginning of the order that it read.
    longest: &'h [Value],
    /// What it read that is no beginning of the order.
    others: Vec<&'h [Value]>,
}

/// The lowest position at which the order of a list shows each of these.
#[derive(Clone, Copy)]
struct Marks {
    aborted: usize,
    /// A transaction's append that comes after a later one of it.
    reversed: usize,
}

/// Anomalies found so far: the first of each kind.
struct Found(Vec<Anomaly>);

impl Found {
    fn add(&mut self, kind: AnomalyKind, anomaly: impl FnOnce() -> (Vec<u32>, String)) {
        if self.0.iter().all(|other| other.kind != kind) {
            let (transactions, explanation) = anomaly();
            self.0.push(Anomaly::read(kind, transactions, explanation));
        }
    }
}

impl<'h> Versions<'h> {
    /// The first anomaly of each kind; lists whose reads contradict each other are marked as broken.
    pub(crate) fn anomalies_of_reads(&mut self) -> Vec<Anomaly> {
        let marks: Vec<Marks> = self.lists.iter().map(|list| self.marks(list)).collect();
        for (list, marks) in self.lists.iter_mut().zip(&marks) {
            list.is_broken |= marks.reversed < list.order.len();
        }
        let mut own = vec![Own::default(); self.lists.len()];
        let mut broken = Vec::new();
        let mut found = Found(Vec::new());
        for reader in self.live() {
            for (number, operation) in self.operations(reader) {
                let list = &self.lists[number as usize];
                let own = &mut own[number as usize];
                if own.transaction != Some(reader) {
                    *own = Own { transaction: Some(reader), ..Own::default() };
                }
                match operation {
                    Operation::Append { value, .. } => {
                        own.appended.push(value);
                        self.check_future(list, reader, value, own, &mut found);
                    }
                    Operation::Read { list: Some(read), .. } => {
                        if list.order.starts_with(read) && read.len() <= list.writers.len() {
                            self.check_beginning(list, reader, read, marks[number as usize], &mut found);
                        } else {
                            broken.push(number);
                            self.check_elements(list, reader, read, &mut found);
                        }
                        check_internal(list, reader, read, own, &mut found);
                        if !list.order.starts_with(read) {
                            own.others.push(read);
                        } else if read.len() > own.longest.len() {
                            own.longest = read;
                        }
                        own.read = Some(read);
                        own.appended.clear();
                    }
                    Operation::Read { list: None, .. } => {
                        own.read = None;
                        own.appended.clear();
                    }
                }
            }
        }
        for number in broken {
            self.lists[number as usize].is_broken = true;
        }
        found.0
    }

    fn marks(&self, list: &List<'h>) -> Marks {
        let end = list.order.len();
        let aborted = list.writers.iter().position(|&writer| self.is_aborted(writer)).unwrap_or(end);
        // Each writer's appends, in its own order, must have growing positions.
        let mut reversed = end;
        let mut furthest = FastMap::<u32, u32>::default();
        for (position, writer) in list.writers.iter().enumerate() {
            let place = list.appends[&list.order[position]].place;
            let before = furthest.entry(*writer).or_insert(place);
            if *before > place {
                reversed = reversed.min(position);
            }
            *before = place.max(*before);
        }
        Marks { aborted, reversed }
    }

    /// A read that begins the order.
    fn check_beginning(&self, list: &List<'h>, reader: u32, read: &[Value], marks: Marks, found: &mut Found) {
        if read.len() > marks.aborted {
            self.tell_aborted(list, reader, &read[marks.aborted], found);
        }
        if read.len() > marks.reversed {
            let (value, writer) = (&read[marks.reversed], list.writers[marks.reversed]);
            found.add(AnomalyKind::IncompatibleOrder, || {
                let (key, read) = (Name(list.key), Shown(read));
                let told = format!(
                    "T{reader} read {key} as {read}, but T{writer} appended {value} before the others"
                );
                (vec![reader, writer], told)
            });
        }
        self.check_intermediate(list, reader, read, found);
    }

    /// Another read. Garbage explains by itself why; otherwise it contradicts the longest one.
    fn check_elements(&self, list: &List<'h>, reader: u32, read: &[Value], found: &mut Found) {
        let key = Name(list.key);
        let mut seen = FastSet::default();
        let mut is_explained = false;
        for value in read {
            let Some(append) = list.append_of(value) else {
                is_explained = true;
                found.add(AnomalyKind::GarbageRead, || {
                    (vec![reader], format!("T{reader} read {value} from {key}, which nobody appended"))
                });
                continue;
            };
            if !seen.insert(value) {
                is_explained = true;
                found.add(AnomalyKind::DuplicateElements, || {
                    let writer = append.transaction;
                    let told =
                        format!("T{reader} read {value} from {key} twice; T{writer} appended it only once");
                    (vec![reader, writer], told)
                });
            }
            if self.is_aborted(append.transaction) {
                self.tell_aborted(list, reader, value, found);
            }
        }
        self.check_intermediate(list, reader, read, found);
        if !is_explained {
            found.add(AnomalyKind::IncompatibleOrder, || {
                let other = list.reader;
                let (read, longest) = (Shown(read), Shown(list.order));
                let told = format!(
                    "T{reader} read {key} as {read}, and T{other} as {longest}: neither continues the other"
                );
                (vec![reader, other], told)
            });
        }
    }

    fn tell_aborted(&self, list: &List<'h>, reader: u32, value: &Value, found: &mut Found) {
        found.add(AnomalyKind::G1a, || {
            let writer = list.append_of(value).expect("it was appended").transaction;
            let key = Name(list.key);
            let told =
                format!("T{reader} read {value} from {key}, which T{writer} appended, but T{writer} aborted");
            (vec![reader, writer], told)
        });
    }

    fn check_intermediate(&self, list: &List<'h>, reader: u32, read: &[Value], found: &mut Found) {
        let Some(value) = read.last() else { return };
        let Some(append) = list.append_of(value) else { return };
        let writer = append.transaction;
        if append.is_last || writer == reader || self.is_aborted(writer) {
            return;
        }
        found.add(AnomalyKind::G1b, || {
            let (key, shown) = (Name(list.key), Shown(read));
            let told = format!(
                "T{reader} read {key} as {shown}, in the middle of T{writer}, which appended more after {value}"
            );
            (vec![reader, writer], told)
        });
    }

    fn check_future(&self, list: &List<'h>, reader: u32, value: &Value, own: &Own<'h>, found: &mut Found) {
        let position = list.append_of(value).and_then(|append| append.position);
        let was_read = position.is_some_and(|position| (position as usize) < own.longest.len())
            || position.is_none() && own.longest.contains(value)
            || own.others.iter().any(|read| read.contains(value));
        if was_read {
            found.add(AnomalyKind::FutureRead, || {
                let key = Name(list.key);
                (vec![reader], format!("T{reader} read {value} from {key} before it appended it"))
            });
        }
    }
}

/// Cerone's axiom INT: a list is what its own transaction read last, and what it appended since.
fn check_internal(list: &List<'_>, reader: u32, read: &[Value], own: &Own<'_>, found: &mut Found) {
    let Own { read: before, appended, .. } = own;
    let kept = read.len().checked_sub(appended.len());
    let ends_right = kept.is_some_and(|kept| read[kept..].iter().eq(appended.iter().copied()));
    let begins_right = before.is_none_or(|before| kept == Some(before.len()) && read.starts_with(before));
    if ends_right && begins_right {
        return;
    }
    found.add(AnomalyKind::Internal, || {
        let appended: Vec<Value> = appended.iter().copied().cloned().collect();
        let (key, read) = (Name(list.key), Shown(read));
        let own = match before {
            Some(before) => {
                format!("leave {}", Shown(&[before, &appended[..]].concat()))
            }
            None => format!("end it with {}", Shown(&appended)),
        };
        (vec![reader], format!("T{reader} read {key} as {read}, but its own operations before {own}"))
    });
}
