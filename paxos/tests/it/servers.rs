//! The two kinds of servers in the hand, and what tests say of them.
use synod_kv::{Command, Output, Store, Value};
use synod_paxos::{
    Ballot, QuorumSizes,
    multi::{self, MultiPaxos, MultiPaxosMessage, Reconfiguration, Slot},
    single::{self, Paxos, PaxosMessage},
};
use synod_protocol::{
    Message, NodeId,
    by_hand::{Cluster, Envelope},
};

/// Servers that choose one number.
pub(crate) type Synod = Cluster<Paxos<u32>, single::Watch<u32>>;
pub(crate) type Word = PaxosMessage<u32>;

/// Servers that replicate a store.
pub(crate) type Replicas = Cluster<MultiPaxos<Store>, multi::Watch<Store>>;
pub(crate) type Wire = MultiPaxosMessage<Store>;
pub(crate) type Request = multi::Request<Command>;
pub(crate) type Response = multi::Response<Output>;

pub(crate) fn n(id: u32) -> NodeId {
    NodeId(id)
}

pub(crate) fn b(round: u64, proposer: u32) -> Ballot {
    Ballot { round, proposer: n(proposer) }
}

pub(crate) fn put(key: u64, value: i64) -> Request {
    Command::Put { key, value: Value::Number(value) }.into()
}

pub(crate) fn get(key: u64) -> Request {
    Command::Get { key }.into()
}

/// A wish for majorities of these.
pub(crate) fn members(ids: &[u32]) -> Request {
    Request::Reconfigure(Reconfiguration::to(ids.iter().copied().map(n)))
}

/// What a get of a number answers.
pub(crate) fn holds(value: i64) -> Response {
    Response::Output(Output::Value(Some(Value::Number(value))))
}

/// What a get of what is not there answers.
pub(crate) const NOTHING: Response = Response::Output(Output::Value(None));
/// What a put answers.
pub(crate) const DONE: Response = Response::Output(Output::Done);

pub(crate) fn synod(nodes: u32) -> Synod {
    let config = single::Config::new((1..=nodes).map(n));
    config.validate().expect("the configuration makes sense");
    Cluster::with(config, nodes, single::invariants::check)
}

pub(crate) fn synod_of(nodes: u32, phase_1: usize, phase_2: usize) -> Synod {
    let quorums = QuorumSizes { phase_1, phase_2 };
    let config = single::Config { quorums, ..single::Config::new((1..=nodes).map(n)) };
    config.validate().expect("the configuration makes sense");
    Cluster::with(config, nodes, single::invariants::check)
}

pub(crate) fn replicas(nodes: u32) -> Replicas {
    replicas_with(multi::Config::new((1..=nodes).map(n)))
}

pub(crate) fn replicas_with(config: multi::Config) -> Replicas {
    config.validate().expect("the configuration makes sense");
    let nodes = config.servers().len() as u32;
    Cluster::with(config, nodes, multi::invariants::check)
}

/// Replicas of which node 1 leads, as all know.
pub(crate) fn led(nodes: u32) -> Replicas {
    led_with(multi::Config::new((1..=nodes).map(n)))
}

pub(crate) fn led_with(config: multi::Config) -> Replicas {
    let mut replicas = replicas_with(config);
    elect(&mut replicas, 1);
    settle(&mut replicas, 1);
    replicas.told.clear();
    replicas
}

/// Makes the node a candidate, and delivers what it takes: everyone else has lost their leader by then.
pub(crate) fn elect(replicas: &mut Replicas, id: u32) {
    campaign(replicas, id);
    replicas.deliver();
}

/// The same, with its messages still on their way.
pub(crate) fn campaign(replicas: &mut Replicas, id: u32) {
    for voter in replicas.ids() {
        if replicas.is_up(voter) && replicas.is_armed(voter, multi::Timer::LeaderContact) {
            replicas.fire(voter, multi::Timer::LeaderContact);
        }
    }
    replicas.fire(id, multi::Timer::Election);
}

/// Heartbeats until everybody who can be reached knows what the leader knows.
pub(crate) fn settle(replicas: &mut Replicas, leader: u32) {
    for _ in 0..4 {
        replicas.fire(leader, multi::Timer::Heartbeat);
        replicas.deliver();
    }
}

/// How far each server has executed; 0 if it is down.
pub(crate) fn executed(replicas: &Replicas) -> Vec<u64> {
    replicas.ids().map(|id| if replicas.is_up(id) { replicas.node(id).chosen().0 } else { 0 }).collect()
}

/// What the node voted for in this slot, if it did: `None` is a no-op, otherwise the call's client.
pub(crate) fn vote(replicas: &Replicas, id: u32, slot: u64) -> Option<Option<u32>> {
    let vote = replicas.node(id).acceptor().votes.get(&Slot(slot))?;
    Some(match &vote.value {
        multi::Value::NoOp => None,
        multi::Value::Command { client, .. } => Some(client.0),
    })
}

/// On a link, of these kinds.
pub(crate) fn on<M: Message>(
    from: u32,
    to: u32,
    kinds: &'static [&'static str],
) -> impl Fn(&Envelope<M>) -> bool {
    move |it| it.from == n(from) && it.to == n(to) && kinds.contains(&it.message.kind())
}
