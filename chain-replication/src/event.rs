//! What a person wants to see of a run, and where each action of the spec begins.
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, ClientId, Event, NodeId, Time};

use crate::{Epoch, Index, RoleName};

/// Something that happened inside a node. It never influences behaviour.
///
/// Epochs are the node's own at that moment, except where the event is about another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChainEvent {
    /// The server began a life.
    Booted {
        life: u64,
    },
    /// It has an empty disk, and asks the master from when on it may live.
    SaidHello {
        disk: Time,
    },
    /// The head gave a client's update its place.
    Appended {
        epoch: Epoch,
        index: Index,
        client: ClientId,
        number: u64,
    },
    /// Updates came down the chain.
    Updated {
        epoch: Epoch,
        index: Index,
    },
    /// The last of the chain has everything up to here, and says so: these updates are answered.
    Committed {
        epoch: Epoch,
        index: Index,
    },
    /// Word came up the chain that the tail has everything up to here.
    Acknowledged {
        epoch: Epoch,
        index: Index,
    },
    /// A client's call was there before: if it is answered, its result was given again; if not, its answer
    /// will come.
    SawCallAgain {
        client: ClientId,
        number: u64,
    },

    /// The node learned of a later configuration.
    Configured {
        epoch: Epoch,
        role: RoleName,
        serves: bool,
    },
    /// The tail gives its state to the server that joins.
    SentState {
        epoch: Epoch,
        to: NodeId,
        index: Index,
    },
    /// That server took it.
    Restored {
        epoch: Epoch,
        index: Index,
    },
    /// From now on the tail answers only what the server that joins has as well.
    HandedOver {
        epoch: Epoch,
        to: NodeId,
        index: Index,
    },

    /// A read waits to be confirmed.
    TookRead {
        caller: Caller,
    },
    /// Reads wait for the master's word.
    AskedMaster {
        epoch: Epoch,
        reads: u64,
    },
    /// Reads of dirty objects wait for the tail's word (CRAQ).
    AskedTail {
        epoch: Epoch,
        reads: u64,
    },
    /// The tail was asked for its last version (CRAQ).
    ToldVersion {
        epoch: Epoch,
        index: Index,
        to: NodeId,
    },
    AnsweredReads {
        epoch: Epoch,
        clean: u64,
        dirty: u64,
    },
    /// Reads were answered with whatever this server had (CRAQ's eventual mode).
    AnsweredAnyhow {
        epoch: Epoch,
    },

    /// The master took servers for dead: this is left.
    Excluded {
        epoch: Epoch,
        chain: Vec<NodeId>,
        joining: Option<NodeId>,
        serves: bool,
    },
    /// The master heard of a disk for the first time. If it knew another one of that server, what was on that is
    /// lost.
    Named {
        epoch: Epoch,
        server: NodeId,
        was_known: bool,
    },
    /// The master lets a server join.
    Admitted {
        epoch: Epoch,
        server: NodeId,
    },
    /// The master made the server that joined the tail.
    Promoted {
        epoch: Epoch,
        chain: Vec<NodeId>,
    },
    /// The master confirmed the latest epoch.
    Confirmed {
        epoch: Epoch,
        server: NodeId,
    },

    /// A message of an epoch that is over.
    IgnoredOldEpoch {
        from: NodeId,
        epoch: Epoch,
    },
    /// A message of an epoch that this node has not heard of: it asks the master.
    FellBehind {
        from: NodeId,
        epoch: Epoch,
    },
    /// A message that no correct node would have sent to this one.
    IgnoredNonsense {
        from: NodeId,
    },
}

impl Event for ChainEvent {
    fn name(&self) -> &'static str {
        match self {
            ChainEvent::Booted { .. } => "booted",
            ChainEvent::SaidHello { .. } => "said_hello",
            ChainEvent::Named { .. } => "named",
            ChainEvent::Appended { .. } => "appended",
            ChainEvent::Updated { .. } => "updated",
            ChainEvent::Committed { .. } => "committed",
            ChainEvent::Acknowledged { .. } => "acknowledged",
            ChainEvent::SawCallAgain { .. } => "saw_call_again",
            ChainEvent::Configured { .. } => "configured",
            ChainEvent::SentState { .. } => "sent_state",
            ChainEvent::Restored { .. } => "restored",
            ChainEvent::HandedOver { .. } => "handed_over",
            ChainEvent::TookRead { .. } => "took_read",
            ChainEvent::AskedMaster { .. } => "asked_master",
            ChainEvent::AskedTail { .. } => "asked_tail",
            ChainEvent::ToldVersion { .. } => "told_version",
            ChainEvent::AnsweredReads { .. } => "answered_reads",
            ChainEvent::AnsweredAnyhow { .. } => "answered_anyhow",
            ChainEvent::Excluded { .. } => "excluded",
            ChainEvent::Admitted { .. } => "admitted",
            ChainEvent::Promoted { .. } => "promoted",
            ChainEvent::Confirmed { .. } => "confirmed",
            ChainEvent::IgnoredOldEpoch { .. } => "ignored_old_epoch",
            ChainEvent::FellBehind { .. } => "fell_behind",
            ChainEvent::IgnoredNonsense { .. } => "ignored_nonsense",
        }
    }

    fn action(&self) -> Option<&'static str> {
        match self {
            ChainEvent::Booted { .. } => Some("Restart"),
            ChainEvent::Appended { .. } => Some("ClientRequest"),
            ChainEvent::Updated { .. } => Some("HandleUpdate"),
            ChainEvent::Committed { .. } => Some("Commit"),
            ChainEvent::Acknowledged { .. } => Some("HandleAck"),
            ChainEvent::Configured { .. } => Some("Configure"),
            ChainEvent::SentState { .. } => Some("SendState"),
            ChainEvent::Restored { .. } => Some("HandleState"),
            ChainEvent::HandedOver { .. } => Some("HandOver"),
            ChainEvent::TookRead { .. } => Some("AskRead"),
            ChainEvent::AskedMaster { .. } => Some("AskMaster"),
            ChainEvent::AskedTail { .. } => Some("AskTail"),
            ChainEvent::ToldVersion { .. } => Some("TellVersion"),
            ChainEvent::AnsweredReads { .. } => Some("AnswerReads"),
            ChainEvent::AnsweredAnyhow { .. } => Some("AnswerAnyhow"),
            ChainEvent::Excluded { .. } => Some("Exclude"),
            ChainEvent::Admitted { .. } => Some("Admit"),
            ChainEvent::Named { .. } => Some("Name"),
            ChainEvent::Promoted { .. } => Some("Promote"),
            ChainEvent::Confirmed { .. } => Some("Confirm"),
            ChainEvent::SaidHello { .. }
            | ChainEvent::SawCallAgain { .. }
            | ChainEvent::IgnoredOldEpoch { .. }
            | ChainEvent::FellBehind { .. }
            | ChainEvent::IgnoredNonsense { .. } => None,
        }
    }
}

/// What an onlooker sees of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    pub role: RoleName,
    pub epoch: Epoch,
    /// The end of its history.
    pub last: Index,
    /// The end of what it knows the tail to have.
    pub acked: Index,
    pub handed_over: bool,
}
