//! Nodes that are small enough to know all their states, and wrong in one way each.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_model_check::{Moment, Seen, Watch};
use synod_protocol::{
    Caller, Durable, Effects, Event, Input, Message, Names, Never, Node, NodeId, Renamed, Stable, Violation,
};

/// Votes as Raft does, and no more: a candidate with a majority leads its term. Without `PERSIST` it is wrong: a vote
/// does not survive a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Voter<const PERSIST: bool> {
    id: NodeId,
    nodes: u32,
    disk: Stable<Ballot>,
    term: u64,
    voted_for: Option<NodeId>,
    votes: u32,
    pub(crate) leads: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Ballot {
    term: u64,
    voted_for: Option<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Vote {
    Ask(u64),
    Yes(u64),
}

impl Message for Vote {
    fn kind(&self) -> &'static str {
        match self {
            Vote::Ask(_) => "Ask",
            Vote::Yes(_) => "Yes",
        }
    }
}

impl Durable for Ballot {
    type Record = Ballot;
    fn apply(&mut self, record: &Ballot) {
        *self = record.clone();
    }
}

impl<const PERSIST: bool> Voter<PERSIST> {
    fn write(&mut self, out: &mut Effects<Self>) {
        if PERSIST {
            self.disk.write(Ballot { term: self.term, voted_for: self.voted_for }, out);
        }
    }
}

impl<const PERSIST: bool> Node for Voter<PERSIST> {
    type Config = u32;
    type Message = Vote;
    type Timer = ();
    type Request = Never;
    type Response = Never;
    type Event = Never;
    type Record = Ballot;
    type Durable = Ballot;
    type View = bool;

    fn boot(id: NodeId, nodes: &u32, durable: Ballot, out: &mut Effects<Self>) -> Self {
        out.set_timer((), Duration::ZERO..Duration::from_millis(1));
        let Ballot { term, voted_for } = durable.clone();
        let disk = Stable::recovered(durable);
        Voter { id, nodes: *nodes, disk, term, voted_for, votes: 0, leads: false }
    }

    fn on_timer(&mut self, (): (), out: &mut Effects<Self>) {
        (self.term, self.voted_for, self.votes, self.leads) = (self.term + 1, Some(self.id), 1, false);
        self.write(out);
        for other in (1..=self.nodes).map(NodeId).filter(|other| *other != self.id) {
            out.send(other, Vote::Ask(self.term));
        }
    }

    fn on_message(&mut self, from: NodeId, message: &Vote, out: &mut Effects<Self>) {
        let (Vote::Ask(term) | Vote::Yes(term)) = *message;
        if term > self.term {
            (self.term, self.voted_for, self.votes, self.leads) = (term, None, 0, false);
            self.write(out);
        }
        if term < self.term {
            return;
        }
        match message {
            Vote::Ask(_) if self.voted_for.is_none_or(|candidate| candidate == from) => {
                self.voted_for = Some(from);
                self.write(out);
                out.send(from, Vote::Yes(term));
            }
            Vote::Yes(_) if self.voted_for == Some(self.id) => {
                self.votes += 1;
                self.leads = self.votes * 2 > self.nodes;
            }
            _ => {}
        }
    }

    fn on_request(&mut self, _: Caller, request: &Never, _: &mut Effects<Self>) {
        match *request {}
    }

    fn view(&self) -> bool {
        self.leads
    }
}

/// Who led which term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Leaders(Vec<(u64, NodeId)>);

pub(crate) const ONE_LEADER: &str = "One leader per term";
pub(crate) const LEADER: &str = "a leader is elected";

impl<const PERSIST: bool> Watch<Voter<PERSIST>> for Leaders {
    const ALWAYS: &'static [&'static str] = &[ONE_LEADER];
    const SOMETIMES: &'static [&'static str] = &[LEADER];

    fn watch(&mut self, moment: &Moment<'_, Voter<PERSIST>>, seen: &mut Seen) -> Result<(), Violation> {
        let Voter { term, id, leads: true, .. } = *moment.after else { return Ok(()) };
        seen.see(LEADER);
        match self.0.iter().find(|(known, _)| *known == term) {
            None => self.0.push((term, id)),
            Some((_, leader)) if *leader == id => {}
            Some((_, leader)) => {
                return Err(Violation::new(ONE_LEADER, format!("{leader} and {id} both led term {term}")));
            }
        }
        self.0.sort_unstable();
        Ok(())
    }
}

impl<const PERSIST: bool> Renamed for Voter<PERSIST> {
    fn renamed(&self, names: &Names) -> Self {
        let (disk, voted_for) = (self.disk.renamed(names), self.voted_for.renamed(names));
        Voter { id: names.of(self.id), disk, voted_for, ..self.clone() }
    }
}

impl Renamed for Ballot {
    fn renamed(&self, names: &Names) -> Self {
        Ballot { term: self.term, voted_for: self.voted_for.renamed(names) }
    }
}

impl Renamed for Vote {
    fn renamed(&self, _: &Names) -> Self {
        self.clone()
    }
}

