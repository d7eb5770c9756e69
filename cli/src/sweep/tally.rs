//! What a sweep came to: for programs, for merging, and for people.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use synod_protocol::Violation;
use synod_simulator::Tally as Sometimes;

use super::plan::{Seeds, Shard};

/// The form of the report. A reader refuses any other.
pub const SCHEMA: &str = "synod.sweep/1";

/// The sum over the seeds. It holds no times of ours, so that equal sweeps have equal tallies, and the merged
/// tallies of all shards are the tally of the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    pub schema: String,
    pub algorithm: String,
    pub seeds: Seeds,
    pub faults: Vec<String>,
    /// Which parts this is of; none: the whole.
    #[serde(default)]
    pub shards: Vec<Shard>,
    /// How many seeds were run.
    pub runs: u64,
    /// How many were not: somebody interrupted the sweep, or it stopped at a violation.
    pub left: u64,
    /// Seeds whose history no budget decided.
    pub undecided: Vec<u64>,
    /// Virtual time, in nanoseconds.
    pub virtual_ns: u128,
    /// The runs' counts, summed.
    pub counts: Map<String, Value>,
    /// How often the runs came into what they should come into sometimes.
    #[serde(default)]
    pub sometimes: Sometimes,
    /// The sum of the runs' trace hashes: equal for equal runs, whatever their order.
    pub hashes: String,
    pub violated: Vec<Violated>,
}

/// A seed that ends in a violation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Violated {
    pub seed: u64,
    pub property: String,
    pub story: String,
}

/// What one seed adds.
#[derive(Clone, Debug)]
pub struct Run {
    pub seed: u64,
    pub counts: Map<String, Value>,
    pub sometimes: Sometimes,
    pub trace_hash: u64,
    pub virtual_ns: u64,
    pub is_undecided: bool,
    pub violation: Option<Violation>,
    /// It made no run.
    pub refused: Option<synod_simulator::ConfigError>,
}

impl Tally {
    pub fn new(algorithm: &str, seeds: Seeds, shard: Option<Shard>, faults: Vec<String>) -> Tally {
        Tally {
            schema: SCHEMA.into(),
            algorithm: algorithm.into(),
            seeds,
            faults,
            shards: shard.into_iter().collect(),
            runs: 0,
            left: seeds.count(shard),
            undecided: Vec::new(),
            virtual_ns: 0,
            counts: Map::new(),
            sometimes: Sometimes::default(),
            hashes: format!("{:016x}", 0),
            violated: Vec::new(),
        }
    }

    pub fn add(&mut self, run: Run) {
        self.runs += 1;
        self.left -= 1;
        self.virtual_ns += u128::from(run.virtual_ns);
        self.undecided.extend(run.is_undecided.then_some(run.seed));
        self.add_counts(&run.counts);
        self.sometimes += &run.sometimes;
        self.add_hash(run.trace_hash);
        self.violated.extend(run.violation.map(|violation| Violated {
            seed: run.seed,
            property: violation.property.into_owned(),
            story: violation.story,
        }));
    }

    fn add_counts(&mut self, counts: &Map<String, Value>) {
        for (name, count) in counts {
            let Some(count) = count.as_u64() else { continue };
            let sum = self.counts.get(name).and_then(Value::as_u64).unwrap_or(0);
            self.counts.insert(name.clone(), (sum + count).into());
        }
    }

    fn add_hash(&mut self, hash: u64) {
        let sum = u64::from_str_radix(&self.hashes, 16).unwrap_or(0).wrapping_add(hash);
        self.hashes = format!("{sum:016x}");
    }

    /// One tally of several parts.
    ///
    /// # Errors
    /// They are no parts of one sweep, or one is missing or there twice.
    pub fn merge(parts: Vec<Tally>) -> Result<Tally, String> {
        let mut parts = parts.into_iter();
        let mut whole = parts.next().ok_or("there is nothing to merge")?;
        for part in parts {
            let same = |tally: &Tally| (tally.algorithm.clone(), tally.seeds, tally.faults.clone());
            if same(&part) != same(&whole) {
                return Err(format!(
                    "these are parts of different sweeps: {} {} {} and {} {} {}",
                    whole.algorithm,
                    whole.seeds,
                    whole.faults.join(","),
                    part.algorithm,
                    part.seeds,
                    part.faults.join(",")
                ));
            }
            whole.runs += part.runs;
            whole.left += part.left;
            whole.virtual_ns += part.virtual_ns;
            whole.undecided.extend(part.undecided);
            whole.violated.extend(part.violated);
            whole.shards.extend(part.shards);
            whole.add_counts(&part.counts);
            whole.sometimes += &part.sometimes;
            whole.add_hash(u64::from_str_radix(&part.hashes, 16).unwrap_or(0));
        }
        let of = whole.shards.first().map_or(1, |shard| shard.of);
        let mut missing: BTreeSet<u64> = (0..of).collect();
        for shard in &whole.shards {
            if shard.of != of || !missing.remove(&shard.index) {
                return Err(format!("part {shard} does not fit: give each of the {of} parts once"));
            }
        }
        if !whole.shards.is_empty() && !missing.is_empty() {
            let missing: Vec<String> = missing.iter().map(|index| format!("{index}/{of}")).collect();
            return Err(format!("parts are missing: {}", missing.join(" ")));
        }
        whole.shards.clear();
        whole.undecided.sort_unstable();
        whole.violated.sort();
        Ok(whole)
    }
}
