//! Frames: how a record, and the mark of what is durable, stand on the platter.
use super::crc::crc32c;

/// Length of the payload (4 bytes), checksum of all else (4), number of the record (8), payload.
const HEADER: usize = 16;

/// The frame of a record, at the end of `bytes`. Numbers are little-endian.
pub(crate) fn append(bytes: &mut Vec<u8>, number: u64, write_payload: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.resize(start + HEADER, 0);
    write_payload(bytes);
    let length = (bytes.len() - start - HEADER) as u32;
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    bytes[start + 8..start + 16].copy_from_slice(&number.to_le_bytes());
    let sum = checksum(&bytes[start..]);
    bytes[start + 4..start + 8].copy_from_slice(&sum.to_le_bytes());
}

/// A frame that was found.
pub(crate) struct Frame<'a> {
    pub(crate) payload: &'a [u8],
    pub(crate) end: usize,
}

/// The frame that begins here, if one does. Unless it is verified, its length alone is believed.
pub(crate) fn read(bytes: &[u8], start: usize, number: u64, verified: bool) -> Option<Frame<'_>> {
    let header = bytes.get(start..start + HEADER)?;
    let length = word(header, 0) as usize;
    let end = start.checked_add(HEADER)?.checked_add(length)?;
    let frame = bytes.get(start..end)?;
    let is_sound = word(header, 4) == checksum(frame) && header[8..] == number.to_le_bytes();
    let is_frame = if verified { is_sound } else { length > 0 };
    is_frame.then(|| Frame { payload: &frame[HEADER..], end })
}

fn checksum(frame: &[u8]) -> u32 {
    crc32c(&frame[8..]) ^ crc32c(&frame[..4])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// So many records were promised: whoever reads fewer back has lost some. It fits into one sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) records: u64,
}

const MAGIC: &[u8; 8] = b"synodlog";

impl Mark {
    pub(crate) const LENGTH: usize = 20;

    pub(crate) fn to_bytes(self) -> [u8; Mark::LENGTH] {
        let mut bytes = [0; Mark::LENGTH];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.records.to_le_bytes());
        let sum = crc32c(&bytes[..16]);
        bytes[16..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// `None`: no mark, or a damaged one.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Mark> {
        let (mark, sum) = bytes.get(..Mark::LENGTH)?.split_at(16);
        let records = u64::from_le_bytes(mark.strip_prefix(MAGIC)?.try_into().ok()?);
        (sum == crc32c(mark).to_le_bytes()).then_some(Mark { records })
    }
}
