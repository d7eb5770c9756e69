//! The fewest deviations with which a run still fails, in the smallest cluster, with the roundest values.
use std::time::Duration;

use synod_protocol::{ClientId, Time};

use super::{Blow, Call, Deviation, Draw, Strike};
use crate::Config;
use crate::draw::Site;
use crate::untimed::removal::{pairs, pieces};

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Does it end in the violation that is looked for?
    pub fails: bool,
    /// How many steps it took: the measure of patience.
    pub steps: u64,
}

/// What became of a run's deviations.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimised {
    pub config: Config,
    /// How many deviations there were.
    pub before: usize,
    /// How many runs were made.
    pub tries: u64,
    /// Was the patience over before nothing more could be removed?
    pub is_cut_short: bool,
}

/// Of so few, each pair is tried too.
const PAIRS_UP_TO: usize = 24;

/// Minimises the deviations of a configuration that [`note`](super::note) made. The same run gives the same
/// result, to the byte.
///
/// `smaller` makes a cluster smaller by one node, if it may be.
/// `patience` is how many steps may be made in all runs; some millions take a second.
///
/// Returns `None` if the run does not fail as its deviations tell it.
pub fn minimise(
    config: Config,
    patience: u64,
    smaller: impl Fn(&Config) -> Option<Config>,
    judge: impl FnMut(&Config) -> Verdict,
) -> Option<Minimised> {
    let before = config.deviations.as_ref().map_or(0, Vec::len);
    let mut search = Search { config, judge, patience, steps: 0, tries: 0 };
    if !search.fails(&search.config.clone()) {
        return None;
    }
    search.without(|_| true);
    loop {
        let last = search.config.clone();
        search.plainer(&smaller);
        search.remove_groups();
        search.remove(|list, trial| pieces(list, &mut |list: &[u32]| trial(list)));
        if search.deviations().len() <= PAIRS_UP_TO {
            search.remove(|list, trial| pairs(list, &mut |list: &[u32]| trial(list)));
        }
        search.round();
        search.lower_names();
        if search.config == last || search.is_over() {
            break;
        }
    }
    let is_cut_short = search.is_over();
    Some(Minimised { config: search.config, before, tries: search.tries, is_cut_short })
}

struct Search<J> {
    /// The plainest that fails so far.
    config: Config,
    judge: J,
    patience: u64,
    steps: u64,
    tries: u64,
}

impl<J: FnMut(&Config) -> Verdict> Search<J> {
    fn is_over(&self) -> bool {
        self.steps >= self.patience
    }

    fn fails(&mut self, config: &Config) -> bool {
        if self.is_over() {
            return false;
        }
        let Verdict { fails, steps } = (self.judge)(config);
        self.tries += 1;
        // A run of no steps costs something too.
        self.steps += steps + 1;
        fails
    }

    /// Takes it in the place of what there is, if it fails.
    fn accept(&mut self, candidate: Config) -> bool {
        let fails = candidate != self.config && self.fails(&candidate);
        if fails {
            self.config = candidate;
        }
        fails
    }

    fn deviations(&self) -> &[Deviation] {
        self.config.deviations.as_deref().unwrap_or_default()
    }

    fn with(&self, deviations: Vec<Deviation>) -> Config {
        Config { deviations: Some(deviations), ..self.config.clone() }
    }

    fn without(&mut self, which: impl Fn(&Deviation) -> bool) -> bool {
        let left = self.deviations().iter().filter(|deviation| !which(deviation)).cloned().collect();
        self.accept(self.with(left))
    }

    /// All of a kind at once: mostly, how long each packet took does not matter, nor when clients called.
    fn remove_groups(&mut self) {
        let mut groups: Vec<u64> = self.deviations().iter().map(group).collect();
        groups.sort_unstable();
        groups.dedup();
        for wanted in groups {
            self.without(|deviation| group(deviation) == wanted);
        }
    }

