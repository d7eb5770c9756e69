//! Links: what becomes of a packet, and which links are cut.
use std::ops::Range;
use std::time::Duration;

use synod_protocol::NodeId;

use crate::config::{Config, Delay};
use crate::draw::{Chance, Key, Site, Span, nanos};

/// One direction between two ends, with the draws for its packets.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    sent: u64,
    delay: Key,
    loss: Key,
    duplication: Key,
}

/// What the network does with a packet: lose it, or carry it and perhaps a twin, so many nanoseconds each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Lost,
    Carried { after: u64, twin_after: Option<u64> },
}

/// In the number of an end: it is a client.
pub(crate) const CLIENT: u64 = 1 << 32;

/// An end of a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Node(NodeId),
    Client(u32),
    /// Any node: the clients' lanes do not tell them apart.
    AnyNode,
}

impl Lane {
    pub(crate) fn new(seed: u64, from: End, to: End) -> Lane {
        let number = |end| match end {
            End::AnyNode => 0,
            End::Node(id) => u64::from(id.0),
            End::Client(id) => CLIENT | u64::from(id),
        };
        let key = |site| Key::new(seed, site, number(from), number(to));
        Lane { sent: 0, delay: key(Site::Delay), loss: key(Site::Loss), duplication: key(Site::Duplication) }
    }

    /// How many packets were sent on it.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }
}

/// How packets fare on any lane.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    loss: Chance,
    duplication: Chance,
    delay: Sampler,
}

#[derive(Clone, Debug)]
enum Sampler {
    Uniform(Span),
    Exponential { least: u64, mean: u64, most: u64 },
    Bimodal { near: Span, far: Span, far_chance: Chance },
}

impl Weather {
    pub(crate) fn new(config: &Config) -> Weather {
        let delay = match &config.network.delay {
            Delay::Uniform(range) => Sampler::Uniform(Span::new(range)),
            Delay::Exponential { least, mean, most } => {
                Sampler::Exponential { least: nanos(*least), mean: nanos(*mean), most: nanos(*most) }
            }
            Delay::Bimodal { near, far, far_probability } => Sampler::Bimodal {
                near: Span::new(near),
                far: Span::new(far),
                far_chance: Chance::new(*far_probability),
            },
        };
        Weather {
            loss: Chance::new(config.network.loss),
            duplication: Chance::new(config.network.duplication),
            delay,
        }
    }

    /// As in the liveness phase: nothing is lost, repeated or held up.
    pub(crate) fn calm(config: &Config) -> Weather {
        Weather {
            loss: Chance::NEVER,
            duplication: Chance::NEVER,
            delay: Sampler::Uniform(Span::new(&config.network.delay.near())),
        }
    }

    /// Of the next packet on this lane.
    #[inline(always)]
    pub(crate) fn fate(&self, lane: &mut Lane) -> Fate {
        let k = lane.sent;
        lane.sent += 1;
        if self.loss.is_possible() && self.loss.hits(lane.loss.bits(k)) {
            return Fate::Lost;
        }
        let has_twin = self.duplication.is_possible() && self.duplication.hits(lane.duplication.bits(k));
        let twin_after = has_twin.then(|| self.twin_after(lane, k));
        Fate::Carried { after: self.delay.at(lane.delay, k, 0), twin_after }
    }

    #[cold]
    fn twin_after(&self, lane: &Lane, k: u64) -> u64 {
        self.delay.at(lane.delay, k, 2)
    }
}

impl Sampler {
    #[inline(always)]
    fn at(&self, key: Key, packet: u64, copy: u64) -> u64 {
        // Four draws belong to each packet: two for it and two for its twin.
        let k = packet << 2 | copy;
        match self {
            Sampler::Uniform(span) => span.at(key.bits(k)),
            Sampler::Exponential { least, mean, most } => {
                least.saturating_add(exponential_nanos(key.bits(k), *mean as f64)).min(*most)
            }
            Sampler::Bimodal { near, far, far_chance } => {
                let span = if far_chance.hits(key.bits(k | 1)) { far } else { near };
                span.at(key.bits(k))
            }
        }
    }
}

impl Delay {
    /// Without its tail.
    pub(crate) fn near(&self) -> Range<Duration> {
        match self {
            Delay::Uniform(near) | Delay::Bimodal { near, .. } => near.clone(),
            Delay::Exponential { least, mean, .. } => *least..*least + *mean,
        }
    }
}

/// Exponentially distributed, with mean 1: `-ln u` for u in 0..1, by plain arithmetic alone, so that all
/// machines agree on each bit (the logarithms of their libraries do not).
fn exponential(bits: u64) -> f64 {
    // u = m · 2^-e with m in 1..2.
    let bits = bits | 1;
    let e = bits.leading_zeros() + 1;
    let m = (bits << (e - 1)) as f64 / (1u64 << 63) as f64;
    f64::from(e) * std::f64::consts::LN_2 - logarithm(m)
}

