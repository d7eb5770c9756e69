//! The trace hash: 64 bits that stand for everything that happened.
use std::hash::{Hash, Hasher};

use synod_protocol::{Input, Loss, Node, Place, Step, What};

use crate::draw::stir;

/// Equal on every machine and in every build: numbers count as 64 bits, whatever their width, and bytes
/// are read little-endian.
#[derive(Clone, Debug)]
pub(crate) struct TraceHash {
    /// Words go into the two in turn, so that one multiplication need not wait for the last.
    lanes: [u64; 2],
}

/// Hands words on, and counts them: that is what hashing a value costs.
pub(crate) struct Counting<'a> {
    hash: &'a mut TraceHash,
    pub(crate) words: u64,
}

impl<'a> Counting<'a> {
    pub(crate) fn new(hash: &'a mut TraceHash) -> Self {
        Counting { hash, words: 0 }
    }
}

impl Hasher for Counting<'_> {
    fn finish(&self) -> u64 {
        self.hash.finish()
    }
    fn write(&mut self, bytes: &[u8]) {
        self.words += bytes.len().div_ceil(8) as u64;
        self.hash.write(bytes);
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
        self.hash.word(i);
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

impl TraceHash {
    pub(crate) fn new(seed: u64) -> Self {
        TraceHash { lanes: [stir(seed), stir(!seed)] }
    }

    #[inline(always)]
    fn word(&mut self, word: u64) {
        let [turn, other] = self.lanes;
        self.lanes = [other, (turn.rotate_left(26) ^ word).wrapping_mul(0xf135_7aea_2e62_a9c5)];
    }

    /// All of a step but what follows from the rest: the view, which the state of the node determines, and
    /// what a packet carries, which was hashed where it was made (an effect, a call).
    #[inline(always)]
    pub(crate) fn step<N: Node>(&mut self, step: &Step<'_, N>) {
        self.word(step.number);
        self.word(step.at.0);
        let here = place(step.place);
        match &step.what {
            What::Handled { clock, packet, input, effects, view: _ } => {
                self.word(1 << 60 | here);
                self.word(effects.len() as u64);
                self.word(clock.0);
                self.word(packet.map_or(u64::MAX, |packet| packet.0));
                if let Input::Timer(timer) = &**input {
                    timer.hash(self);
                }
                effects.iter().for_each(|effect| effect.hash(self));
            }
            What::Sent { packet, to, cause, effect } => {
                self.word(2 << 60 | here);
                self.word(packet.0);
                self.word(u64::from(*effect) << 34 | place(*to));
                self.word(*cause);
            }
            What::Synced { records } => {
                self.word(3 << 60 | here);
                self.word(*records);
            }
            What::Called { packet, caller, request } => {
                self.word(4 << 60 | here);
                self.word(packet.0);
                caller.hash(self);
                request.hash(self);
            }
            What::Returned { packet, caller: _, answer: _ } => {
                self.word(5 << 60 | here);
                self.word(packet.0);
            }
            What::Dropped { packet, why } => {
                let why = match why {
                    Loss::Lost => 1,
                    Loss::Partitioned => 2,
                    Loss::Down => 3,
                };
                self.word(6 << 60 | here);
                self.word(why);
                self.word(packet.0);
            }
            What::Duplicated { packet, twin } => {
                self.word(7 << 60 | here);
                self.word(packet.0);
                self.word(twin.0);
            }
            What::Booted { clock, records, effects, view: _, durable: _ } => {
                self.word(8 << 60 | here);
                self.word(effects.len() as u64);
                self.word(clock.0);
                self.word(*records);
                effects.iter().for_each(|effect| effect.hash(self));
            }
            What::Crashed { records } => {
                self.word(9 << 60 | here);
                self.word(*records);
            }
            What::Ended { why } => {
                self.word(10 << 60 | here);
                why.hash(self);
            }
            What::GaveUp { caller } => {
                self.word(11 << 60 | here);
                caller.hash(self);
            }
            What::Fault { what } => {
                self.word(12 << 60 | here);
                what.hash(self);
            }
        }
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

impl Hasher for TraceHash {
    fn finish(&self) -> u64 {
        stir(stir(self.lanes[0]) ^ self.lanes[1])
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            // The length stands in the byte that the rest leaves free, so that "a" and "a\0" differ.
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            word[7] = rest.len() as u8;
            self.word(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u8(&mut self, i: u8) {
        self.word(i.into());
    }
    #[inline]
    fn write_u16(&mut self, i: u16) {
        self.word(i.into());
    }
    #[inline]
    fn write_u32(&mut self, i: u32) {
        self.word(i.into());
    }
    #[inline]
    fn write_u64(&mut self, i: u64) {
        self.word(i);
    }
    #[inline]
    fn write_u128(&mut self, i: u128) {
        self.word(i as u64);
        self.word((i >> 64) as u64);
    }
    #[inline]
    fn write_usize(&mut self, i: usize) {
        self.word(i as u64);
    }
    #[inline]
    fn write_isize(&mut self, i: isize) {
        self.word(i as i64 as u64);
    }
}
