//! Single-decree Paxos: clients propose values, and all are told the same one.
use std::{collections::BTreeMap, fmt, io};

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use synod_paxos::{
    Ballot,
    single::{self, Config, PaxosEvent, PaxosMessage, Phase, Timer, View, Watch},
};
use synod_protocol::{ClientId, Effect, NodeId, Nodes, Place, Step, Time, What};
use synod_simulator::{ClientCall, Draws, Predicates, Sometimes, Tally};
use synod_telemetry::{Milestone, Narrator, Story};

use crate::{
    algorithm::{Algorithm, Chronicle, Line, in_words},
    node_knobs::has_place,
    promise::{Judged, Promise},
};

mod explored;

/// What a client proposes: each call another value, so that a run shows whose was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proposal {
    pub client: ClientId,
    pub nth: u64,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'s {}", self.client, self.nth)
    }
}

/// A server.
pub type Server = single::Paxos<Proposal>;
type Wire = PaxosMessage<Proposal>;

/// Paxos, as floor 3 knows it.
#[derive(Debug)]
pub struct Paxos;

impl Algorithm for Paxos {
    type Node = Server;
    type Watch = Watch<Proposal>;
    type Narrator = PaxosNarrator;
    type Chronicle = PaxosChronicle;
    type Promise = Consensus;

    const NAME: &'static str = "paxos";

    fn config(nodes: u32) -> Config {
        Config::new((1..=nodes).map(NodeId))
    }

    /// Impatient proposers duel.
    fn drawn_config(nodes: u32, draws: &mut Draws) -> Config {
        let ms = std::time::Duration::from_millis;
        let retry = draws.pick(&[50..150, 10..300, 20..25]).cloned().unwrap_or(50..150);
        let mut config = Config { retry: ms(retry.start)..ms(retry.end), ..Self::config(nodes) };
        if draws.pick(&[false, true]) == Some(&true) {
            config.quorums.phase_2 = config.members.len() + 1 - config.quorums.phase_1;
        }
        config
    }

    fn resized(config: &Config, nodes: u32) -> Config {
        Config { retry: config.retry.clone(), ..Self::config(nodes) }
    }

    fn validate(config: &Config, nodes: u32) -> Result<(), String> {
        config.validate().map_err(|error| error.to_string())?;
        has_place(nodes, |node| config.members.contains(&node))
    }

    fn label(message: &Wire) -> String {
        match message {
            PaxosMessage::Prepare { ballot } => format!("Prepare {ballot}"),
            PaxosMessage::Promise { ballot, vote: None } => format!("Promise {ballot}: no vote"),
            PaxosMessage::Promise { ballot, vote: Some(vote) } => {
                format!("Promise {ballot}: voted {} in {}", vote.value, vote.ballot)
            }
            PaxosMessage::Accept { ballot, value } => format!("Accept {ballot}: {value}"),
            PaxosMessage::Accepted { ballot, value } => format!("Accepted {ballot}: {value}"),
            PaxosMessage::Nack { promised, .. } => format!("promised {promised}"),
        }
    }

    fn caption(event: &PaxosEvent) -> Option<String> {
        Some(match event {
            PaxosEvent::Prepared { ballot } => format!("begins ballot {ballot}"),
            PaxosEvent::Promised { ballot, .. } => format!("promises {ballot}"),
            PaxosEvent::Proposed { ballot, bound_by: None } => format!("proposes its own in {ballot}"),
            PaxosEvent::Proposed { ballot, bound_by: Some(bound) } => {
                format!("proposes in {ballot} what {bound} had")
            }
            PaxosEvent::Accepted { ballot } => format!("votes in {ballot}"),
            PaxosEvent::Learned { ballot } => format!("LEARNS from {ballot}"),
            PaxosEvent::Refused { ballot, .. } => format!("refuses {ballot}"),
            PaxosEvent::IgnoredNonsense { .. } => "ignores it".into(),
            PaxosEvent::SawCallAgain { .. } => "has this call, and it said otherwise".into(),
            PaxosEvent::OutOfBallots => "has no later ballot".into(),
            PaxosEvent::GotPromise { .. } | PaxosEvent::WasRefused { .. } => return None,
        })
    }

    fn ask(proposal: &Proposal) -> String {
        format!("propose {proposal}")
    }

    fn say(chosen: &Proposal) -> String {
        format!("chosen: {chosen}")
    }

    fn request(client: ClientId, nth: u64, _: &mut Draws) -> Proposal {
        Proposal { client, nth }
    }

    /// Who is in the middle of a ballot.
    fn is_favourite(node: &Server) -> bool {
        node.phase() != Phase::Idle
    }

