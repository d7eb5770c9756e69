//! The story of a run, as a person would tell it.
use synod_protocol::{Effect, Node, Nodes, Observer, Place, Step, Time, Violation, What};

use crate::algorithm::{Chronicle, Line};

/// Watches a run and keeps what is worth telling.
#[derive(Debug, Default)]
pub struct Storyteller<C> {
    pub chronicle: C,
    lines: Vec<(Time, Line)>,
}

/// How many lines of the story a person gets to see who did not ask for everything.
const MOST_LINES: usize = 40;
/// How many of them at the end.
const AT_THE_END: usize = 14;

impl<N: Node, C: Chronicle<N>> Observer<N> for Storyteller<C> {
    fn observe(&mut self, step: &Step<'_, N>, _: Nodes<'_, N>) -> Result<(), Violation> {
        let line = match (&step.what, step.place) {
            (What::Fault { what }, _) => Some(Line::new(what.to_string())),
            (What::Crashed { records }, Place::Node(node)) => {
                Some(Line::new(format!("{node} crashes; {records} records are safe on its disk")))
            }
            (What::Booted { records, .. }, Place::Node(node)) if step.at > Time::ZERO => {
                Some(Line::new(format!("{node} is back, with {records} records")))
            }
            (What::Wiped, Place::Node(node)) => {
                Some(Line::new(format!("{node} gets an empty disk, and will have to join anew")))
            }
            (What::Ended { why }, Place::Node(node)) => {
                Some(Line::new(format!("{node} is gone for good: {why}")))
            }
            (What::GaveUp { caller }, _) => {
                Some(Line::detail(format!("{} gives up call {}", caller.client, caller.number)))
            }
            _ => None,
        };
        self.lines.extend(line.map(|line| (step.at, line)));
        if let Place::Node(node) = step.place {
            for effect in step.what.effects() {
                if let Effect::Event(event) = effect {
                    let line = self.chronicle.tell(step.at, node, event);
                    self.lines.extend(line.map(|line| (step.at, line)));
                }
            }
        }
        Ok(())
    }
}

impl<C> Storyteller<C> {
    /// The story with its virtual times. Unless everything is wanted, the details are left out, and so is
    /// the middle of a long one.
    pub fn story(&self, everything: bool) -> Vec<String> {
        let told: Vec<String> = self
            .lines
            .iter()
            .filter(|(_, line)| everything || !line.is_detail)
            .map(|(at, line)| format!("{at:>8}  {}", line.text))
            .collect();
        if everything || told.len() <= MOST_LINES {
            return told;
        }
        let left_out = told.len() - MOST_LINES + 1;
        let begin = MOST_LINES - 1 - AT_THE_END;
        let gap = format!("       …  {left_out} more lines (--verbose tells them)");
        told[..begin]
            .iter()
            .cloned()
            .chain([gap])
            .chain(told[told.len() - AT_THE_END..].iter().cloned())
            .collect()
    }
}
