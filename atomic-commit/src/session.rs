//! Exactly once: what each client was told last (coordinators of two- and three-phase commit).
use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, NodeId};

use crate::{Config, List, MicroOp, Response, Transaction};

/// Per client, its latest call that was decided, with its answer. Durable: what a client was told stays true over
/// a crash, also where the protocol itself needs no memory. Earlier calls need none: a client has one call open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sessions(BTreeMap<ClientId, (u64, Response)>);

/// What the sessions know of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    Never,
    Latest(&'a Response),
    /// A later call of its client was decided, so nobody waits for this one.
    Outdated,
}

impl Sessions {
    pub fn seen(&self, client: ClientId, number: u64) -> Seen<'_> {
        match self.0.get(&client) {
            Some((latest, response)) if *latest == number => Seen::Latest(response),
            Some((latest, _)) if *latest > number => Seen::Outdated,
            _ => Seen::Never,
        }
    }

    pub(crate) fn decided(&mut self, client: ClientId, number: u64, response: &Response) {
        let latest = self.0.entry(client).or_insert_with(|| (number, response.clone()));
        if latest.0 < number {
            *latest = (number, response.clone());
        }
    }
}

/// The answer to a transaction that commits: the participants' reads, put into the order of the transaction.
pub(crate) fn committed<'a>(
    config: &Config,
    transaction: &Transaction,
    reads_of: impl Fn(NodeId) -> Option<&'a [List]>,
) -> Response {
    let mut taken: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut reads = Vec::new();
    for op in transaction.0.iter().filter(|op| matches!(op, MicroOp::Read { .. })) {
        let owner = config.owner(op.key());
        let place = taken.entry(owner).or_default();
        let read = reads_of(owner).and_then(|lists| lists.get(*place));
        reads.push(read.cloned().unwrap_or_default());
        *place += 1;
    }
    Response::Committed { reads }
}
