//! What a check came to, for a person and for a program.
use std::{path::PathBuf, time::Duration};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use synod_model_check::{ASSERTION, CameAbout, Checked, Counts, Engine, Scope};

use super::{CheckOptions, bounds};
use crate::{algorithm::Algorithm, exit::Exit, replay, replay_file::Story, report::grouped};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();

/// What is to be said of a check.
#[derive(Debug)]
pub struct Report {
    algorithm: &'static str,
    scope: &'static str,
    about: &'static str,
    pub nodes: u32,
    pub bounds: String,
    budget: Vec<(&'static str, u8)>,
    engine: &'static str,
    pub counts: Counts,
    pub is_exhausted: bool,
    always: Vec<&'static str>,
    pub sometimes: Vec<CameAbout>,
    pub found: Option<Found>,
    pub files: Vec<PathBuf>,
    elapsed: Duration,
    was_interrupted: bool,
}

/// A violation, as it is told.
#[derive(Debug)]
pub struct Found {
    pub property: String,
    pub story: String,
    /// Of the checker's path, and of the story that is left of it.
    pub depth: usize,
    pub actions: usize,
    /// Does the story end in the violation when it is replayed?
    pub can_be_replayed: bool,
    lines: Vec<String>,
}

impl Report {
    pub(super) fn new<A: Algorithm>(
        scope: &Scope<A::Node>,
        options: &CheckOptions,
        checked: Checked<A::Node>,
        story: Option<(Story<A::Node>, bool)>,
        files: Vec<PathBuf>,
        elapsed: Duration,
        was_interrupted: bool,
    ) -> Report {
        let depth = checked.counterexample.as_ref().map_or(0, |found| found.actions.len());
        let found = story.map(|(story, can_be_replayed)| Found {
            property: story.violation.property.to_string(),
            story: story.violation.story.clone(),
            depth,
            actions: story.actions().len(),
            can_be_replayed,
            lines: replay::drawn::<A>(&story, replay::MOST_ROWS),
        });
        Report {
            algorithm: A::NAME,
            scope: scope.name,
            about: scope.about,
            nodes: scope.nodes,
            bounds: bounds(scope, options.engine),
            budget: scope.budget.parts().to_vec(),
            engine: match options.engine {
                Engine::Bfs => "bfs",
                Engine::Dfs { symmetry: false } => "dfs",
                Engine::Dfs { symmetry: true } => "dfs with symmetry",
                Engine::Simulation { .. } => "simulation",
            },
            counts: checked.counts,
            is_exhausted: checked.is_exhausted && !was_interrupted,
            always: checked.always,
            sometimes: checked.sometimes,
            found,
            files,
            elapsed,
            was_interrupted,
        }
    }

    pub fn exit(&self) -> Exit {
        match &self.found {
            Some(_) => Exit::Violated,
            None if self.was_interrupted => Exit::Interrupted,
            None if !self.is_exhausted => Exit::Inconclusive,
            None => Exit::Holds,
        }
    }

    /// How fast it was: chatter, not data.
    pub fn pace(&self) -> String {
        let seconds = self.elapsed.as_secs_f64().max(1e-9);
        format!(
            "{:.1} s, {} steps a second",
            seconds,
            grouped((self.counts.generated as f64 / seconds) as u64)
        )
    }

    pub fn text(&self) -> String {
        let Counts { generated, unique, depth } = self.counts;
        let mut lines = vec![
            format!("{} · scope {}: {}", self.algorithm, self.scope, self.about),
            format!("  bounds     {}", self.bounds),
            format!(
                "  explored   {} states, {} steps between them, depth {depth}, by {}",
                grouped(unique),
                grouped(generated),
                self.engine
            ),
        ];
        let always = self
            .always
            .iter()
            .map(|name| if *name == ASSERTION { "no assertion of a node fails" } else { name });
        lines.push(format!("  always     {}", always.collect::<Vec<_>>().join(" · ")));
        let names = |did: bool| {
            let those =
                self.sometimes.iter().filter(|about| about.did == did).map(|about| match about.depth {
                    Some(depth) => format!("{} ({depth})", about.name),
                    None => about.name.to_owned(),
                });
            those.collect::<Vec<_>>().join(" · ")
        };
        lines.push(format!("  sometimes  {}", names(true)));
        if self.sometimes.iter().any(|about| !about.did) {
            lines.push(format!("  never      {}", names(false)));
        }
        lines.push(String::new());
        match &self.found {
            Some(found) => self.tell(found, &mut lines),
            None if self.is_exhausted => {
                lines.push(format!("{GOOD}✓ holds{GOOD:#} in every state within these bounds"));
            }
            None => {
                let why = if self.was_interrupted { "interrupted" } else { "not exhausted" };
                lines.push(format!("{UNSURE}? {why}{UNSURE:#}: nothing is violated in what was explored"));
            }
        }
        lines.join("\n") + "\n"
    }

    fn tell(&self, found: &Found, lines: &mut Vec<String>) {
        let Found { property, story, depth, actions, .. } = found;
        lines.push(format!("{BAD}✗ {property} violated{BAD:#}: {story}"));
        lines.push(format!("  {actions} actions, of {depth} on the checker's path"));
        lines.push(String::new());
        lines.extend(found.lines.iter().cloned());
        if !found.can_be_replayed {
            lines.push(
                "  a replay does not show it: it is a property of the checker, or a defect of one of both"
                    .into(),
            );
        }
        if let Some(file) = self.files.first() {
            lines.push(String::new());
            lines.push(format!("  synod replay {}", file.display()));
        }
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let sometimes = self
            .sometimes
            .iter()
            .map(|about| json!({ "name": about.name, "came_about": about.did, "depth": about.depth }));
        json!({
            "schema": "synod.check/1",
            "algorithm": self.algorithm,
            "scope": self.scope,
            "nodes": self.nodes,
            "budget": self.budget.iter().map(|(name, part)| ((*name).to_owned(), json!(part))).collect::<serde_json::Map<_, _>>(),
            "bounds": self.bounds,
            "engine": self.engine,
            "verdict": match self.exit() {
                Exit::Holds => "holds",
                Exit::Violated => "violated",
                _ => "inconclusive",
            },
            "states": self.counts.unique,
            "steps": self.counts.generated,
            "depth": self.counts.depth,
            "exhausted": self.is_exhausted,
            "always": self.always,
            "sometimes": sometimes.collect::<Vec<_>>(),
            "violation": self.found.as_ref().map(|found| json!({
                "property": found.property,
                "story": found.story,
                "depth": found.depth,
                "actions": found.actions,
                "replayable": found.can_be_replayed,
            })),
            "files": self.files,
        })
    }
}
