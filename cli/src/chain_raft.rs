//! Chain replication whose master is a group that runs Raft: the crate's trait `Master` on top of the crate raft, in one
//! cluster. Neither crate knows of the other.
//!
//! The first three nodes are the masters (one, in a cluster of up to four), and the chain is made of the others. Crashes,
//! partitions and the like strike all of them: a master that leads is lost, or cut off from the chain, or from the other
//! masters.
use synod_chain_replication::{self as chain, Chain as Crate, RoleName};
use synod_kv::{Command, operation};
use synod_linearizability::Operation;
use synod_protocol::{ClientId, NodeId};
use synod_raft as raft;
use synod_simulator::{ClientCall, Draws, Fault, KnobError, Predicates, Sometimes, Tolerance};

use crate::{
    algorithm::Algorithm,
    chain::Chain,
    load::{self, Load, Words},
    node_knobs::has_place,
    promise::{Linearizable, Objects},
    raft::Raft,
};

mod node;
mod master;
mod watch;
mod sometimes;
mod tell;

pub use master::Master;
pub use node::{Config, Disk, Event, Link, MASTER, Message, Record, Server, Timer, View};
pub use tell::{Tale, Told};
pub use watch::Watch;

/// Chain replication with replicated masters, as floor 3 knows it.
#[derive(Debug)]
pub struct ChainRaft;

fn masters(nodes: u32) -> u32 {
    if nodes > 4 { 3 } else { 1 }
}

/// The chain of the nodes behind the masters, with the knobs of a chain of as many servers.
fn along(nodes: u32, knobs: chain::Config) -> chain::Config {
    let masters = masters(nodes);
    let servers = (masters + 1..=nodes).map(NodeId).collect();
    chain::Config { servers, master: MASTER, ..knobs }
}

/// As many servers, and the node that is their master there.
fn as_a_chain(nodes: u32) -> u32 {
    nodes - masters(nodes) + 1
}

impl Algorithm for ChainRaft {
    type Node = Server;
    type Watch = Watch;
    type Narrator = Tale;
    type Chronicle = Told;
    type Promise = Linearizable;

    const NAME: &'static str = "chain-raft";
    const FAULTS: &'static [Fault] = &Fault::EVERY;
    const LEAST_NODES: u32 = 2;

    /// Both groups must be able to do without as many.
    fn tolerance(nodes: u32) -> Tolerance {
        let masters = masters(nodes);
        let lost = ((masters - 1) / 2).min((nodes - masters - 1) / 2);
        let keep_disks = (1..=masters).map(NodeId).collect();
        Tolerance { needed: Some(nodes - lost), keep_disks, ..Tolerance::default() }
    }

    fn config(nodes: u32) -> Config {
        let masters = raft::Config::new((1..=masters(nodes)).map(NodeId));
        Config { masters, chain: along(nodes, Chain::config(as_a_chain(nodes))) }
    }

    fn drawn_config(nodes: u32, draws: &mut Draws) -> Config {
        let masters = Raft::drawn_config(masters(nodes), draws);
        Config { masters, chain: along(nodes, Chain::drawn_config(as_a_chain(nodes), draws)) }
    }

    fn resized(config: &Config, nodes: u32) -> Config {
        let masters = Raft::resized(&config.masters, masters(nodes));
        Config { masters, chain: along(nodes, Chain::resized(&config.chain, as_a_chain(nodes))) }
    }

    fn validate(config: &Config, nodes: u32) -> Result<(), String> {
        config.masters.validate().map_err(|error| error.to_string())?;
        config.chain.validate().map_err(|error| error.to_string())?;
        has_place(nodes, |node| config.is_master(node) != config.chain.servers.contains(&node))
    }

    fn losing_disks(config: Config) -> Config {
        Config { chain: Chain::losing_disks(config.chain), ..config }
    }

    fn is_whole(node: &Server) -> bool {
        node.chain().is_none_or(chain::Chain::is_whole)
    }

    fn label(message: &Message) -> String {
        match message {
            Message::Chain(message) => Chain::label(message),
            Message::Raft(message) => synod_protocol::Message::kind(message).to_owned(),
        }
    }

    fn caption(event: &Event) -> Option<String> {
        match event {
            Event::Chain(event) => Chain::caption(event),
            Event::Raft(event) => Raft::caption(event),
        }
    }

    fn ask(command: &Command) -> String {
        command.to_string()
    }

    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> Command {
        Chain::request(client, nth, draws)
    }

    fn load(words: &Words) -> Result<Load<Self>, KnobError> {
        load::key_value(words).map(load::of_key_value)
    }

    fn drawn_load(_nodes: u32, draws: &mut Draws) -> Words {
        load::drawn_key_value(draws)
    }

    fn is_favourite(node: &Server) -> bool {
        let of_chain =
            |chain: &Crate<_>| matches!(chain.role(), RoleName::Head | RoleName::Tail | RoleName::Joining);
        node.chain().is_some_and(of_chain) || node.master().is_some_and(raft::Raft::is_leader)
    }

    const KINDS: &'static [&'static str] = &[
        "PreVote",
        "PreVoteReply",
        "RequestVote",
        "RequestVoteReply",
        "AppendEntries",
        "AppendEntriesReply",
        "Update",
        "Ack",
        "State",
        "Call",
        "Heartbeat",
        "Hello",
        "Welcome",
        "Confirm",
        "Confirmed",
        "Joined",
        "Configured",
    ];

    fn predicates() -> Predicates<Server> {
        sometimes::predicates()
    }

    fn sometimes() -> Box<dyn Sometimes<Server>> {
        Box::new(sometimes::Reached::default())
    }
}

impl Objects for ChainRaft {
    fn operation(call: &ClientCall<Server>) -> Operation {
        let returned = call.returned.as_ref().map(|(at, output)| (*at, output));
        operation(call.client, &call.request, call.called, returned)
    }
}
