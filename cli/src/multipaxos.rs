//! Multi-Paxos, replicating the key–value store.
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use serde_json::{Map, Value, json};
use synod_kv::{Command, Output, Skew, Store, Values, Workload, operation};
use synod_linearizability::Operation;
use synod_paxos::{
    Ballot, QuorumSizes,
    multi::{self, Config, MultiPaxosEvent, MultiPaxosMessage, Timer, View, Watch},
};
use synod_protocol::{ClientId, Effect, NodeId, Step, Time, What};
use synod_simulator::{ClientCall, Draws, KnobError, Predicates, Sometimes, Tolerance};
use synod_telemetry::{Milestone, Narrator, Story};

use crate::{
    algorithm::{Algorithm, Chronicle, Line, in_words},
    compare::{Replicates, Victim},
    load,
    node_knobs::has_place,
    promise::{Linearizable, Objects},
};

mod churn;
mod diagram;
mod explored;
mod sometimes;

/// A server.
pub type Server = multi::MultiPaxos<Store>;
/// What clients ask and are told.
pub type Request = multi::Request<Command>;
pub type Response = multi::Response<Output>;
/// What servers say to each other.
pub type Wire = MultiPaxosMessage<Store>;

/// Multi-Paxos, as floor 3 knows it.
#[derive(Debug)]
pub struct MultiPaxos;

/// The same as Raft's, so that the two can be compared.
static WORKLOAD: LazyLock<Workload> = LazyLock::new(|| Workload::new(10, Skew::Zipf, 50, Values::Unique));

impl Algorithm for MultiPaxos {
    type Node = Server;
    type Watch = Watch<Store>;
    type Narrator = MultiPaxosNarrator;
    type Chronicle = MultiPaxosChronicle;
    type Promise = Linearizable;

    const NAME: &'static str = "multipaxos";

    fn config(nodes: u32) -> Config {
        Config::new((1..=nodes).map(NodeId))
    }

    /// Small messages and windows make holes, small snapshots cut the log under laggards. Of an even number of
    /// servers, one half may vote if more than the other half must promise.
    fn drawn_config(nodes: u32, draws: &mut Draws) -> Config {
        let mut config = Self::config(nodes);
        let ms = Duration::from_millis;
        let timeout = draws.pick(&[150..300, 150..160, 60..90]).cloned().unwrap_or(150..300);
        config.max_slots_per_message = draws.pick(&[1, 1, 2, 256]).copied().unwrap_or(256);
        config.max_runs_in_flight = draws.pick(&[1, 4, 16]).copied().unwrap_or(4);
        config.window = draws.pick(&[1, 8, 1024]).copied().unwrap_or(1024);
        config.snapshot_every = draws.pick(&[5, 50, 1024]).copied().unwrap_or(1024);
        config.kept_behind_snapshot = draws.pick(&[0, 3, 256]).copied().unwrap_or(256);
        config.heartbeat_interval = ms(timeout.start / 3);
        config.election_timeout = ms(timeout.start)..ms(timeout.end);
        if draws.pick(&[false, true]) == Some(&true) {
            config.quorums.phase_2 = config.members.len() + 1 - config.quorums.phase_1;
        }
        config
    }

    fn resized(config: &Config, nodes: u32) -> Config {
        // The same cluster, or one without spares.
        if config.servers().len() == nodes as usize {
            return config.clone();
        }
        let members = Self::config(nodes).members;
        let mut quorums = QuorumSizes::majorities(members.len());
        if config.quorums.phase_2 < QuorumSizes::majorities(config.members.len()).phase_2 {
            quorums.phase_2 = members.len() + 1 - quorums.phase_1;
        }
        Config { members, quorums, spares: Vec::new(), ..config.clone() }
    }

    fn validate(config: &Config, nodes: u32) -> Result<(), String> {
        config.validate().map_err(|error| error.to_string())?;
        has_place(nodes, |node| config.servers().contains(&node))
    }

    fn label(message: &Wire) -> String {
        diagram::label(message)
    }

    fn caption(event: &MultiPaxosEvent) -> Option<String> {
        diagram::caption(event)
    }

    fn ask(request: &Request) -> String {
        diagram::ask(request)
    }

    fn say(response: &Response) -> String {
        diagram::say(response)
    }

    fn tolerance_under(load: &load::Words, nodes: u32) -> Tolerance {
        churn::tolerance(load, nodes)
    }

    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> Request {
        WORKLOAD.command(client, nth, || draws.bits()).into()
    }