impl Renamed for Leaders {
    fn renamed(&self, names: &Names) -> Self {
        let mut leaders: Vec<_> = self.0.iter().map(|(term, leader)| (*term, names.of(*leader))).collect();
        leaders.sort_unstable();
        Leaders(leaders)
    }
}

/// Node 1 hands an item to node 2, and writes down that it did. It is wrong: the record may survive a crash that the
/// message before it did not, and then the item is never handed over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hasty {
    disk: Stable<Done>,
}

/// Handed over, or taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Done(bool);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Item;

impl Message for Item {
    fn kind(&self) -> &'static str {
        "Item"
    }
}

/// Each begins an action of its own, so that rule 8 is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Part {
    HandedOver,
    NotedIt,
}

impl Event for Part {
    fn name(&self) -> &'static str {
        "part"
    }
    fn action(&self) -> Option<&'static str> {
        Some("Part")
    }
}

impl Durable for Done {
    type Record = Done;
    fn apply(&mut self, record: &Done) {
        *self = record.clone();
    }
}

impl Node for Hasty {
    type Config = ();
    type Message = Item;
    type Timer = ();
    type Request = ();
    type Response = ();
    type Event = Part;
    type Record = Done;
    type Durable = Done;
    type View = bool;

    fn boot(_: NodeId, (): &(), durable: Done, _: &mut Effects<Self>) -> Self {
        Hasty { disk: Stable::recovered(durable) }
    }

    fn on_message(&mut self, _: NodeId, _: &Item, out: &mut Effects<Self>) {
        self.disk.write(Done(true), out);
    }

    fn on_timer(&mut self, (): (), _: &mut Effects<Self>) {}

    fn on_request(&mut self, from: Caller, (): &(), out: &mut Effects<Self>) {
        if !self.disk.0 {
            out.note(Part::HandedOver);
            out.send(NodeId(2), Item);
            out.note(Part::NotedIt);
            self.disk.write(Done(true), out);
        }
        out.reply(from, ());
    }

    fn view(&self) -> bool {
        self.disk.0
    }
}

/// Did the item arrive? What node 1 says was handed over has done so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Handover(bool);

pub(crate) const ARRIVED: &str = "What was handed over has arrived";

impl Watch<Hasty> for Handover {
    const ALWAYS: &'static [&'static str] = &[ARRIVED];
    const SOMETIMES: &'static [&'static str] = &[];

    fn watch(&mut self, moment: &Moment<'_, Hasty>, _: &mut Seen) -> Result<(), Violation> {
        self.0 |= matches!(moment.input, Some(Input::Message(..)));
        Ok(())
    }

    fn settled(&self, nodes: &mut dyn Iterator<Item = &Hasty>) -> Result<(), Violation> {
        match nodes.next() {
            Some(first) if first.disk.0 && !self.0 => {
                Err(Violation::new(ARRIVED, "n1 says so, and n2 was handed nothing"))
            }
            _ => Ok(()),
        }
    }
}

/// Counts calls, and does one of the things that are asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counter {
    disk: Stable<Count>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Count(u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct More;

impl Durable for Count {
    type Record = More;
    fn apply(&mut self, _: &More) {
        self.0 += 1;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Counts, and says nothing: what it wrote stays unsynced.
    Silently,
    /// Counts and answers, once more for each try: it is wrong.
    Aloud,
    ReadTheClock,
    Panic,
}

impl Node for Counter {
    type Config = ();
    type Message = Never;
    type Timer = ();
    type Request = Ask;
    type Response = u64;
    type Event = Never;
    type Record = More;
    type Durable = Count;
    type View = u64;

    fn boot(_: NodeId, (): &(), durable: Count, _: &mut Effects<Self>) -> Self {
        Counter { disk: Stable::recovered(durable) }
    }

    fn on_message(&mut self, _: NodeId, message: &Never, _: &mut Effects<Self>) {
        match *message {}
    }

    fn on_timer(&mut self, (): (), _: &mut Effects<Self>) {}

    fn on_request(&mut self, from: Caller, ask: &Ask, out: &mut Effects<Self>) {
        match ask {
            Ask::Silently => self.disk.write(More, out),
            Ask::Aloud => {
                self.disk.write(More, out);
                out.reply(from, self.disk.0);
            }
            Ask::ReadTheClock => {
                let _ = out.now();
            }
            Ask::Panic => panic!("Counting: no more numbers"),
        }
    }

    fn view(&self) -> u64 {
        self.disk.0
    }
}

/// How far a counter fell back when it booted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Highest(u64);

pub(crate) const FELL_BACK: &str = "a counter lost both records of two steps";

impl Watch<Counter> for Highest {
    const ALWAYS: &'static [&'static str] = &[];
    const SOMETIMES: &'static [&'static str] = &[FELL_BACK];

    fn watch(&mut self, moment: &Moment<'_, Counter>, seen: &mut Seen) -> Result<(), Violation> {
        let now = moment.after.view();
        if moment.before.is_none() && now + 2 <= self.0 {
            seen.see(FELL_BACK);
        }
        self.0 = self.0.max(now);
        Ok(())
    }
}
