//! A shared value is the value, whoever asks.
use std::hash::{Hash, Hasher};

use proptest::prelude::*;
use synod_protocol::{Digest, Shared};

fn digest(value: &impl Hash) -> u64 {
    let mut digest = Digest::new(7);
    value.hash(&mut digest);
    digest.finish()
}

proptest! {
    #[test]
    fn it_compares_and_hashes_as_its_value_does(a: (u8, String), b: (u8, String)) {
        for (a, b) in [(a.clone(), b), (a.clone(), a)] {
            let (one, other) = (Shared::new(a.clone()), Shared::new(b.clone()));
            prop_assert_eq!(a == b, one == other);
            prop_assert_eq!(a == b, digest(&one) == digest(&other));
            prop_assert_eq!(&one.clone(), &one);
        }
    }

    /// In a trace file, a reader cannot tell whether a value was shared.
    #[test]
    fn it_is_written_and_read_as_its_value(value: (u8, String)) {
        let text = serde_json::to_string(&Shared::new(value.clone())).expect("it can be written");
        prop_assert_eq!(&text, &serde_json::to_string(&value).expect("it can be written"));
        prop_assert_eq!(&*serde_json::from_str::<Shared<(u8, String)>>(&text).expect("it can be read"), &value);
    }
}

/// Pinned, for trace hashes and seeds hang on it. The bytes of a text are read little-endian, whatever the
/// machine.
#[test]
fn a_digest_is_the_same_on_every_machine() {
    assert_eq!(digest(&(1u8, 2u64, "a text of some bytes", -1isize)), 17614861115353599001);
    assert_ne!(digest(&"a"), digest(&"a\0"));
}
