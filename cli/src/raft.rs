//! Raft, replicating the key–value store.
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use serde_json::{Map, Value, json};
use synod_kv::{Command, Skew, Store, Values, Workload, operation};
use synod_linearizability::Operation;
use synod_protocol::{ClientId, Effect, NodeId, Step, Time, What};
use synod_raft::{Body, Config, Entry, Payload, RaftEvent, RaftMessage, Term, Timer, View, Watch};
use synod_simulator::{ClientCall, Draws, KnobError, Predicates, Sometimes};
use synod_telemetry::{Milestone, Narrator, Story};

use crate::{
    algorithm::{Algorithm, Chronicle, Line, in_words},
    compare::{Replicates, Victim},
    load::{self, Load, Words},
    node_knobs::has_place,
    promise::{Linearizable, Objects},
};

mod diagram;
mod explored;
pub use explored::Memory;
mod scopes;
mod sometimes;

/// A server.
pub type Server = synod_raft::Raft<Store>;

/// Raft, as floor 3 knows it.
#[derive(Debug)]
pub struct Raft;

/// Ten keys, of which few are hot, half of the calls reads, and every written value another: a history
/// tells which write a read saw.
static WORKLOAD: LazyLock<Workload> = LazyLock::new(|| Workload::new(10, Skew::Zipf, 50, Values::Unique));

impl Algorithm for Raft {
    type Node = Server;
    type Watch = Watch<Store>;
    type Narrator = RaftNarrator;
    type Chronicle = RaftChronicle;
    type Promise = Linearizable;

    const NAME: &'static str = "raft";

    fn config(nodes: u32) -> Config {
        Config::new((1..=nodes).map(NodeId))
    }

    /// A batch of one entry shows what bigger ones hide: an old entry that is replicated before the first of
    /// the new term (§5.4.2). Timeouts that hardly differ split votes, and short ones make many leaders.
    fn drawn_config(nodes: u32, draws: &mut Draws) -> Config {
        let batch = draws.pick(&[1, 1, 2, 256]).copied().unwrap_or(256);
        let in_flight = draws.pick(&[1, 4]).copied().unwrap_or(4);
        let timeout = draws.pick(&[150..300, 150..160, 60..90]).cloned().unwrap_or(150..300);
        let ms = Duration::from_millis;
        Config {
            max_entries_per_append: batch,
            max_appends_in_flight: in_flight,
            heartbeat_interval: ms(timeout.start / 3),
            election_timeout: ms(timeout.start)..ms(timeout.end),
            ..Raft::config(nodes)
        }
    }

    fn resized(config: &Config, nodes: u32) -> Config {
        Config { members: Raft::config(nodes).members, ..config.clone() }
    }

    fn validate(config: &Config, nodes: u32) -> Result<(), String> {
        config.validate().map_err(|error| error.to_string())?;
        has_place(nodes, |node| config.members.contains(&node))
    }

    fn label(message: &RaftMessage<Command>) -> String {
        diagram::label(message)
    }

    fn caption(event: &RaftEvent) -> Option<String> {
        diagram::caption(event)
    }

    fn ask(command: &Command) -> String {
        command.to_string()
    }

    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> Command {
        WORKLOAD.command(client, nth, || draws.bits())
    }

    fn load(words: &Words) -> Result<Load<Raft>, KnobError> {
        load::key_value(words).map(load::of_key_value)
    }

    fn drawn_load(_: u32, draws: &mut Draws) -> Words {
        load::drawn_key_value(draws)
    }

    fn is_favourite(node: &Server) -> bool {
        node.is_leader()
    }

    const KINDS: &'static [&'static str] = &[
        "PreVote",
        "PreVoteReply",
        "RequestVote",
        "RequestVoteReply",
        "AppendEntries",
        "AppendEntriesReply",
    ];

    fn predicates() -> Predicates<Server> {
        sometimes::predicates()
    }

    fn sometimes() -> Box<dyn Sometimes<Server>> {
        Box::new(sometimes::RaftSometimes::default())
    }
}

impl Objects for Raft {
    fn operation(call: &ClientCall<Server>) -> Operation {
        let returned = call.returned.as_ref().map(|(at, output)| (*at, output));
        operation(call.client, &call.request, call.called, returned)
    }
}

impl Replicates for Raft {
    const VICTIMS: &'static [(&'static str, Victim)] = &[("the leader", Victim::Favourite)];
}

/// Elections and what ends them.
#[derive(Debug, Default)]
pub struct RaftChronicle {
    /// Who voted for a candidate, in the term that it stands in.
    votes: BTreeMap<NodeId, (Term, Vec<NodeId>)>,
    candidacies: u64,
    pre_votes: u64,
    leaders: Vec<(Time, Term, NodeId)>,
}

