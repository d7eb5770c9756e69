//! Paxos Commit, and a client that asks for two things under one number: these are two transactions, each of them all or
//! nothing (AC1 by name, which the cluster checks at each step); and whoever knows of the first refuses the second.
use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};
use synod_atomic_commit::{
    Branch, Close, CommitEvent, Key, MicroOp, Past, Protocol, Run, Transaction, TxnId,
    paxos_commit::{Body, PaxosCommit, PaxosCommitMessage, Vote},
};
use synod_protocol::Effect;

use crate::cluster::{Cluster, append, asked, n, read};

fn call(ops: &[MicroOp]) -> TxnId {
    asked(3, 1, ops)
}

/// So that a digest comes before that of the other at times, and after it at others.
fn others(make: impl Fn(i64) -> Vec<MicroOp>, first: &[MicroOp]) -> Vec<Vec<MicroOp>> {
    let others: Vec<_> = (20..30).map(make).collect();
    let before = others.iter().filter(|other| call(other) < call(first)).count();
    assert!((1..others.len()).contains(&before), "both orders are tried");
    others
}

/// The call has committed at n1 and n2, and n3 has heard nothing of it.
fn committed_without_n3(ops: &[MicroOp]) -> Cluster<PaxosCommit> {
    let mut cluster = Cluster::new(3);
    cluster.call(1, 3, 1, ops);
    cluster.deliver_if(|envelope| envelope.to != n(3));
    cluster.lose_if(|_| true);
    assert!(cluster.has_committed(3, 1));
    cluster
}

/// Until nothing is on its way, and no leader and no participant waits.
fn settle(cluster: &mut Cluster<PaxosCommit>, names: &[TxnId]) {
    for _ in 0..20 {
        cluster.deliver();
        for name in names {
            for (id, timer) in cluster.ids().flat_map(|id| ["Doubt", "Lead", "Resend"].map(|it| (id, it))) {
                if cluster.is_armed(id, timer, *name) {
                    cluster.fire(id, timer, *name);
                    cluster.deliver();
                }
            }
        }
    }
    assert!(cluster.ids().all(|id| cluster.node(id).locks().is_empty()), "nobody is left in doubt");
}

/// Asked at a node that does not know of the call, the other command aborts under a name of its own: nobody decides
/// otherwise of the call, and it is answered as ever.
#[test]
fn a_committed_call_stays_committed() {
    let first = [append(0, 7), append(1, 8), read(1)];
    for other in others(|value| vec![append(0, value), append(2, value)], &first) {
        for n3_is_heard in [true, false] {
            let mut cluster = committed_without_n3(&first);
            cluster.call(3, 3, 1, &other);
            cluster.deliver_kind("Prepare");
            if !n3_is_heard {
                cluster.lose_if(|envelope| envelope.from == n(3));
            }
            settle(&mut cluster, &[call(&first), call(&other)]);
            assert_eq!((cluster.list(0), cluster.list(1), cluster.list(2)), (vec![7], vec![8], vec![]));
            assert!(cluster.has_aborted(3, 1), "the other, which has its own answer");
            cluster.answers.clear();
            cluster.call(2, 3, 1, &first);
            settle(&mut cluster, &[call(&first), call(&other)]);
            assert!(cluster.has_committed(3, 1) && !cluster.has_aborted(3, 1));
        }
    }
}

/// Nobody who has a part in the one knows of the other: both take effect, and each once.
#[test]
fn two_at_once_are_two_transactions() {
    let (first, other) = ([append(0, 7)], [append(2, 9)]);
    let mut cluster = Cluster::<PaxosCommit>::new(3);
    cluster.call(1, 3, 1, &first);
    cluster.call(3, 3, 1, &other);
    cluster.deliver_kind("Prepare");
    settle(&mut cluster, &[call(&first), call(&other)]);
    assert_eq!((cluster.list(0), cluster.list(2)), (vec![7], vec![9]));
    for via in 1..=3 {
        cluster.call(via, 3, 1, &first);
        cluster.call(via, 3, 1, &other);
        settle(&mut cluster, &[call(&first), call(&other)]);
    }
    assert_eq!((cluster.list(0), cluster.list(2)), (vec![7], vec![9]));
    assert!(!cluster.has_aborted(3, 1));
}

