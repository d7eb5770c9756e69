//! Ids that depend on the run and on nothing else: the same seed gives the same ids.
use synod_protocol::PacketId;

use crate::{
    span::{SpanId, TraceId},
    trace_file::Header,
};

/// Numbers the traces and spans of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    run: u64,
}

/// What a span is, so that the root of story 3, packet 3 and step 3 differ.
#[derive(Clone, Copy, Debug)]
enum Role {
    Root,
    Packet,
    Step,
}

impl Ids {
    /// Two runs are told apart by all that their header says, so that the same seed under other faults
    /// does not land in the same traces of a backend.
    pub(crate) fn of_run(header: &Header) -> Ids {
        let run = format!("{} {} {} {}", header.algorithm, header.seed, header.nodes, header.config);
        Ids { run: mix(hash(0, &run)) }
    }

    pub(crate) fn trace(self, story: &str) -> TraceId {
        let half = |which| u128::from(mix(hash(self.run ^ which, story)));
        TraceId((half(1) << 64 | half(2)).max(1))
    }

    /// Of the story that began as the `nth` of the run.
    pub(crate) fn root(self, nth: usize) -> SpanId {
        self.span(nth as u64, Role::Root)
    }

    pub(crate) fn packet(self, packet: PacketId) -> SpanId {
        self.span(packet.0, Role::Packet)
    }

    pub(crate) fn step(self, number: u64) -> SpanId {
        self.span(number, Role::Step)
    }

    /// Unique within the run, not merely with high probability: `mix` is a bijection. (Zero is not an id.)
    fn span(self, number: u64, role: Role) -> SpanId {
        SpanId(mix(self.run.wrapping_add(number << 2 | role as u64)).max(1))
    }
}

/// FNV-1a. The standard library's hashes may change with its version.
fn hash(key: u64, text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ key;
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finaliser of SplitMix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
