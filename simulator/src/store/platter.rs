//! The platter: sectors that are written and read whole, and what goes wrong with them.
use std::{collections::BTreeSet, ops::Range};

pub(crate) const SECTOR: usize = 512;

/// Grows as it is written; what was never written reads as zeros.
#[derive(Clone, Debug, Default)]
pub(crate) struct Platter {
    bytes: Vec<u8>,
    /// Sectors that give an error when they are read.
    unreadable: BTreeSet<usize>,
    /// Bytes that are watched, and whether anything happened to one of them since.
    guarded: Range<usize>,
    was_touched: bool,
}

/// The sector that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) usize);

impl Platter {
    /// How many sectors were ever written.
    pub(crate) fn sectors(&self) -> usize {
        self.bytes.len() / SECTOR
    }

    /// # Errors
    /// The first sector among them that cannot be read.
    pub(crate) fn read(&self, from: usize, to: usize) -> Result<&[u8], Unreadable> {
        let (first, last) = (from / SECTOR, to.max(from).div_ceil(SECTOR));
        match self.unreadable.range(first..last).next() {
            Some(&sector) => Err(Unreadable(sector)),
            None => Ok(&self.bytes[from.min(self.bytes.len())..to.min(self.bytes.len())]),
        }
    }

    /// From here on, is anything changed in this range?
    pub(crate) fn guard(&mut self, range: Range<usize>) {
        (self.guarded, self.was_touched) = (range, false);
    }

    /// Nothing was, since it is guarded.
    pub(crate) fn is_as_it_was(&self) -> bool {
        !self.was_touched
    }

    fn touch(&mut self, range: Range<usize>) {
        self.was_touched |= range.start < self.guarded.end && self.guarded.start < range.end;
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.touch(at..at + bytes.len());
        self.reach(at + bytes.len());
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// As [`Platter::write`], but of the sectors that it touches one goes elsewhere: its place keeps what it
    /// held, and `victim` is overwritten.
    pub(crate) fn write_misdirected(&mut self, at: usize, bytes: &[u8], strays: usize, victim: usize) {
        self.reach(at + bytes.len());
        let place = strays * SECTOR..(strays + 1) * SECTOR;
        let before = self.bytes[place.clone()].to_vec();
        self.write(at, bytes);
        let stray = self.bytes[place.clone()].to_vec();
        self.touch(place.clone());
        self.bytes[place].copy_from_slice(&before);
        self.write(victim * SECTOR, &stray);
    }

    /// Zeros from there to the end.
    pub(crate) fn wipe_from(&mut self, at: usize) {
        let at = at.min(self.bytes.len());
        self.touch(at..self.bytes.len());
        self.bytes[at..].fill(0);
    }

    pub(crate) fn flip(&mut self, bit: usize) {
        self.touch(bit / 8..bit / 8 + 1);
        if let Some(byte) = self.bytes.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
    }

    pub(crate) fn make_unreadable(&mut self, sector: usize) {
        self.touch(sector * SECTOR..(sector + 1) * SECTOR);
        self.unreadable.insert(sector);
    }

    fn reach(&mut self, end: usize) {
        let end = end.next_multiple_of(SECTOR);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
    }
}
