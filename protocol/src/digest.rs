//! A hasher whose 64 bits are a function of content alone.
use core::hash::Hasher;

/// Equal on every machine and in every build: numbers count as 64 bits, whatever their width, and bytes are
/// read little-endian. It is quick, and no defence against somebody who wants a collision.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Words go into the two in turn, so that one multiplication need not wait for the last.
    lanes: [u64; 2],
}

impl Digest {
    pub const fn new(seed: u64) -> Digest {
        Digest { lanes: [stir(seed), stir(!seed)] }
    }

    #[inline(always)]
    pub fn word(&mut self, word: u64) {
        let [turn, other] = self.lanes;
        self.lanes = [other, (turn.rotate_left(26) ^ word).wrapping_mul(0xf135_7aea_2e62_a9c5)];
    }
}

/// A bijection in which each bit of the input flips each bit of the output in half of the cases: SplitMix64
/// (Steele, Lea, Flood 2014).
#[inline]
pub const fn stir(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Hasher for Digest {
    #[inline]
    fn finish(&self) -> u64 {
        stir(stir(self.lanes[0]) ^ self.lanes[1])
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            // The length stands in the byte that the rest leaves free, so that "a" and "a\0" differ.
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            word[7] = rest.len() as u8;
            self.word(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u8(&mut self, i: u8) {
        self.word(i.into());
    }
    #[inline]
    fn write_u16(&mut self, i: u16) {
        self.word(i.into());
    }
    #[inline]
    fn write_u32(&mut self, i: u32) {
        self.word(i.into());
    }
    #[inline]
    fn write_u64(&mut self, i: u64) {
        self.word(i);
    }
    #[inline]
    fn write_u128(&mut self, i: u128) {
        self.word(i as u64);
        self.word((i >> 64) as u64);
    }
    #[inline]
    fn write_usize(&mut self, i: usize) {
        self.word(i as u64);
    }
    #[inline]
    fn write_isize(&mut self, i: isize) {
        self.word(i as i64 as u64);
    }
}
