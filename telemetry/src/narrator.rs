//! What only someone who knows the algorithm can say: which steps and messages make one story.
use std::borrow::Cow;

use synod_protocol::{ClientId, Effect, Node, NodeId, Step};

/// One trace: all that follows from one cause.
///
/// Two stories are the same if their keys are. A story begins when something is first told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub(crate) key: String,
    /// The name of its root span.
    pub(crate) title: String,
    pub(crate) home: Home,
    pub(crate) sort: Sort,
}

/// At whose service the root stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Home {
    Node(NodeId),
    Clients,
    Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Has an outcome, which the narrator tells; if its node crashes first, that is its outcome.
    Attempt,
    /// As an attempt, and [`Spans::without_background`](crate::Spans::without_background) leaves it out.
    Background,
    /// Its outcome is what the client is told.
    Call,
    /// Has no outcome.
    Plain,
}

impl Story {
    /// Something that a node tries, and that ends well or not: `election term=3 n2`. The title is the
    /// story's key and the name of its root span.
    pub fn attempt(home: NodeId, title: impl Into<String>) -> Story {
        Story::new(Home::Node(home), title.into(), Sort::Attempt)
    }

    /// What a node does all the time: `heartbeats term=3 n2`.
    pub fn background(home: NodeId, title: impl Into<String>) -> Story {
        Story::new(Home::Node(home), title.into(), Sort::Background)
    }

    /// All tries of a client's call. It begins when the client asks.
    pub fn call(client: ClientId, number: u64) -> Story {
        Story::new(Home::Clients, format!("{client}#{number}"), Sort::Call)
    }

    pub(crate) fn plain(home: Home, title: impl Into<String>) -> Story {
        Story::new(home, title.into(), Sort::Plain)
    }

    fn new(home: Home, title: String, sort: Sort) -> Story {
        Story { key: title.clone(), title, home, sort }
    }

    pub(crate) fn titled(self, title: String) -> Story {
        Story { title, ..self }
    }
}

/// An event that is worth a mark on the root of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    pub(crate) story: Story,
    pub(crate) outcome: Option<Cow<'static, str>>,
}

impl Milestone {
    /// The event belongs to that story, which begins with it if it has not begun.
    pub fn of(story: Story) -> Milestone {
        Milestone { story, outcome: None }
    }

    /// The event ends that story, so: `won`. It is none of its business if the story has not begun or has
    /// an outcome already.
    pub fn end(story: Story, outcome: impl Into<Cow<'static, str>>) -> Milestone {
        Milestone { story, outcome: Some(outcome.into()) }
    }
}

/// Tells an algorithm's steps as stories. One that says nothing but its services' names gives a trace
/// per call, per firing of a timer and per life of a node.
///
/// By default a step belongs to the story of the packet that caused it, and what it sends goes on with
/// that story. A narrator opens stories at timers and sends messages home to others.
pub trait Narrator<N: Node> {
    /// The name of a node's service, by which Jaeger colours: `raft-n1`.
    fn service(&self, node: NodeId) -> String;

    /// Sees each step before it is asked about it, for narrators that remember.
    fn watch(&mut self, step: &Step<'_, N>) {
        let _ = step;
    }

    /// The story that the firing of a timer belongs to; with `None`, it has one of its own. The view is the
    /// node's after the step.
    fn timer_story(
        &mut self,
        node: NodeId,
        timer: N::Timer,
        effects: &[Effect<N>],
        view: &N::View,
    ) -> Option<Story> {
        let _ = (node, timer, effects, view);
        None
    }

    /// The stories that a message belongs to, when `from` asks for it to be sent: the trace of the first
    /// one has it, and it is linked to the others. With none, it goes on with the story of its cause.
    fn message_stories(&mut self, from: NodeId, to: NodeId, message: &N::Message) -> Vec<Story> {
        let _ = (from, to, message);
        Vec::new()
    }

    /// The stories for which this event of a node is a milestone. The event stands on the node's step in
    /// any case.
    fn milestones(&mut self, node: NodeId, event: &N::Event) -> Vec<Milestone> {
        let _ = (node, event);
        Vec::new()
    }

    /// What a client asks for, in a few words: `put k=3`.
    fn request_title(&self, request: &N::Request) -> String {
        let _ = request;
        "call".to_owned()
    }

    /// A timer's name.
    fn timer_title(&self, timer: N::Timer) -> String {
        format!("{timer:?}")
    }
}
