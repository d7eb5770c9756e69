//! The trace hash: 64 bits that stand for everything that happened.
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::time::Duration;

use synod_protocol::{Caller, Digest, Input, Loss, Node, NodeId, Place, Step, What};

use crate::draw::nanos;

/// What happened so far, in a [`Digest`].
#[derive(Clone, Debug)]
pub(crate) struct TraceHash(Digest);

impl TraceHash {
    pub(crate) fn new(seed: u64) -> Self {
        TraceHash(Digest::new(seed))
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0.finish()
    }

    /// Of these words and whatever is hashed with them.
    pub(crate) fn add(&mut self, value: &impl Hash) {
        value.hash(&mut self.0);
    }

    /// As [`add`](TraceHash::add), and says how many words that were: its cost.
    pub(crate) fn add_counted(&mut self, value: &impl Hash) -> u64 {
        let mut counting = Counting { digest: &mut self.0, words: 0 };
        value.hash(&mut counting);
        counting.words
    }

    /// All of a step but what follows from the rest: the view, which the state of the node determines; what a packet
    /// carries, which was hashed where it was made (an effect, a call); and its effects, which follow one by one.
    #[inline(always)]
    pub(crate) fn step<N: Node>(&mut self, step: &Step<'_, N>) {
        let hash = &mut self.0;
        let here = place(step.place);
        if let What::Sent { packet, to, cause, effect } = &step.what {
            // When, and where, the step before it says: nothing leaves a node on its own.
            hash.word(2 << 60 | u64::from(*effect) << 34 | place(*to));
            hash.word(packet.0);
            return hash.word(*cause);
        }
        hash.word(step.at.0);
        match &step.what {
            What::Handled { clock, packet, input, effects, view: _ } => {
                hash.word(1 << 60 | (effects.len() as u64) << 34 | here);
                hash.word(clock.0);
                hash.word(packet.map_or(u64::MAX, |packet| packet.0));
                if let Input::Timer(timer) = &**input {
                    timer.hash(hash);
                }
            }
            What::Sent { .. } => {}
            What::Synced { records } => {
                hash.word(3 << 60 | here);
                hash.word(*records);
            }
            What::Called { packet, caller, request } => {
                hash.word(4 << 60 | here);
                hash.word(packet.0);
                caller.hash(hash);
                request.hash(hash);
            }
            What::Returned { packet, caller: _, answer: _ } => {
                hash.word(5 << 60 | here);
                hash.word(packet.0);
            }
            What::Dropped { packet, why } => {
                let why = match why {
                    Loss::Lost => 1,
                    Loss::Partitioned => 2,
                    Loss::Down => 3,
                };
                hash.word(6 << 60 | here);
                hash.word(why);
                hash.word(packet.0);
            }
            What::Duplicated { packet, twin } => {
                hash.word(7 << 60 | here);
                hash.word(packet.0);
                hash.word(twin.0);
            }
            What::Booted { clock, records, effects, view: _, durable: _ } => {
                hash.word(8 << 60 | here);
                hash.word(effects.len() as u64);
                hash.word(clock.0);
                hash.word(*records);
            }
            What::Crashed { records } => {
                hash.word(9 << 60 | here);
                hash.word(*records);
            }
            What::Ended { why } => {
                hash.word(10 << 60 | here);
                why.hash(hash);
            }
            What::Wiped => hash.word(13 << 60 | here),
            What::GaveUp { caller } => {
                hash.word(11 << 60 | here);
                caller.hash(hash);
            }
            What::Fault { what } => {
                hash.word(12 << 60 | here);
                what.hash(hash);
            }
        }
    }
}

/// The effects of a step, each as it is carried out: most words of a run are in them, and to tell their kinds apart once
/// more, for the hash alone, would cost.
impl TraceHash {
    #[inline(always)]
    pub(crate) fn sends(&mut self, to: NodeId, message: &impl Hash) {
        self.0.word(1 << 60 | u64::from(to.0));
        message.hash(&mut self.0);
    }

    #[inline(always)]
    pub(crate) fn replies(&mut self, caller: Caller, answer: &impl Hash) {
        self.0.word(2 << 60 | u64::from(caller.via.0));
        self.0.word(u64::from(caller.client.0));
        self.0.word(caller.number);
        answer.hash(&mut self.0);
    }

    #[inline(always)]
    pub(crate) fn persists(&mut self, record: &impl Hash) {
        self.0.word(3 << 60);
        record.hash(&mut self.0);
    }

    #[inline(always)]
    pub(crate) fn sets_timer(&mut self, timer: impl Hash, after: &Range<Duration>) {
        self.0.word(4 << 60 | nanos(after.start));
        self.0.word(nanos(after.end));
        timer.hash(&mut self.0);
    }

    #[inline(always)]
    pub(crate) fn cancels_timer(&mut self, timer: impl Hash) {
        self.0.word(5 << 60);
        timer.hash(&mut self.0);
    }

    #[inline(always)]
    pub(crate) fn notes(&mut self, event: &impl Hash) {
        self.0.word(6 << 60);
        event.hash(&mut self.0);
    }
}

#[inline]
fn place(place: Place) -> u64 {
    match place {
        Place::Node(id) => u64::from(id.0),
        Place::Client(id) => 1 << 32 | u64::from(id.0),
        Place::Network => 2 << 32,
    }
}

/// Hands words on, and counts them: that is what hashing a value costs.
struct Counting<'a> {
    digest: &'a mut Digest,
    words: u64,
}

impl Hasher for Counting<'_> {
    fn finish(&self) -> u64 {
        self.digest.finish()
    }
    fn write(&mut self, bytes: &[u8]) {
        self.words += bytes.len().div_ceil(8) as u64;
        self.digest.write(bytes);
    }
    fn write_u8(&mut self, i: u8) {
        self.write_u64(i.into());
    }
    fn write_u16(&mut self, i: u16) {
        self.write_u64(i.into());
    }
    fn write_u32(&mut self, i: u32) {
        self.write_u64(i.into());
    }
    #[inline]
    fn write_u64(&mut self, i: u64) {
        self.words += 1;
        self.digest.word(i);
    }
    fn write_u128(&mut self, i: u128) {
        self.write_u64(i as u64);
        self.write_u64((i >> 64) as u64);
    }
    fn write_usize(&mut self, i: usize) {
        self.write_u64(i as u64);
    }
    fn write_isize(&mut self, i: isize) {
        self.write_u64(i as i64 as u64);
    }
}