    const KINDS: &'static [&'static str] = &["Prepare", "Promise", "Accept", "Accepted", "Nack"];

    fn predicates() -> Predicates<Server> {
        let in_phase = |phase| {
            move |nodes: Nodes<'_, Server>| {
                nodes.iter().find(|(_, node)| node.phase() == phase).map(|(id, _)| id)
            }
        };
        Predicates::default()
            .with("proposer_prepares", in_phase(Phase::Preparing))
            .with("proposer_proposes", in_phase(Phase::Proposing))
    }

    fn sometimes() -> Box<dyn Sometimes<Server>> {
        Box::new(PaxosSometimes::default())
    }
}

/// All who were told which value is chosen were told the same one, and somebody proposed it before anybody was
/// told: that is linearizability of an object that keeps the first value it is offered.
#[derive(Clone, Copy, Debug)]
pub struct Consensus;

/// A call, as a line of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub client: ClientId,
    pub call: Time,
    pub proposes: Proposal,
    pub returned: Option<(Time, Proposal)>,
}

impl Promise<Paxos> for Consensus {
    const NAME: &'static str = "consensus";
    const PROPERTY: &'static str = "Consensus";
    type History = Vec<Offer>;
    type Monitor = ();

    fn history(calls: &[ClientCall<Server>]) -> anyhow::Result<Vec<Offer>> {
        let offers: Vec<Offer> = calls
            .iter()
            .filter(|call| call.returned.is_some() || call.reached)
            .map(|call| Offer {
                client: call.client,
                call: call.called,
                proposes: call.request,
                returned: call.returned,
            })
            .collect();
        let in_order = |offer: &Offer| offer.returned.is_none_or(|(at, _)| at >= offer.call);
        ensure!(offers.iter().all(in_order), "a call returned before it was made");
        Ok(offers)
    }

    fn len(history: &Vec<Offer>) -> usize {
        history.len()
    }

    fn judge(history: &Vec<Offer>, _: u64) -> Judged {
        let mut told = history.iter().filter_map(|offer| offer.returned);
        let Some((first_told, chosen)) = told.clone().min_by_key(|(at, _)| *at) else {
            return Judged::Kept("nobody was told anything".into());
        };
        if let Some((_, other)) = told.find(|(_, other)| *other != chosen) {
            return Judged::Broken(format!(
                "somebody was told that {chosen} is chosen, and somebody that {other} is"
            ));
        }
        let offered = |offer: &&Offer| offer.proposes == chosen && offer.call <= first_told;
        match history.iter().find(offered) {
            Some(_) => Judged::Kept(format!("all of {} calls agree on {chosen}", history.len())),
            None => Judged::Broken(format!("{chosen} was chosen before anybody proposed it")),
        }
    }

    fn write(history: &Vec<Offer>, sink: &mut dyn io::Write) -> io::Result<()> {
        for offer in history {
            serde_json::to_writer(&mut *sink, offer)?;
            writeln!(sink)?;
        }
        Ok(())
    }
}

/// The situations for which the rules are there.
#[derive(Debug, Default)]
struct PaxosSometimes {
    phases: BTreeMap<NodeId, Phase>,
}

impl Sometimes<Server> for PaxosSometimes {
    fn names(&self) -> &'static [&'static str] {
        &[
            "acceptor_refused_an_earlier_ballot",
            "promises_told_of_several_ballots",
            "proposer_crashed_in_phase_2",
            "server_ended_for_good",
            "two_proposers_dueled",
            "value_of_an_earlier_ballot_was_proposed",
        ]
    }

    fn watch(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>, tally: &mut Tally) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Handled { effects, view, .. } => {
                self.phases.insert(id, view.phase);
                if self.phases.values().filter(|phase| **phase != Phase::Idle).count() > 1 {
                    tally.reach("two_proposers_dueled");
                }
                for effect in &**effects {
                    match effect {
                        Effect::Event(PaxosEvent::Proposed { bound_by: Some(_), .. }) => {
                            tally.reach("value_of_an_earlier_ballot_was_proposed");
                        }
                        Effect::Event(PaxosEvent::Refused { ballot, promised }) if promised > ballot => {
                            tally.reach("acceptor_refused_an_earlier_ballot");
                        }
                        Effect::Event(PaxosEvent::GotPromise { voted: Some(_), .. })
                            if nodes.get(id).is_some_and(Server::heard_of_several_votes) =>
                        {
                            tally.reach("promises_told_of_several_ballots");
                        }
                        _ => {}
                    }
                }
            }
            What::Crashed { .. } if self.phases.remove(&id) == Some(Phase::Proposing) => {
                tally.reach("proposer_crashed_in_phase_2");
            }
            What::Ended { .. } => tally.reach("server_ended_for_good"),
            _ => {}
        }
    }
}

