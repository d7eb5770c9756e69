//! The store alone: what is promised is read back or missed, whatever the disk does.
use proptest::prelude::*;

use super::*;
use crate::draw::Site;

fn draws(k: u64) -> Draws {
    Draws::new(k, Site::Strike, 0, 0)
}

/// Records of these lengths, numbered so that all differ.
fn words(lengths: &[usize]) -> Vec<String> {
    lengths.iter().zip(0..).map(|(length, number)| format!("{number}:{}", "x".repeat(*length))).collect()
}

fn written(words: &[String], synced: usize, seed: u64) -> Store {
    let mut store = Store::new(seed, NodeId(1), 1.0);
    assert_eq!(store.recover::<String>(true, 0).expect("a new disk").records.len(), 0);
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
        let back = store.recover::<String>(true, 0).expect("nothing was damaged");
        prop_assert_eq!(&back.records, &words[..kept]);
        prop_assert_eq!(back.was_torn, kept < words.len());
        store.write(&"after".to_owned());
        store.sync(kept as u64 + 1);
        let again = store.recover::<String>(true, kept as u64).expect("nothing was damaged");
        prop_assert_eq!(again, Recovered { known: kept as u64, records: vec!["after".into()], was_torn: false });
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
        match store.recover::<String>(true, 0) {
            Ok(back) => prop_assert_eq!(back.records, words),
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
            found += u32::from(store.clone().recover::<String>(true, 0).is_err());
            let back = store.recover::<String>(false, 0).expect("whatever looks like a record is believed");
            believed += u32::from(!back.records.starts_with(&words));
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
        if let Ok(back) = store.recover::<String>(true, 0) {
            assert_eq!(back.records, words, "it was a mark, which has a twin");
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
        let back = store.recover::<String>(true, 0).expect("nothing was damaged");
        assert_eq!(back.records, words);
        store.rot(&mut draws(seed));
        store.lose_sector(&mut draws(seed + 1_000));
        if store.recover::<String>(true, 0).is_err() {
            return;
        }
    }
    panic!("once it is promised, it may be damaged");
}

/// What may happen between two boots.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Write(usize),
    Sync(u64),
    Crash(u64),
    Rot(u64),
    LoseSector(u64),
    Misdirect,
    Boot,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (0usize..700).prop_map(Deed::Write),
        4 => (0u64..4).prop_map(Deed::Sync),
        2 => (0u64..4).prop_map(Deed::Crash),
        1 => (0u64..1000).prop_map(Deed::Rot),
        1 => (0u64..1000).prop_map(Deed::LoseSector),
        1 => Just(Deed::Misdirect),
        3 => Just(Deed::Boot),
    ];
    prop::collection::vec(deed, 1..60)
}

proptest! {
    /// A boot that skips what an earlier one has decoded gets the same records, finds the same damage and leaves the
    /// same bytes as one that reads all: whatever happened in between, with checksums and without.
    #[test]
    fn skipping_what_was_read_before_changes_nothing(deeds in deeds(), verified in any::<bool>(), seed in 0u64..1000) {
        let mut lazy = Store::new(seed, NodeId(1), 0.7);
        let mut eager = lazy.clone();
        let (mut fold, mut written) = (Vec::new(), 0);
        for deed in deeds {
            for store in [&mut lazy, &mut eager] {
                let (synced, waiting) = (store.records, store.ends.len() as u64);
                match deed {
                    Deed::Write(length) => store.write(&words(&[length + written]).remove(0)),
                    Deed::Sync(count) => store.sync(synced + count.min(waiting)),
                    Deed::Crash(count) => store.crash(synced + count.min(waiting)),
                    Deed::Rot(k) => store.rot(&mut draws(k)),
                    Deed::LoseSector(k) => store.lose_sector(&mut draws(k)),
                    Deed::Misdirect => store.misdirect_next(),
                    Deed::Boot => {}
                }
            }
            written += 1;
            if let Deed::Boot = deed {
                [&mut lazy, &mut eager].into_iter().for_each(|store| store.crash(store.records));
                eager.read = None;
                let all = eager.recover::<String>(verified, 0);
                let rest = lazy.recover::<String>(verified, fold.len() as u64);
                let joined = rest.map(|rest| {
                    fold.truncate(rest.known as usize);
                    fold.extend(rest.records);
                    Recovered { known: 0, records: fold.clone(), was_torn: rest.was_torn }
                });
                prop_assert_eq!(&joined, &all);
                if joined.is_err() {
                    break;
                }
            }
            prop_assert_eq!(lazy.platter.read(0, usize::MAX), eager.platter.read(0, usize::MAX));
        }
    }
}

#[test]
fn a_boot_decodes_what_is_new_and_all_of_what_was_touched() {
    let known = |mishap: &dyn Fn(&mut Store)| {
        let mut store = written(&words(&[40, 300, 20, 700, 5]), 5, 1);
        store.recover::<String>(false, 0).expect("nothing was damaged");
        store.write(&"one more".to_owned());
        store.sync(6);
        mishap(&mut store);
        store.recover::<String>(false, 5).expect("what is there is believed").known
    };
    assert_eq!(known(&|_| {}), 5);
    assert_eq!(known(&|store| store.crash(6)), 5);
    assert_eq!(known(&|store| store.platter.flip(LOG * 8)), 0);
    assert_eq!(known(&|store| store.platter.write(LOG + SECTOR, b"astray")), 0);
}
