//! What is measured for the page, and under which loads.
use std::{ops::Range, time::Duration};

use super::{Contestant, Load, MS, Measured, Victim, on_all_cores};

/// All numbers of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub names: Vec<&'static str>,
    /// With calls of one kind that hardly meet.
    pub quiet: Vec<Quiet>,
    pub losses: Vec<Lost>,
    /// Reads per second, of nothing but reads: `(servers, per contestant)`.
    pub by_length: Vec<(u32, Vec<f64>)>,
    /// Reads and writes per second: `(share of writes in per cent, per contestant)`.
    pub by_writes: Vec<(u32, Vec<(f64, f64)>)>,
    /// Calls per second around a crash, in pieces of a tenth: `(name and victim, series)`.
    pub around: Vec<(String, Vec<f64>)>,
}

/// What a call costs, and how long it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Quiet {
    pub name: &'static str,
    pub read: Cost,
    pub write: Cost,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    pub messages: f64,
    pub bytes: f64,
    /// The 50th, 95th and 99th percentile.
    pub latency: [Duration; 3],
}

/// How long nobody was answered after a server was lost for good.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    pub name: &'static str,
    pub victim: &'static str,
    pub reads: Duration,
    pub writes: Duration,
}

/// How many servers hold data, unless the number is what varies.
pub(super) const SERVERS: u32 = 5;
pub(super) const LENGTHS: [u32; 5] = [3, 4, 5, 6, 7];
pub(super) const WRITE_SHARES: [u32; 6] = [0, 5, 10, 20, 40, 80];
/// How long a server is busy with each thing that it is handed.
pub(super) const SERVICE: Duration = Duration::from_micros(100);
/// Clients that ask again as soon as they are answered.
pub(super) const MANY: u32 = 600;
pub(super) const CRASH_AT: Duration = Duration::from_millis(2_000);
pub(super) const PIECE: Duration = Duration::from_millis(100);

const QUIET: Range<Duration> = Duration::from_millis(1_000)..Duration::from_millis(4_000);
const BUSY: Range<Duration> = Duration::from_millis(700)..Duration::from_millis(1_200);
const LOSS: Range<Duration> = Duration::from_millis(1_000)..Duration::from_millis(6_000);

fn quiet(reads_percent: u32) -> Load {
    Load {
        servers: SERVERS,
        clients: 10,
        think: MS(0)..MS(40),
        patience: MS(100),
        reads_percent,
        service: None,
        crash: None,
        window: QUIET,
    }
}

fn busy(servers: u32, reads_percent: u32) -> Load {
    Load {
        servers,
        clients: MANY,
        think: MS(0)..MS(0),
        // Longer than the longest queue: impatience would only make it longer.
        patience: MS(2_000),
        reads_percent,
        service: Some(SERVICE),
        crash: None,
        window: BUSY,
    }
}

fn loss(victim: Victim) -> Load {
    Load { clients: 40, crash: Some((CRASH_AT, victim)), window: LOSS, ..quiet(50) }
}

impl Figures {
    pub fn measure(contestants: &[Contestant]) -> Figures {
        let each = |loads: &[Load]| -> Vec<(Contestant, Load)> {
            loads.iter().flat_map(|load| contestants.iter().map(|one| (*one, load.clone()))).collect()
        };
        let costs = on_all_cores(&each(&[quiet(100), quiet(0)]), Cost::of);
        let (reads, writes) = costs.split_at(contestants.len());
        let quiet = contestants.iter().zip(reads.iter().zip(writes));

        let victims = |one: &Contestant| one.victims.iter().map(|victim| (*one, *victim)).collect::<Vec<_>>();
        let lost: Vec<(Contestant, (&'static str, Victim))> = contestants.iter().flat_map(victims).collect();
        let loads: Vec<_> = lost.iter().map(|(one, (_, victim))| (*one, loss(*victim))).collect();
        let gaps = on_all_cores(&loads, |measured| {
            let gap = |moments: &[_]| Measured::longest_gap(moments, CRASH_AT, LOSS.end);
            (gap(&measured.read_at), gap(&measured.wrote_at), measured.per_piece())
        });

        let per_second = |measured: Measured| {
            let per_second = |count| Measured::per_second(count, &BUSY);
            (per_second(measured.reads.len()), per_second(measured.writes.len()))
        };
        let lengths = on_all_cores(&each(&LENGTHS.map(|servers| busy(servers, 100))), per_second);
        let shares = on_all_cores(&each(&WRITE_SHARES.map(|writes| busy(SERVERS, 100 - writes))), per_second);
        let rows = contestants.len().max(1);
        Figures {
            names: contestants.iter().map(|one| one.name).collect(),
            quiet: quiet
                .map(|(one, (read, write))| Quiet {
                    name: one.name,
                    read: read.clone(),
                    write: write.clone(),
                })
                .collect(),
            losses: lost
                .iter()
                .zip(&gaps)
                .map(|((one, (victim, _)), (reads, writes, _))| Lost {
                    name: one.name,
                    victim,
                    reads: *reads,
                    writes: *writes,
                })
                .collect(),
            by_length: LENGTHS
                .into_iter()
                .zip(lengths.chunks(rows).map(|row| row.iter().map(|(reads, _)| *reads).collect()))
                .collect(),
            by_writes: WRITE_SHARES.into_iter().zip(shares.chunks(rows).map(<[_]>::to_vec)).collect(),
            around: lost
                .iter()
                .zip(gaps)
                .map(|((one, (victim, _)), (.., series))| (format!("{}, {victim}", one.name), series))
                .collect(),
        }
    }
}

impl Cost {
    fn of(measured: Measured) -> Cost {
        let calls = measured.operations().max(1) as f64;
        let all = if measured.reads.is_empty() { &measured.writes } else { &measured.reads };
        let latency = [0.5, 0.95, 0.99].map(|share| Measured::percentile(all, share).unwrap_or_default());
        Cost { messages: measured.messages as f64 / calls, bytes: measured.bytes as f64 / calls, latency }
    }
}

impl Measured {
    /// Calls per second, piece by piece of the window.
    fn per_piece(&self) -> Vec<f64> {
        let pieces = (LOSS.end - LOSS.start).as_nanos() / PIECE.as_nanos();
        let mut counts = vec![0u32; pieces as usize];
        for at in self.read_at.iter().chain(&self.wrote_at) {
            let piece = (u128::from(at.0) - LOSS.start.as_nanos()) / PIECE.as_nanos();
            if let Some(count) = counts.get_mut(piece as usize) {
                *count += 1;
            }
        }
        counts.into_iter().map(|count| f64::from(count) / PIECE.as_secs_f64()).collect()
    }
}