impl Chronicle<Server> for RaftChronicle {
    fn tell(&mut self, at: Time, node: NodeId, event: &RaftEvent) -> Option<Line> {
        match event {
            RaftEvent::BecamePreCandidate { .. } => {
                self.pre_votes += 1;
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            RaftEvent::BecameCandidate { term } => {
                self.candidacies += 1;
                self.votes.insert(node, (*term, Vec::new()));
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            RaftEvent::GotVote { term, voter, granted: true } => {
                let (standing, voters) = self.votes.get_mut(&node)?;
                if standing == term && !voters.contains(voter) {
                    voters.push(*voter);
                }
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            RaftEvent::BecameLeader { term, .. } => {
                self.leaders.push((at, *term, node));
                let (_, voters) = self.votes.remove(&node).unwrap_or_default();
                let voters: Vec<String> = voters.iter().map(NodeId::to_string).collect();
                let with = if voters.is_empty() {
                    "alone".into()
                } else {
                    format!("elected by {}", voters.join(" "))
                };
                Some(Line::new(format!("{node} leads term {term}, {with}")))
            }
            RaftEvent::LostQuorum { term } => {
                Some(Line::new(format!("{node} hears no majority and gives up term {term}")))
            }
            RaftEvent::LostLeader { .. } | RaftEvent::TermAdvanced { .. } => {
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            _ => None,
        }
    }

    fn summary(&self) -> Map<String, Value> {
        let leaders: Vec<Value> = self
            .leaders
            .iter()
            .map(|(at, term, node)| json!({ "at": at, "term": term, "leader": node.to_string() }))
            .collect();
        let elections = json!({
            "pre_votes": self.pre_votes,
            "candidacies": self.candidacies,
            "won": self.leaders.len(),
            "leaders": leaders,
        });
        Map::from_iter([("elections".to_owned(), elections)])
    }

    fn in_a_line(&self) -> String {
        let last = self.leaders.last().map_or(Term(0), |(_, term, _)| *term);
        format!("elections    {} won of {} begun, up to term {last}", self.leaders.len(), self.candidacies)
    }
}

/// A trace per election, per call, and per leader's heartbeats.
#[derive(Debug, Default)]
pub struct RaftNarrator {
    /// The election that each server is trying to win.
    standing: BTreeMap<NodeId, Election>,
    /// How often a server tried for a term.
    tries: BTreeMap<(NodeId, Term), u32>,
    /// What the latest tries took the place of.
    given_up: BTreeMap<NodeId, Story>,
}

#[derive(Clone, Debug)]
struct Election {
    /// The term that it would be.
    term: Term,
    story: Story,
}

impl RaftNarrator {
    /// A server asks whether it could win the next term.
    fn begin(&mut self, node: NodeId, term: Term) -> Story {
        let tries = self.tries.entry((node, term)).or_insert(0);
        *tries += 1;
        let again = if *tries == 1 { String::new() } else { format!(", try {tries}") };
        let story = Story::attempt(node, format!("election term={term} {node}{again}"));
        if let Some(before) = self.standing.insert(node, Election { term, story: story.clone() }) {
            self.given_up.insert(node, before.story);
        }
        story
    }

    fn election(&self, candidate: NodeId, term: Term) -> Option<Story> {
        self.standing
            .get(&candidate)
            .filter(|election| election.term == term)
            .map(|election| election.story.clone())
    }
}

impl Narrator<Server> for RaftNarrator {
    fn service(&self, node: NodeId) -> String {
        format!("raft-{node}")
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
                Effect::Event(RaftEvent::BecamePreCandidate { term }) => Some(self.begin(node, term.next()?)),
                _ => None,
            }),
            Timer::Heartbeat => {
                Some(Story::background(node, format!("heartbeats term={} {node}", view.current_term)))
            }
            Timer::LeaderContact | Timer::CheckQuorum => None,
        }
    }

    /// Entries belong to the calls that they came from.
    fn message_stories(&mut self, _: NodeId, _: NodeId, message: &RaftMessage<Command>) -> Vec<Story> {
        let Body::AppendEntries(append) = &message.body else { return Vec::new() };
        let call = |entry: &Entry<Command>| match &entry.payload {
            Payload::Command { client, number, .. } => Some(Story::call(*client, *number)),
            Payload::NoOp => None,
        };
        append.entries.iter().filter_map(call).collect()
    }

    fn milestones(&mut self, node: NodeId, event: &RaftEvent) -> Vec<Milestone> {
        let end = |election: Option<Election>, outcome: &'static str| {
            election.map(|election| Milestone::end(election.story, outcome)).into_iter().collect()
        };
        match event {
            RaftEvent::BecamePreCandidate { .. } => {
                let before = self.given_up.remove(&node).map(|story| Milestone::end(story, "timed out"));
                let now = self.standing.get(&node).map(|election| Milestone::of(election.story.clone()));
                before.into_iter().chain(now).collect()
            }
            RaftEvent::BecameCandidate { term } => {
                self.election(node, *term).into_iter().map(Milestone::of).collect()
            }
            RaftEvent::Voted { term, candidate, granted: true } => {
                self.election(*candidate, *term).into_iter().map(Milestone::of).collect()
            }
            RaftEvent::BecameLeader { .. } => end(self.standing.remove(&node), "won"),
            RaftEvent::TermAdvanced { .. } | RaftEvent::HandledAppendEntries { .. } => {
                end(self.standing.remove(&node), "lost")
            }
            _ => Vec::new(),
        }
    }

    fn request_title(&self, request: &Command) -> String {
        request.to_string()
    }
}
