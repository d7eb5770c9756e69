//! *Paxos Made Simple*, §2: a test per claim about one decree.
use synod_paxos::single::{PaxosEvent, Phase, Record, Timer, Vote};
use synod_protocol::{Answer, Message};

use crate::servers::{Synod, Word, b, n, synod, synod_of};

fn learned(synod: &Synod) -> Vec<Option<u32>> {
    synod.ids().map(|id| synod.node(id).chosen().map(|vote| vote.value)).collect()
}

/// Lets this proposer try until it has learned what is chosen.
fn finish(synod: &mut Synod, proposer: u32) {
    synod.deliver();
    while synod.is_armed(proposer, Timer::Retry) {
        synod.fire(proposer, Timer::Retry);
        synod.deliver();
    }
}

/// Lets it try until it may propose; nothing of phase 2 is delivered.
fn finish_phase_1(synod: &mut Synod, proposer: u32) {
    while synod.node(proposer).phase() != Phase::Proposing {
        synod.fire(proposer, Timer::Retry);
        synod.deliver_if(|it| matches!(it.message.kind(), "Prepare" | "Promise" | "Nack"));
    }
}

/// "We want a value to be chosen even if only one value is proposed by a single proposer" (§2.2).
#[test]
fn a_lone_proposal_is_chosen() {
    let mut synod = synod(3);
    let call = synod.call(1, 1, 1, 7);
    synod.deliver();
    assert_eq!(synod.answers_to(call), [&Answer::Done(7)]);
    assert_eq!(learned(&synod), [Some(7); 3]);
    assert!(!synod.is_armed(1, Timer::Retry), "there is nothing left to try");
}

/// "Only a single value is chosen", and who proposed another one is told so (§2.1).
#[test]
fn the_second_proposer_is_told_the_first_ones_value() {
    let mut synod = synod(3);
    synod.call(1, 1, 1, 7);
    synod.deliver();
    let late = synod.call(3, 2, 1, 8);
    synod.deliver();
    assert_eq!(synod.answers_to(late), [&Answer::Done(7)]);
}

/// "v is the value of the highest-numbered proposal among the responses": not the first, not its own (§2.2).
#[test]
fn the_vote_of_the_highest_ballot_binds_the_proposer() {
    let mut synod = synod(5);
    synod.call(1, 1, 1, 7);
    // 7 is proposed in ballot 1.1, and only its own acceptor votes for it.
    synod.deliver_if(|it| matches!(it.message.kind(), "Prepare" | "Promise"));
    assert_eq!(synod.node(1).vote(), Some(&Vote { ballot: b(1, 1), value: 7 }));
    synod.drop_if(|_| true);
    synod.isolate(1);
    // 8 is proposed in 2.2 by a server that has not heard of it: nobody in its quorum voted.
    synod.call(2, 2, 1, 8);
    synod.deliver_if(|it| matches!(it.message.kind(), "Prepare" | "Promise" | "Nack"));
    synod.deliver_one(|it| it.message.kind() == "Accept" && it.to == n(3));
    let eight = synod.node(3).vote().cloned().expect("it voted");
    assert_eq!(eight.value, 8);
    synod.drop_if(|_| true);
    synod.heal();
    // 9's proposer hears of both votes: 7 in 1.1 and 8 in a later ballot.
    synod.call(4, 3, 1, 9);
    synod.deliver_if(|it| matches!(it.message.kind(), "Prepare" | "Promise" | "Nack"));
    finish_phase_1(&mut synod, 4);
    synod.deliver_if(|it| it.to != n(5) && it.from != n(5) && it.message.kind() != "Accepted");
    let proposed = synod.events().into_iter().rev().find_map(|(node, event)| match event {
        PaxosEvent::Proposed { bound_by, .. } if node == 4 => Some(bound_by),
        _ => None,
    });
    assert_eq!(proposed, Some(Some(eight.ballot)));
    synod.deliver();
    assert_eq!(learned(&synod), [Some(8); 5]);
}

/// "… or is any value if the responses reported no proposals" (§2.2).
#[test]
fn a_proposer_that_hears_of_no_vote_is_free() {
    let mut synod = synod(3);
    synod.call(1, 1, 1, 7);
    synod.drop_if(|_| true);
    synod.call(2, 2, 1, 8);
    finish(&mut synod, 2);
    assert_eq!(learned(&synod), [Some(8); 3]);
}