    /// As an algorithm that removes from lists of indices says.
    fn remove(&mut self, how: impl FnOnce(Vec<u32>, &mut dyn FnMut(&[u32]) -> Option<Vec<u32>>) -> Vec<u32>) {
        let all = self.deviations().to_vec();
        let pick = |list: &[u32]| list.iter().map(|&at| all[at as usize].clone()).collect::<Vec<_>>();
        let base = self.config.clone();
        let with = |list: &[u32]| Config { deviations: Some(pick(list)), ..base.clone() };
        let left =
            how((0..all.len() as u32).collect(), &mut |list| self.fails(&with(list)).then(|| list.to_vec()));
        self.config = with(&left);
    }

    /// Fewer nodes, clients and calls, and less time.
    fn plainer(&mut self, smaller: impl Fn(&Config) -> Option<Config>) {
        let turns: [fn(&mut Config); 8] = [
            |config| config.liveness.operations = 0,
            |config| config.liveness.operations = config.liveness.operations.min(1),
            |config| config.operations = (config.operations / 2).max(1),
            |config| config.clients = (config.clients / 2).max(1),
            |config| config.clients = (config.clients - 1).max(1),
            |config| config.safety = rounded(config.safety / 2),
            |config| config.scenario = None,
            |config| (config.disk.torn, config.disk.checksums) = (0.0, true),
        ];
        'again: loop {
            for turn in turns {
                let mut candidate = self.config.clone();
                turn(&mut candidate);
                if !candidate.safety.is_zero() && self.accept(candidate) {
                    continue 'again;
                }
            }
            if smaller(&self.config).is_some_and(|smaller| self.smaller_cluster(smaller)) {
                continue 'again;
            }
            return;
        }
    }

    /// One that serves if nothing is odd: some are too small to do anything at all.
    fn smaller_cluster(&mut self, candidate: Config) -> bool {
        if self.deviations().is_empty() {
            return candidate.nodes >= 3 && self.accept(candidate);
        }
        let plain = Config { deviations: Some(Vec::new()), ..candidate.clone() };
        !self.fails(&plain) && self.accept(candidate)
    }

    /// The roundest values that still do it, each by itself.
    fn round(&mut self) {
        for at in 0..self.deviations().len() {
            while self.plainer_values(at) {}
        }
    }

    /// The calls that are left are the first ones of the first clients, unless what they ask matters.
    fn lower_names(&mut self) {
        let calls = self.deviations().iter().filter_map(|deviation| match deviation {
            Deviation::Call(Call { client, number, .. }) => Some((*client, *number)),
            _ => None,
        });
        let mut calls: Vec<_> = calls.collect();
        calls.sort_unstable();
        let mut free = 1;
        for of_client in calls.chunk_by(|(one, _), (other, _)| one == other) {
            let client = of_client[0].0;
            for lower in [ClientId(free), client] {
                let deviations = self.deviations().to_vec();
                // Upwards, so that no new name is an old one that is still borne.
                let renamed = of_client.iter().zip(1..).fold(deviations, |all, (call, number)| {
                    all.iter().map(|deviation| deviation.renamed(*call, (lower, number))).collect()
                });
                if self.accept(self.with(renamed)) {
                    break;
                }
            }
            let is_lower =
                |deviation: &Deviation| matches!(deviation, Deviation::Call(call) if call.client.0 == free);
            free = if self.deviations().iter().any(is_lower) { free + 1 } else { client.0 + 1 };
        }
    }

    fn plainer_values(&mut self, at: usize) -> bool {
        for plainer in simpler(&self.deviations()[at]) {
            let mut deviations = self.deviations().to_vec();
            deviations[at] = plainer;
            if self.accept(self.with(deviations)) {
                return true;
            }
        }
        false
    }
}

