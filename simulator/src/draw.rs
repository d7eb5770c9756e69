//! Keyed draws: chance without a stream.
//!
//! A draw is a pure function of *where* it is made: `mix(seed, site, a, b, k)`, say the loss of the k-th
//! message from node a to node b. Nobody takes numbers from a common stream, so a decision that is
//! removed (a fault that is switched off, a message that is not sent) leaves every other draw as it was.
//! The mixer is our own, so that a printed seed replays after any upgrade of a dependency.
use std::{ops::Range, time::Duration};

use serde::{Deserialize, Serialize};
use synod_protocol::stir;

/// The draw number `k` at a place.
pub fn mix(seed: u64, site: Site, a: u64, b: u64, k: u64) -> u64 {
    Key::new(seed, site, a, b).bits(k)
}

/// What a draw decides. The numbers are part of what a seed means: append, never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u64)]
pub enum Site {
    /// a → b, k-th packet on that lane: how long it takes.
    Delay = 1,
    Loss = 2,
    Duplication = 3,
    /// Node a in its life b, k-th setting of a timer.
    Timer = 4,
    /// Node a in its life b, k-th sync.
    Sync = 5,
    /// Node a, end of its life b: what survives the crash.
    Crash = 6,
    /// Node a, life b.
    Clock = 7,
    /// Client a, call b: what it asks.
    Workload = 8,
    /// Client a, call b: how long it thinks and backs off.
    Client = 9,
    /// Fault class a, strike b.
    Strike = 10,
    /// Which nodes are healed for the liveness phase.
    Core = 11,
    /// Fault class a: how hard it is in this seed.
    Swarm = 12,
    /// Node a, the mishap b of its store.
    Store = 13,
    /// Node a in its life b, k-th step while it is slow.
    Pace = 14,
    /// 0: the change points. 1: the priority of link b. 2: the pauses between deliveries.
    Priority = 15,
}

/// The place of a draw but for its number, mixed beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key(u64);

impl Key {
    pub(crate) fn new(seed: u64, site: Site, a: u64, b: u64) -> Key {
        Key([site as u64, a, b].into_iter().fold(stir(seed), |key, word| stir(key ^ stir(word))))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014) that starts at the key, and its k-th output.
    #[inline]
    pub(crate) fn bits(self, k: u64) -> u64 {
        stir(self.0.wrapping_add(k.wrapping_mul(GOLDEN)))
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// As many draws as one likes for one decision: they are numbered from 0, and belong to it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draws {
    key: Key,
    next: u64,
}

impl Draws {
    pub fn new(seed: u64, site: Site, a: u64, b: u64) -> Draws {
        Draws { key: Key::new(seed, site, a, b), next: 0 }
    }

    pub fn bits(&mut self) -> u64 {
        self.next += 1;
        self.key.bits(self.next - 1)
    }

    /// How many were made.
    pub(crate) fn made(&self) -> u64 {
        self.next
    }

    /// A number below the bound; 0 if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        scale(self.bits(), bound)
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        Chance::new(probability).hits(self.bits())
    }

    pub fn within(&mut self, range: &Range<Duration>) -> Duration {
        Duration::from_nanos(Span::new(range).at(self.bits()))
    }

    /// `None` if there is nothing to pick from.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.get(self.below(among.len() as u64) as usize)
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// In `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Uniform in `0..bound`.
#[inline]
fn scale(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

/// A probability, ready to be compared with bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const NEVER: Chance = Chance(0);

    pub(crate) fn new(probability: f64) -> Chance {
        Chance((probability * (1u64 << 63) as f64) as u64)
    }

    #[inline]
    pub(crate) fn is_possible(self) -> bool {
        self.0 > 0
    }

    #[inline]
    pub(crate) fn hits(self, bits: u64) -> bool {
        bits >> 1 < self.0
    }
}

/// A range of durations in nanoseconds, ready to be drawn from; its start if it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u64,
    length: u64,
}

impl Span {
    pub(crate) fn new(range: &Range<Duration>) -> Span {
        Span::of(nanos(range.start), nanos(range.end))
    }

    pub(crate) fn of(start: u64, end: u64) -> Span {
        Span { start, length: end.saturating_sub(start) }
    }

    #[inline]
    pub(crate) fn at(self, bits: u64) -> u64 {
        self.start + scale(bits, self.length)
    }

    /// At the draw number `k` of the key, which is not made where there is nothing to draw.
    #[inline]
    pub(crate) fn drawn(self, key: Key, k: u64) -> u64 {
        if self.length == 0 { self.start } else { self.at(key.bits(k)) }
    }
}

/// Saturates after 584 years.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    /// In seconds, and a bit less.
    const LONGEST: u64 = u64::MAX / 1_000_000_000;
    if duration.as_secs() < LONGEST {
        return duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos());
    }
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let drawn: Vec<u64> = (0..4).map(|k| mix(1, Site::Loss, 2, 3, k)).collect();
        assert_eq!(
            drawn,
            [14336334106976978964, 12500532895774422020, 9826403805352444038, 7035085391515599904],
            "these four numbers may change only with a new major version"
        );
    }

    #[test]
    fn draws_are_even_over_each_part_of_the_key() {
        let parts: [fn(u64) -> u64; 4] = [
            |x| mix(x, Site::Loss, 1, 2, 3),
            |x| mix(7, Site::Loss, x, 2, 3),
            |x| mix(7, Site::Loss, 1, x, 3),
            |x| mix(7, Site::Loss, 1, 2, x),
        ];
        for (part, draw) in parts.into_iter().enumerate() {
            for bit in 0..64 {
                let ones = (0..10_000).filter(|&x| draw(x) >> bit & 1 == 1).count();
                assert!((4_700..5_300).contains(&ones), "part {part}, bit {bit}: {ones} of 10000");
            }
        }
    }

    #[test]
    fn chances_come_as_often_as_they_say() {
        for probability in [0.0, 0.001, 0.1, 0.5, 1.0] {
            let mut draws = Draws::new(1, Site::Workload, 0, 0);
            let hits = (0..100_000).filter(|_| draws.chance(probability)).count() as f64;
            assert!((hits - probability * 1e5).abs() < 600.0, "{probability}: {hits}");
        }
    }
}
