//! The published state counts of two-phase commit (288, 8,832 and 296,448 with 3, 5 and 7 participants; tlaplus/Examples),
//! from the code itself.
//!
//! **The abstraction.** One transaction; messages stay for ever, as in `TwoPhase.tla`. Each state of the nodes is projected
//! onto that module's variables, in four lines: `rmState` is what a participant's branch is; `tmState` is "committed" with
//! the commit record, and "aborted" once the coordinator has said so; `tmPrepared` is whose yes it got; `msgs` is which
//! votes and decisions were sent.
//!
//! What the code may do here: take any message; lose patience; refuse before it voted, because another asks
//! (`RMChooseToAbort`, whose answers are lost here, for they are cooperative termination, which that module has not);
//! and crash between the last vote and the decision, which is the one way in which a coordinator that has every yes
//! aborts: it knows nothing of them any more (`TMAbort`, though AC3 forbids it to a coordinator that knows).
use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    env,
    hash::{DefaultHasher, Hash, Hasher},
};

use synod_atomic_commit::{
    Close, CommitEvent, Config, Key, MicroOp, Past, Protocol, Run, Transaction, TxnId,
    two_phase::{Body, Persistent, Timer, TwoPhase, TwoPhaseMessage},
};
use synod_protocol::{Caller, ClientId, Durable, Effect, Effects, Input, NodeId, Time};

#[test]
fn published_counts_come_from_the_code() {
    assert_eq!(projected(3), 288);
    assert_eq!(projected(5), 8_832);
    // A minute in debug builds; published: 296,448.
    if env::var_os("SYNOD_SEVEN_PARTICIPANTS").is_some() {
        assert_eq!(projected(7), 296_448);
    }
}

/// The coordinator comes last, and holds no key of the transaction.
#[derive(Clone)]
struct State {
    nodes: Vec<TwoPhase>,
    /// Numbers of messages that were ever sent.
    network: u128,
    /// Whose yes the coordinator ever got.
    heard: u16,
}

/// How a participant stands, who was heard, who sent a yes, and what the coordinator said.
type Projection = (Vec<&'static str>, &'static str, u16, u16, [bool; 2]);

struct Model {
    participants: u32,
    txn: TxnId,
    /// Each message once, with from whom and to whom.
    messages: Vec<(NodeId, NodeId, TwoPhaseMessage)>,
    numbers: HashMap<(NodeId, NodeId, TwoPhaseMessage), u32>,
    found: HashSet<Projection>,
    config: Config,
}

fn projected(participants: u32) -> usize {
    let members = participants + 1;
    let config = Config { keys: members.into(), ..Config::new((1..=members).map(NodeId)) };
    let client = ClientId(participants);
    let txn = TxnId { client, number: 1, run: Run::in_life(1) };
    let (messages, numbers, found) = (Vec::new(), HashMap::new(), HashSet::new());
    let mut model = Model { participants, txn, messages, numbers, found, config };
    model.explore(client);
    model.found.len()
}

impl Model {
    fn explore(&mut self, client: ClientId) {
        let mut out = Effects::default();
        let boot = |id| out.boot(Time::ZERO, id, &self.config, Persistent::default());
        let nodes: Vec<TwoPhase> = (1..=self.participants + 1).map(NodeId).map(boot).collect();
        let ops = (0..u64::from(self.participants)).map(|key| MicroOp::Append { key: Key(key), value: 7 });
        let coordinator = NodeId(self.participants + 1);
        let caller = Caller { client, number: 1, via: coordinator };
        let state = State { nodes, network: 0, heard: 0 };
        let request = Input::Request(caller, Transaction(ops.collect()));
        let mut frontier = VecDeque::from([self.step(&state, coordinator, &request, true).0]);
        let mut seen = HashSet::new();
        while let Some(state) = frontier.pop_front() {
            let mut hasher = DefaultHasher::new();
            (&state.nodes, state.network, state.heard).hash(&mut hasher);
            if seen.insert(hasher.finish()) {
                self.found.insert(self.project(&state));
                self.successors(&state, &mut frontier);
            }
        }
    }

