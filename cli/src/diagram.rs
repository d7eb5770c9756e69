//! A run as a space–time diagram in the terminal: a lane per node, time from top to bottom (Lamport 1978).
//!
//! ```text
//!         n1          n2          n3
//!   1     ●           │           │        Election fires; asks who would vote
//!   2     ├──────────▶●           │        PreVote t0; would vote for n1
//! ```
//!
//! It is an observer, so that any stream of steps can be drawn. Each step of a node is a row; an arrow comes
//! from the lane of the sender, whenever that sent it.
use std::marker::PhantomData;

use anstyle::{AnsiColor, Style};
use synod_protocol::{Answer, Effect, Input, NodeId, Nodes, Observer, Place, Step, Violation, What};

use crate::algorithm::Algorithm;

/// As wide as a terminal may be expected to be.
const WIDTH: usize = 100;
const DIM: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// Watches a run and draws it.
#[derive(Debug)]
pub struct Diagram<A: Algorithm> {
    nodes: u32,
    is_up: Vec<bool>,
    written: Vec<u64>,
    rows: Vec<Row>,
    algorithm: PhantomData<fn() -> A>,
}

#[derive(Clone, Debug)]
struct Row {
    /// Which nodes were up before it.
    lanes: Vec<bool>,
    at: NodeId,
    from: Option<NodeId>,
    mark: &'static str,
    text: String,
    is_bad: bool,
}

/// Not derived: that would ask for `A: Clone`.
impl<A: Algorithm> Clone for Diagram<A> {
    fn clone(&self) -> Self {
        let Diagram { nodes, is_up, written, rows, algorithm } = self;
        let (is_up, written, rows) = (is_up.clone(), written.clone(), rows.clone());
        Diagram { nodes: *nodes, is_up, written, rows, algorithm: *algorithm }
    }
}

impl<A: Algorithm> Diagram<A> {
    pub fn new(nodes: u32) -> Self {
        Diagram {
            nodes,
            is_up: vec![false; nodes as usize],
            written: vec![0; nodes as usize],
            rows: Vec::new(),
            algorithm: PhantomData,
        }
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    fn row(&mut self, at: NodeId, from: Option<NodeId>, mark: &'static str, text: String) {
        let is_bad = mark == CRASH;
        self.rows.push(Row { lanes: self.is_up.clone(), at, from, mark, text, is_bad });
    }

    fn node(&mut self, id: NodeId, what: &What<'_, A::Node>) {
        let Some(slot) = (id.0 as usize).checked_sub(1).filter(|slot| *slot < self.is_up.len()) else {
            return;
        };
        let records = what.effects().iter().filter(|effect| matches!(effect, Effect::Persist(_)));
        let captions = what.effects().iter().filter_map(|effect| match effect {
            Effect::Event(event) => A::caption(event),
            _ => None,
        });
        let captions = captions.collect::<Vec<_>>().join("; ");
        let and = |what: String| match captions.is_empty() {
            true => what,
            false => format!("{what}; {captions}"),
        };
        match what {
            What::Booted { records: kept, .. } => {
                let is_first = *kept == 0 && self.written[slot] == 0 && !self.rows.iter().any(|r| r.at == id);
                if !is_first {
                    self.row(id, None, BOOT, and(format!("is back, with {}", count(*kept, "record"))));
                }
                self.is_up[slot] = true;
            }
            What::Handled { input, .. } => match &**input {
                Input::Timer(timer) => self.row(id, None, STEP, and(format!("{timer:?} fires"))),
                Input::Message(from, message) => {
                    self.row(id, Some(*from), STEP, and(A::label(message)));
                }
                Input::Request(caller, request) => {
                    self.row(id, None, STEP, and(format!("{} asks: {}", caller.client, A::ask(request))));
                }
            },
            What::Crashed { records } => {
                let lost = self.written[slot].saturating_sub(*records);
                let lost =
                    if lost > 0 { format!(", loses {}", count(lost, "record")) } else { String::new() };
                self.row(id, None, CRASH, format!("CRASHES{lost}"));
                self.written[slot] = *records;
                self.is_up[slot] = false;
            }
            What::Wiped => {
                self.row(id, None, CRASH, "its disk is replaced by an empty one".to_owned());
                self.written[slot] = 0;
            }
            What::Ended { why } => {
                self.row(id, None, CRASH, format!("is gone for good: {why}"));
                self.is_up[slot] = false;
            }
            _ => {}
        }
        self.written[slot] += records.count() as u64;
    }
}

const STEP: &str = "●";
const CRASH: &str = "✗";
const BOOT: &str = "▲";

fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

impl<A: Algorithm> Observer<A::Node> for Diagram<A> {
    fn observe(&mut self, step: &Step<'_, A::Node>, _: Nodes<'_, A::Node>) -> Result<(), Violation> {
        match (step.place, &step.what) {
            (Place::Node(id), what) => self.node(id, what),
            (Place::Client(client), What::Returned { caller, answer, .. }) => {
                if let Answer::Done(response) = &**answer {
                    self.row(caller.via, None, "◀", format!("{client} is told: {}", A::say(response)));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl<A: Algorithm> Diagram<A> {
    /// The rows from this one on, with the names of the lanes above them. Wide runs are cut to the width of a
    /// terminal; `anstream` takes the styles off where nobody sees them.
    pub fn lines(&self, from: usize) -> Vec<String> {
        let lanes = self.nodes as usize;
        let margin = 4;
        let lane = ((WIDTH - margin - 44) / lanes.max(1)).clamp(4, 12);
        let header: String = (1..=lanes).map(|id| format!("{:^lane$}", format!("n{id}"))).collect();
        let mut lines = vec![format!("{}{BOLD}{}{BOLD:#}", " ".repeat(margin), header.trim_end())];
        for (row, number) in self.rows.iter().zip(1..).skip(from) {
            let drawn = row.drawn(lane);
            let room = WIDTH.saturating_sub(margin + lane * lanes + 1);
            let text = clipped(&row.text, room);
            let style = if row.is_bad { BAD } else { Style::new() };
            lines.push(format!("{DIM}{number:>3}{DIM:#} {drawn} {style}{text}{style:#}"));
        }
        lines
    }
}

fn clipped(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

impl Row {
    /// One line over all lanes.
    fn drawn(&self, lane: usize) -> String {
        let middle = |id: NodeId| (id.0 as usize - 1) * lane + (lane - 1) / 2;
        let mut cells: Vec<char> = vec![' '; lane * self.lanes.len()];
        for (id, is_up) in (1..).map(NodeId).zip(&self.lanes) {
            cells[middle(id)] = if *is_up { '│' } else { '·' };
        }
        let here = middle(self.at);
        if let Some(from) = self.from.filter(|from| (1..=self.lanes.len()).contains(&(from.0 as usize))) {
            let there = middle(from);
            let (left, right) = (here.min(there), here.max(there));
            for cell in &mut cells[left..right] {
                *cell = if *cell == '│' || *cell == '·' { '┼' } else { '─' };
            }
            match here.cmp(&there) {
                std::cmp::Ordering::Greater => {
                    cells[there] = '├';
                    cells[here - 1] = '▶';
                }
                std::cmp::Ordering::Less => {
                    cells[there] = '┤';
                    cells[here + 1] = '◀';
                }
                std::cmp::Ordering::Equal => {}
            }
        }
        cells[here] = self.mark.chars().next().unwrap_or('●');
        cells.into_iter().collect()
    }
}