/// Deviations of a kind have the same number; those come first that hardly ever matter.
fn group(deviation: &Deviation) -> u64 {
    match deviation {
        Deviation::Call(_) => 6,
        Deviation::Draw(Draw { site, .. }) => match site {
            Site::Client => 0,
            Site::Sync => 1,
            Site::Duplication => 2,
            Site::Delay => 3,
            Site::Timer => 4,
            Site::Loss => 5,
            Site::Clock => 7,
            _ => 8,
        },
        Deviation::Strike(Strike { blow: Blow::Crash { .. } | Blow::Wipe, .. }) => 9,
        Deviation::Strike(Strike { blow: Blow::Deed { deed, .. }, .. }) => 10 + deed.class() as u64,
    }
}

/// In the order in which they are worth a try. All of them are rounder, shorter or fewer, so that no chain of
/// them goes on for ever.
fn simpler(deviation: &Deviation) -> Vec<Deviation> {
    match deviation {
        Deviation::Draw(draw) => {
            let values = match draw.site {
                Site::Crash => (0..draw.value).collect(),
                Site::Clock if draw.b == 0 => rounder(draw.value, &[100_000, 10_000, 1_000]),
                Site::Loss => Vec::new(),
                _ => rounder(draw.value, &UNITS),
            };
            let values = values.into_iter().map(|value| Draw { value, ..*draw });
            // Of things that are counted, an earlier one: what came before may then go.
            let earlier = match draw.site {
                Site::Crash | Site::Clock => Vec::new(),
                _ => vec![0, draw.k / 4, draw.k / 2, draw.k.saturating_sub(1)],
            };
            let earlier = earlier.into_iter().filter(|k| *k < draw.k).map(|k| Draw { k, ..*draw });
            earlier.chain(values).map(Deviation::Draw).collect()
        }
        Deviation::Call(call) => {
            let at = rounder(call.at.0 as i64, &UNITS).into_iter();
            at.map(|at| Deviation::Call(Call { at: Time(at.max(0) as u64), ..*call })).collect()
        }
        Deviation::Strike(strike) => simpler_strikes(strike).into_iter().map(Deviation::Strike).collect(),
    }
}

fn simpler_strikes(strike: &Strike) -> Vec<Strike> {
    let mut simpler = Vec::new();
    if let Blow::Crash { falls: Some(_) } = strike.blow {
        simpler.push(Strike { blow: Blow::Crash { falls: None }, ..strike.clone() });
    }
    if strike.victims.len() > 1 {
        for at in 0..strike.victims.len() {
            let mut fewer = strike.clone();
            fewer.victims.remove(at);
            simpler.push(fewer);
        }
    }
    for lasts in rounder(strike.lasts.as_nanos() as i64, &UNITS) {
        simpler.push(Strike { lasts: Duration::from_nanos(lasts.max(0) as u64), ..strike.clone() });
    }
    for at in rounder(strike.at.0 as i64, &UNITS) {
        simpler.push(Strike { at: Time(at.max(0) as u64), ..strike.clone() });
    }
    simpler
}

/// In nanoseconds.
const UNITS: [i64; 4] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000];

/// The multiples of each unit that are next to the value, until it is one itself. Never 0.
fn rounder(value: i64, units: &[i64]) -> Vec<i64> {
    let mut rounder = Vec::new();
    for &unit in units {
        if value % unit == 0 {
            break;
        }
        let below = value / unit * unit;
        rounder.extend([below, below + unit * value.signum()].into_iter().filter(|&other| other != 0));
    }
    rounder
}

/// To whole tenths of a second, where it is longer than one.
fn rounded(time: Duration) -> Duration {
    let tenths = time.as_millis() as u64 / 100;
    if tenths > 0 { Duration::from_millis(100 * tenths) } else { time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_rounder_and_then_stop() {
        assert_eq!(rounder(412_345_678, &UNITS)[..4], [1_000_000_000, 400_000_000, 500_000_000, 410_000_000]);
        assert!(rounder(2_000_000_000, &UNITS).is_empty());
        assert_eq!(rounder(-31_234, &[100_000, 10_000]), [-100_000, -30_000, -40_000]);
    }
}