    fn successors(&mut self, state: &State, frontier: &mut VecDeque<State>) {
        let coordinator = NodeId(self.participants + 1);
        for number in (0..128).filter(|number| state.network >> number & 1 == 1) {
            let (from, to, message) = self.messages[number as usize].clone();
            // Votes against it change nothing that patience does not; acknowledgements only end what is remembered.
            if matches!(message.body, Body::VoteNo | Body::Ack | Body::Inquire) {
                continue;
            }
            let before = state.nodes[to.0 as usize - 1].persistent().clone();
            let (next, events) = self.step(state, to, &Input::Message(from, message), true);
            let decides = |event: &CommitEvent| matches!(event, CommitEvent::Decided { .. });
            if to == coordinator && events.iter().any(decides) {
                // A crash between two actions of the step: the last vote was heard, and the decision never fell.
                let mut crashed = State { network: state.network, ..next.clone() };
                crashed.nodes[to.0 as usize - 1] =
                    Effects::default().boot(Time::ZERO, to, &self.config, before);
                frontier.push_back(crashed);
            }
            frontier.push_back(next);
        }
        let votes = Input::Timer(Timer::Votes(self.txn));
        frontier.push_back(self.step(state, coordinator, &votes, true).0);
        for id in (1..=self.participants).map(NodeId) {
            let branches = state.nodes[id.0 as usize - 1].branches();
            if branches.branch(self.txn).is_none() && branches.past(self.txn) == Past::Never {
                let asked = TwoPhaseMessage { txn: self.txn, body: Body::Inquire };
                let other = NodeId(id.0 % self.participants + 1);
                frontier.push_back(self.step(state, id, &Input::Message(other, asked), false).0);
            }
        }
    }

    /// The next state, and what was noted on the way.
    fn step(
        &mut self,
        state: &State,
        id: NodeId,
        input: &Input<TwoPhase>,
        sends: bool,
    ) -> (State, Vec<CommitEvent>) {
        let mut next = state.clone();
        let mut out = Effects::default();
        out.step(Time::ZERO, &mut next.nodes[id.0 as usize - 1], input);
        let mut events = Vec::new();
        for effect in out.drain() {
            match effect {
                Effect::Send(to, message) if sends => next.network |= 1 << self.number(id, to, message),
                Effect::Event(event) => {
                    if let CommitEvent::GotVote { from, yes: true, .. } = event {
                        next.heard |= 1 << from.0;
                    }
                    events.push(event);
                }
                _ => {}
            }
        }
        (next, events)
    }

    fn number(&mut self, from: NodeId, to: NodeId, message: TwoPhaseMessage) -> u32 {
        let next = self.messages.len() as u32;
        assert!(next < 128, "a set of messages is 128 bits");
        let key = (from, to, message);
        *self.numbers.entry(key.clone()).or_insert_with(|| {
            self.messages.push(key);
            next
        })
    }

    fn project(&self, state: &State) -> Projection {
        let rm_state = state.nodes[..self.participants as usize].iter().map(|node| {
            match (node.branches().branch(self.txn), node.branches().past(self.txn)) {
                (Some(_), _) => "prepared",
                (None, Past::Closed(Close::Committed)) => "committed",
                (None, Past::Closed(_)) => "aborted",
                (None, _) => "working",
            }
        });
        let coordinator = NodeId(self.participants + 1);
        let sent = |wanted: &dyn Fn(&NodeId, &Body) -> bool| {
            let is_it = |number: &usize| wanted(&self.messages[*number].0, &self.messages[*number].2.body);
            (0..self.messages.len())
                .filter(|number| state.network >> number & 1 == 1)
                .filter(is_it)
                .fold(0, |set, number| set | 1u16 << self.messages[number].0.0)
        };
        let says = |body: Body| sent(&|from, it| *from == coordinator && *it == body) != 0;
        let (commit, abort) = (says(Body::Commit), says(Body::Abort));
        let tm_state = if commit {
            "committed"
        } else if abort {
            "aborted"
        } else {
            "init"
        };
        let yes = sent(&|_, body| matches!(body, Body::VoteYes { .. }));
        (rm_state.collect(), tm_state, state.heard, yes, [commit, abort])
    }
}

/// A disk is the fold of its records: the model boots from a copy of what was there before the step.
#[test]
fn a_copy_of_the_disk_is_the_fold_of_its_records() {
    let mut out = Effects::<TwoPhase>::default();
    let config = Config::new([NodeId(1)]);
    let node = out.boot(Time::ZERO, NodeId(1), &config, Persistent::default());
    let mut disk = Persistent::default();
    for effect in out.as_slice() {
        if let Effect::Persist(record) = effect {
            disk.apply(record);
        }
    }
    assert_eq!(*node.persistent(), disk);
    assert_eq!(BTreeSet::from([node.persistent().life]), BTreeSet::from([1]));
}
