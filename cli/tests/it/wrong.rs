//! Raft with something wrong around it, for it has nothing wrong with itself.
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use synod_cli::{
    algorithm::Algorithm,
    promise::{Linearizable, Objects},
    raft::{Raft, RaftChronicle, RaftNarrator, Server},
};
use synod_linearizability::Operation;
use synod_protocol::{ClientId, Node, Nodes, Observer, Place, Step, Violation, What};
use synod_simulator::{ClientCall, Draws};

/// Raft, but for its watch, its configuration and what is made of a call.
macro_rules! like_raft {
    ($name:ident, $watch:ty, $config:expr, $request:expr, $operation:expr) => {
        pub(crate) struct $name;

        impl Algorithm for $name {
            type Node = Server;
            type Watch = $watch;
            type Narrator = RaftNarrator;
            type Chronicle = RaftChronicle;
            type Promise = Linearizable;
            const NAME: &'static str = "raft";

            fn config(nodes: u32) -> <Server as Node>::Config {
                $config(nodes)
            }
            fn label(message: &<Server as Node>::Message) -> String {
                Raft::label(message)
            }
            fn caption(event: &<Server as Node>::Event) -> Option<String> {
                Raft::caption(event)
            }
            fn request(client: ClientId, nth: u64, draws: &mut Draws) -> <Server as Node>::Request {
                $request(client, nth, draws)
            }
            fn is_favourite(node: &Server) -> bool {
                Raft::is_favourite(node)
            }
        }

        impl Objects for $name {
            fn operation(call: &ClientCall<Server>) -> Operation {
                $operation(call)
            }
        }
    };
}

type Figure3 = synod_raft::Watch<synod_kv::Store>;

// Held to what no cluster keeps under faults: that no third term is ever led.
like_raft!(Doomed, TwoTerms, Raft::config, Raft::request, Raft::operation);
// A client's second call, if it reads, sees what nobody wrote.
like_raft!(Forgetful, Figure3, Raft::config, Raft::request, forgotten);
// Nobody ever stands for election.
like_raft!(Lazy, Figure3, lazy, Raft::request, Raft::operation);

// Held to what no cluster keeps whose clocks may be wrong: that they are right to a thirtieth.
like_raft!(Punctual, RightClocks, Raft::config, Raft::request, Raft::operation);

// Knows how often it was asked, over all runs.
like_raft!(Leaky, Figure3, Raft::config, leak, Raft::operation);

#[derive(Default)]
pub(crate) struct RightClocks;

impl Observer<Server> for RightClocks {
    fn observe(&mut self, step: &Step<'_, Server>, nodes: Nodes<'_, Server>) -> Result<(), Violation> {
        let leads = matches!(step.place, Place::Node(id) if nodes.get(id).is_some_and(Server::is_leader));
        match step.what {
            What::Handled { clock, .. } if leads && clock.0 > 500_000_000 + step.at.0 / 30 * 31 => {
                Err(Violation::new("Right clocks", format!("it is {}, and {clock} for a leader", step.at)))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Default)]
pub(crate) struct TwoTerms;

impl Observer<Server> for TwoTerms {
    fn observe(&mut self, _: &Step<'_, Server>, nodes: Nodes<'_, Server>) -> Result<(), Violation> {
        let third = nodes.iter().find(|(_, node)| node.is_leader() && node.current_term().0 >= 3);
        third.map_or(Ok(()), |(id, _)| Err(Violation::new("Two terms", format!("{id} leads a third one"))))
    }
}

fn forgotten(call: &ClientCall<Server>) -> Operation {
    let mut call = call.clone();
    if let (synod_kv::Command::Get { .. }, 2, Some((_, output))) =
        (&call.request, call.number, &mut call.returned)
    {
        *output = synod_kv::Output::Value(Some(synod_kv::Value::Number(-1)));
    }
    Raft::operation(&call)
}

fn leak(client: ClientId, nth: u64, draws: &mut Draws) -> <Server as Node>::Request {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    match ASKED.fetch_add(1, Ordering::Relaxed) {
        7 => synod_kv::Command::Get { key: 777 },
        _ => Raft::request(client, nth, draws),
    }
}

fn lazy(nodes: u32) -> <Server as Node>::Config {
    let week = Duration::from_secs(7 * 24 * 3600);
    synod_raft::Config { election_timeout: week..2 * week, ..Raft::config(nodes) }
}
