//! Steps in, spans out.
//!
//! A packet is one span, from its sending to its end; the step that takes it is its child, and lasts until
//! what it sends is let out: time that passes there is spent waiting for the disk (rule 1 of the
//! contract), since handling takes none.
use std::{collections::BTreeMap, marker::PhantomData};

use synod_protocol::{Input, Message as _, Node, NodeId, PacketId, Place, Step, Time, What};
use thiserror::Error;

use crate::{
    attribute::{Attribute, key},
    ids::Ids,
    narrator::{Home, Narrator, Story},
    span::{Event, Kind, Span, SpanId, Spans},
    trace_file::Header,
};

mod book;
use book::{At, Book};
mod calls;
mod nodes;
use nodes::Output;
mod packets;
use packets::Packet;

/// Tells a recorded run.
///
/// # Errors
/// The steps are not those of a whole run, from its beginning.
pub fn tell<'s, N: Node>(
    header: &Header,
    steps: impl IntoIterator<Item = &'s Step<'static, N>>,
    narrator: impl Narrator<N>,
) -> Result<Spans, TellError> {
    let mut teller = Teller::new(header, narrator);
    for step in steps {
        teller.step(step)?;
    }
    Ok(teller.finish())
}

/// The steps are not those of a whole run: something in them has no beginning.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TellError {
    #[error(
        "step {step} is about packet {packet}, which is not on its way: give the whole run, from its beginning"
    )]
    UnknownPacket { step: u64, packet: u64 },
    #[error(
        "step {step} lets out effect {effect} of step {cause}, which is not waiting for that: give the whole run, from its beginning"
    )]
    UnknownOutput { step: u64, cause: u64, effect: u32 },
    #[error("step {step} takes a message or request that no packet brought: record the run again")]
    NoPacket { step: u64 },
    #[error("step {step} is something that a node does, at {place}: record the run again")]
    NotANode { step: u64, place: String },
}

/// Tells a run step by step, for steps that come from a file.
#[derive(Debug)]
pub struct Teller<N, R> {
    header: Header,
    narrator: R,
    book: Book,
    /// The step that is being told.
    number: u64,
    now: Time,
    /// On their way.
    packets: BTreeMap<PacketId, Packet>,
    /// What each node asked for and has not let out, by the step and the effect.
    outputs: BTreeMap<NodeId, BTreeMap<(u64, u32), Output>>,
    /// How often each node came up, and the story of its present life.
    lives: BTreeMap<NodeId, (u32, Option<usize>)>,
    node: PhantomData<fn() -> N>,
}

impl<N: Node, R: Narrator<N>> Teller<N, R> {
    pub fn new(header: &Header, narrator: R) -> Self {
        Teller {
            header: header.clone(),
            narrator,
            book: Book::new(Ids::of_run(header)),
            number: 0,
            now: Time::ZERO,
            packets: BTreeMap::new(),
            outputs: BTreeMap::new(),
            lives: BTreeMap::new(),
            node: PhantomData,
        }
    }

    /// The next step of the run.
    ///
    /// # Errors
    /// It does not follow from those before it.
    pub fn step(&mut self, step: &Step<'_, N>) -> Result<(), TellError> {
        (self.number, self.now) = (step.number, step.at);
        self.narrator.watch(step);
        match &step.what {
            What::Booted { effects, .. } => self.booted(node_of(step)?, effects),
            What::Handled { packet, input, effects, view, .. } => {
                let node = node_of(step)?;
                let handler = match (&**input, packet) {
                    (Input::Timer(timer), _) => self.fired(node, *timer, effects, view),
                    (input, Some(packet)) => self.arrived(*packet, Home::Node(node), kind_of(input))?,
                    (_, None) => return Err(TellError::NoPacket { step: step.number }),
                };
                self.effects(node, handler, effects);
            }
            What::Sent { packet, cause, effect, .. } => {
                self.sent(node_of(step)?, *packet, *cause, *effect)?;
            }
            What::Dropped { packet, why } => self.dropped(*packet, *why)?,
            What::Duplicated { packet, twin } => self.duplicated(*packet, *twin)?,
            What::Synced { .. } => {}
            What::Crashed { records } => {
                let kept = vec![Attribute::new(key::RECORDS, *records)];
                self.went_down(node_of(step)?, "crashed", kept);
            }
            What::Ended { why } => {
                let why = vec![Attribute::new(key::FAULT, why.to_string())];
                self.went_down(node_of(step)?, "disk failed", why);
            }
            What::Wiped => {
                let why =
                    vec![Attribute::new(key::FAULT, "its disk was replaced by an empty one".to_owned())];
                self.went_down(node_of(step)?, "wiped", why);
            }
            What::Called { packet, caller, request } => self.called(*packet, *caller, request),
            What::Returned { packet, caller, answer } => self.returned(*packet, *caller, answer)?,
            What::GaveUp { caller } => self.gave_up(*caller),
            What::Fault { what } => {
                let faults = self.story(Story::plain(Home::Network, "faults"));
                self.mark(faults, "fault", vec![Attribute::new(key::FAULT, what.to_string())]);
            }
        }
        Ok(())
    }

    /// What has not ended ends with the run.
    pub fn finish(mut self) -> Spans {
        let end = self.now;
        for Packet { producer, .. } in self.packets.into_values() {
            self.book.extend(producer, end);
            self.book.span_mut(producer).attributes.push(Attribute::new(key::FATE, "in_flight"));
        }
        for output in self.outputs.into_values().flat_map(BTreeMap::into_values) {
            self.book.extend(output.cause, end);
        }
        for story in self.lives.into_values().filter_map(|(_, story)| story) {
            self.book.extend(At::root_of(story), end);
        }
        let (services, traces) = self.book.close();
        let Header { algorithm, seed, .. } = self.header;
        Spans { algorithm, seed, services, traces, end }
    }

    fn service(&mut self, home: Home) -> usize {
        self.book.service(home, || match home {
            Home::Node(node) => self.narrator.service(node),
            Home::Clients => "clients".to_owned(),
            Home::Network => "network".to_owned(),
        })
    }

    /// The number of a story, which begins now if it has not begun.
    fn story(&mut self, story: Story) -> usize {
        if let Some(begun) = self.book.find(&story) {
            return begun;
        }
        let service = self.service(story.home);
        self.book.begin(story, service, self.now)
    }

    fn mark(&mut self, story: usize, name: &'static str, attributes: Vec<Attribute>) {
        self.book.mark(story, Event { at: self.now, name: name.into(), attributes });
    }

    /// A step, which takes what `parent` brought or belongs to the story itself.
    fn add_step(&mut self, story: usize, home: Home, name: String, parent: SpanId, kind: Kind) -> At {
        let service = self.service(home);
        let mut span = Span::new(self.book.ids.step(self.number), name, service, kind, self.now);
        span.parent = Some(parent);
        span.attributes.push(Attribute::new(key::STEP, self.number));
        self.book.add(story, span)
    }
}

fn node_of<N: Node>(step: &Step<'_, N>) -> Result<NodeId, TellError> {
    match step.place {
        Place::Node(node) => Ok(node),
        place => Err(TellError::NotANode { step: step.number, place: format!("{place:?}") }),
    }
}

fn kind_of<N: Node>(input: &Input<N>) -> &'static str {
    match input {
        Input::Message(_, message) => message.kind(),
        Input::Request(..) => "request",
        Input::Timer(_) => "timer",
    }
}
