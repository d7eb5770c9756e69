//! Bad input: refused or ignored with a note, and never with harm. What single tests of the papers have of it
//! (`paper_single`, `paper_multi`, `paper_reconfiguration`) is not said again.
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use synod_kv::Store;
use synod_paxos::{
    Ballot, QuorumSizes,
    multi::{self, MultiPaxos, MultiPaxosEvent, Promise, Slot, Vote},
    single::{self, Paxos, PaxosEvent},
};
use synod_protocol::{Answer, ClientId, Effects, Node, NodeId, Time};

use crate::servers::{DONE, Wire, Word, b, campaign, get, holds, led, n, put, settle, synod};

/// A call that comes again with another value proposes what it said first.
#[test]
fn a_proposal_that_changes_its_mind_is_noted() {
    let mut synod = synod(3);
    let call = synod.call(1, 1, 1, 7);
    synod.call(1, 1, 1, 8);
    let noted = PaxosEvent::SawCallAgain { client: ClientId(1), number: 1 };
    assert_eq!(synod.events().pop(), Some((1, noted)));
    synod.deliver();
    assert_eq!(synod.answers_to(call), [&Answer::Done(7)], "once, and 8 was never proposed");
}

/// A call that comes again with another command is the call that it was: while it waits, and afterwards.
#[test]
fn a_call_that_changes_its_mind_is_noted() {
    let mut replicas = led(3);
    let saw = |number| Some((1, MultiPaxosEvent::SawCallAgain { client: ClientId(1), number }));
    // In a slot, or waiting for one: four runs are under way at the most.
    for client in 2..6 {
        replicas.call(1, client, 1, put(client.into(), 1));
    }
    for number in [1, 2] {
        let call = replicas.call(1, 1, number, put(7, number as i64));
        for other in [put(7, 9), get(7), crate::servers::members(&[1, 2])] {
            replicas.call(1, 1, number, other);
            assert_eq!(replicas.events().pop(), saw(number));
        }
        replicas.deliver();
        assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)], "once");
        replicas.call(1, 1, number, put(7, 9));
        assert_eq!(replicas.events().pop(), saw(number));
        assert_eq!(replicas.answers_to(call).len(), 2, "what the first one came to");
    }
    // The same of a read.
    let call = replicas.call(1, 1, 3, get(7));
    for other in [put(7, 9), get(8)] {
        replicas.call(1, 1, 3, other);
        assert_eq!(replicas.events().pop(), saw(3));
    }
    replicas.deliver();
    assert_eq!(replicas.answers_to(call), [&Answer::Done(holds(2))]);
    // The last number of all, and none after it.
    let last = replicas.call(1, 1, u64::MAX, put(7, 5));
    replicas.deliver();
    assert_eq!(replicas.answers_to(last), [&Answer::Done(DONE)]);
    let before = replicas.call(1, 1, 4, put(7, 6));
    assert_eq!(replicas.events().pop(), saw(4));
    assert_eq!(replicas.answers_to(before).len(), 0, "its client has moved on");
}

/// Who is not in the address book is not listened to, whatever it says; nor is who takes this server's name.
#[test]
fn strangers_are_ignored() {
    let mut replicas = led(3);
    let mine = replicas.node(1).promised();
    let install = |ballot, replicas: &crate::servers::Replicas| {
        let (schedule, image) = (replicas.node(1).schedule().clone(), replicas.node(1).replicated().image());
        let snapshot = multi::Snapshot { through: Slot(9), schedule, image };
        Wire::Install { ballot, snapshot: snapshot.into() }
    };
    let words = |from: u32, replicas: &crate::servers::Replicas| {
        let theirs = b(9, from);
        let accept =
            multi::Accept { ballot: theirs, first: Slot(1), values: [].into(), chosen: Slot(0), round: 1 };
        let accepted = multi::Accepted { ballot: mine, first: Slot(1), count: 1, round: 0, missing: None };
        [
            Wire::Prepare { ballot: theirs, chosen: Slot(0) },
            Wire::Promise(Promise { ballot: mine, votes: [].into(), snapshot: None }),
            Wire::Accept(accept),
            Wire::Accepted(accepted),
            Wire::Nack { ballot: mine, promised: b(9, 2) },
            install(theirs, replicas),
        ]
    };
    for from in [0, 1, 4, u32::MAX] {
        for word in words(from, &replicas) {
            let before = replicas.node(1).clone();
            replicas.hand(from, 1, word.clone());
            assert_eq!(replicas.node(1), &before, "n{from}: {word:?}");
            assert_eq!(
                replicas.events().pop(),
                Some((1, MultiPaxosEvent::IgnoredNonsense { from: n(from) }))
            );
        }
    }
}