/// One who has a part in both promises the one that comes first, and the other aborts.
#[test]
fn at_most_one_of_two_that_meet() {
    let first = [append(0, 7), append(1, 7)];
    for other in others(|value| vec![append(4, value), append(5, value)], &first) {
        for first_comes_first in [true, false] {
            let mut cluster = Cluster::<PaxosCommit>::new(3);
            cluster.call(1, 3, 1, &first);
            cluster.call(3, 3, 1, &other);
            let earlier = if first_comes_first { call(&first) } else { call(&other) };
            let later = if first_comes_first { call(&other) } else { call(&first) };
            cluster.deliver_if(|it| it.message.txn == earlier && it.to == n(2));
            assert!(cluster.is_prepared(2, earlier));
            cluster.deliver_kind_to("Prepare", 2);
            assert!(
                cluster.noted(2, &CommitEvent::Refused { txn: later, holder: None }),
                "no lock is in its way"
            );
            settle(&mut cluster, &[earlier, later]);
            assert_eq!(cluster.list(0).is_empty(), !first_comes_first);
            assert_eq!(cluster.list(4).is_empty() && cluster.list(5).is_empty(), first_comes_first);
        }
    }
}

fn prepare(ops: &[MicroOp], participants: &[u32]) -> PaxosCommitMessage {
    let participants = participants.iter().copied().map(n).collect();
    let branch = Branch { participants, ops: ops.iter().filter(|op| op.key().0 % 3 == 1).copied().collect() };
    PaxosCommitMessage { txn: call(ops), body: Body::Prepare(Arc::new(branch)) }
}

/// A participant votes no on what is asked for under the number of a call that it knows: one that it has promised, that
/// it has ended, of which it took a vote, or that it leads. It says the same after a crash.
#[test]
fn who_knows_of_the_first_votes_no() {
    let first = [append(0, 7), append(1, 7)];
    for other in others(|value| vec![append(4, value)], &first) {
        let refused = CommitEvent::Refused { txn: call(&other), holder: None };
        for known in ["promised", "ended", "taken", "led"] {
            let mut cluster = Cluster::<PaxosCommit>::new(3);
            match known {
                "promised" => cluster.hand(1, 2, prepare(&first, &[1, 2])),
                "ended" => {
                    cluster.call(1, 3, 1, &first);
                    settle(&mut cluster, &[call(&first)]);
                }
                "taken" => {
                    cluster.call(1, 3, 1, &[append(0, 7)]);
                    cluster.deliver_kind("Prepare");
                    cluster.deliver_kind_to("Phase2a", 2);
                }
                _ => cluster.call(2, 3, 1, &first),
            }
            cluster.hand(3, 2, prepare(&other, &[2]));
            assert!(cluster.noted(2, &refused), "{known}");
            cluster.crash(2);
            cluster.restart(2);
            assert_eq!(
                cluster.node(2).branches().past(call(&other)),
                Past::Closed(Close::Refused),
                "{known}"
            );
            cluster.hand(3, 2, prepare(&other, &[2]));
            let said = &cluster.told.last().expect("it was asked again").effects;
            let is_no = |effect: &Effect<PaxosCommit>| match effect {
                Effect::Send(_, PaxosCommitMessage { txn, body: Body::Phase2a { votes, .. } }) => {
                    *txn == call(&other) && votes.values().eq([&Vote::Aborted])
                }
                _ => false,
            };
            assert!(said.len() == 3 && said.iter().all(is_no), "{known}: {said:?}");
        }
    }
}

