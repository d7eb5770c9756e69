//! A node that uses all that the waist offers, and means nothing.
//!
//! It tallies what clients put and what peers copy to it, trusts its tally while it heard from a peer
//! lately by its own clock, and carries a second node inside, the [`Metronome`].
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use synod_protocol::*;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Toy {
    id: NodeId,
    config: Config,
    tally: Tally,
    metronome: Metronome,
    heard: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) nodes: u32,
    pub(crate) defect: Option<Defect>,
}

/// What a node may do wrong in the eyes of rules 7 and 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Defect {
    ReadsAGlobal,
    TwoRecordsInAnAction,
    RecordAfterOutput,
    TwoRecordsAtBoot,
}

/// The order of the records matters, so that a hole among them shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) lives: u32,
    pub(crate) count: u64,
    pub(crate) digest: u64,
    beats: Beats,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Record {
    Life,
    Value(u64),
    Metronome(Beaten),
}

impl Durable for Tally {
    type Record = Record;
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Life => self.lives += 1,
            Record::Value(value) => {
                self.count += 1;
                self.digest = self.digest.wrapping_mul(31).wrapping_add(*value);
            }
            Record::Metronome(beaten) => self.beats.apply(beaten),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum ToyMessage {
    Copy(u64),
    Copied,
    /// Answered without a record of its own: the answer waits for the records of earlier steps.
    Probe,
    Metronome(Tick),
}

impl Message for ToyMessage {
    fn kind(&self) -> &'static str {
        match self {
            ToyMessage::Copy(_) => "Copy",
            ToyMessage::Copied => "Copied",
            ToyMessage::Probe => "Probe",
            ToyMessage::Metronome(tick) => tick.kind(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Timer {
    Nudge,
    Patience,
    Beat,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Request {
    Put(u64),
    Read,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum ToyEvent {
    Restart,
    Put,
    Copy,
    Heard,
    Beat,
}

impl Event for ToyEvent {
    fn name(&self) -> &'static str {
        match self {
            ToyEvent::Restart => "restart",
            ToyEvent::Put => "put",
            ToyEvent::Copy => "copy",
            ToyEvent::Heard => "heard",
            ToyEvent::Beat => "beat",
        }
    }
    fn action(&self) -> Option<&'static str> {
        match self {
            ToyEvent::Restart => Some("Restart"),
            ToyEvent::Put => Some("Put"),
            ToyEvent::Copy => Some("Copy"),
            ToyEvent::Heard => None,
            ToyEvent::Beat => Some("Beat"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) count: u64,
    pub(crate) digest: u64,
}

const LEASE: Duration = Duration::from_millis(8);

impl Node for Toy {
    type Config = Config;
    type Message = ToyMessage;
    type Timer = Timer;
    type Request = Request;
    type Response = u64;
    type Event = ToyEvent;
    type Record = Record;
    type Durable = Tally;
    type View = View;

    fn boot(id: NodeId, config: &Config, tally: Tally, out: &mut Effects<Self>) -> Self {
        let metronome = out.nest(|out| Metronome::boot(id, config, tally.beats.clone(), out), outward);
        let mut toy = Toy { id, config: *config, tally, metronome, heard: out.now() };
        out.note(ToyEvent::Restart);
        toy.write(Record::Life, out);
        if config.defect == Some(Defect::TwoRecordsAtBoot) {
            toy.write(Record::Life, out);
        }
        out.set_timer(Timer::Nudge, millis(2..4));
        toy
    }

    fn on_message(&mut self, from: NodeId, message: &ToyMessage, out: &mut Effects<Self>) {
        match message {
            ToyMessage::Copy(value) => {
                out.note(ToyEvent::Copy);
                if self.config.defect == Some(Defect::RecordAfterOutput) {
                    out.send(from, ToyMessage::Copied);
                }
                self.write(Record::Value(*value), out);
                out.send(from, ToyMessage::Copied);
                out.cancel_timer(Timer::Nudge);
                out.set_timer(Timer::Patience, millis(3..6));
            }
            ToyMessage::Copied => {
                out.note(ToyEvent::Heard);
                self.heard = out.now();
                out.cancel_timer(Timer::Patience);
                out.set_timer(Timer::Nudge, millis(2..4));
            }
            ToyMessage::Probe => out.send(from, ToyMessage::Copied),
            ToyMessage::Metronome(tick) => {
                out.nest(|out| self.metronome.on_message(from, tick, out), outward);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::Nudge | Timer::Patience => {
                self.to_peers(&ToyMessage::Probe, out);
                out.set_timer(Timer::Nudge, millis(2..4));
            }
            Timer::Beat => {
                out.nest(
                    |out| self.metronome.on_timer(Beat, out),
                    |effect, out| {
                        if let Effect::Persist(beaten) = &effect {
                            self.tally.apply(&Record::Metronome(beaten.clone()));
                        }
                        outward(effect, out);
                    },
                );
            }
        }
    }

    fn on_request(&mut self, from: Caller, request: &Request, out: &mut Effects<Self>) {
        match request {
            Request::Put(value) => {
                out.note(ToyEvent::Put);
                self.write(Record::Value(*value), out);
                if self.config.defect == Some(Defect::TwoRecordsInAnAction) {
                    self.write(Record::Value(*value), out);
                }
                self.to_peers(&ToyMessage::Copy(*value), out);
                out.reply(from, self.tally.count + self.stray());
                out.set_timer(Timer::Nudge, millis(2..4));
            }
            Request::Read if out.now() - self.heard < LEASE => out.reply(from, self.tally.count),
            Request::Read => out.redirect(from, Some(NodeId(self.id.0 % self.config.nodes + 1))),
        }
    }

    fn view(&self) -> View {
        View { count: self.tally.count, digest: self.tally.digest }
    }
}

impl Toy {
    /// Memory first, then the disk, as `Stable::write` does: a composite holds more than one part.
    fn write(&mut self, record: Record, out: &mut Effects<Self>) {
        self.tally.apply(&record);
        out.persist(record);
    }

    fn to_peers(&self, message: &ToyMessage, out: &mut Effects<Self>) {
        for peer in (1..=self.config.nodes).map(NodeId).filter(|&peer| peer != self.id) {
            out.send(peer, message.clone());
        }
    }

    /// Never the same number twice, if the defect is there.
    fn stray(&self) -> u64 {
        static READS: AtomicU64 = AtomicU64::new(1);
        match self.config.defect {
            Some(Defect::ReadsAGlobal) => READS.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        }
    }
}

fn outward(effect: Effect<Metronome>, out: &mut Effects<Toy>) {
    match effect {
        Effect::Send(to, tick) => out.send(to, ToyMessage::Metronome(tick)),
        Effect::Reply(_, Answer::Done(never)) => match never {},
        Effect::Reply(to, Answer::Elsewhere(hint)) => out.redirect(to, hint),
        Effect::Persist(beaten) => out.persist(Record::Metronome(beaten)),
        Effect::SetTimer(Beat, after) => out.set_timer(Timer::Beat, after),
        Effect::CancelTimer(Beat) => out.cancel_timer(Timer::Beat),
        Effect::Event(MetronomeEvent) => out.note(ToyEvent::Beat),
    }
}

/// Beats, remembers how often, and tells the next node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Metronome {
    next: NodeId,
    beats: Stable<Beats>,
    ticks: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Beats(u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Beaten;

impl Durable for Beats {
    type Record = Beaten;
    fn apply(&mut self, _: &Beaten) {
        self.0 += 1;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Tick;

impl Message for Tick {
    fn kind(&self) -> &'static str {
        "Tick"
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Beat;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct MetronomeEvent;

impl Event for MetronomeEvent {
    fn name(&self) -> &'static str {
        "beat"
    }
    fn action(&self) -> Option<&'static str> {
        Some("Beat")
    }
}

impl Node for Metronome {
    type Config = Config;
    type Message = Tick;
    type Timer = Beat;
    type Request = Never;
    type Response = Never;
    type Event = MetronomeEvent;
    type Record = Beaten;
    type Durable = Beats;
    type View = u64;

    fn boot(id: NodeId, config: &Config, beats: Beats, out: &mut Effects<Self>) -> Self {
        out.set_timer(Beat, millis(4..7));
        let next = NodeId(id.0 % config.nodes + 1);
        Metronome { next, beats: Stable::recovered(beats), ticks: 0 }
    }
    fn on_message(&mut self, _: NodeId, Tick: &Tick, _: &mut Effects<Self>) {
        self.ticks += 1;
    }
    fn on_timer(&mut self, Beat: Beat, out: &mut Effects<Self>) {
        out.note(MetronomeEvent);
        self.beats.write(Beaten, out);
        out.send(self.next, Tick);
        out.set_timer(Beat, millis(4..7));
    }
    fn on_request(&mut self, _: Caller, request: &Never, _: &mut Effects<Self>) {
        match *request {}
    }
    fn view(&self) -> u64 {
        self.beats.0
    }
}

pub(crate) fn millis(range: Range<u64>) -> Range<Duration> {
    Duration::from_millis(range.start)..Duration::from_millis(range.end)
}
