//! What is written is read back, whatever serde can say; and bytes that nobody wrote do no harm.
use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    numbers: (u8, i16, u32, i64, u64, i128, u128),
    fraction: f64,
    letter: char,
    text: String,
    nothing: (),
    maybe: Option<Option<u32>>,
    pairs: BTreeMap<u32, String>,
    kinds: Vec<Kind>,
    unnamed: Vec<Unnamed>,
    tagged: Vec<Tagged>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    One(u64),
    Two(bool, String),
    Named { from: i64, to: Option<Box<Kind>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Unnamed {
    Number(i64),
    Text(String),
    Maybe(Option<bool>),
    Kinds(Vec<Kind>),
    Three(u8, u8, u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is")]
enum Tagged {
    Empty,
    Point { x: i32, y: Kind },
}

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, value);
    assert_eq!(read::<T>(&bytes).as_ref(), Ok(value), "{bytes:02x?}");
    bytes
}

fn kind() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![
        Just(Kind::Unit),
        any::<u64>().prop_map(Kind::One),
        (any::<bool>(), ".{0,9}").prop_map(|(a, b)| Kind::Two(a, b)),
    ];
    leaf.prop_recursive(3, 8, 1, |kind| {
        (any::<i64>(), prop::option::of(kind))
            .prop_map(|(from, to)| Kind::Named { from, to: to.map(Box::new) })
    })
}

fn everything() -> impl Strategy<Value = Everything> {
    let unnamed = prop_oneof![
        any::<i64>().prop_map(Unnamed::Number),
        ".{0,9}".prop_map(Unnamed::Text),
        any::<Option<bool>>().prop_map(Unnamed::Maybe),
        prop::collection::vec(kind(), 0..3).prop_map(Unnamed::Kinds),
        any::<(u8, u8, u8)>().prop_map(|(a, b, c)| Unnamed::Three(a, b, c)),
    ];
    let tagged =
        prop_oneof![Just(Tagged::Empty), (any::<i32>(), kind()).prop_map(|(x, y)| Tagged::Point { x, y })];
    let plain = (any::<(u8, i16, u32, i64, u64, i128, u128)>(), -1e300..1e300, any::<char>(), ".{0,200}");
    let nested = (
        any::<Option<Option<u32>>>(),
        prop::collection::btree_map(any::<u32>(), ".{0,5}", 0..4),
        prop::collection::vec(kind(), 0..4),
        prop::collection::vec(unnamed, 0..4),
        prop::collection::vec(tagged, 0..3),
    );
    (plain, nested).prop_map(|((numbers, fraction, letter, text), (maybe, pairs, kinds, unnamed, tagged))| {
        Everything { numbers, fraction, letter, text, nothing: (), maybe, pairs, kinds, unnamed, tagged }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in everything()) {
        prop_assert_eq!(there_and_back(&value)[0], COMPACT);
    }

    /// A bit flips, or the end is missing: an error or another value, and no panic.
    #[test]
    fn damage_does_no_harm(value in everything(), bit in 0usize..10_000, cut in 0usize..1_000) {
        let mut bytes = Vec::new();
        write(&mut bytes, &value);
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let _ = read::<Everything>(&bytes);
        bytes.truncate(cut % bytes.len());
        let _ = read::<Everything>(&bytes);
    }

    #[test]
    fn noise_is_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let compact: Vec<u8> = std::iter::once(COMPACT).chain(bytes).collect();
        let _ = read::<Everything>(&compact);
        let _ = read::<Vec<Unnamed>>(&compact);
    }
}

/// Fields that are left out leave no hole: such a record is written with its names.
#[test]
fn what_needs_names_is_written_with_them() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Gaps {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<u32>,
        b: u32,
    }
    assert_eq!(there_and_back(&Gaps { a: None, b: 7 }), br#"{"b":7}"#);
    assert_eq!(there_and_back(&Gaps { a: Some(1), b: 7 })[0], COMPACT);
}

#[test]
fn extremes_are_read_back() {
    there_and_back(&(u128::MAX, i128::MIN, i64::MIN, u64::MAX, 191u8, 192u8, f64::MIN_POSITIVE, f32::MAX));
    there_and_back(&(vec![(); 3], "\u{10ffff}", '\0').0);
}

/// A list that says it is endless, and lists in lists in lists.
#[test]
fn absurd_lengths_and_depths_are_refused() {
    let endless = [COMPACT, LIST, 0xff, 0xff, 0xff, 0xff, 0x0f];
    assert!(read::<Vec<()>>(&endless).is_err());
    let deep: Vec<u8> = std::iter::once(COMPACT).chain([LIST, 1].repeat(100_000)).collect();
    #[derive(Debug, Deserialize)]
    struct Nest(#[expect(dead_code, reason = "only its depth counts")] Vec<Nest>);
    assert!(read::<Nest>(&deep).is_err());
}