    fn load(words: &load::Words) -> Result<load::Load<Self>, KnobError> {
        churn::load(words)
    }

    fn drawn_load(nodes: u32, draws: &mut Draws) -> load::Words {
        churn::drawn_load(nodes, draws)
    }

    fn is_favourite(node: &Server) -> bool {
        node.is_leader()
    }

    const KINDS: &'static [&'static str] = &["Prepare", "Promise", "Accept", "Accepted", "Nack", "Install"];

    fn predicates() -> Predicates<Server> {
        sometimes::predicates()
    }

    fn sometimes() -> Box<dyn Sometimes<Server>> {
        Box::new(sometimes::MultiPaxosSometimes::default())
    }
}

impl Replicates for MultiPaxos {
    const VICTIMS: &'static [(&'static str, Victim)] = &[("the leader", Victim::Favourite)];
}

impl Objects for MultiPaxos {
    fn is_operation(request: &Request) -> bool {
        matches!(request, multi::Request::Command(_))
    }

    fn operation(call: &ClientCall<Server>) -> Operation {
        let multi::Request::Command(command) = &call.request else {
            unreachable!("only operations are asked for: see is_operation")
        };
        let returned = call.returned.as_ref().and_then(|(at, response)| match response {
            multi::Response::Output(output) => Some((*at, output)),
            // Its number had been used for another call, so this one did not take place.
            _ => None,
        });
        operation(call.client, command, call.called, returned)
    }
}

/// Ballots, and what they recover.
#[derive(Debug, Default)]
pub struct MultiPaxosChronicle {
    /// Who promised a server its latest ballot.
    promises: BTreeMap<NodeId, (Ballot, Vec<NodeId>)>,
    ballots: u64,
    snapshots: u64,
    installed: u64,
    /// The latest configuration.
    epoch: u64,
    leaders: Vec<(Time, Ballot)>,
}

impl Chronicle<Server> for MultiPaxosChronicle {
    fn tell(&mut self, at: Time, node: NodeId, event: &MultiPaxosEvent) -> Option<Line> {
        let detail = || Some(Line::detail(format!("{node} {}", in_words(event))));
        match event {
            MultiPaxosEvent::Prepared { ballot, .. } => {
                self.ballots += 1;
                self.promises.insert(node, (*ballot, Vec::new()));
                Some(Line::detail(format!("{node} begins ballot {ballot}")))
            }
            MultiPaxosEvent::GotPromise { ballot, acceptor } => {
                let (standing, promised) = self.promises.get_mut(&node)?;
                if standing == ballot && !promised.contains(acceptor) {
                    promised.push(*acceptor);
                }
                None
            }
            MultiPaxosEvent::BecameLeader { ballot, recovered } => {
                self.leaders.push((at, *ballot));
                let (_, promised) = self.promises.remove(&node).unwrap_or_default();
                let promised: Vec<String> = promised.iter().map(NodeId::to_string).collect();
                let with = if promised.is_empty() {
                    "alone".into()
                } else {
                    format!("promised by {}", promised.join(" "))
                };
                Some(Line::new(format!(
                    "{node} leads ballot {ballot}, {with}; slots up to {recovered} have a past"
                )))
            }
            MultiPaxosEvent::Proposed { first, last, no_ops: 1.., .. } => {
                Some(Line::detail(format!("{node} fills holes among slots {first} to {last} with no-ops")))
            }
            MultiPaxosEvent::LostQuorum { ballot } => {
                Some(Line::new(format!("{node} hears no quorum and gives up ballot {ballot}")))
            }
            MultiPaxosEvent::WasRefused { ballot, promised } => Some(Line::detail(format!(
                "{node} hears that its ballot {ballot} is overruled by {promised}"
            ))),
            MultiPaxosEvent::TookSnapshot { .. } => {
                self.snapshots += 1;
                None
            }
            MultiPaxosEvent::Installed { through } => {
                self.installed += 1;
                Some(Line::detail(format!("{node} installs a snapshot of slots up to {through}")))
            }
            MultiPaxosEvent::Reconfigured { epoch, from } => {
                let is_news = *epoch > self.epoch;
                self.epoch = self.epoch.max(*epoch);
                is_news.then(|| {
                    Line::new(format!("{node} executes that other acceptors decide from slot {from} on"))
                })
            }
            MultiPaxosEvent::LostLeader { .. } | MultiPaxosEvent::SteppedDown { .. } => detail(),
            _ => None,
        }
    }

