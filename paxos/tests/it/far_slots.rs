//! Slots that no correct server can have come to, in a vote, a proposal or a schedule: nobody works through all that lie
//! between, and those who are left go on. What a member that lies can do all the same is in the README.
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;
use synod_paxos::{
    Ballot,
    multi::{self, Accept, MultiPaxosEvent, Promise, Schedule, Slot, Snapshot, Value, Vote},
};
use synod_protocol::Answer;

use crate::servers::{DONE, Replicas, Wire, b, campaign, led_with, n, put, settle};

const WINDOW: u64 = 4;

fn config() -> multi::Config {
    multi::Config { window: WINDOW as usize, ..multi::Config::new((1..=3).map(n)) }
}

/// n1 leads ballot 1.1, and n2 asks for promises of ballot 2.2.
fn candidate() -> Replicas {
    let mut replicas = led_with(config());
    settle(&mut replicas, 1);
    campaign(&mut replicas, 2);
    replicas
}

fn promise(slots: &[u64]) -> Wire {
    let vote = |slot: &u64| (Slot(*slot), Vote { ballot: b(1, 1), value: Value::NoOp });
    Wire::Promise(Promise { ballot: b(2, 2), votes: slots.iter().map(vote).collect(), snapshot: None })
}

fn accept(ballot: Ballot, first: u64, values: usize, chosen: u64) -> Wire {
    let values = vec![Value::NoOp; values].into();
    Wire::Accept(Accept { ballot, first: Slot(first), values, chosen: Slot(chosen), round: 1 })
}

/// All messages arrive, and none is left after so many.
fn is_quiet_within(replicas: &mut Replicas, messages: usize) -> bool {
    for _ in 0..messages {
        if replicas.kinds_on_the_way().is_empty() {
            return true;
        }
        replicas.deliver_one(|_| true);
    }
    false
}

/// How far the leader that was told this filled slots before a call of its own, and whether it left votes out.
fn recovered(slots: &[u64]) -> (u64, bool) {
    let mut replicas = candidate();
    replicas.told.clear();
    replicas.hand(3, 2, promise(slots));
    let is_left_out = |(_, event)| matches!(event, MultiPaxosEvent::IgnoredVotes { .. });
    let left_out = replicas.events().into_iter().any(is_left_out);
    assert!(is_quiet_within(&mut replicas, 100), "{slots:?}");
    let call = replicas.call(2, 1, 1, put(7, 1));
    assert!(is_quiet_within(&mut replicas, 100), "{slots:?}");
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)], "{slots:?}");
    // The holes are filled, and then comes the call.
    (replicas.node(2).chosen().0 - 1, left_out)
}

/// Who proposes for a slot has executed the one α before, so a quorum tells of votes up to there without a gap, and of
/// none that are more than α farther.
#[test]
fn votes_farther_than_the_window_are_left_out() {
    assert_eq!(recovered(&[]), (0, false));
    for far in [Slot::LAST.0, Slot::LAST.0 - 1, 1 << 40, 100, WINDOW + 1] {
        assert_eq!(recovered(&[far]), (0, true), "{far}");
        assert_eq!(recovered(&[2, far]), (2, true), "2, {far}");
    }
    // As far as the window goes, and as far as it went when the votes were cast.
    assert_eq!(recovered(&[WINDOW]), (WINDOW, false));
    assert_eq!(recovered(&[1, 2, 2 + WINDOW]), (2 + WINDOW, false));
    assert_eq!(recovered(&[1, 2, 3 + WINDOW]), (2, true));
    assert_eq!(recovered(&[1, 3, 3 + WINDOW]), (3, true));
}

/// A proposal says what is chosen, by which its slots are in the window or are not.
#[test]
fn proposals_out_of_the_window_are_ignored() {
    for (first, values, chosen, is_taken) in [
        (1, 4, 0, true),
        (1, 5, 0, false),
        (5, 1, 0, false),
        (Slot::LAST.0, 1, 0, false),
        (Slot::LAST.0, 1, Slot::LAST.0 - WINDOW - 1, false),
    ] {
        let mut replicas = led_with(config());
        let before = replicas.node(2).clone();
        replicas.hand(1, 2, accept(b(1, 1), first, values, chosen));
        let last = replicas.events().pop().expect("it is noted");
        assert_eq!(last == (2, MultiPaxosEvent::IgnoredNonsense { from: n(1) }), !is_taken, "{first}");
        assert_eq!(*replicas.node(2) == before, !is_taken, "{first}");
    }
}

