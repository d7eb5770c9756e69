//! Paxos, readable beside the papers: the synod that chooses one value, and Multi-Paxos, which chooses one
//! per slot of a log.
//!
//! Clients of [`multi::MultiPaxos`] see one state machine that does not fail while enough servers are up. Every
//! command that was answered took effect exactly once, in an order that all servers share and that agrees with
//! real time; reads too.
//!
//! ```
//! use synod_kv::{Command, Output, Store, Value};
//! use synod_paxos::multi::{Config, MultiPaxos, Response, Timer};
//! use synod_protocol::{Answer, Caller, ClientId, Effect, Effects, Input, Node, NodeId, Time};
//!
//! // A cluster of one: it promises itself, and chooses alone.
//! let config = Config::new([NodeId(1)]);
//! let mut out = Effects::default();
//! let mut server: MultiPaxos<Store> = out.boot(Time::ZERO, NodeId(1), &config, Default::default());
//! out.step(Time::ZERO, &mut server, &Input::Timer(Timer::Election));
//! assert!(server.is_leader());
//!
//! let caller = Caller { client: ClientId(1), number: 1, via: NodeId(1) };
//! let put = Command::Put { key: 7, value: Value::Number(42) }.into();
//! out.step(Time::ZERO, &mut server, &Input::Request(caller, put));
//! assert!(out.as_slice().contains(&Effect::Reply(caller, Answer::Done(Response::Output(Output::Done)))));
//! assert_eq!(server.state_machine().get(7), Some(&Value::Number(42)));
//! ```
//!
//! # How it works
//!
//! 1. **Ballots** are numbered attempts. A number has its proposer's name in it, so no two proposers share one,
//!    and it is on disk before it is used, so none is used twice.
//! 2. **Phase 1**: a proposer asks for promises to take part in no earlier ballot; each promise tells what its
//!    acceptor has voted for. A quorum of them binds the proposer: it must propose the value of the highest
//!    ballot that it was told of. Why just that one is argued in six points where it happens,
//!    `single::Paxos::propose`.
//! 3. **Phase 2**: acceptors vote unless they have promised a later ballot. A value that a quorum votes for in
//!    one ballot is chosen, for good.
//! 4. **Many slots** (`multi`): one phase 1 serves all slots from the first that is not known to be chosen. A
//!    stable leader then pays one round trip per command, several runs of slots at a time; holes that earlier
//!    leaders left are filled with no-ops; what is chosen is told with the next message.
//! 5. **Logs do not grow for ever**: what was executed is kept as a snapshot and its votes are cut. Then a promise
//!    must bring the snapshot, and so must help for a laggard.
//! 6. **Reads** take no slot: the leader answers when a quorum took part in its ballot after the read came; or,
//!    if leases are configured, at once while it holds one, which trusts clocks not to drift apart too far.
//! 7. **Other acceptors** come through the log: what slot i says of them holds from slot i + α on, and nobody proposes
//!    for a slot before the one α before it is executed. Why phase 1 asks a quorum of each configuration of the
//!    window is argued at `multi::Schedule`.
//! 8. **Quorums** of the two phases must intersect, and need nothing more (*Flexible Paxos*): their sizes are
//!    configuration, checked when a server starts.
//!
//! # Invariants
//!
//! [`single::invariants`] and [`multi::invariants`] compare all servers at one moment; [`single::Watch`] and
//! [`multi::Watch`] follow a run.
//!
//! | | property | |
//! |---|---|---|
//! | 1 | Agreement | no two servers learn different values (for a slot) |
//! | 2 | Validity | only what a client asked for is proposed, or a no-op |
//! | 3 | One value per ballot | whatever is proposed or voted for in a ballot (and slot) is one value |
//! | 4 | Promises kept | nobody takes part in a ballot before one that they let a promise out for |
//!
//! # What is left out
//!
//! An address book that changes, sessions that expire, and a leader that writes to its disk beside its proposals instead
//! of before them.
#![no_std]
extern crate alloc;

mod ballot;
pub use ballot::Ballot;

mod quorums;
pub use quorums::{QuorumError, QuorumSizes};

mod history;

pub mod single;
pub mod multi;
