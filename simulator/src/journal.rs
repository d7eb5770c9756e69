//! Two runs that ought to be one, and the first event at which they are not.
use std::fmt;

use synod_protocol::{Node, Observer, Recording};

use crate::config::ConfigError;
use crate::simulation::{Simulation, Workload};

/// The trace hash after each event of a run, and what happened in it.
///
/// A hash stands for everything up to its event. So two journals agree up to some event and differ from there
/// on, and that event is found by bisection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub hash: u64,
    /// The steps of the event, on one line.
    pub told: String,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Events are counted from 0.
    pub event: usize,
    /// What happened in either run; `None`: it was over.
    pub one: Option<String>,
    pub other: Option<String>,
}

impl Journal {
    /// Runs it to its end.
    ///
    /// # Errors
    /// The caller's.
    pub fn of<N: Node, W: Workload<N>>(
        make: impl FnOnce(SharedRecording<N>) -> Result<Simulation<N, W, SharedRecording<N>>, ConfigError>,
    ) -> Result<Journal, ConfigError> {
        let recording = SharedRecording::default();
        let mut simulation = make(recording.clone())?;
        let mut entries = Vec::new();
        loop {
            let goes_on = simulation.step();
            let steps = std::mem::take(&mut *recording.0.borrow_mut()).into_steps();
            let told: Vec<String> =
                steps.iter().map(|step| format!("{} {:?} {:?}", step.at, step.place, step.what)).collect();
            entries.push(Entry { hash: simulation.trace_hash(), told: told.join("; ").replace('\n', " ") });
            if !goes_on {
                return Ok(Journal(entries));
            }
        }
    }

    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// `None` if they are the same run.
    pub fn divergence(&self, other: &Journal) -> Option<Divergence> {
        let hash = |journal: &Journal, event: usize| journal.0.get(event).map(|entry| entry.hash);
        let (mut same, mut differs) = (0, self.0.len().max(other.0.len()));
        if hash(self, differs.checked_sub(1)?) == hash(other, differs - 1) {
            return None;
        }
        // Before `same` they are one run; at `differs - 1` they are not.
        while same < differs - 1 {
            let middle = same.midpoint(differs - 1);
            match hash(self, middle) == hash(other, middle) {
                true => same = middle + 1,
                false => differs = middle + 1,
            }
        }
        let told = |journal: &Journal| journal.0.get(same).map(|entry| entry.told.clone());
        Some(Divergence { event: same, one: told(self), other: told(other) })
    }

    /// As [`Journal`] prints itself: an event a line. What is no such line is left out.
    pub fn read(text: &str) -> Journal {
        let entry = |line: &str| {
            let (hash, told) = line.split_once(' ')?;
            Some(Entry { hash: u64::from_str_radix(hash, 16).ok()?, told: told.to_owned() })
        };
        Journal(text.lines().filter_map(entry).collect())
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Entry { hash, told }| writeln!(f, "{hash:016x} {told}"))
    }
}

/// A recording that the run and its reader share.
#[derive(Debug)]
pub struct SharedRecording<N: Node>(std::rc::Rc<std::cell::RefCell<Recording<N>>>);

impl<N: Node> Default for SharedRecording<N> {
    fn default() -> Self {
        SharedRecording(std::rc::Rc::new(std::cell::RefCell::new(Recording::default())))
    }
}

impl<N: Node> Clone for SharedRecording<N> {
    fn clone(&self) -> Self {
        SharedRecording(self.0.clone())
    }
}

impl<N: Node> Observer<N> for SharedRecording<N> {
    fn observe(
        &mut self,
        step: &synod_protocol::Step<'_, N>,
        nodes: synod_protocol::Nodes<'_, N>,
    ) -> Result<(), synod_protocol::Violation> {
        self.0.borrow_mut().observe(step, nodes)
    }
}
