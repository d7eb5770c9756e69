//! Nodes that elect a leader per term, which keeps a sum for clients.
//!
//! A majority elects and a majority stores; what a new leader would have to do with the sums of the old
//! one is left out, since nobody here asks whether the sum is right.
use std::{collections::BTreeSet, ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Durable, Effects, NodeId, Stable, majority};

const PATIENCE: Range<Duration> = Duration::from_millis(150)..Duration::from_millis(300);
const HEARTBEAT: Range<Duration> = Duration::from_millis(50)..Duration::from_millis(50);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ballot {
    me: NodeId,
    nodes: u32,
    disk: Stable<Disk>,
    role: Role,
    leader: Option<NodeId>,
    votes: BTreeSet<NodeId>,
    pending: Vec<Pending>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Disk {
    term: u64,
    voted_for: Option<NodeId>,
    sum: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Role {
    Follower,
    Candidate,
    Leader,
}

/// A call whose sum is not yet stored by a majority.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    entry: Entry,
    stored_by: BTreeSet<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) caller: Caller,
    sum: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Message {
    RequestVote { term: u64 },
    Vote { term: u64, granted: bool },
    Store { term: u64, entries: Vec<Entry> },
    Stored { term: u64, callers: Vec<Caller> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Timer {
    Election,
    Heartbeat,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Event {
    BecameCandidate { term: u64 },
    Voted { term: u64, candidate: NodeId },
    BecameLeader { term: u64 },
    SteppedDown { term: u64, role: Role },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Add(pub(crate) u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) term: u64,
    role: Role,
}

impl Durable for Disk {
    type Record = Disk;
    fn apply(&mut self, record: &Disk) {
        *self = record.clone();
    }
}

impl synod_protocol::Message for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::RequestVote { .. } => "RequestVote",
            Message::Vote { .. } => "Vote",
            Message::Store { .. } => "Store",
            Message::Stored { .. } => "Stored",
        }
    }
}

impl synod_protocol::Event for Event {
    fn name(&self) -> &'static str {
        match self {
            Event::BecameCandidate { .. } => "became_candidate",
            Event::Voted { .. } => "voted",
            Event::BecameLeader { .. } => "became_leader",
            Event::SteppedDown { .. } => "stepped_down",
        }
    }
    fn action(&self) -> Option<&'static str> {
        None
    }
}

impl synod_protocol::Node for Ballot {
    /// How many nodes.
    type Config = u32;
    type Message = Message;
    type Timer = Timer;
    type Request = Add;
    type Response = u64;
    type Event = Event;
    type Record = Disk;
    type Durable = Disk;
    type View = View;