/// "An acceptor can accept a proposal numbered n iff it has not responded to a prepare request having a number
/// greater than n" (P1a), and it says so: "the acceptor should probably inform the proposer" (§2.2).
#[test]
fn a_promise_is_kept() {
    let mut synod = synod(3);
    synod.hand(3, 1, Word::Prepare { ballot: b(5, 3) });
    synod.hand(2, 1, Word::Accept { ballot: b(4, 2), value: 8 });
    assert_eq!(synod.node(1).vote(), None);
    let sent: Vec<_> = synod.network.iter().map(|it| it.message.clone()).collect();
    assert!(sent.contains(&Word::Nack { ballot: b(4, 2), promised: b(5, 3) }), "{sent:?}");
}

/// A vote is a promise too: an acceptor that voted in 5 promises nothing earlier, nor votes there
/// (Brooker's counterexample of 2021, CASSANDRA-17162).
#[test]
fn a_vote_raises_the_promise() {
    let mut synod = synod(3);
    synod.call(3, 1, 1, 9);
    synod.hand(3, 1, Word::Accept { ballot: b(5, 3), value: 9 });
    assert_eq!(synod.node(1).promised(), b(5, 3));
    synod.hand(2, 1, Word::Prepare { ballot: b(4, 2) });
    assert_eq!(synod.node(1).promised(), b(5, 3));
    assert!(!synod.kinds_on_the_way().contains(&(1, 2, "Promise")));
}

/// "Stable storage … is used to maintain the information that the acceptor must remember. An acceptor records
/// its intended response in stable storage before actually sending the response" (§2.5).
#[test]
fn an_acceptor_remembers_before_it_answers() {
    let mut synod = synod(3);
    synod.slow_disk(2);
    synod.call(1, 1, 1, 7);
    synod.deliver_link(1, 2);
    assert!(!synod.kinds_on_the_way().contains(&(2, 1, "Promise")), "it is not on the disk yet");
    synod.sync(2);
    assert!(synod.kinds_on_the_way().contains(&(2, 1, "Promise")));
    synod.crash(2);
    synod.restart(2);
    assert_eq!(synod.node(2).promised(), b(1, 1));
}

/// "Each proposer remembers (in stable storage) the highest-numbered proposal it has tried to issue" (§2.5):
/// no ballot is used twice, though its proposer forgot everything else.
#[test]
fn a_restart_does_not_reuse_a_ballot() {
    let mut synod = synod(3);
    synod.call(1, 1, 1, 7);
    synod.crash(1);
    synod.restart(1);
    synod.call(1, 2, 1, 8);
    let tried: Vec<_> =
        synod.records(1).into_iter().filter(|record| matches!(record, Record::Tried(_))).collect();
    assert_eq!(tried, [Record::Tried(b(1, 1)), Record::Tried(b(2, 1))]);
}

/// And it is on the disk before anybody hears of it.
#[test]
fn nobody_hears_of_a_ballot_that_a_crash_can_take_back() {
    let mut synod = synod(3);
    synod.slow_disk(1);
    synod.call(1, 1, 1, 7);
    assert_eq!(synod.network, []);
    synod.sync(1);
    assert_eq!(synod.kinds_on_the_way(), [(1, 2, "Prepare"), (1, 3, "Prepare")]);
}

/// "To learn that a value has been chosen, a learner must find out that a proposal has been accepted by a
/// majority of acceptors" (§2.3): of *one* proposal. Votes of different ballots do not add up.
#[test]
fn votes_of_different_ballots_do_not_add_up() {
    let mut synod = synod(5);
    synod.call(2, 1, 1, 7);
    synod.hand(2, 1, Word::Accepted { ballot: b(1, 2), value: 7 });
    synod.hand(3, 1, Word::Accepted { ballot: b(2, 3), value: 7 });
    synod.hand(4, 1, Word::Accepted { ballot: b(3, 4), value: 7 });
    assert_eq!(synod.node(1).chosen(), None);
    synod.hand(2, 1, Word::Accepted { ballot: b(3, 4), value: 7 });
    synod.hand(3, 1, Word::Accepted { ballot: b(3, 4), value: 7 });
    assert_eq!(synod.node(1).chosen(), Some(&Vote { ballot: b(3, 4), value: 7 }));
}