/// Of 1 to 2: ln m = 2 artanh((m - 1) / (m + 1)), whose series ends quickly.
const fn logarithm(m: f64) -> f64 {
    let z = (m - 1.0) / (m + 1.0);
    let (mut series, mut n) = (0.0, 12);
    while n > 0 {
        n -= 1;
        series = series * z * z + 1.0 / (2 * n + 1) as f64;
    }
    2.0 * z * series
}

/// `exponential(bits) * mean`, in whole nanoseconds, and mostly by a shorter way.
///
/// That comes so near to it that both have the same whole part, or it says that it cannot tell.
#[inline]
fn exponential_nanos(bits: u64, mean: f64) -> u64 {
    let nanos = nearly_exponential(bits) * mean;
    let error = ERROR * mean;
    let (least, most) = ((nanos - error) as u64, (nanos + error) as u64);
    if least == most { least } else { (exponential(bits) * mean) as u64 }
}

/// How far apart the two ways may be, in means. They are within a fifth of that: most of it is the end of the longer way's
/// series, 2 z^25 / 25 with z up to 1/3.
const ERROR: f64 = 1e-12;

/// [`exponential`], but for the last few bits: with m = c · (1 + r) for one of 64 c, whose logarithms are known, the series
/// of ln (1 + r) ends at once.
#[inline]
fn nearly_exponential(bits: u64) -> f64 {
    let bits = bits | 1;
    let e = bits.leading_zeros() + 1;
    let m = (bits << (e - 1)) as f64 / (1u64 << 63) as f64;
    let (one_by_c, ln_c) = LOGARITHMS[(((m - 1.0) * 64.0) as usize).min(63)];
    let r = m * one_by_c - 1.0;
    let s = r * r;
    let series = (r - s * 0.5) + s * r * ((1.0 / 3.0 - r * 0.25) + s * (0.2 - r * (1.0 / 6.0)));
    f64::from(e) * std::f64::consts::LN_2 - ln_c - series
}

/// 1 / c and ln c for the middles c of 64 parts of 1..2.
static LOGARITHMS: [(f64, f64); 64] = {
    let (mut table, mut place) = ([(0.0, 0.0); 64], 0);
    while place < 64 {
        let c = 1.0 + (place as f64 + 0.5) / 64.0;
        table[place] = (1.0 / c, logarithm(c));
        place += 1;
    }
    table
};

/// Which node cannot reach which. Faults overlap: a link is whole when no cut is left on it.
#[derive(Clone, Debug)]
pub(crate) struct Cuts {
    nodes: usize,
    cuts: Vec<u32>,
    /// How many there are on all links.
    all: usize,
}

impl Cuts {
    pub(crate) fn none(nodes: u32) -> Cuts {
        let nodes = nodes as usize;
        Cuts { nodes, cuts: vec![0; nodes * nodes], all: 0 }
    }

    /// Where this pair stands in a list of all; both are nodes of the run.
    #[inline]
    pub(crate) fn index(&self, from: NodeId, to: NodeId) -> usize {
        (from.0 as usize - 1) * self.nodes + to.0 as usize - 1
    }

    /// The same, if the second one is a node of the run.
    #[inline]
    pub(crate) fn index_of(&self, from: NodeId, to: NodeId) -> Option<usize> {
        (1..=self.nodes).contains(&(to.0 as usize)).then(|| self.index(from, to))
    }

    /// Is anything cut? Mostly not.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.all > 0
    }

    #[inline]
    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.is_cut_at(self.index(from, to))
    }

    #[inline]
    pub(crate) fn is_cut_at(&self, index: usize) -> bool {
        self.cuts[index] > 0
    }

    pub(crate) fn cut(&mut self, links: &[(NodeId, NodeId)]) {
        for &(from, to) in links {
            let index = self.index(from, to);
            self.cuts[index] += 1;
        }
        self.all += links.len();
    }

    pub(crate) fn heal(&mut self, links: &[(NodeId, NodeId)]) {
        for &(from, to) in links {
            let index = self.index(from, to);
            self.cuts[index] -= 1;
        }
        self.all -= links.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synod_protocol::stir;

    #[test]
    fn the_exponential_is_a_logarithm() {
        let ends = (0..64).flat_map(|shift| [1 << shift, u64::MAX >> shift, u64::MAX << shift]);
        for x in (0..100_000).map(stir).chain(ends) {
            let u = (x | 1) as f64 / 2f64.powi(64);
            assert!((exponential(x) + u.ln()).abs() < 1e-9, "{x}");
            assert!((exponential(x) - nearly_exponential(x)).abs() < ERROR / 5.0, "{x}");
            for mean in [1.0, 1e6, 3e7, 1e12] {
                assert_eq!(exponential_nanos(x, mean), (exponential(x) * mean) as u64, "{x} {mean}");
            }
        }
    }
}
