//! What floor 3 has to know of an algorithm, so that every verb takes every algorithm.
use std::borrow::Cow;

use serde_json::{Map, Value};
use synod_protocol::{ClientId, Event, Message as _, Node, NodeId, Observer, Time};
use synod_simulator::{
    Config, ConfigError, Draws, Fault, KnobError, Predicates, Simulation, Sometimes, Tolerance, Workload,
};
use synod_telemetry::Narrator;

use crate::{
    load::{Load, Words},
    promise::Promise,
};

/// An algorithm, with the application that it replicates and those who watch it.
pub trait Algorithm: Sized + 'static {
    type Node: Node;
    /// Its invariants, checked at each step.
    type Watch: Observer<Self::Node> + Default;
    /// Tells its steps as spans.
    type Narrator: Narrator<Self::Node> + Default;
    /// Tells its steps to a person.
    type Chronicle: Chronicle<Self::Node> + Default;
    /// What its clients can rely on.
    type Promise: Promise<Self>;

    /// As it is called on the command line.
    const NAME: &'static str;

    /// The faults that it is made for: what strikes unless somebody asks for others. With [`Fault::Wipe`] among them
    /// ([`Fault::EVERY`]), a node that lost its disk joins anew by itself.
    const FAULTS: &'static [Fault] = &Fault::ALL;

    /// A cluster has so many nodes at least.
    const LEAST_NODES: u32 = 1;

    /// How many of so many nodes it can do without, and which never fail.
    fn tolerance(_nodes: u32) -> Tolerance {
        Tolerance::default()
    }

    /// The same where clients ask these things: a load may need more nodes.
    fn tolerance_under(_load: &Words, nodes: u32) -> Tolerance {
        Self::tolerance(nodes)
    }

    fn config(nodes: u32) -> <Self::Node as Node>::Config;

    /// The same with knobs that a sweep draws: sizes of batches and the like, which some bugs hide behind.
    fn drawn_config(nodes: u32, _draws: &mut Draws) -> <Self::Node as Node>::Config {
        Self::config(nodes)
    }

    /// The same where nodes lose their disks and join anew ([`Fault::Wipe`]), if they must know that they may.
    fn losing_disks(config: <Self::Node as Node>::Config) -> <Self::Node as Node>::Config {
        config
    }

    /// The same knobs for a cluster of another size: stories are tried in smaller ones.
    fn resized(_config: &<Self::Node as Node>::Config, nodes: u32) -> <Self::Node as Node>::Config {
        Self::config(nodes)
    }

    /// Can so many nodes be configured so? Asked of what somebody turned by hand.
    ///
    /// # Errors
    /// No such cluster could work, or none could be safe: why.
    fn validate(_config: &<Self::Node as Node>::Config, _nodes: u32) -> Result<(), String> {
        Ok(())
    }

    /// A message in a few words, for a diagram.
    fn label(message: &<Self::Node as Node>::Message) -> String {
        message.kind().to_owned()
    }

    /// An event in a few words, for a diagram; `None` if nobody needs to read it.
    fn caption(event: &<Self::Node as Node>::Event) -> Option<String> {
        Some(in_words(event))
    }

    /// What a client asks and is told, in a few words.
    fn ask(request: &<Self::Node as Node>::Request) -> String {
        format!("{request:?}")
    }
    fn say(response: &<Self::Node as Node>::Response) -> String {
        format!("{response:?}")
    }

    /// What a client asks in its `nth` call.
    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> <Self::Node as Node>::Request;

    /// What clients ask where a configuration says more about it, in words that this algorithm knows; none, if it does
    /// not say otherwise.
    ///
    /// # Errors
    /// A word that is not known.
    fn load(words: &Words) -> Result<Load<Self>, KnobError> {
        match words.keys().next() {
            Some(name) => Err(KnobError::Load { name: name.clone(), known: "none" }),
            None => Ok(Load::new(Self::request)),
        }
    }

    /// The load of a seed of a sweep, in such words, on so many nodes.
    fn drawn_load(_nodes: u32, _draws: &mut Draws) -> Words {
        Words::new()
    }

    /// Whom faults like to strike: the leader.
    fn is_favourite(node: &Self::Node) -> bool;

    /// Has this node joined, and all that it is to keep? Only where nodes lose their disks: none does while another one is
    /// down or has not joined.
    fn is_whole(_node: &Self::Node) -> bool {
        true
    }

    /// The kinds of its messages, for scenarios that lose only some.
    const KINDS: &'static [&'static str] = &[];

    /// What a scenario may wait for.
    fn predicates() -> Predicates<Self::Node> {
        Predicates::default()
    }

    /// What a run should come into sometimes.
    fn sometimes() -> Box<dyn Sometimes<Self::Node>> {
        Box::new(())
    }
}

/// Lets the simulator know whom faults like to strike, what scenarios may wait for, and who has joined.
pub fn aimed<A: Algorithm, W: Workload<A::Node>, O: Observer<A::Node>>(
    simulation: Simulation<A::Node, W, O>,
) -> Simulation<A::Node, W, O> {
    simulation.favourite(A::is_favourite).predicates(A::predicates()).whole(A::is_whole)
}

/// The nodes' knobs for what may happen in such a run.
pub fn facing<A: Algorithm>(config: &Config, node: <A::Node as Node>::Config) -> <A::Node as Node>::Config {
    if config.does(Fault::Wipe) { A::losing_disks(node) } else { node }
}

/// A simulation and whoever watches it. One type for all who watch: that costs a call at each step, and the simulator is
/// compiled once for an algorithm rather than once for a verb.
pub type Watched<'a, A> =
    Simulation<<A as Algorithm>::Node, Load<A>, &'a mut dyn Observer<<A as Algorithm>::Node>>;

/// # Errors
/// The knobs make no sense.
pub fn watched<'a, A: Algorithm>(
    config: &Config,
    node: <A::Node as Node>::Config,
    observer: &'a mut dyn Observer<A::Node>,
) -> Result<Watched<'a, A>, ConfigError> {
    Ok(aimed::<A, _, _>(Simulation::new(config.clone(), node, Load::<A>::of(config), observer)?))
}

/// What a person is told of a run.
pub trait Chronicle<N: Node> {
    /// What this event is worth; most are worth nothing.
    fn tell(&mut self, at: Time, node: NodeId, event: &N::Event) -> Option<Line>;

    /// What is to be said of the whole run, for `--json` and for tests.
    fn summary(&self) -> Map<String, Value>;

    /// The same in one line.
    fn in_a_line(&self) -> String;
}

/// A line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub text: Cow<'static, str>,
    /// Only those who ask for everything are told.
    pub is_detail: bool,
}

impl Line {
    pub fn new(text: impl Into<Cow<'static, str>>) -> Line {
        Line { text: text.into(), is_detail: false }
    }

    pub fn detail(text: impl Into<Cow<'static, str>>) -> Line {
        Line { text: text.into(), is_detail: true }
    }
}

/// An event in words: its name and its fields.
pub fn in_words(event: &impl Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let fields = value.as_object().and_then(|variant| variant.values().next()?.as_object());
    let mut text = event.name().replace('_', " ");
    for (name, value) in fields.into_iter().flatten() {
        text += &format!(" {name}={value}");
    }
    text
}