/// A promise that tells of votes in slots that there are not is none.
#[test]
fn votes_outside_of_the_log_are_nonsense() {
    let mut replicas = led(3);
    settle(&mut replicas, 1);
    campaign(&mut replicas, 2);
    let ballot = b(2, 2);
    assert_eq!(replicas.node(2).promised(), ballot);
    for slot in [Slot(u64::MAX), Slot::LAST.next(), Slot(0)] {
        let vote = Vote { ballot: b(1, 1), value: multi::Value::NoOp };
        let promise = Promise { ballot, votes: [(slot, vote)].into(), snapshot: None };
        replicas.hand(3, 2, Wire::Promise(promise));
        assert_eq!(replicas.events().pop(), Some((2, MultiPaxosEvent::IgnoredNonsense { from: n(3) })));
        assert!(!replicas.node(2).is_leader(), "{slot}");
    }
}

/// Neither kind of server starts with quorums that miss each other, with members that are listed twice, or with none; nor
/// does one whose window has no slot (α of 0).
#[test]
fn a_server_does_not_start_with_a_configuration_that_makes_no_sense() {
    let quorums = |phase_1, phase_2| QuorumSizes { phase_1, phase_2 };
    let one = single::Config::new((1..=4).map(n));
    for (config, why) in [
        (single::Config { quorums: quorums(2, 2), ..one.clone() }, "need not share a member"),
        (single::Config { quorums: quorums(0, 4), ..one.clone() }, "empty, or larger"),
        (single::Config { members: vec![], ..one.clone() }, "at least one member"),
        (single::Config { members: vec![n(1), n(1)], ..one.clone() }, "listed twice"),
        (
            single::Config { members: vec![n(2), n(3)], quorums: quorums(2, 2), ..one.clone() },
            "must be a member",
        ),
    ] {
        assert!(why_not::<Paxos<u32>>(&config).contains(why), "{why}");
    }
    let many = multi::Config::new((1..=4).map(n));
    for (config, why) in [
        (multi::Config { quorums: quorums(1, 3), ..many.clone() }, "need not share a member"),
        (multi::Config { quorums: quorums(4, usize::MAX), ..many.clone() }, "empty, or larger"),
        (multi::Config { members: vec![], ..many.clone() }, "at least one member"),
        (multi::Config { members: vec![n(1), n(1)], ..many.clone() }, "listed twice"),
        (multi::Config { spares: vec![n(5), n(5)], ..many.clone() }, "a spare is listed twice"),
        (multi::Config { window: 0, ..many.clone() }, "must be at least 1"),
        (multi::Config { max_slots_per_message: 0, ..many.clone() }, "must be at least 1"),
        (multi::Config { snapshot_every: 0, ..many.clone() }, "snapshot_every"),
    ] {
        assert!(why_not::<MultiPaxos<Store>>(&config).contains(why), "{why}");
    }
}

/// What server 1 panics with when it starts.
fn why_not<N: Node>(config: &N::Config) -> String {
    let boot = || {
        let _: N = Effects::default().boot(Time::ZERO, NodeId(1), config, N::Durable::default());
    };
    let panic = catch_unwind(AssertUnwindSafe(boot)).expect_err("it starts");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

proptest! {
    /// The largest window, and the largest message, overflow nothing.
    #[test]
    fn knobs_at_the_end_of_all_numbers(window in 1..3usize, most in 1..3usize, runs in 1..3usize) {
        let huge = |size: usize| if size == 2 { usize::MAX } else { size };
        let config = multi::Config {
            window: huge(window),
            max_slots_per_message: huge(most),
            max_runs_in_flight: huge(runs),
            snapshot_every: huge(window),
            kept_behind_snapshot: huge(most),
            ..multi::Config::new((1..=3).map(n))
        };
        let mut replicas = crate::servers::led_with(config);
        let call = replicas.call(1, 1, 1, put(7, 1));
        replicas.deliver();
        prop_assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
    }
}

/// Of one decree: a ballot of the last round is overruled by none, and is voted in like any other.
#[test]
fn the_last_ballot_decides() {
    let last = Ballot { round: u64::MAX, proposer: n(2) };
    let mut synod = synod(3);
    synod.call(1, 1, 1, 7);
    synod.hand(2, 1, Word::Accept { ballot: last, value: 7 });
    synod.hand(3, 1, Word::Accepted { ballot: last, value: 7 });
    assert_eq!(synod.node(1).chosen().map(|vote| vote.value), Some(7));
    // Another value in the same ballot is nonsense, and so is a promise of the ballot after the last.
    synod.hand(2, 1, Word::Accept { ballot: last, value: 8 });
    assert_eq!(synod.events().pop(), Some((1, PaxosEvent::IgnoredNonsense { from: n(2) })));
    synod.hand(3, 1, Word::Prepare { ballot: Ballot { round: u64::MAX, proposer: n(3) } });
    assert_eq!(synod.node(1).promised(), Ballot { round: u64::MAX, proposer: n(3) }, "the later name");
}
