//! Chain replication under the model checker: what is explored, and how far.
use synod_chain_replication::{ChainEvent, Timer, invariants};
use synod_kv::{Command, Value};
use synod_model_check::{Budget, Moment, Opening, Scope, Seen, Watch};
use synod_protocol::{NodeId, Violation};

use super::{Chain, Craq, Server};
use crate::{algorithm::Algorithm, check::Explored};

/// The invariants of one moment need no memory; what was answered is judged by the clients' history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory;

const COMMITTED: &str = "an update is answered";
const EXCLUDED: &str = "a server is taken for dead";
const JOINED: &str = "a server joins again";
const OLD_TAIL: &str = "two servers believe to be the tail";
const READ: &str = "a read is answered";
const DIRTY: &str = "a read of a dirty object waits for the tail";

impl Watch<Server> for Memory {
    const ALWAYS: &'static [&'static str] =
        &["One Configuration per Epoch", "Update Propagation", "Same State"];
    const SOMETIMES: &'static [&'static str] = &[COMMITTED, EXCLUDED, JOINED, OLD_TAIL, READ, DIRTY];

    fn watch(&mut self, moment: &Moment<'_, Server>, seen: &mut Seen) -> Result<(), Violation> {
        for (_, other) in moment.others() {
            invariants::compare(moment.after, other)?;
            if moment.after.is_tail_of_serving() && other.is_tail_of_serving() {
                seen.see(OLD_TAIL);
            }
        }
        for event in moment.events() {
            match event {
                ChainEvent::Committed { .. } => seen.see(COMMITTED),
                ChainEvent::Excluded { .. } => seen.see(EXCLUDED),
                ChainEvent::Promoted { .. } => seen.see(JOINED),
                ChainEvent::AnsweredReads { .. } => seen.see(READ),
                ChainEvent::AskedTail { .. } => seen.see(DIRTY),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Explored for Chain {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<Server>> {
        scopes::<Chain>()
    }
}

impl Explored for Craq {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<Server>> {
        scopes::<Craq>()
    }
}

fn scopes<A: Algorithm<Node = Server>>() -> Vec<Scope<Server>> {
    let put = |value| Command::Put { key: 1, value: Value::Number(value) };
    let get = || Command::Get { key: 1 };
    // All were heard at their boot; from here on the master listens anew.
    let opening = || vec![Opening::Settle, Opening::Fire(NodeId(3), Timer::Detect)];
    let none = Budget::default();
    vec![
        Scope {
            opening: opening(),
            scripts: vec![vec![put(1)], vec![get()]],
            ..Scope::new(
                "small",
                "a write and a read by two servers, one of which may be taken for dead",
                3,
                A::config(3),
                Budget { requests: 2, timers: 2, ..none },
            )
        },
        Scope {
            opening: opening(),
            scripts: vec![vec![put(1), put(2)]],
            fires: |timer| *timer == Timer::Resend,
            ..Scope::new(
                "crash",
                "two writes, a crash with both cursors, and a message that is lost",
                3,
                A::config(3),
                Budget { requests: 2, crashes: 1, drops: 1, timers: 1, ..none },
            )
        },
    ]
}
