//! A disk that really holds bytes: what stands beneath a node in runs that have faults of disks.
//!
//! ```text
//! sector 0   sector 1   sector 2 …
//! mark       mark       frame, frame, frame, …             one per record: length, checksum, number, content
//! ```
//!
//! 1. Records are framed and stay in the cache until a sync. It writes the frames, and then twice the *mark*:
//!    how many records are durable, and so were promised.
//! 2. A crash in between leaves a prefix of those writes; the last of them may be torn.
//! 3. At boot the bytes are read back. Frames that were promised and are not there, whole and in order, are
//!    damage, and the node does not boot. What follows the promised ones was never durable: it counts as far
//!    as it is whole, and the rest is cut off.
//!
//! Two marks, one after the other: a crash may tear one, and then the other says what had been promised
//! before. Without the mark, a damaged last record could not be told from a torn one, and would be cut off
//! although it was promised.
//!
//! A boot does not decode what an earlier one has decoded: the platter knows whether any byte of those frames was
//! changed since, by a write or by a fault, and where none was, to read them again would give the same records once
//! more. Where one was, all is read again from the first frame on. So each frame is decoded at least once, at
//! the first boot after it was written, and again whenever something may have happened to it; marks are read at
//! each boot. `tests` compares both ways.
use std::collections::VecDeque;

use serde::de::DeserializeOwned;
use synod_protocol::NodeId;

use crate::draw::{Chance, Draws, Site};

mod codec;
mod crc;
mod frame;
mod platter;

use frame::Mark;
use platter::{Platter, SECTOR, Unreadable};

const LOG: usize = 2 * SECTOR;

#[derive(Clone, Debug)]
pub(crate) struct Store {
    seed: u64,
    node: u64,
    /// How many mishaps have drawn what they do.
    mishaps: u64,
    /// How often a crash that loses something tears it.
    tears: Chance,
    platter: Platter,
    /// Where the frames on the platter end.
    end: usize,
    /// How many they are.
    records: u64,
    /// Frames that wait for a sync, and where each ends.
    cache: Vec<u8>,
    ends: VecDeque<usize>,
    /// One sector of the next sync goes astray.
    misdirects: bool,
    /// What the last boot has read.
    read: Option<Read>,
}

/// These frames were read back. They are what they were while the platter guards them.
#[derive(Clone, Copy, Debug)]
struct Read {
    records: u64,
    /// Counted from [`LOG`].
    end: usize,
    verified: bool,
}

/// What was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovered<R> {
    /// So many are those that the last boot has read, or none; and these follow them.
    pub(crate) known: u64,
    pub(crate) records: Vec<R>,
    /// Did a part of a record stand behind them, and was it cut off?
    pub(crate) was_torn: bool,
}

/// What was promised is not there. In words, as they are told.
pub(crate) type Damage = String;

impl Store {
    pub(crate) fn new(seed: u64, node: NodeId, torn: f64) -> Store {
        Store {
            seed,
            node: node.0.into(),
            mishaps: 0,
            tears: Chance::new(torn),
            platter: Platter::default(),
            end: LOG,
            records: 0,
            cache: Vec::new(),
            ends: VecDeque::new(),
            misdirects: false,
            read: None,
        }
    }

    fn draws(&mut self) -> Draws {
        self.mishaps += 1;
        Draws::new(self.seed, Site::Store, self.node, self.mishaps)
    }

    /// Into the cache.
    pub(crate) fn write(&mut self, record: &impl serde::Serialize) {
        let number = self.records + self.ends.len() as u64;
        frame::append(&mut self.cache, number, |bytes| codec::write(bytes, record));
        self.ends.push_back(self.cache.len());
    }

    /// Onto the platter, with the marks: the oldest records of the cache, up to this number of all.
    pub(crate) fn sync(&mut self, records: u64) {
        self.write_frames(records);
        self.write_marks();
    }

    fn write_frames(&mut self, records: u64) {
        let count = (records.saturating_sub(self.records) as usize).min(self.ends.len());
        let Some(length) = self.ends.drain(..count).next_back() else { return };
        if std::mem::take(&mut self.misdirects) {
            let mut draws = self.draws();
            let (first, end) = (self.end / SECTOR, (self.end + length).div_ceil(SECTOR));
            let strays = first + draws.below((end - first) as u64) as usize;
            // Any other sector of the log, or the free one behind it.
            let others = end.max(self.platter.sectors()) - LOG / SECTOR;
            let victim = LOG / SECTOR + draws.below(others as u64) as usize;
            let victim = victim + usize::from(victim >= strays);
            self.platter.write_misdirected(self.end, &self.cache[..length], strays, victim);
        } else {
            self.platter.write(self.end, &self.cache[..length]);
        }
        self.cache.drain(..length);
        self.ends.iter_mut().for_each(|end| *end -= length);
        self.end += length;
        self.records = records;
    }

    fn write_marks(&mut self) {
        let mark = Mark { records: self.records }.to_bytes();
        self.platter.write(0, &mark);
        self.platter.write(SECTOR, &mark);
    }

