//! What nodes do: boot, take inputs, ask for outputs, go down.
use std::collections::BTreeSet;

use synod_protocol::{Answer, Caller, Effect, Event as _, Message as _, Node, NodeId};

use super::{At, Teller};
use crate::{
    attribute::{Attribute, key},
    narrator::{Home, Milestone, Narrator, Story},
    span::{Event, Kind, Link, SpanId},
};

/// A message or answer that a node asked for and has not let out.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) story: usize,
    pub(super) parent: SpanId,
    /// The step that asked for it.
    pub(super) cause: At,
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) links: Vec<Link>,
}

impl<N: Node, R: Narrator<N>> Teller<N, R> {
    /// Each life of a node is a story, and booting its first step.
    pub(super) fn booted(&mut self, node: NodeId, effects: &[Effect<N>]) {
        let (life, _) = self.lives.get(&node).copied().unwrap_or_default();
        let life = life + 1;
        let story = self.story(Story::plain(Home::Node(node), format!("{node} life {life}")));
        self.lives.insert(node, (life, Some(story)));
        let boot = self.own_step(story, node, "boot".to_owned());
        self.effects(node, boot, effects);
    }

    /// A timer begins a story, or goes on with the one that the narrator names.
    pub(super) fn fired(
        &mut self,
        node: NodeId,
        timer: N::Timer,
        effects: &[Effect<N>],
        view: &N::View,
    ) -> At {
        let name = format!("timer {}", self.narrator.timer_title(timer));
        let story = self.narrator.timer_story(node, timer, effects, view).unwrap_or_else(|| {
            let its_own = Story::plain(Home::Node(node), format!("step {}", self.number));
            its_own.titled(format!("{name} of {node}"))
        });
        let story = self.story(story);
        self.own_step(story, node, name)
    }

    /// A step that no packet brought about.
    fn own_step(&mut self, story: usize, node: NodeId, name: String) -> At {
        let root = self.book.id(At::root_of(story));
        self.add_step(story, Home::Node(node), name, root, Kind::Internal)
    }

    /// Events stand on the step, and on the roots of the stories for which they are milestones; outputs
    /// wait to be let out.
    pub(super) fn effects(&mut self, node: NodeId, step: At, effects: &[Effect<N>]) {
        let mut records = 0;
        for (effect, number) in effects.iter().zip(0..) {
            match effect {
                Effect::Send(to, message) => self.message(node, step, number, *to, message),
                Effect::Reply(to, answer) => self.answer(node, step, number, *to, answer),
                Effect::Persist(_) => records += 1,
                Effect::Event(event) => self.event(node, step, event),
                Effect::SetTimer(..) | Effect::CancelTimer(_) => {}
            }
        }
        if records > 0 {
            self.book.span_mut(step).attributes.push(Attribute::new(key::RECORDS, records));
        }
    }

    fn event(&mut self, node: NodeId, step: At, event: &N::Event) {
        let told = Event { at: self.now, name: event.name().into(), attributes: Attribute::fields_of(event) };
        for Milestone { story, outcome } in self.narrator.milestones(node, event) {
            match outcome {
                None => {
                    let story = self.story(story);
                    self.book.mark(story, told.clone());
                }
                Some(outcome) => {
                    let open = self.book.find(&story).filter(|&story| self.book.is_open(story));
                    if let Some(story) = open {
                        self.book.mark(story, told.clone());
                        self.book.end(story, outcome);
                    }
                }
            }
        }
        self.book.span_mut(step).events.push(told);
    }

    fn message(&mut self, node: NodeId, step: At, effect: u32, to: NodeId, message: &N::Message) {
        let stories = self.narrator.message_stories(node, to, message);
        let name = format!("{} -> {to}", message.kind());
        self.output(node, step, effect, stories, name, Attribute::fields_of(message));
    }

    /// An answer belongs to its call, whoever else was waited for.
    fn answer(&mut self, node: NodeId, step: At, effect: u32, to: Caller, answer: &Answer<N::Response>) {
        let attributes = match answer {
            Answer::Done(response) => {
                let mut attributes = vec![Attribute::new(key::ANSWER, "done")];
                attributes.extend(Attribute::fields_under("response", response));
                attributes
            }
            Answer::Elsewhere(hint) => {
                let mut attributes = vec![Attribute::new(key::ANSWER, "elsewhere")];
                attributes.extend(Attribute::fields_under("hint", hint));
                attributes
            }
        };
        let call = vec![Story::call(to.client, to.number)];
        self.output(node, step, effect, call, format!("answer -> {}", to.client), attributes);
    }

    fn output(
        &mut self,
        node: NodeId,
        cause: At,
        effect: u32,
        stories: Vec<Story>,
        name: String,
        mut attributes: Vec<Attribute>,
    ) {
        let stories: Vec<usize> = stories.into_iter().map(|story| self.story(story)).collect();
        let story = stories.first().copied().unwrap_or(cause.story);
        let (mut parent, mut links) = (cause, Vec::new());
        if story != cause.story {
            parent = At::root_of(story);
            attributes.push(Attribute::new(key::CAUSE, self.book.title(cause.story).to_owned()));
            links.push(self.book.link(cause));
            self.sent_elsewhere(cause, &name, story);
        }
        for &other in stories.iter().skip(1).filter(|&&other| other != story && other != cause.story) {
            links.push(self.book.link(At::root_of(other)));
            self.sent_elsewhere(At::root_of(other), &name, story);
        }
        let output = Output { story, parent: self.book.id(parent), cause, name, attributes, links };
        self.outputs.entry(node).or_default().insert((self.number, effect), output);
    }

    /// A link leads from a message to its causes; this leads from a cause to the message.
    fn sent_elsewhere(&mut self, cause: At, message: &str, story: usize) {
        let attributes = vec![
            Attribute::new(key::MESSAGE, message.to_owned()),
            Attribute::new(key::STORY, self.book.title(story).to_owned()),
            Attribute::new(key::TRACE, self.book.trace(story).to_string()),
        ];
        let event = Event { at: self.now, name: "sent_elsewhere".into(), attributes };
        self.book.span_mut(cause).events.push(event);
        self.book.extend(cause, self.now);
    }

    /// A node is down: its life ends, what it was trying ends, and steps that waited for the disk.
    pub(super) fn went_down(&mut self, node: NodeId, how: &'static str, attributes: Vec<Attribute>) {
        let event = Event { at: self.now, name: how.into(), attributes };
        if let Some((_, life)) = self.lives.get_mut(&node)
            && let Some(story) = life.take()
        {
            self.book.mark(story, event.clone());
            self.book.span_mut(At::root_of(story)).error = Some(how.to_owned());
        }
        for story in self.book.open_at(node) {
            self.book.mark(story, event.clone());
            self.book.fail(story, how, how.to_owned());
        }
        let mut waiting = BTreeSet::new();
        for ((step, _), output) in self.outputs.remove(&node).unwrap_or_default() {
            if waiting.insert(step) {
                self.book.extend(output.cause, self.now);
                let span = self.book.span_mut(output.cause);
                span.events.push(event.clone());
                span.error = Some(format!("{how} before its outputs were let out"));
            }
        }
    }
}
