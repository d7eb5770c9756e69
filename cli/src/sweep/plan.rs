//! Which seeds: a range, and a shard of it.
use std::{fmt, ops::Range, str::FromStr};

use serde::{Deserialize, Serialize};

/// `A..B`: from A up to, and without, B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    pub from: u64,
    pub to: u64,
}

/// `I/N`: every seed that leaves I when divided by N. Shards are counted from 0, as Kubernetes and Slurm count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    pub index: u64,
    pub of: u64,
}

impl Seeds {
    pub fn range(self) -> Range<u64> {
        self.from..self.to
    }

    /// The seeds of a shard, in ascending order.
    pub fn of(self, shard: Option<Shard>) -> impl Iterator<Item = u64> + Clone {
        let Shard { index, of } = shard.unwrap_or(Shard { index: 0, of: 1 });
        // A sum that leaves the numbers leaves the range.
        let first = self.from.checked_add((index + of - self.from % of) % of);
        let last = self.to;
        std::iter::successors(first, move |seed| seed.checked_add(of)).take_while(move |seed| *seed < last)
    }

    pub fn count(self, shard: Option<Shard>) -> u64 {
        let Shard { index, of } = shard.unwrap_or(Shard { index: 0, of: 1 });
        let below = |end: u64| end / of + u64::from(end % of > index);
        below(self.to).saturating_sub(below(self.from))
    }
}

impl FromStr for Seeds {
    type Err = String;
    fn from_str(text: &str) -> Result<Seeds, String> {
        const HOW: &str = "write A..B, for the seeds from A up to, and without, B: 0..1000";
        let (from, to) = text.split_once("..").ok_or(HOW)?;
        let number = |text: &str| text.replace('_', "").parse::<u64>().map_err(|_| HOW.to_owned());
        let seeds = Seeds { from: number(from)?, to: number(to)? };
        match seeds.from < seeds.to {
            true => Ok(seeds),
            false => Err(format!("there is no seed from {from} up to, and without, {to}")),
        }
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

impl FromStr for Shard {
    type Err = String;
    fn from_str(text: &str) -> Result<Shard, String> {
        const HOW: &str = "write I/N, for part I of N, counted from 0: 0/4 to 3/4";
        let (index, of) = text.split_once('/').ok_or(HOW)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| HOW.to_owned());
        let shard = Shard { index: number(index)?, of: number(of)? };
        match shard.index < shard.of {
            true => Ok(shard),
            false => Err(format!("there is no part {index} of {of}: they are counted from 0, {HOW}")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_partition_the_seeds() {
        for (from, to, of) in
            [(0, 100, 7), (13, 14, 3), (5, 1000, 1), (u64::MAX - 9, u64::MAX, 4), (3, 9, 50)]
        {
            let seeds = Seeds { from, to };
            let shards = (0..of).map(|index| Shard { index, of });
            let mut all: Vec<u64> = shards.clone().flat_map(|shard| seeds.of(Some(shard))).collect();
            all.sort_unstable();
            assert_eq!(all, seeds.range().collect::<Vec<_>>(), "{seeds} in {of}");
            for shard in shards {
                assert_eq!(seeds.of(Some(shard)).count() as u64, seeds.count(Some(shard)), "{seeds} {shard}");
            }
            assert_eq!(seeds.count(None), to - from);
        }
    }

    #[test]
    fn ranges_and_shards_of_nothing_are_refused() {
        assert_eq!("10..20".parse(), Ok(Seeds { from: 10, to: 20 }));
        assert_eq!("0..1_000".parse(), Ok(Seeds { from: 0, to: 1000 }));
        for bad in ["10", "10..", "..5", "9..9", "9..3", "a..b", "1..-1"] {
            assert!(bad.parse::<Seeds>().is_err(), "{bad}");
        }
        assert_eq!("0/4".parse(), Ok(Shard { index: 0, of: 4 }));
        for bad in ["4/4", "5/4", "0/0", "1", "/", "a/2", "-1/2"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
