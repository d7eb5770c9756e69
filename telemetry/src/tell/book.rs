//! The stories told so far, each a trace that grows.
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use synod_protocol::{NodeId, Time};

use crate::{
    attribute::{Attribute, Value, key},
    ids::Ids,
    narrator::{Home, Sort, Story},
    span::{Event, Kind, Link, Span, SpanId, Trace, TraceId},
};

#[derive(Debug)]
pub(super) struct Book {
    pub(super) ids: Ids,
    services: Vec<String>,
    traces: Vec<Trace>,
    service_of: BTreeMap<Home, usize>,
    story_of: HashMap<String, usize>,
    /// Stories that will have an outcome and have none yet.
    open: BTreeMap<usize, Story>,
}

/// A span of the book.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) story: usize,
    span: usize,
}

impl At {
    pub(super) fn root_of(story: usize) -> At {
        At { story, span: 0 }
    }
}

impl Book {
    pub(super) fn new(ids: Ids) -> Book {
        Book {
            ids,
            services: Vec::new(),
            traces: Vec::new(),
            service_of: BTreeMap::new(),
            story_of: HashMap::new(),
            open: BTreeMap::new(),
        }
    }

    pub(super) fn service(&mut self, home: Home, name: impl FnOnce() -> String) -> usize {
        *self.service_of.entry(home).or_insert_with(|| {
            self.services.push(name());
            self.services.len() - 1
        })
    }

    pub(super) fn find(&self, story: &Story) -> Option<usize> {
        self.story_of.get(&story.key).copied()
    }

    /// Begins a story: its root is the first span of a new trace.
    pub(super) fn begin(&mut self, story: Story, service: usize, at: Time) -> usize {
        let number = self.traces.len();
        let root = Span::new(self.ids.root(number), story.title.clone(), service, Kind::Internal, at);
        let id = self.ids.trace(&story.key);
        self.traces.push(Trace { id, background: story.sort == Sort::Background, spans: vec![root] });
        self.story_of.insert(story.key.clone(), number);
        if story.sort != Sort::Plain {
            self.open.insert(number, story);
        }
        number
    }

    pub(super) fn add(&mut self, story: usize, span: Span) -> At {
        let (end, spans) = (span.end, &mut self.traces[story].spans);
        spans.push(span);
        let at = At { story, span: spans.len() - 1 };
        self.extend(at, end);
        at
    }

    /// The span lasts until then at least, and so does its story.
    pub(super) fn extend(&mut self, at: At, end: Time) {
        for at in [at, At::root_of(at.story)] {
            let span = self.span_mut(at);
            span.end = span.end.max(end);
        }
    }

    pub(super) fn span(&self, at: At) -> &Span {
        &self.traces[at.story].spans[at.span]
    }

    pub(super) fn span_mut(&mut self, at: At) -> &mut Span {
        &mut self.traces[at.story].spans[at.span]
    }

    pub(super) fn title(&self, story: usize) -> &str {
        &self.span(At::root_of(story)).name
    }

    pub(super) fn trace(&self, story: usize) -> TraceId {
        self.traces[story].id
    }

    pub(super) fn id(&self, at: At) -> SpanId {
        self.span(at).id
    }

    pub(super) fn link(&self, to: At) -> Link {
        Link { trace: self.trace(to.story), span: self.id(to) }
    }

    /// An event of the story, on its root.
    pub(super) fn mark(&mut self, story: usize, event: Event) {
        let root = At::root_of(story);
        self.extend(root, event.at);
        self.span_mut(root).events.push(event);
    }

    pub(super) fn is_open(&self, story: usize) -> bool {
        self.open.contains_key(&story)
    }

    /// The first outcome stands.
    pub(super) fn end(&mut self, story: usize, outcome: impl Into<Cow<'static, str>>) {
        if self.open.remove(&story).is_some() {
            let outcome = Attribute::new(key::OUTCOME, Value::Text(outcome.into()));
            self.span_mut(At::root_of(story)).attributes.push(outcome);
        }
    }

    /// As [`Book::end`], badly.
    pub(super) fn fail(&mut self, story: usize, outcome: &'static str, why: String) {
        if self.is_open(story) {
            self.end(story, outcome);
            self.span_mut(At::root_of(story)).error = Some(why);
        }
    }

    /// What the node was trying, and has no outcome yet.
    pub(super) fn open_at(&self, node: NodeId) -> Vec<usize> {
        let at_node = |story: &Story| story.home == Home::Node(node);
        self.open.iter().filter(|(_, story)| at_node(story)).map(|(&number, _)| number).collect()
    }

    /// The services and traces of a run that is over.
    pub(super) fn close(mut self) -> (Vec<String>, Vec<Trace>) {
        for story in self.open.keys().copied().collect::<Vec<_>>() {
            self.end(story, "open");
        }
        (self.services, self.traces)
    }
}