    fn boot(me: NodeId, nodes: &u32, disk: Disk, out: &mut Effects<Self>) -> Self {
        out.set_timer(Timer::Election, PATIENCE);
        Ballot {
            me,
            nodes: *nodes,
            disk: Stable::recovered(disk),
            role: Role::Follower,
            leader: None,
            votes: BTreeSet::new(),
            pending: Vec::new(),
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::Election => self.stand(out),
            Timer::Heartbeat => {
                self.store(out);
                out.set_timer(Timer::Heartbeat, HEARTBEAT);
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: &Message, out: &mut Effects<Self>) {
        match message {
            Message::RequestVote { term } => self.asked_for_vote(from, *term, out),
            Message::Vote { term, granted } => self.took_vote(from, *term, *granted, out),
            Message::Store { term, entries } => self.told_to_store(from, *term, entries, out),
            Message::Stored { term, callers } => self.heard_of_stored(from, *term, callers, out),
        }
    }

    fn on_request(&mut self, caller: Caller, Add(amount): &Add, out: &mut Effects<Self>) {
        if self.role != Role::Leader {
            return out.redirect(caller, self.leader);
        }
        if self.pending.iter().any(|pending| pending.entry.caller == caller) {
            return;
        }
        let sum = self.disk.sum + amount;
        self.disk.write(Disk { sum, ..*self.disk }, out);
        self.pending.push(Pending { entry: Entry { caller, sum }, stored_by: BTreeSet::from([self.me]) });
        self.store(out);
    }

    fn view(&self) -> View {
        View { term: self.disk.term, role: self.role }
    }
}

impl Ballot {
    fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let me = self.me;
        (1..=self.nodes).map(NodeId).filter(move |&node| node != me)
    }

    fn is_quorum(&self, members: &BTreeSet<NodeId>) -> bool {
        members.len() >= majority(self.nodes as usize)
    }

    fn stand(&mut self, out: &mut Effects<Self>) {
        let term = self.disk.term + 1;
        out.note(Event::BecameCandidate { term });
        self.disk.write(Disk { term, voted_for: Some(self.me), ..*self.disk }, out);
        self.role = Role::Candidate;
        self.leader = None;
        self.votes = BTreeSet::from([self.me]);
        for other in self.others() {
            out.send(other, Message::RequestVote { term });
        }
        out.set_timer(Timer::Election, PATIENCE);
    }

    /// To a follower, of a term that it still has to write down.
    fn step_down(&mut self, term: u64, out: &mut Effects<Self>) {
        if self.role != Role::Follower {
            out.note(Event::SteppedDown { term, role: self.role });
            out.cancel_timer(Timer::Heartbeat);
        }
        self.role = Role::Follower;
        self.pending.clear();
        out.set_timer(Timer::Election, PATIENCE);
    }

    fn asked_for_vote(&mut self, from: NodeId, term: u64, out: &mut Effects<Self>) {
        let free = self.disk.voted_for.is_none_or(|candidate| candidate == from);
        let granted = term > self.disk.term || term == self.disk.term && free;
        if granted {
            self.step_down(term, out);
            out.note(Event::Voted { term, candidate: from });
            self.disk.write(Disk { term, voted_for: Some(from), ..*self.disk }, out);
        }
        out.send(from, Message::Vote { term: self.disk.term, granted });
    }

    fn took_vote(&mut self, from: NodeId, term: u64, granted: bool, out: &mut Effects<Self>) {
        if self.role != Role::Candidate || term != self.disk.term || !granted {
            return;
        }
        self.votes.insert(from);
        if self.is_quorum(&self.votes) {
            out.note(Event::BecameLeader { term });
            self.role = Role::Leader;
            self.leader = Some(self.me);
            out.cancel_timer(Timer::Election);
            out.set_timer(Timer::Heartbeat, HEARTBEAT);
            self.store(out);
        }
    }

    /// What is pending, or a heartbeat.
    fn store(&self, out: &mut Effects<Self>) {
        let entries: Vec<Entry> = self.pending.iter().map(|pending| pending.entry.clone()).collect();
        for other in self.others() {
            out.send(other, Message::Store { term: self.disk.term, entries: entries.clone() });
        }
    }

    fn told_to_store(&mut self, from: NodeId, term: u64, entries: &[Entry], out: &mut Effects<Self>) {
        if term < self.disk.term || term == self.disk.term && self.role == Role::Leader {
            return;
        }
        self.step_down(term, out);
        self.leader = Some(from);
        let sum = entries.last().map_or(self.disk.sum, |entry| entry.sum);
        let voted_for = self.disk.voted_for.filter(|_| term == self.disk.term);
        let next = Disk { term, voted_for, sum };
        if next != *self.disk {
            self.disk.write(next, out);
        }
        out.send(from, Message::Stored { term, callers: entries.iter().map(|entry| entry.caller).collect() });
    }

    fn heard_of_stored(&mut self, from: NodeId, term: u64, callers: &[Caller], out: &mut Effects<Self>) {
        if self.role != Role::Leader || term != self.disk.term {
            return;
        }
        for pending in &mut self.pending {
            if callers.contains(&pending.entry.caller) {
                pending.stored_by.insert(from);
            }
        }
        let (stored, pending): (Vec<Pending>, Vec<Pending>) = self
            .pending
            .drain(..)
            .partition(|pending| pending.stored_by.len() >= majority(self.nodes as usize));
        self.pending = pending;
        for Pending { entry, .. } in stored {
            out.reply(entry.caller, entry.sum);
        }
    }
}