/// Acceptors take votes on a second name, or whoever promised it would stay in doubt. When both are over they keep both:
/// were one forgotten for the other, whoever is asked for it would begin it anew. They go with the client's next call.
#[test]
fn acceptors_keep_both() {
    let first = [append(0, 7), read(0)];
    for other in others(|value| vec![append(2, value)], &first) {
        let names = [call(&first), call(&other)];
        let mut cluster = Cluster::<PaxosCommit>::new(3);
        cluster.call(1, 3, 1, &first);
        cluster.call(3, 3, 1, &other);
        cluster.deliver_kind("Prepare");
        settle(&mut cluster, &names);
        let kept = |cluster: &Cluster<PaxosCommit>, id| {
            let ballots = &cluster.node(id).persistent().ballots;
            names.map(|name| ballots.get(&name).is_some_and(|ballots| ballots.is_over))
        };
        assert!(cluster.ids().all(|id| kept(&cluster, id) == [true; 2]));
        let answer = cluster.said(3, 1)[0].clone();
        cluster.answers.clear();
        cluster.call(2, 3, 1, &first);
        settle(&mut cluster, &names);
        assert_eq!(cluster.said(3, 1), [&answer]);
        cluster.call(2, 3, 2, &[append(1, 1)]);
        cluster.deliver();
        assert!(cluster.ids().all(|id| kept(&cluster, id) == [false; 2]));
    }
}

/// The acceptors have forgotten the number by then, and will bring nothing under it to an end. Who has promised it learns
/// that from a majority, and aborts.
#[test]
fn an_earlier_number_is_not_left_in_doubt() {
    let other = [append(2, 9)];
    let mut cluster = committed_without_n3(&[append(0, 7)]);
    cluster.call(1, 3, 2, &[append(1, 8)]);
    cluster.deliver_if(|envelope| envelope.to != n(3));
    cluster.lose_if(|_| true);
    cluster.call(3, 3, 1, &other);
    cluster.deliver();
    assert!(cluster.is_prepared(3, call(&other)) && cluster.said(3, 2).len() == 1);
    settle(&mut cluster, &[call(&other)]);
    assert_eq!(cluster.node(3).branches().past(call(&other)), Past::Closed(Close::Aborted));
    assert!(!cluster.is_armed(3, "Lead", call(&other)), "and nobody leads it for ever");
    assert_eq!((cluster.list(0), cluster.list(1), cluster.list(2)), (vec![7], vec![8], vec![]));
}

/// What one acceptor has forgotten the others may still decide: it takes a majority, each once.
#[test]
fn an_acceptor_alone_ends_nothing() {
    let first = [append(1, 7), append(2, 7)];
    let mut cluster = Cluster::<PaxosCommit>::new(3);
    cluster.call(1, 3, 1, &first);
    cluster.deliver_kind("Prepare");
    cluster.fire(2, "Doubt", call(&first));
    for (from, is_prepared) in [(1, true), (1, true), (3, false)] {
        cluster.hand(from, 2, PaxosCommitMessage { txn: call(&first), body: Body::Outdated });
        assert_eq!(cluster.is_prepared(2, call(&first)), is_prepared);
    }
}

/// Names go over the network: they are the same on every machine. In them stands what was asked, in its order, and
/// nothing else does; and what has a digest is never taken for a life.
#[test]
fn a_name_says_what_was_asked() {
    let run = |ops: &[MicroOp]| Run::asking(&Transaction(ops.to_vec()));
    assert_eq!(run(&[append(0, 7), read(1)]), serde_json::from_str("3534070321").expect("a number"));
    let different = [
        vec![],
        vec![read(0)],
        vec![read(1)],
        vec![append(0, 0)],
        vec![append(0, 1)],
        vec![append(1, 0)],
        vec![append(0, -1)],
        vec![append(0, i64::MIN)],
        vec![read(0), read(0)],
        vec![read(0), append(0, 0)],
        vec![append(0, 0), read(0)],
    ];
    let names: std::collections::BTreeSet<_> = different.iter().map(|ops| run(ops)).collect();
    assert_eq!(names.len(), different.len());
    assert!(names.iter().all(|run| run.life().is_none() && *run > Run::in_life(u32::MAX)));
    assert_eq!(size_of::<TxnId>(), 16);
    assert_eq!(call(&different[0]).to_string(), "c3.1");
    assert_eq!(TxnId { run: Run::in_life(3), ..call(&[]) }.to_string(), "c3.1/3");
}

