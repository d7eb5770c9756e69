//! Many seeds on all cores, in an order that does not depend on the cores.
use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

/// Runs `run` for each seed and hands the results to `take`, in the order of the seeds, until that has had
/// enough or somebody interrupts. So what is taken depends on the seeds alone, but for an interruption.
pub(super) fn hunt<R: Send>(
    seeds: impl Iterator<Item = u64> + Send,
    jobs: usize,
    interrupted: &AtomicBool,
    run: impl Fn(u64) -> R + Sync,
    mut take: impl FnMut(u64, R) -> Goes,
) {
    let seeds = std::sync::Mutex::new(seeds.zip(0u64..));
    let stop = AtomicBool::new(false);
    let taken = AtomicU64::new(0);
    let next = || -> Option<(u64, u64)> {
        if stop.load(Ordering::Relaxed) || interrupted.load(Ordering::Relaxed) {
            return None;
        }
        seeds.lock().ok()?.next()
    };
    thread::scope(|scope| {
        let (to_main, results) = mpsc::sync_channel(64 * jobs);
        for _ in 0..jobs {
            let (to_main, next, run) = (to_main.clone(), &next, &run);
            scope.spawn(move || {
                while let Some((seed, place)) = next() {
                    if to_main.send((place, seed, run(seed))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(to_main);
        // Seeds that were done before an earlier one wait for it.
        let mut early = BTreeMap::new();
        for (place, seed, result) in results {
            early.insert(place, (seed, result));
            while let Some((seed, result)) = early.remove(&taken.load(Ordering::Relaxed)) {
                taken.fetch_add(1, Ordering::Relaxed);
                if !stop.load(Ordering::Relaxed) && take(seed, result) == Goes::Home {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
    });
}

/// Does the hunt go on?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    On,
    Home,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_does_not_depend_on_the_cores() {
        let taken = |jobs| {
            let mut taken = Vec::new();
            let interrupted = AtomicBool::new(false);
            hunt(
                0..500,
                jobs,
                &interrupted,
                |seed| seed % 97 == 96,
                |seed, found| {
                    taken.push(seed);
                    if found { Goes::Home } else { Goes::On }
                },
            );
            taken
        };
        assert_eq!(taken(1), (0..=96).collect::<Vec<_>>());
        assert_eq!(taken(3), taken(1));
    }

    #[test]
    fn an_interruption_ends_it_with_what_is_done() {
        let interrupted = AtomicBool::new(false);
        let mut taken = Vec::new();
        hunt(
            0..u64::MAX,
            2,
            &interrupted,
            |seed| {
                if seed == 40 {
                    interrupted.store(true, Ordering::Relaxed);
                }
                seed
            },
            |seed, _| {
                taken.push(seed);
                Goes::On
            },
        );
        assert!(taken.len() >= 41 && taken == (0..taken.len() as u64).collect::<Vec<_>>());
    }
}