    /// The power fails: of the cache the records up to this number reach the platter, and perhaps a part of
    /// what comes next.
    pub(crate) fn crash(&mut self, records: u64) {
        self.misdirects = false;
        let was_writing = !self.ends.is_empty();
        self.write_frames(records);
        let mut draws = self.draws();
        if was_writing && self.tears.hits(draws.bits()) {
            let (at, whole) = match self.ends.front() {
                Some(&next) => (self.end, self.cache[..next].to_vec()),
                None => (0, Mark { records }.to_bytes().to_vec()),
            };
            let cut = 1 + draws.below(whole.len() as u64 - 1) as usize;
            let mut part = whole[..cut].to_vec();
            if draws.chance(0.25) {
                // The sector in which it stopped was written by half.
                let rest = SECTOR - (at + cut) % SECTOR;
                part.extend((0..rest).map(|_| draws.bits() as u8));
            }
            // What lies there may complete it, by chance or because it ends with zeroes; but it was lost.
            let there = part[cut..].iter().chain(std::iter::repeat(&0));
            if whole[cut..].iter().zip(there).all(|(lost, found)| lost == found) {
                part.truncate(cut);
                part.push(!whole[cut]);
            }
            self.platter.write(at, &part);
        }
        self.cache.clear();
        self.ends.clear();
    }

    /// Reads back what the last boot has not read, or everything if that may have changed, and cuts off what was never
    /// durable. Unless it is verified, whatever looks like a record is believed. So many records are `folded` already:
    /// those that the last boot has read.
    ///
    /// # Errors
    /// A record that was promised is not there.
    pub(crate) fn recover<R: DeserializeOwned>(
        &mut self,
        verified: bool,
        folded: u64,
    ) -> Result<Recovered<R>, Damage> {
        let promised = if verified { self.promised()? } else { 0 };
        let log = self.platter.read(LOG, self.platter.sectors() * SECTOR);
        let bytes = log.map_err(|Unreadable(sector)| format!("sector {sector} cannot be read"))?;
        let (known, mut end) = match self.read {
            Some(read)
                if read.verified == verified && read.records == folded && self.platter.is_as_it_was() =>
            {
                (read.records, read.end)
            }
            _ => (0, 0),
        };
        let (mut number, mut records) = (known, Vec::new());
        while let Some(frame) = frame::read(bytes, end, number, verified) {
            match codec::read(frame.payload) {
                Ok(record) => records.push(record),
                Err(error) if verified => return Err(format!("record {number} is no record: {error}")),
                Err(_) => break,
            }
            (number, end) = (number + 1, frame.end);
        }
        if number < promised {
            return Err(format!("record {number} of the {promised} that were promised is damaged"));
        }
        let was_torn = bytes[end..].iter().any(|&byte| byte != 0);
        self.platter.wipe_from(LOG + end);
        (self.end, self.records) = (LOG + end, number);
        self.write_marks();
        self.platter.guard(LOG..LOG + end);
        self.read = Some(Read { records: number, end, verified });
        Ok(Recovered { known, records, was_torn })
    }

    /// By the mark that says more: the other may be older, torn or damaged.
    fn promised(&self) -> Result<u64, Damage> {
        let mark = |at| self.platter.read(at, at + SECTOR).ok().and_then(Mark::from_bytes);
        let is_blank = || self.platter.read(SECTOR, LOG).is_ok_and(|mark| mark.iter().all(|&byte| byte == 0));
        match [mark(0), mark(SECTOR)].into_iter().flatten().map(|mark| mark.records).max() {
            Some(records) => Ok(records),
            // The first sync never ended.
            None if is_blank() => Ok(0),
            None => Err("both marks of what was promised are damaged".into()),
        }
    }
}

/// What a disk should not do. Each picks among the sectors that hold something.
impl Store {
    pub(crate) fn rot(&mut self, draws: &mut Draws) {
        let Some(sector) = self.any_sector(draws) else { return };
        let used = (self.end - sector * SECTOR).min(SECTOR);
        let used = if sector < LOG / SECTOR { Mark::LENGTH } else { used };
        self.platter.flip(sector * SECTOR * 8 + draws.below(used as u64 * 8) as usize);
    }

    pub(crate) fn lose_sector(&mut self, draws: &mut Draws) {
        let Some(sector) = self.any_sector(draws) else { return };
        self.platter.make_unreadable(sector);
    }

    pub(crate) fn misdirect_next(&mut self) {
        self.misdirects = true;
    }

    /// The first mark is spared: to lose both takes two faults. So is what a crash has left and nobody promised, until
    /// a boot has read it: damage to that is a crash that left less, which was said otherwise.
    fn any_sector(&self, draws: &mut Draws) -> Option<usize> {
        let sectors = self.end.div_ceil(SECTOR);
        let is_promised = self.promised().is_ok_and(|promised| promised == self.records);
        (self.end > LOG && is_promised).then(|| 1 + draws.below(sectors as u64 - 1) as usize)
    }
}

#[cfg(test)]
mod tests;
