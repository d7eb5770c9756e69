//! Two algorithms to simulate, and a judge.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{
    Answer, Caller, ClientId, Durable, Effects, Message, Never, Node, NodeId, Nodes, Observer, Stable, Step,
    Violation, What, majority,
};
use synod_simulator::{Client, Config, Draws, Outcome, Simulation};

/// A grow-only set. Any node stores a value on a majority, itself included, and then answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    id: NodeId,
    rules: Rules,
    pub(crate) values: Stable<Values>,
    pending: BTreeMap<u64, Pending>,
}

/// What there is to know of the cluster, and what may be wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) nodes: u32,
    /// The last two nodes send clients elsewhere: one knows where to, the other does not.
    pub(crate) redirects: bool,
    pub(crate) bug: Option<Bug>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Bug {
    /// It acknowledges a value and then writes it.
    AcknowledgesFirst,
    /// It asserts that there is no value 13.
    Superstitious,
    /// It sets a timer of no length for ever.
    Hurries,
    /// It never answers a client.
    Silent,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Values(pub(crate) BTreeSet<u64>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Added(pub(crate) u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    caller: Caller,
    stored_by: BTreeSet<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum LedgerMessage {
    Store(u64),
    Stored(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum LedgerTimer {
    Resend,
    Hurry,
}

impl Message for LedgerMessage {
    fn kind(&self) -> &'static str {
        match self {
            LedgerMessage::Store(_) => "Store",
            LedgerMessage::Stored(_) => "Stored",
        }
    }
}

impl Durable for Values {
    type Record = Added;
    fn apply(&mut self, record: &Added) {
        self.0.insert(record.0);
    }
}

impl Ledger {
    pub(crate) fn id(&self) -> NodeId {
        self.id
    }

    fn store(&mut self, value: u64, out: &mut Effects<Self>) {
        assert!(
            value != 13 || self.rules.bug != Some(Bug::Superstitious),
            "No 13: there is no value {value}"
        );
        if !self.values.0.contains(&value) {
            self.values.write(Added(value), out);
        }
    }

    fn ask(&self, value: u64, out: &mut Effects<Self>) {
        let Some(pending) = self.pending.get(&value) else { return };
        for to in (1..=self.rules.nodes).map(NodeId).filter(|to| !pending.stored_by.contains(to)) {
            out.send(to, LedgerMessage::Store(value));
        }
        out.set_timer(LedgerTimer::Resend, Duration::from_millis(20)..Duration::from_millis(40));
    }

    /// If a majority has stored the value.
    fn answer(&mut self, value: u64, out: &mut Effects<Self>) {
        let enough = majority(self.rules.nodes as usize);
        let Some(&Pending { caller, ref stored_by }) = self.pending.get(&value) else { return };
        if stored_by.len() >= enough {
            self.pending.remove(&value);
            if self.rules.bug != Some(Bug::Silent) {
                out.reply(caller, self.values.0.len() as u64);
            }
        }
    }
}

impl Node for Ledger {
    type Config = Rules;
    type Message = LedgerMessage;
    type Timer = LedgerTimer;
    type Request = u64;
    type Response = u64;
    type Event = Never;
    type Record = Added;
    type Durable = Values;
    type View = u64;

    fn boot(id: NodeId, rules: &Rules, values: Values, out: &mut Effects<Self>) -> Self {
        if rules.bug == Some(Bug::Hurries) {
            out.set_timer(LedgerTimer::Hurry, Duration::ZERO..Duration::ZERO);
        }
        Ledger { id, rules: rules.clone(), values: Stable::recovered(values), pending: BTreeMap::new() }
    }

    fn on_message(&mut self, from: NodeId, message: &LedgerMessage, out: &mut Effects<Self>) {
        match *message {
            LedgerMessage::Store(value) if self.rules.bug == Some(Bug::AcknowledgesFirst) => {
                out.send(from, LedgerMessage::Stored(value));
                self.store(value, out);
            }
            LedgerMessage::Store(value) => {
                self.store(value, out);
                out.send(from, LedgerMessage::Stored(value));
            }
            LedgerMessage::Stored(value) => {
                let Some(pending) = self.pending.get_mut(&value) else { return };
                pending.stored_by.insert(from);
                self.answer(value, out);
            }
        }
    }

    fn on_timer(&mut self, timer: LedgerTimer, out: &mut Effects<Self>) {
        match timer {
            LedgerTimer::Resend => {
                let values: Vec<u64> = self.pending.keys().copied().collect();
                values.into_iter().for_each(|value| self.ask(value, out));
            }
            LedgerTimer::Hurry => out.set_timer(LedgerTimer::Hurry, Duration::ZERO..Duration::ZERO),
        }
    }

    fn on_request(&mut self, from: Caller, value: &u64, out: &mut Effects<Self>) {
        if self.rules.redirects && self.id.0 == self.rules.nodes {
            return out.redirect(from, Some(NodeId(1)));
        }
        if self.rules.redirects && self.id.0 == self.rules.nodes - 1 {
            return out.redirect(from, None);
        }
        self.store(*value, out);
        self.pending.insert(*value, Pending { caller: from, stored_by: BTreeSet::from([self.id]) });
        self.ask(*value, out);
        self.answer(*value, out);
    }

    fn view(&self) -> u64 {
        self.values.0.len() as u64
    }
}

impl Rules {
    pub(crate) fn sound(config: &Config) -> Rules {
        Rules { nodes: config.nodes, redirects: config.nodes > 3, bug: None }
    }

    pub(crate) fn with(config: &Config, bug: Bug) -> Rules {
        Rules { bug: Some(bug), ..Rules::sound(config) }
    }
}

/// Each call adds a value of its own.
pub(crate) fn new_values(client: ClientId, nth: u64, _: &mut Draws) -> u64 {
    u64::from(client.0) * 1_000_000 + nth
}

/// The numbers from 1, one after the other.
pub(crate) fn counting() -> impl FnMut(ClientId, u64, &mut Draws) -> u64 {
    let mut last = 0;
    move |_, _, _| {
        last += 1;
        last
    }
}

/// What was acknowledged is held by a majority, if the nodes that are down still hold it.
#[derive(Debug, Default)]
pub(crate) struct Survival {
    requests: BTreeMap<(ClientId, u64), u64>,
    acknowledged: BTreeSet<u64>,
}

impl Observer<Ledger> for Survival {
    fn observe(&mut self, step: &Step<'_, Ledger>, nodes: Nodes<'_, Ledger>) -> Result<(), Violation> {
        match &step.what {
            What::Called { caller, request, .. } => {
                self.requests.insert((caller.client, caller.number), **request);
            }
            What::Returned { caller, answer, .. } if matches!(**answer, Answer::Done(_)) => {
                self.acknowledged.insert(self.requests[&(caller.client, caller.number)]);
            }
            What::Booted { .. } => {
                for value in &self.acknowledged {
                    let without = nodes.iter().filter(|(_, node)| !node.values.0.contains(value)).count();
                    let all = nodes.iter().next().map_or(0, |(_, node)| node.rules.nodes) as usize;
                    if all - without < majority(all) {
                        let story =
                            format!("{value} was acknowledged, and {without} of {all} do not know it");
                        return Err(Violation::new("Survival", story));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A run with few calls, for a test in a debug build.
pub(crate) fn short(seed: u64) -> Config {
    let config = Config::new(seed);
    let client = Client { think: Duration::ZERO..Duration::from_millis(1_300), ..config.client };
    Config { operations: 100, safety: Duration::from_secs(20), client, ..config }
}

/// Runs a sound ledger under the eyes of an observer.
pub(crate) fn run<O: Observer<Ledger>>(config: Config, observer: O) -> Outcome<Ledger> {
    let rules = Rules::sound(&config);
    run_with(config, rules, observer)
}

pub(crate) fn run_with<O: Observer<Ledger>>(config: Config, rules: Rules, observer: O) -> Outcome<Ledger> {
    let simulation = Simulation::new(config, rules, new_values, observer).expect("sound knobs");
    simulation.favourite(|node: &Ledger| node.id == NodeId(1)).run()
}