/// One that lies about what is chosen, too, is believed as far as its vote goes: nothing is executed, and who is told of
/// that vote later leaves it out.
#[test]
fn a_vote_in_the_last_slot_hinders_nobody() {
    let mut replicas = led_with(config());
    replicas.hand(1, 2, accept(b(1, 1), Slot::LAST.0, 1, Slot::LAST.0));
    replicas.hand(1, 3, accept(b(1, 1), Slot::LAST.0 - 1, 2, Slot::LAST.0 - 1));
    assert_eq!((replicas.node(2).last_voted(), replicas.node(3).last_voted()), (Slot::LAST, Slot::LAST));
    assert_eq!((replicas.node(2).chosen(), replicas.node(3).chosen()), (Slot::ZERO, Slot::ZERO));
    assert!(is_quiet_within(&mut replicas, 100));
    replicas.isolate(1);
    campaign(&mut replicas, 2);
    assert!(is_quiet_within(&mut replicas, 100) && replicas.node(2).is_leader());
    let call = replicas.call(2, 1, 1, put(7, 1));
    assert!(is_quiet_within(&mut replicas, 100));
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
    assert_eq!(replicas.node(2).chosen(), Slot(1));
}

/// A snapshot comes with who decides the slots after it, as far as it can know: α slots. Else its leader would fill up
/// all slots until others decide.
#[test]
fn a_schedule_does_not_reach_beyond_the_window() {
    for (from, is_taken) in [(Slot::LAST.0, false), (9 + WINDOW + 1, false), (9 + WINDOW, true)] {
        let mut replicas = led_with(config());
        let (schedule, image) = (replicas.node(1).schedule(), replicas.node(1).replicated().image());
        let mut schedule = serde_json::to_value(schedule).expect("it is plain data");
        let mut next = schedule["current"].clone();
        next["epoch"] = json!(2);
        next["from"] = json!(from);
        schedule["later"] = json!([next]);
        let schedule: Schedule = serde_json::from_value(schedule).expect("it has the form of one");
        let snapshot = Snapshot { through: Slot(9), schedule, image };
        replicas.hand(1, 2, Wire::Install { ballot: b(1, 1), snapshot: snapshot.into() });
        assert_eq!(replicas.node(2).chosen() == Slot(9), is_taken, "{from}");
        let noted = replicas.events().pop() == Some((2, MultiPaxosEvent::IgnoredNonsense { from: n(1) }));
        assert_eq!(noted, !is_taken, "{from}");
        replicas.isolate(1);
        campaign(&mut replicas, 2);
        assert!(is_quiet_within(&mut replicas, 200), "{from}");
    }
}

fn slot() -> impl Strategy<Value = u64> {
    let late = (0u64..12).prop_map(|before| Slot::LAST.0 - before);
    prop_oneof![3 => 1u64..12, 2 => late, 1 => select(vec![100, 1 << 32])]
}

/// The others have few holes to fill, and serve their clients.
fn they_go_on(replicas: &mut Replicas) -> Result<(), TestCaseError> {
    prop_assert!(is_quiet_within(replicas, 300));
    let no_ops = |event| match event {
        (2, MultiPaxosEvent::Proposed { no_ops, .. }) => no_ops,
        _ => 0,
    };
    prop_assert!(replicas.events().into_iter().map(no_ops).sum::<u64>() <= 12 + WINDOW);
    let call = replicas.call(2, 1, 1, put(7, 1));
    prop_assert!(is_quiet_within(replicas, 200));
    prop_assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever slots the leader names, as those of its proposals and as chosen.
    #[test]
    fn a_leader_that_lies_keeps_nobody_busy(
        lies in vec((2u32..4, slot(), 0usize..6, prop_oneof![Just(0), slot()]), 0..20),
    ) {
        let mut replicas = led_with(config());
        settle(&mut replicas, 1);
        for (to, first, values, chosen) in lies {
            replicas.hand(1, to, accept(b(1, 1), first, values, chosen));
        }
        replicas.isolate(1);
        prop_assert!(is_quiet_within(&mut replicas, 200));
        campaign(&mut replicas, 2);
        they_go_on(&mut replicas)?;
    }

    /// Whatever slots an acceptor names, as those that it voted for.
    #[test]
    fn an_acceptor_that_lies_keeps_nobody_busy(slots in vec(slot(), 0..12)) {
        let mut replicas = candidate();
        replicas.hand(1, 2, promise(&slots));
        replicas.isolate(1);
        they_go_on(&mut replicas)?;
    }
}