/// "It's easy to construct a scenario in which two proposers each keep issuing a sequence of proposals with
/// increasing numbers, none of which are ever chosen" (§2.4): safe, and no use.
#[test]
fn two_proposers_can_duel_for_ever() {
    let mut synod = synod(3);
    synod.call(1, 1, 1, 7);
    synod.call(2, 2, 1, 8);
    for _ in 0..10 {
        for (proposer, other) in [(1, 2), (2, 1)] {
            // Its prepare reaches all, before the other's accept does.
            synod.deliver_if(|it| matches!(it.message.kind(), "Prepare" | "Promise" | "Nack"));
            synod.drop_if(|it| it.message.kind() == "Accept" && it.from == n(proposer));
            synod.drop_if(|it| it.message.kind() == "Accepted");
            synod.fire(other, Timer::Retry);
        }
    }
    assert_eq!(learned(&synod), [None; 3]);
    assert!(synod.node(1).promised().round > 10);
    finish(&mut synod, 1);
    assert_eq!(learned(&synod).iter().flatten().count(), 3, "one of them alone gets through");
}

/// A value that was chosen is chosen for good: whoever comes later can only propose it again.
#[test]
fn what_was_chosen_survives_its_proposer() {
    let mut synod = synod(3);
    synod.call(1, 1, 1, 7);
    synod.deliver_if(|it| it.message.kind() != "Accepted");
    synod.drop_if(|_| true);
    synod.crash(1);
    let call = synod.call(3, 2, 1, 9);
    finish(&mut synod, 3);
    assert_eq!(synod.answers_to(call), [&Answer::Done(7)]);
}

/// A call that is tried again with another value is the same call, and waits for the same answer.
#[test]
fn a_call_that_says_something_else_the_second_time_is_answered_once() {
    let mut synod = synod(3);
    let call = synod.call(1, 1, 1, 7);
    synod.call(1, 1, 1, 8);
    synod.deliver();
    assert_eq!(synod.answers_to(call), [&Answer::Done(7)]);
    synod.call(1, 1, 1, 8);
    assert_eq!(synod.answers_to(call), [&Answer::Done(7), &Answer::Done(7)]);
}

/// *Flexible Paxos*: quorums of the two phases must meet, those of one phase need not. Two of four vote.
#[test]
fn a_small_phase_2_quorum_is_enough_if_phase_1_has_more() {
    let mut synod = synod_of(4, 3, 2);
    let call = synod.call(1, 1, 1, 7);
    synod.deliver_if(|it| matches!(it.message.kind(), "Prepare" | "Promise"));
    synod.drop_if(|it| it.to == n(3) || it.to == n(4));
    synod.deliver();
    assert_eq!(synod.answers_to(call), [&Answer::Done(7)]);
    // The two others alone are no phase-1 quorum: they cannot miss what was chosen.
    synod.crash(1);
    synod.crash(2);
    synod.call(3, 2, 1, 9);
    synod.deliver();
    synod.fire(3, Timer::Retry);
    synod.deliver();
    assert_eq!(synod.node(3).chosen(), None);
    synod.restart(2);
    synod.fire(3, Timer::Retry);
    synod.deliver();
    assert_eq!(synod.node(3).chosen().map(|vote| vote.value), Some(7));
}

/// Strangers, ballots of others, and ballots at the end of all numbers are ignored, or refused.
#[test]
fn nonsense_is_ignored() {
    let mut synod = synod(3);
    let nonsense = [
        (9, Word::Prepare { ballot: b(1, 9) }),
        (2, Word::Prepare { ballot: b(1, 3) }),
        (2, Word::Accept { ballot: b(0, 2), value: 7 }),
        (2, Word::Promise { ballot: b(1, 2), vote: None }),
        (2, Word::Promise { ballot: b(1, 1), vote: Some(Vote { ballot: b(2, 3), value: 7 }) }),
        (2, Word::Nack { ballot: b(3, 1), promised: b(2, 2) }),
    ];
    for (from, word) in nonsense {
        let before = synod.node(1).clone();
        synod.hand(from, 1, word.clone());
        assert_eq!(synod.node(1), &before, "{word:?}");
        assert!(
            matches!(synod.events().last(), Some((1, PaxosEvent::IgnoredNonsense { .. }))),
            "{word:?} is noted"
        );
    }
    synod.hand(2, 1, Word::Prepare { ballot: b(u64::MAX, 2) });
    assert_eq!(synod.node(1).promised(), b(u64::MAX, 2), "a ballot like any other");
    synod.call(1, 1, 1, 7);
    assert!(matches!(synod.events().last(), Some((1, PaxosEvent::OutOfBallots))));
}