/// What may happen to a cluster that is asked for several things under one number.
#[derive(Clone, Debug)]
enum Deed {
    Ask { via: u32, number: u64, what: usize },
    Deliver(usize),
    Lose(usize),
    Fire { id: u32, timer: &'static str, number: u64, what: usize },
    Crash(u32),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        3 => (1u32..4, 1u64..4, 0usize..3).prop_map(|(via, number, what)| Deed::Ask { via, number, what }),
        30 => (0usize..12).prop_map(Deed::Deliver),
        3 => (0usize..12).prop_map(Deed::Lose),
        9 => (1u32..4, select(vec!["Doubt", "Lead", "Resend"]), 1u64..4, 0usize..3)
            .prop_map(|(id, timer, number, what)| Deed::Fire { id, timer, number, what }),
        1 => (1u32..4).prop_map(Deed::Crash),
    ];
    vec(deed, 0..120)
}

/// Each command appends a value of its own, and under each number another.
fn commands() -> impl Strategy<Value = [Vec<MicroOp>; 3]> {
    let keys = || vec(0u64..6, 1..4);
    (keys(), keys(), keys()).prop_map(|(a, b, c)| {
        let of = |keys: Vec<u64>, value| keys.into_iter().map(|key| append(key, value)).collect();
        [of(a, 10), of(b, 20), of(c, 30)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each is all or nothing and takes effect at most once, whatever is lost, repeated and late, in whatever order its
    /// client uses numbers, and nobody stays in doubt.
    #[test]
    fn each_is_all_or_nothing(commands in commands(), deeds in deeds()) {
        let under = |number: u64, what: usize| {
            let of = |op: &MicroOp| match op {
                MicroOp::Append { key, value } => append(key.0, value + number as i64),
                MicroOp::Read { .. } => *op,
            };
            commands[what].iter().map(of).collect::<Vec<_>>()
        };
        let all = || (1..=3).flat_map(|number| (0..3).map(move |what| (number, what)));
        let name = |number, what| asked(3, number, &under(number, what));
        let mut cluster = Cluster::<PaxosCommit>::new(3);
        for deed in deeds {
            match deed {
                Deed::Ask { via, number, what } => cluster.call(via, 3, number, &under(number, what)),
                Deed::Deliver(nth) if nth < cluster.network.len() => {
                    let it = cluster.network.remove(nth);
                    cluster.hand(it.from.0, it.to.0, it.message);
                }
                Deed::Lose(nth) if nth < cluster.network.len() => drop(cluster.network.remove(nth)),
                Deed::Fire { id, timer, number, what } if cluster.is_armed(id, timer, name(number, what)) => {
                    cluster.fire(id, timer, name(number, what));
                }
                Deed::Crash(id) => {
                    cluster.crash(id);
                    cluster.restart(id);
                }
                _ => {}
            }
        }
        settle(&mut cluster, &all().map(|(number, what)| name(number, what)).collect::<Vec<_>>());
        for (number, what) in all() {
            let count = |key, ops: &[MicroOp]| ops.iter().filter(|op| op.key() == Key(key)).count();
            let asked: Vec<usize> = (0..6).map(|key| count(key, &under(number, what))).collect();
            let value = 10 * (what as i64 + 1) + number as i64;
            let took = |key| cluster.list(key).iter().filter(|element| **element == value).count();
            let took: Vec<usize> = (0..6).map(took).collect();
            prop_assert!(took == asked || took == [0; 6], "{took:?} of {asked:?}");
        }
    }
}
