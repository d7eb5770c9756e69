//! Nodes that lose their disks come back as new ones, if the algorithm has them join by themselves.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::contract::Checker;
use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effects, Message, Never, Node, NodeId, Nodes, Observer, Place,
    Recording, Stable, Step, Time, Violation, What, majority,
};
use synod_simulator::{Action, Config, Draws, Fault, Outcome, Scenario, Simulation, Who};

use crate::toys::{new_values, short};

/// A set that a majority keeps. Who has no disk that says that it joined asks all others for what they have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mirror {
    id: NodeId,
    rules: Rules,
    values: Stable<Values>,
    heard: BTreeMap<NodeId, BTreeSet<u64>>,
    pending: BTreeMap<u64, (Caller, BTreeSet<NodeId>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Rules {
    nodes: u32,
    joins: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Values {
    all: BTreeSet<u64>,
    joined: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Record {
    Added(u64),
    Joined(BTreeSet<u64>),
}

impl Durable for Values {
    type Record = Record;
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Added(value) => drop(self.all.insert(*value)),
            Record::Joined(values) => {
                self.all.extend(values);
                self.joined = true;
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum MirrorMessage {
    Store(u64),
    Stored(u64),
    Join,
    State(BTreeSet<u64>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Again;

impl Message for MirrorMessage {
    fn kind(&self) -> &'static str {
        match self {
            MirrorMessage::Store(_) => "Store",
            MirrorMessage::Stored(_) => "Stored",
            MirrorMessage::Join => "Join",
            MirrorMessage::State(_) => "State",
        }
    }
}

impl Mirror {
    fn has_joined(&self) -> bool {
        !self.rules.joins || self.values.joined
    }

    fn others(&self) -> impl Iterator<Item = NodeId> {
        let id = self.id;
        (1..=self.rules.nodes).map(NodeId).filter(move |other| *other != id)
    }

    fn ask(&mut self, out: &mut Effects<Self>) {
        if !self.has_joined() {
            self.others()
                .filter(|id| !self.heard.contains_key(id))
                .for_each(|id| out.send(id, MirrorMessage::Join));
        }
        for (value, (_, stored)) in &self.pending {
            self.others()
                .filter(|id| !stored.contains(id))
                .for_each(|id| out.send(id, MirrorMessage::Store(*value)));
        }
        if !self.has_joined() || !self.pending.is_empty() {
            out.set_timer(Again, Duration::from_millis(30)..Duration::from_millis(60));
        }
    }

    fn keep(&mut self, value: u64, out: &mut Effects<Self>) {
        if !self.values.all.contains(&value) {
            self.values.write(Record::Added(value), out);
        }
    }

    fn stored(&mut self, value: u64, by: NodeId, out: &mut Effects<Self>) {
        let Some((caller, stored)) = self.pending.get_mut(&value) else { return };
        stored.insert(by);
        if stored.len() >= majority(self.rules.nodes as usize) {
            let caller = *caller;
            self.pending.remove(&value);
            out.reply(caller, value);
        }
    }
}

impl Node for Mirror {
    type Config = Rules;
    type Message = MirrorMessage;
    type Timer = Again;
    type Request = u64;
    type Response = u64;
    type Event = Never;
    type Record = Record;
    type Durable = Values;
    type View = ();

    fn boot(id: NodeId, rules: &Rules, values: Values, out: &mut Effects<Self>) -> Self {
        let values = Stable::recovered(values);
        let mut mirror =
            Mirror { id, rules: *rules, values, heard: BTreeMap::new(), pending: BTreeMap::new() };
        mirror.ask(out);
        mirror
    }

    fn on_message(&mut self, from: NodeId, message: &MirrorMessage, out: &mut Effects<Self>) {
        match message {
            MirrorMessage::Store(value) => {
                self.keep(*value, out);
                out.send(from, MirrorMessage::Stored(*value));
            }
            MirrorMessage::Stored(value) => self.stored(*value, from, out),
            MirrorMessage::Join => out.send(from, MirrorMessage::State(self.values.all.clone())),
            MirrorMessage::State(values) => {
                self.heard.insert(from, values.clone());
                if !self.has_joined() && self.heard.len() + 1 == self.rules.nodes as usize {
                    let all = self.heard.values().flatten().copied().collect();
                    self.values.write(Record::Joined(all), out);
                }
            }
        }
    }

    fn on_timer(&mut self, _: Again, out: &mut Effects<Self>) {
        self.ask(out);
    }

    fn on_request(&mut self, from: Caller, value: &u64, out: &mut Effects<Self>) {
        if !self.has_joined() {
            return out.redirect(from, None);
        }
        self.keep(*value, out);
        self.pending.insert(*value, (from, BTreeSet::new()));
        self.stored(*value, self.id, out);
        self.ask(out);
    }

    fn view(&self) {}
}

/// What was acknowledged is known to all but one of a majority, at least: one node at a time is new.
#[derive(Debug, Default)]
struct Kept(BTreeSet<u64>);

impl Observer<Mirror> for Kept {
    fn observe(&mut self, step: &Step<'_, Mirror>, nodes: Nodes<'_, Mirror>) -> Result<(), Violation> {
        match &step.what {
            What::Returned { answer, .. } => {
                if let Answer::Done(value) = **answer {
                    self.0.insert(value);
                }
            }
            What::Wiped => {
                let all = nodes.iter().next().map_or(0, |(_, node)| node.rules.nodes) as usize;
                for value in &self.0 {
                    let known = nodes.iter().filter(|(_, node)| node.values.all.contains(value)).count();
                    if known + 1 < majority(all) {
                        return Err(Violation::new("Kept", format!("{known} of {all} know {value}")));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

const FAULTS: [Fault; 4] = [Fault::Loss, Fault::Delay, Fault::Partition, Fault::Wipe];

fn config(seed: u64) -> Config {
    let mut config = Config { operations: 150, ..short(seed) }.with_faults(&FAULTS);
    config.process.may_wipe = true;
    config.client.think = Duration::ZERO..Duration::from_millis(300);
    config.turn("nemesis.wipe", "every 100ms..2s for 50ms..500ms").expect("a knob");
    config
}

fn run<O: Observer<Mirror>>(
    config: Config,
    joins: bool,
    whole: fn(&Mirror) -> bool,
    also: O,
) -> Outcome<Mirror> {
    let rules = Rules { nodes: config.nodes, joins };
    let ask = |client: ClientId, nth: u64, draws: &mut Draws| new_values(client, nth, draws);
    let observer = (Kept::default(), (Checker::new(rules), also));
    Simulation::new(config, rules, ask, observer).expect("sound knobs").whole(whole).run()
}

#[test]
fn a_node_that_lost_its_disk_is_a_new_one_and_joins() {
    let mut wiped = 0;
    for seed in 0..5 {
        let mut recording = Recording::default();
        let outcome = run(config(seed), true, Mirror::has_joined, &mut recording);
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert!(!outcome.liveness.is_stuck(), "seed {seed}: {:?}", outcome.liveness);
        let mut away = BTreeMap::<Place, Time>::new();
        for step in recording.steps() {
            match &step.what {
                What::Wiped => {
                    assert!(away.insert(step.place, step.at).is_none());
                    wiped += 1;
                }
                What::Booted { records, .. } => {
                    let was_away = away.remove(&step.place).map(|since| step.at - since);
                    assert!(was_away.is_none_or(|_| *records == 0));
                }
                _ => {}
            }
        }
        assert_eq!(outcome.counts.wipes, outcome.counts.crashes, "seed {seed}");
    }
    assert!(wiped > 15, "{wiped}");
}

/// Nobody joins: then what was acknowledged is gone after some such nodes. And so it is where disks are taken of
/// nodes while another one has not joined.
#[test]
fn who_does_not_join_and_who_is_not_waited_for_loses_what_was_kept() {
    let violated = |seeds: u64, joins, whole: fn(&Mirror) -> bool| {
        let property = |seed| run(config(seed), joins, whole, ()).violation.map(|found| found.property);
        (0..seeds).filter_map(property).filter(|property| property == "Kept").count()
    };
    assert!(violated(10, false, Mirror::has_joined) > 4);
    assert!(violated(60, true, |_| true) > 0);
}

/// The class is off where nobody joins, and takes no draw of any other.
#[test]
fn disks_are_taken_only_where_nodes_may_join() {
    let error = Config::new(1).with_faults(&[Fault::Wipe]).check().expect_err("Raft's members are fixed");
    assert!(error.to_string().starts_with("wipe takes the disk of a node"), "{error}");
    let scenario = Scenario::new("none").every(
        Duration::from_secs(1)..Duration::from_secs(2),
        [Action::new(Fault::Wipe, Duration::from_secs(1)..Duration::from_secs(2)).who(Who::Any)],
    );
    assert!(Config::new(1).with_scenario(scenario.clone()).check().is_err());
    for seed in 0..20 {
        let with = Config::new(seed).swarm(&Fault::EVERY).without_faults(&[Fault::Wipe]);
        assert_eq!(with, Config::new(seed).swarm(&Fault::ALL));
    }
    // By rule.
    let mut wipes = 0;
    for seed in 0..4 {
        let mut by_rule = config(seed).without_faults(&[Fault::Wipe]).with_scenario(scenario.clone());
        by_rule.process.may_wipe = true;
        let outcome = run(by_rule, true, Mirror::has_joined, ());
        assert_eq!(outcome.violation, None, "seed {seed}");
        wipes += outcome.counts.wipes;
    }
    assert!(wipes > 2, "{wipes}");
}
