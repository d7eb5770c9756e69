//! Chain replication and CRAQ, replicating the key–value store. The last node is the master, and does not fail.
use std::{collections::BTreeSet, sync::LazyLock, time::Duration};

use synod_chain_replication::{ChainEvent, ChainMessage, Config, Reads, RoleName, View, Watch};
use synod_kv::{Command, Skew, Store, Values, Workload, operation};
use synod_linearizability::Operation;
use synod_protocol::{ClientId, Node, NodeId};
use synod_simulator::{ClientCall, Draws, Fault, Predicates, Sometimes, Tolerance};

use crate::{
    algorithm::Algorithm,
    compare::{Replicates, Victim},
    load,
    node_knobs::has_place,
    promise::{Linearizable, Objects},
};

mod chronicle;
mod diagram;
mod explored;
mod narrator;
mod sometimes;

pub use chronicle::ChainChronicle;
pub use narrator::ChainNarrator;

/// A node.
pub type Server = synod_chain_replication::Chain<Store>;

/// Chain replication, as floor 3 knows it: reads at the tail.
#[derive(Debug)]
pub struct Chain;

/// The same with reads at every server.
#[derive(Debug)]
pub struct Craq;

/// Ten keys, of which few are hot, half of the calls reads, and every written value another.
static WORKLOAD: LazyLock<Workload> = LazyLock::new(|| Workload::new(10, Skew::Zipf, 50, Values::Unique));

/// The servers are all but the last node; the only one of a cluster of one is both.
fn config(nodes: u32, reads: Reads) -> Config {
    let servers = (nodes - 1).max(1);
    // As many as can be lost for ever while the rest is still long enough.
    let spare = (servers - 1) / 2;
    let config = Config::new((1..=servers).map(NodeId), NodeId(nodes));
    Config { reads, least: spare as usize + 1, ..config }
}

fn tolerance(nodes: u32) -> Tolerance {
    let servers = (nodes - 1).max(1);
    let lost = (servers - 1) / 2;
    let spared = BTreeSet::from([NodeId(nodes)]);
    Tolerance { needed: Some(nodes - lost), spared, ..Tolerance::default() }
}

/// Small messages need many of them to catch up; a hasty hand-over stops the writes for longer, and a master that is
/// quick to judge is often wrong.
fn drawn_config(config: Config, draws: &mut Draws) -> Config {
    let ms = Duration::from_millis;
    let batch = draws.pick(&[1, 2, 64]).copied().unwrap_or(64);
    let within = draws.pick(&[0, 1, 8, 1000]).copied().unwrap_or(8);
    let detection = draws.pick(&[60, 200, 200, 600]).copied().unwrap_or(200);
    Config {
        max_entries_per_update: batch,
        hand_over_within: within,
        heartbeat_interval: ms(detection / 5),
        detection_interval: ms(detection),
        ..config
    }
}

fn resized(config: &Config, nodes: u32) -> Config {
    let Config { servers, master, least, .. } = self::config(nodes, config.reads);
    Config { servers, master, least, ..config.clone() }
}

/// The only node of a cluster of one is its own master, and cannot forget.
fn losing_disks(config: Config) -> Config {
    let rejoins = !config.servers.contains(&config.master);
    Config { rejoins, ..config }
}

/// Both kinds differ in who answers reads.
macro_rules! algorithm {
    ($algorithm:ident, $name:literal, $reads:expr) => {
        impl Algorithm for $algorithm {
            type Node = Server;
            type Watch = Watch<Store>;
            type Narrator = ChainNarrator;
            type Chronicle = ChainChronicle;
            type Promise = Linearizable;

            const NAME: &'static str = $name;
            const FAULTS: &'static [Fault] = &Fault::EVERY;

            fn tolerance(nodes: u32) -> Tolerance {
                tolerance(nodes)
            }

            fn config(nodes: u32) -> Config {
                config(nodes, $reads)
            }

            fn drawn_config(nodes: u32, draws: &mut Draws) -> Config {
                drawn_config(config(nodes, $reads), draws)
            }

            fn resized(config: &Config, nodes: u32) -> Config {
                resized(config, nodes)
            }

            fn validate(config: &Config, nodes: u32) -> Result<(), String> {
                config.validate().map_err(|error| error.to_string())?;
                has_place(nodes, |node| config.servers.contains(&node) || config.master == node)
            }

            fn losing_disks(config: Config) -> Config {
                losing_disks(config)
            }

            fn is_whole(node: &Server) -> bool {
                node.is_whole()
            }

            fn label(message: &ChainMessage<Store>) -> String {
                diagram::label(message)
            }

            fn caption(event: &ChainEvent) -> Option<String> {
                diagram::caption(event)
            }

            fn ask(command: &Command) -> String {
                command.to_string()
            }

            fn request(client: ClientId, nth: u64, draws: &mut Draws) -> Command {
                WORKLOAD.command(client, nth, || draws.bits())
            }

            fn load(words: &load::Words) -> Result<load::Load<Self>, synod_simulator::KnobError> {
                load::key_value(words).map(load::of_key_value)
            }

            fn drawn_load(_: u32, draws: &mut Draws) -> load::Words {
                load::drawn_key_value(draws)
            }

            fn is_favourite(node: &Server) -> bool {
                is_favourite(&node.view())
            }

            const KINDS: &'static [&'static str] = KINDS;

            fn predicates() -> Predicates<Server> {
                sometimes::predicates()
            }

            fn sometimes() -> Box<dyn Sometimes<Server>> {
                Box::new(sometimes::ChainSometimes::new($reads))
            }
        }

        impl Replicates for $algorithm {
            const VICTIMS: &'static [(&'static str, Victim)] =
                &[("the head", Victim::First), ("the middle", Victim::Middle), ("the tail", Victim::Last)];
        }

        impl Objects for $algorithm {
            fn operation(call: &ClientCall<Server>) -> Operation {
                let returned = call.returned.as_ref().map(|(at, output)| (*at, output));
                operation(call.client, &call.request, call.called, returned)
            }
        }
    };
}

algorithm!(Chain, "chain", Reads::Tail);
algorithm!(Craq, "craq", Reads::Apportioned);

const KINDS: &[&str] = &[
    "Update",
    "Ack",
    "State",
    "VersionQuery",
    "Version",
    "Call",
    "Heartbeat",
    "Hello",
    "Welcome",
    "Confirm",
    "Confirmed",
    "Joined",
    "Configured",
];

/// Whom faults like to strike: the ends of the chain, and whoever is about to become one.
fn is_favourite(view: &View) -> bool {
    matches!(view.role, RoleName::Head | RoleName::Tail | RoleName::Alone | RoleName::Joining)
}
