//! A judge of harnesses: does one keep the contract that [`Node`] states?
//!
//! The [`Checker`] re-executes the whole run from its steps: it keeps a shadow of each node, of its
//! disk, of its armed timers and of every packet, and compares. So it proves as well that the stream of
//! steps is complete: a run can be told again from it alone. It costs about as much as the run itself;
//! the tests of every harness use it.
use alloc::{collections::BTreeMap, format, string::String};

use crate::{Node, NodeId, Nodes, Observer, Place, Step, Time, Violation, What};

mod calls;
mod packets;
mod server;

/// Watches a run and reports the first breach, with the number of the rule.
#[derive(Debug)]
pub struct Checker<N: Node> {
    config: N::Config,
    next_step: u64,
    at: Time,
    servers: BTreeMap<NodeId, server::Server<N>>,
    packets: packets::Packets<N>,
    calls: calls::Calls<N>,
}

impl<N: Node> Checker<N> {
    pub fn new(config: N::Config) -> Self {
        Checker {
            config,
            next_step: 0,
            at: Time::ZERO,
            servers: BTreeMap::new(),
            packets: packets::Packets::default(),
            calls: calls::Calls::default(),
        }
    }
}

impl<N: Node> Observer<N> for Checker<N> {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        if step.number != self.next_step || step.at < self.at {
            let (next, at) = (self.next_step, self.at);
            return breach(
                rule::STREAM,
                format!("step {} at {} where {next} at {at} or later is due", step.number, step.at),
            );
        }
        (self.next_step, self.at) = (step.number + 1, step.at);
        match &step.what {
            What::Booted { .. }
            | What::Handled { .. }
            | What::Sent { .. }
            | What::Synced { .. }
            | What::Crashed { .. }
            | What::Ended { .. }
            | What::Wiped => self.at_a_node(step, nodes),
            What::Dropped { packet, .. } => {
                stands_at(step, Place::Network)?;
                self.packets.drop(*packet)
            }
            What::Duplicated { packet, twin } => {
                stands_at(step, Place::Network)?;
                self.packets.duplicate(*packet, *twin)
            }
            What::Called { packet, caller, request } => {
                stands_at(step, Place::Client(caller.client))?;
                self.calls.called(*caller, request)?;
                self.packets.add_request(*packet, *caller, request)
            }
            What::Returned { packet, caller, answer } => {
                stands_at(step, Place::Client(caller.client))?;
                self.packets.take_answer(*packet, *caller, answer)?;
                self.calls.returned(*caller, answer)
            }
            What::GaveUp { caller } => {
                stands_at(step, Place::Client(caller.client))?;
                self.calls.gave_up(*caller)
            }
            What::Fault { .. } => Ok(()),
        }
    }
}

impl<N: Node> Checker<N> {
    fn at_a_node(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Checked {
        let Place::Node(id) = step.place else {
            return breach(
                rule::STREAM,
                format!("step {} is what a node does, at {:?}", step.number, step.place),
            );
        };
        let server = self.servers.entry(id).or_insert_with(|| server::Server::new(id));
        match &step.what {
            What::Booted { clock, records, durable, .. } => {
                server.may_boot(*records, *durable)?;
                let effects = server.boot(step.number, *clock, &self.config);
                server.compare(step, &effects, nodes)
            }
            What::Handled { clock, packet, input, .. } => {
                server.may_handle(*clock, input)?;
                self.packets.take_input(*packet, id, input)?;
                let effects = server.handle(step.number, *clock, input);
                server.compare(step, &effects, nodes)
            }
            What::Sent { packet, to, cause, effect } => {
                let content = server.let_out(*cause, *effect, *to)?;
                self.packets.add(*packet, *to, content)
            }
            What::Synced { records } => server.synced(*records),
            What::Crashed { records } => {
                server.crash(*records)?;
                is_out_of_sight(id, nodes)
            }
            What::Ended { .. } => {
                server.end()?;
                is_out_of_sight(id, nodes)
            }
            What::Wiped => {
                server.wipe()?;
                is_out_of_sight(id, nodes)
            }
            _ => Ok(()),
        }
    }
}

type Checked<T = ()> = Result<T, Violation>;

fn breach<T>(rule: &'static str, story: String) -> Checked<T> {
    Err(Violation::new(rule, story))
}

/// Whatever else observers make of a step, they make it at its place.
fn stands_at<N: Node>(step: &Step<'_, N>, place: Place) -> Checked {
    if step.place != place {
        return breach(
            rule::STREAM,
            format!("step {} stands at {:?} and not at {place:?}", step.number, step.place),
        );
    }
    Ok(())
}

fn is_out_of_sight<N: Node>(id: NodeId, nodes: Nodes<'_, N>) -> Checked {
    match nodes.get(id) {
        Some(node) => breach(rule::TWO_CURSORS, format!("{id} went down and is still there: {node:?}")),
        None => Ok(()),
    }
}

/// The rules, as a breach of them is reported.
mod rule {
    pub(super) const STREAM: &str = "Contract: the stream of steps is complete";
    pub(super) const OUTPUTS_WAIT: &str = "Contract rule 1: outputs wait for records";
    pub(super) const TWO_CURSORS: &str = "Contract rule 2: a crash keeps a prefix of the records";
    pub(super) const NEVER_LESS: &str = "Contract rule 3: a node never boots from less than it was promised";
    pub(super) const TIMERS: &str = "Contract rule 4: timers fire once per setting, and in time";
    pub(super) const LINKS: &str = "Contract rule 5: links lose, repeat, delay and reorder, and no more";
    pub(super) const CALLS: &str = "Contract rule 6: a call is tried again with its number";
    pub(super) const DETERMINISTIC: &str = "Contract rule 7: steps are deterministic";
    pub(super) const CUT_CLEAN: &str = "Contract rule 8: an action writes one record, before its outputs";
}
