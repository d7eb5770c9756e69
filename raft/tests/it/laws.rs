//! Laws of the log and of recovery, over random inputs.
use std::sync::Arc;

use proptest::prelude::*;
use synod_protocol::{Durable, Effects, Node, NodeId};
use synod_raft::{Config, Entry, Index, Log, Payload, Persistent, Raft, Record, Term};

type Disk = Persistent<u8>;

/// Entries whose terms never decrease, as in any log.
fn entries(from_term: u64, most: usize) -> impl Strategy<Value = Vec<Entry<u8>>> {
    prop::collection::vec((0..3u64, any::<u8>()), 0..most).prop_map(move |steps| {
        let mut term = from_term;
        let entry = |(step, _)| {
            term += step;
            Entry { term: Term(term), payload: Payload::NoOp }
        };
        steps.into_iter().map(entry).collect()
    })
}

fn log(entries: &[Entry<u8>]) -> Log<u8> {
    let mut disk = Disk::default();
    disk.apply(&Record::Append { after: Index::ZERO, entries: Arc::from(entries) });
    disk.log
}

proptest! {
    /// Cut, then append: what stood before stays, what is given follows, and nothing else is there.
    #[test]
    fn an_append_record_replaces_the_suffix(old in entries(1, 20), new in entries(4, 20), cut in 0..25usize) {
        let after = cut.min(old.len());
        let mut disk = Disk { log: log(&old), ..Disk::default() };
        disk.apply(&Record::Append { after: Index(after as u64), entries: Arc::from(&new[..]) });
        let expected: Vec<_> = old[..after].iter().chain(&new).cloned().collect();
        prop_assert_eq!(disk.log.slice(Index::ZERO, Index(u64::MAX)), &expected[..]);
        prop_assert_eq!(disk.log.last_index(), Index(expected.len() as u64));
    }

    /// The two searches by term agree with a walk along the log.
    #[test]
    fn searches_by_term_agree_with_a_walk(entries in entries(1, 30), index in 1..40u64, term in 0..40u64) {
        let log = log(&entries);
        let terms: Vec<u64> = entries.iter().map(|entry| entry.term.0).collect();
        let at = |index: u64| terms.get(index as usize - 1).copied();
        let first = match at(index) {
            Some(term) => terms.iter().position(|&other| other == term).map_or(0, |position| position as u64 + 1),
            None => terms.len() as u64 + 1,
        };
        prop_assert_eq!(log.first_index_of_run(Index(index)), Index(first));
        let last = terms.iter().rposition(|&other| other == term).map(|position| Index(position as u64 + 1));
        prop_assert_eq!(log.last_index_of_term(Term(term)), last);
    }

    /// A prefix of a log is present in it, and presence ends at the first other term.
    #[test]
    fn presence_ends_at_the_first_other_term(entries in entries(1, 20), after in 0..20usize, change in 0..20usize) {
        let log = log(&entries);
        let after = after.min(entries.len());
        let mut asked = entries[after..].to_vec();
        prop_assert_eq!(log.count_present(Index(after as u64), &asked), asked.len());
        if let Some(entry) = asked.get_mut(change) {
            entry.term = Term(99);
            prop_assert_eq!(log.count_present(Index(after as u64), &asked), change);
        }
    }

    /// A server boots with what its disk holds, and everything that is durable goes through serde unharmed.
    #[test]
    fn recovery_loses_nothing(entries in entries(1, 20), term in 60..90u64, vote in prop::option::of(1..4u32)) {
        let mut disk = synod_raft::Persistent::<synod_kv::Command>::default();
        let entries: Arc<[_]> =
            entries.iter().map(|entry| Entry { term: entry.term, payload: Payload::NoOp }).collect();
        disk.apply(&Record::Append { after: Index::ZERO, entries });
        disk.apply(&Record::Vote { current_term: Term(term), voted_for: vote.map(NodeId) });
        let written = serde_json::to_string(&disk).expect("it is plain data");
        prop_assert_eq!(&serde_json::from_str::<synod_raft::Persistent<_>>(&written).expect("it was written"), &disk);
        let config = Config::new((1..=3).map(NodeId));
        let node = Raft::<synod_kv::Store>::boot(NodeId(1), &config, disk.clone(), &mut Effects::default());
        prop_assert_eq!(node.log(), &disk.log);
        prop_assert_eq!((node.current_term(), node.voted_for()), (Term(term), vote.map(NodeId)));
        prop_assert_eq!(node.commit_index(), Index(0));
    }
}

/// What makes no sense is refused with its reason.
#[test]
fn configurations_are_validated() {
    let good = Config::new((1..=3).map(NodeId));
    good.validate().expect("the paper's timeouts");
    let cases: [(&str, Config); 5] = [
        ("at least one member", Config { members: vec![], ..good.clone() }),
        ("twice", Config { members: vec![NodeId(1), NodeId(1)], ..good.clone() }),
        (
            "range with room",
            Config { election_timeout: good.election_timeout.end..good.election_timeout.end, ..good.clone() },
        ),
        ("shorter than", Config { heartbeat_interval: good.election_timeout.start, ..good.clone() }),
        ("at least 1", Config { max_appends_in_flight: 0, ..good.clone() }),
    ];
    for (reason, config) in cases {
        let error = config.validate().expect_err(reason);
        assert!(error.to_string().contains(reason), "{error}");
    }
}
