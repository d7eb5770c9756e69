//! The store alone: what is promised is read back or missed, whatever the disk does.
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::draw::Site;

/// A durable state that remembers everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Words(Vec<String>);

impl Durable for Words {
    type Record = String;
    fn apply(&mut self, record: &String) {
        self.0.push(record.clone());
    }
}

fn draws(k: u64) -> Draws {
    Draws::new(k, Site::Strike, 0, 0)
}

/// Records of these lengths, numbered so that all differ.
fn words(lengths: &[usize]) -> Vec<String> {
    lengths.iter().zip(0..).map(|(length, number)| format!("{number}:{}", "x".repeat(*length))).collect()
}

fn written(words: &[String], synced: usize, seed: u64) -> Store {
    let mut store = Store::new(seed, NodeId(1), 1.0);
    assert_eq!(store.recover::<Words>(true).expect("a new disk").records, 0);
    for (word, count) in words.iter().zip(1..) {
        store.write(word);
        if count == synced {
            store.sync(synced as u64);
        }
    }
    store
}

proptest! {
    /// A crash alone leaves what was synced and as much of the rest as it says; a torn part is cut off, and
    /// what is written afterwards stands behind it.
    #[test]
    fn a_crash_tears_nothing_that_was_promised(
        lengths in prop::collection::vec(0usize..1500, 1..20), synced in 0usize..20, kept in 0usize..20, seed in 0u64..1000,
    ) {
        let words = words(&lengths);
        let synced = synced.min(words.len());
        let kept = kept.clamp(synced, words.len());
        let mut store = written(&words, synced, seed);
        store.crash(kept as u64);
        let back = store.recover::<Words>(true).expect("nothing was damaged");
        prop_assert_eq!(&back.durable.0, &words[..kept]);
        prop_assert_eq!(back.was_torn, kept < words.len());
        store.write(&"after".to_owned());
        store.sync(kept as u64 + 1);
        let again = store.recover::<Words>(true).expect("nothing was damaged");
        prop_assert_eq!(again.durable.0.last().map(String::as_str), Some("after"));
        prop_assert!(!again.was_torn && again.records == kept as u64 + 1);
    }

    /// However many sectors rot, get lost or go astray: the store reads back all that was promised, or says
    /// that it cannot.
    #[test]
    fn damage_is_found_or_does_no_harm(
        lengths in prop::collection::vec(0usize..700, 1..12), faults in prop::collection::vec(0u64..3, 1..4), seed in 0u64..1000,
    ) {
        let words = words(&lengths);
        let mut store = written(&words, words.len() / 2, seed);
        for (&fault, k) in faults.iter().zip(seed * 10..) {
            match fault {
                0 => store.rot(&mut draws(k)),
                1 => store.lose_sector(&mut draws(k)),
                _ => store.misdirect_next(),
            }
        }
        store.sync(words.len() as u64);
        match store.recover::<Words>(true) {
            Ok(back) => prop_assert_eq!(back.durable.0, words),
            Err(damage) => prop_assert!(damage.contains("damaged") || damage.contains("read"), "{}", damage),
        }
    }
}

#[test]
fn each_damage_is_missed_without_checksums_and_found_with_them() {
    type Fault = fn(&mut Store, u64);
    let faults: [(&str, Fault); 2] = [
        ("rot", |store, k| store.rot(&mut draws(k))),
        ("misdirection", |store, _| {
            store.misdirect_next();
            store.write(&"one more".to_owned());
            store.sync(store.records + 1);
        }),
    ];
    for (name, fault) in faults {
        let (mut found, mut believed) = (0, 0);
        for k in 0..200 {
            let words = words(&[40, 300, 20, 700, 5]);
            let mut store = written(&words, words.len(), k);
            fault(&mut store, k);
            found += u32::from(store.clone().recover::<Words>(true).is_err());
            let back = store.recover::<Words>(false).expect("whatever looks like a record is believed");
            believed += u32::from(!back.durable.0.starts_with(&words));
        }
        assert!(found > 100 && believed > 80, "{name}: found {found}, believed {believed} of 200");
    }
}

#[test]
fn a_sector_that_cannot_be_read_is_never_overlooked() {
    let words = words(&[40, 300, 20, 700, 5]);
    for k in 0..50 {
        let mut store = written(&words, words.len(), k);
        store.lose_sector(&mut draws(k));
        if let Ok(back) = store.recover::<Words>(true) {
            assert_eq!(back.durable.0, words, "it was a mark, which has a twin");
        }
    }
}

/// What a crash has left and nobody was promised is spared until a boot has read it: the crash said how much it left.
#[test]
fn what_nobody_was_promised_does_not_rot_before_it_is_read() {
    let words = words(&[900, 900, 900]);
    for seed in 0..200 {
        let mut store = written(&words, 1, seed);
        store.crash(3);
        store.rot(&mut draws(seed));
        store.lose_sector(&mut draws(seed + 1_000));
        let back = store.recover::<Words>(true).expect("nothing was damaged");
        assert_eq!(back.durable.0, words);
        store.rot(&mut draws(seed));
        store.lose_sector(&mut draws(seed + 1_000));
        if store.recover::<Words>(true).is_err() {
            return;
        }
    }
    panic!("once it is promised, it may be damaged");
}