/// Ballots, and the one that decided.
#[derive(Debug, Default)]
pub struct PaxosChronicle {
    ballots: u64,
    bound: u64,
    refused: u64,
    decided: Option<(Time, Ballot, NodeId)>,
}

impl Chronicle<Server> for PaxosChronicle {
    fn tell(&mut self, at: Time, node: NodeId, event: &PaxosEvent) -> Option<Line> {
        match event {
            PaxosEvent::Prepared { ballot } => {
                self.ballots += 1;
                let line = format!("{node} begins ballot {ballot}");
                Some(if self.decided.is_some() { Line::detail(line) } else { Line::new(line) })
            }
            PaxosEvent::Proposed { ballot, bound_by } => {
                self.bound += u64::from(bound_by.is_some());
                let what = match bound_by {
                    Some(bound) => format!("{node} must propose in {ballot} what was voted for in {bound}"),
                    None => format!("{node} heard of no vote and proposes its own value in {ballot}"),
                };
                Some(if self.decided.is_some() { Line::detail(what) } else { Line::new(what) })
            }
            PaxosEvent::Learned { ballot } if self.decided.is_none() => {
                self.decided = Some((at, *ballot, node));
                Some(Line::new(format!("{node} learns that the value of ballot {ballot} is chosen")))
            }
            PaxosEvent::WasRefused { .. } => {
                self.refused += 1;
                Some(Line::detail(format!("{node} {}", in_words(event))))
            }
            PaxosEvent::Learned { .. } => Some(Line::detail(format!("{node} {}", in_words(event)))),
            _ => None,
        }
    }

    fn summary(&self) -> Map<String, Value> {
        let decided = self.decided.map(
            |(at, ballot, node)| json!({ "at": at, "ballot": ballot.to_string(), "by": node.to_string() }),
        );
        let ballots = json!({ "begun": self.ballots, "bound": self.bound, "refused": self.refused, "decided": decided });
        Map::from_iter([("ballots".to_owned(), ballots)])
    }

    fn in_a_line(&self) -> String {
        let decided = match self.decided {
            Some((at, ballot, _)) => format!("{ballot} decided at {at}"),
            None => "none decided".into(),
        };
        format!("ballots      {} begun, {} bound by earlier votes; {decided}", self.ballots, self.bound)
    }
}

/// A trace per ballot, and per call.
#[derive(Debug, Default)]
pub struct PaxosNarrator {
    standing: BTreeMap<NodeId, (Ballot, Story)>,
    given_up: BTreeMap<NodeId, Story>,
}

impl Narrator<Server> for PaxosNarrator {
    fn service(&self, node: NodeId) -> String {
        format!("paxos-{node}")
    }

    fn watch(&mut self, step: &Step<'_, Server>) {
        if let (Place::Node(node), What::Crashed { .. }) = (step.place, &step.what) {
            self.standing.remove(&node);
        }
    }

    fn timer_story(
        &mut self,
        node: NodeId,
        Timer::Retry: Timer,
        effects: &[Effect<Server>],
        _: &View,
    ) -> Option<Story> {
        let ballot = effects.iter().find_map(|effect| match effect {
            Effect::Event(PaxosEvent::Prepared { ballot }) => Some(*ballot),
            _ => None,
        })?;
        let story = Story::attempt(node, format!("ballot {ballot}"));
        if let Some((_, before)) = self.standing.insert(node, (ballot, story.clone())) {
            self.given_up.insert(node, before);
        }
        Some(story)
    }

    /// All that a call sets off is its.
    fn message_stories(&mut self, _: NodeId, _: NodeId, _: &Wire) -> Vec<Story> {
        Vec::new()
    }

    fn milestones(&mut self, node: NodeId, event: &PaxosEvent) -> Vec<Milestone> {
        match event {
            PaxosEvent::Prepared { .. } => {
                let before = self.given_up.remove(&node).map(|story| Milestone::end(story, "timed out"));
                let now = self.standing.get(&node).map(|(_, story)| Milestone::of(story.clone()));
                before.into_iter().chain(now).collect()
            }
            PaxosEvent::Promised { ballot, .. } | PaxosEvent::Accepted { ballot } => {
                let standing = self.standing.get(&ballot.proposer).filter(|(standing, _)| standing == ballot);
                standing.map(|(_, story)| Milestone::of(story.clone())).into_iter().collect()
            }
            PaxosEvent::Learned { .. } => {
                let ended = self.standing.remove(&node).map(|(_, story)| Milestone::end(story, "learned"));
                ended.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn request_title(&self, proposal: &Proposal) -> String {
        format!("propose {proposal}")
    }
}