    fn summary(&self) -> Map<String, Value> {
        let leaders: Vec<Value> = self
            .leaders
            .iter()
            .map(|(at, ballot)| json!({ "at": at, "ballot": ballot.to_string() }))
            .collect();
        let ballots = json!({ "begun": self.ballots, "led": self.leaders.len(), "leaders": leaders });
        let snapshots = json!({ "taken": self.snapshots, "installed": self.installed });
        Map::from_iter([("ballots".to_owned(), ballots), ("snapshots".to_owned(), snapshots)])
    }

    fn in_a_line(&self) -> String {
        let last = self.leaders.last().map_or(Ballot::ZERO, |(_, ballot)| *ballot);
        format!(
            "ballots      {} led of {} begun, up to {last}; {} snapshots, {} installed",
            self.leaders.len(),
            self.ballots,
            self.snapshots,
            self.installed
        )
    }
}

/// A trace per ballot's phase 1, per call, and per leader's signs of life.
#[derive(Debug, Default)]
pub struct MultiPaxosNarrator {
    /// The ballot that each server is trying to lead.
    standing: BTreeMap<NodeId, (Ballot, Story)>,
    /// What the latest tries took the place of.
    given_up: BTreeMap<NodeId, Story>,
}

impl MultiPaxosNarrator {
    fn begin(&mut self, node: NodeId, ballot: Ballot) -> Story {
        let story = Story::attempt(node, format!("phase 1 ballot={ballot}"));
        if let Some((_, before)) = self.standing.insert(node, (ballot, story.clone())) {
            self.given_up.insert(node, before);
        }
        story
    }
}

impl Narrator<Server> for MultiPaxosNarrator {
    fn service(&self, node: NodeId) -> String {
        format!("multipaxos-{node}")
    }

    fn watch(&mut self, step: &Step<'_, Server>) {
        if let (synod_protocol::Place::Node(node), What::Crashed { .. }) = (step.place, &step.what) {
            self.standing.remove(&node);
        }
    }

    fn timer_story(
        &mut self,
        node: NodeId,
        timer: Timer,
        effects: &[Effect<Server>],
        view: &View,
    ) -> Option<Story> {
        match timer {
            Timer::Election => effects.iter().find_map(|effect| match effect {
                Effect::Event(MultiPaxosEvent::Prepared { ballot, .. }) => Some(self.begin(node, *ballot)),
                _ => None,
            }),
            Timer::Heartbeat => {
                Some(Story::background(node, format!("heartbeats ballot={} {node}", view.promised)))
            }
            Timer::LeaderContact | Timer::CheckQuorum => None,
        }
    }

    /// Values belong to the calls that they came from.
    fn message_stories(&mut self, _: NodeId, _: NodeId, message: &Wire) -> Vec<Story> {
        let MultiPaxosMessage::Accept(accept) = message else { return Vec::new() };
        let call = |value: &multi::Value<Command>| match value {
            multi::Value::Command { client, number, .. } => Some(Story::call(*client, *number)),
            multi::Value::NoOp => None,
        };
        accept.values.iter().filter_map(call).collect()
    }

    fn milestones(&mut self, node: NodeId, event: &MultiPaxosEvent) -> Vec<Milestone> {
        let mut end = |node, outcome: &'static str| {
            let ended = self.standing.remove(&node).map(|(_, story)| Milestone::end(story, outcome));
            ended.into_iter().collect()
        };
        match event {
            MultiPaxosEvent::Prepared { .. } => {
                let before = self.given_up.remove(&node).map(|story| Milestone::end(story, "timed out"));
                let now = self.standing.get(&node).map(|(_, story)| Milestone::of(story.clone()));
                before.into_iter().chain(now).collect()
            }
            MultiPaxosEvent::Promised { ballot, .. } => {
                let standing = self.standing.get(&ballot.proposer).filter(|(standing, _)| standing == ballot);
                standing.map(|(_, story)| Milestone::of(story.clone())).into_iter().collect()
            }
            MultiPaxosEvent::BecameLeader { .. } => end(node, "won"),
            MultiPaxosEvent::SteppedDown { .. } => end(node, "lost"),
            _ => Vec::new(),
        }
    }

    fn request_title(&self, request: &Request) -> String {
        diagram::ask(request)
    }
}
