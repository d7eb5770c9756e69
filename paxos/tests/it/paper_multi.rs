//! *Paxos Made Simple*, §3: a test per claim about the log, its leader and its holes.
use synod_paxos::{
    QuorumSizes,
    multi::{Accept, Accepted, Config, MultiPaxosEvent, Promise, Record, RoleName, Slot, Timer, Value},
};
use synod_protocol::{Answer, Message, Shared};

use crate::servers::{
    DONE, Wire, b, campaign, elect, executed, led, led_with, n, on, put, replicas, replicas_with, settle,
    vote,
};

/// "The leader … executes phase 1 of infinitely many instances by sending a single message": after that, a
/// command costs one round of phase 2 (§3).
#[test]
fn phase_1_is_run_once_for_all_slots() {
    let mut replicas = led(3);
    for number in 1..=5 {
        let call = replicas.call(1, 1, number, put(number, 1));
        replicas.deliver();
        assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
    }
    let prepared = |(_, event): &(u32, MultiPaxosEvent)| matches!(event, MultiPaxosEvent::Prepared { .. });
    assert_eq!(replicas.events().iter().filter(|it| prepared(it)).count(), 0, "not since it leads");
    assert_eq!(replicas.node(1).chosen(), Slot(5));
}

/// "… fill the gap immediately by proposing, as commands 136 and 137, a special no-op command" (§3).
#[test]
fn holes_are_filled_with_no_ops() {
    let mut replicas = led(3);
    replicas.call(1, 1, 1, put(1, 1));
    replicas.drop_if(|_| true);
    replicas.call(1, 2, 1, put(2, 2));
    replicas.deliver_if(on(1, 3, &["Accept"]));
    replicas.drop_if(|_| true);
    replicas.crash(1);
    // Server 3 voted in slot 2, and nobody who is left in slot 1.
    elect(&mut replicas, 3);
    settle(&mut replicas, 3);
    assert_eq!((vote(&replicas, 3, 1), vote(&replicas, 3, 2)), (Some(None), Some(Some(2))));
    assert_eq!(executed(&replicas), [0, 2, 2]);
}

/// What phase 1 tells of a slot must be proposed there: it may have been chosen (§2.2, §3).
#[test]
fn a_new_leader_proposes_what_was_voted_for() {
    let mut replicas = led(3);
    let call = replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver_if(on(1, 2, &["Accept"]));
    // It is chosen: 1 and 2 voted. Nobody but 2 knows of it and is left, and 2 does not know that it is.
    replicas.drop_if(|_| true);
    replicas.crash(1);
    elect(&mut replicas, 3);
    settle(&mut replicas, 3);
    assert_eq!(vote(&replicas, 3, 1), Some(Some(1)));
    assert_eq!(executed(&replicas), [0, 1, 1]);
    // And a call that was executed is known to be, whoever is asked.
    replicas.call(2, 1, 1, put(1, 1));
    let again = synod_protocol::Caller { via: n(2), ..call };
    assert_eq!(replicas.answers_to(again), [&Answer::Done(DONE)]);
}

/// Of several votes for a slot, the one of the highest ballot counts, though it came first.
#[test]
fn the_vote_of_the_highest_ballot_counts() {
    let value = |client| Value::Command {
        client: synod_protocol::ClientId(client),
        number: 1,
        command: Shared::new(put(1, i64::from(client))),
    };
    let mut replicas = replicas(5);
    for client in [2, 3] {
        replicas.call(5, client, 1, put(1, i64::from(client)));
    }
    campaign(&mut replicas, 1);
    let ballot = replicas.node(1).promised();
    replicas.drop_if(|_| true);
    elect(&mut replicas, 1);
    let _ = ballot;
    replicas.crash(1);
    replicas.restart(1);
    campaign(&mut replicas, 1);
    replicas.drop_if(|_| true);
    let ballot = replicas.node(1).promised();
    let promise = |votes: &[(u64, u32, u32)]| {
        let vote = |&(round, proposer, client): &(u64, u32, u32)| {
            (Slot(1), synod_paxos::multi::Vote { ballot: b(round, proposer), value: value(client) })
        };
        Wire::Promise(Promise { ballot, votes: votes.iter().map(vote).collect(), snapshot: None })
    };
    assert!(ballot.round > 2);
    replicas.hand(2, 1, promise(&[(2, 3, 3)]));
    replicas.hand(3, 1, promise(&[(1, 2, 2)]));
    assert_eq!(replicas.node(1).role_name(), RoleName::Leader);
    assert_eq!(vote(&replicas, 1, 1), Some(Some(3)));
}

/// A command may be chosen before the one before it; "a server can execute it when all lower-numbered commands
/// have been executed" (§3; DSLabs' classic mistake is to execute it at once).
#[test]
fn slots_are_chosen_in_any_order_and_executed_in_theirs() {
    let mut replicas = led(3);
    let first = replicas.call(1, 1, 1, put(1, 1));
    replicas.drop_if(|_| true);
    let second = replicas.call(1, 2, 1, put(2, 2));
    replicas.deliver();
    assert!(replicas.node(1).has_chosen_ahead());
    assert_eq!(executed(&replicas), [0, 0, 0]);
    assert!(replicas.answers_to(second).is_empty());
    settle(&mut replicas, 1);
    assert_eq!(replicas.answers_to(first).len() + replicas.answers_to(second).len(), 2);
    assert_eq!(executed(&replicas), [2, 2, 2]);
}

/// "A leader can get α commands ahead": no slot is proposed before the one α before it is chosen (§3).
#[test]
fn no_more_than_the_window_is_under_way() {
    let config = Config { window: 2, max_runs_in_flight: 100, ..Config::new((1..=3).map(n)) };
    let mut replicas = led_with(config);
    for client in 1..=5 {
        replicas.call(1, client, 1, put(1, 1));
    }
    assert_eq!(replicas.node(1).last_voted(), Slot(2));
    replicas.deliver_if(on(1, 2, &["Accept"]));
    replicas.deliver_one(on(2, 1, &["Accepted"]));
    assert_eq!((replicas.node(1).chosen(), replicas.node(1).last_voted()), (Slot(1), Slot(3)));
    replicas.deliver();
    assert_eq!(replicas.answers.len(), 5);
}

/// Commands that come while the pipeline is full share a message and a record.
#[test]
fn commands_that_wait_share_a_message() {
    let config = Config { max_runs_in_flight: 1, ..Config::new((1..=3).map(n)) };
    let mut replicas = led_with(config);
    for client in 1..=5 {
        replicas.call(1, client, 1, put(1, 1));
    }
    replicas.deliver();
    let runs: Vec<usize> = replicas
        .records(1)
        .iter()
        .filter_map(|record| match record {
            Record::Voted { values, .. } => Some(values.len()),
            _ => None,
        })
        .collect();
    assert_eq!(runs, [1, 4]);
    assert_eq!(replicas.answers.len(), 5);
}

/// A promise holds for all slots: the deposed leader's proposals are refused, in slots that nobody else has
/// touched too, and it begins a later ballot only if nobody leads whom the others hear.
#[test]
fn a_promise_holds_for_all_slots() {
    let mut replicas = led(3);
    replicas.isolate(1);
    elect(&mut replicas, 2);
    replicas.heal();
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver_if(on(1, 3, &["Accept"]));
    assert_eq!(vote(&replicas, 3, 1), None);
    assert_eq!(replicas.kinds_on_the_way().iter().filter(|it| **it == (3, 1, "Nack")).count(), 1);
}

/// A vote raises the promise, for all slots (P01 of the catalogue: Brooker's counterexample).
#[test]
fn a_vote_raises_the_promise() {
    let mut replicas = replicas(3);
    let accept =
        Accept { ballot: b(5, 3), first: Slot(1), values: [Value::NoOp].into(), chosen: Slot(0), round: 1 };
    replicas.hand(3, 1, Wire::Accept(accept.clone()));
    assert_eq!(replicas.node(1).promised(), b(5, 3));
    replicas.fire(1, Timer::LeaderContact);
    replicas.hand(2, 1, Wire::Prepare { ballot: b(4, 2), chosen: Slot(0) });
    replicas.hand(2, 1, Wire::Accept(Accept { ballot: b(4, 2), ..accept }));
    assert_eq!(replicas.node(1).acceptor().votes[&Slot(1)].ballot, b(5, 3));
    assert!(replicas.network.iter().all(|it| !matches!(it.message.kind(), "Promise") || it.to != n(2)));
}

/// A restart forgets who leads, and no promise or vote; no ballot is used again (P02).
#[test]
fn a_restart_remembers_promises_votes_and_ballots() {
    let mut replicas = led(3);
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver();
    let before = replicas.node(1).acceptor().clone();
    replicas.crash(1);
    replicas.restart(1);
    assert_eq!(replicas.node(1).acceptor(), &before);
    assert_eq!(replicas.node(1).role_name(), RoleName::Follower);
    campaign(&mut replicas, 1);
    assert!(replicas.node(1).promised() > before.promised);
}

/// "Only if it is of the leader's ballot": a follower that voted for something else in an earlier ballot does
/// not take its own vote for what is chosen.
#[test]
fn an_old_vote_does_not_tell_what_was_chosen() {
    let mut replicas = led(3);
    // 1 proposes in slot 1, and only 3 hears of it.
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver_if(on(1, 3, &["Accept"]));
    replicas.drop_if(|_| true);
    replicas.isolate(1);
    replicas.isolate(3);
    replicas.crash(1);
    // 2 and 1, which lost nothing, choose what 1 voted for … so let 2 lead with 1's disk out of reach.
    replicas.heal();
    replicas.restart(1);
    campaign(&mut replicas, 2);
    replicas.deliver_if(|it| it.to != n(3) && it.from != n(3));
    replicas.drop_if(|_| true);
    settle(&mut replicas, 2);
    assert_eq!(executed(&replicas), [1, 1, 1]);
    let learned = |(node, event): &(u32, MultiPaxosEvent)| {
        *node == 3 && matches!(event, MultiPaxosEvent::Learned { .. })
    };
    let lacked = replicas.told.iter().any(|done| {
        done.effects.iter().any(|effect| match effect {
            synod_protocol::Effect::Send(_, Wire::Accepted(Accepted { missing, .. })) => {
                done.node == n(3) && *missing == Some(Slot(1))
            }
            _ => false,
        })
    });
    assert!(lacked, "it asked for the value in the leader's ballot");
    assert!(replicas.events().iter().any(learned));
    assert_eq!(replicas.node(3).acceptor().votes[&Slot(1)].ballot.proposer, n(2));
}

/// A server that was cut off comes back with a ballot that nobody followed. The leader wins it over with a
/// later ballot, and leads on.
#[test]
fn a_leader_outbids_a_server_that_comes_back() {
    let mut replicas = led(3);
    replicas.isolate(3);
    for _ in 0..3 {
        if replicas.is_armed(3, Timer::LeaderContact) {
            replicas.fire(3, Timer::LeaderContact);
        }
        replicas.fire(3, Timer::Election);
        replicas.deliver();
    }
    replicas.heal();
    let (leader, stray) = (replicas.node(1).promised(), replicas.node(3).promised());
    assert!(stray > leader);
    settle(&mut replicas, 1);
    assert!(replicas.node(1).is_leader());
    assert!(replicas.node(3).promised() > stray && replicas.node(3).leader() == Some(n(1)));
}

/// Who hears a leader promises nobody else: a matter of patience, not of safety.
#[test]
fn nobody_is_helped_against_a_leader_who_is_heard() {
    let mut replicas = led(3);
    replicas.hand(3, 2, Wire::Prepare { ballot: b(99, 3), chosen: Slot(0) });
    assert_eq!(replicas.node(2).leader(), Some(n(1)));
    replicas.fire(2, Timer::LeaderContact);
    replicas.hand(3, 2, Wire::Prepare { ballot: b(99, 3), chosen: Slot(0) });
    assert_eq!(replicas.node(2).promised(), b(99, 3));
}

/// *Flexible Paxos* §3: phase 2 needs two of four, phase 1 three; two that are cut off can do neither harm nor
/// anything else.
#[test]
fn flexible_quorums_choose_with_few() {
    let quorums = QuorumSizes { phase_1: 3, phase_2: 2 };
    let mut replicas = led_with(Config { quorums, ..Config::new((1..=4).map(n)) });
    replicas.isolate(3);
    replicas.isolate(4);
    let call = replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver();
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
    replicas.heal();
    replicas.isolate(1);
    replicas.isolate(2);
    elect(&mut replicas, 3);
    assert_eq!(replicas.node(3).role_name(), RoleName::Candidate);
    replicas.heal();
    replicas.crash(1);
    elect(&mut replicas, 3);
    settle(&mut replicas, 3);
    assert_eq!(executed(&replicas), [0, 1, 1, 1]);
}

/// "… with non-intersecting quorums two values could be chosen": refused before anything starts (P05).
#[test]
fn configurations_are_validated() {
    let good = Config::new((1..=4).map(n));
    good.validate().expect("majorities");
    let quorums = |phase_1, phase_2| Config { quorums: QuorumSizes { phase_1, phase_2 }, ..good.clone() };
    quorums(4, 1).validate().expect("write to one, ask all");
    quorums(1, 4).validate().expect("write to all, ask one");
    let timeout = good.election_timeout.clone();
    let cases: [(&str, Config); 9] = [
        ("need not share", quorums(2, 2)),
        ("need not share", quorums(1, 3)),
        ("empty, or larger", quorums(5, 1)),
        ("empty, or larger", quorums(4, 0)),
        ("at least one member", Config { members: vec![], ..good.clone() }),
        ("twice", Config { members: vec![n(1), n(1)], ..good.clone() }),
        ("room to draw from", Config { election_timeout: timeout.end..timeout.end, ..good.clone() }),
        ("shorter than", Config { heartbeat_interval: timeout.start, ..good.clone() }),
        ("at least 1", Config { window: 0, ..good.clone() }),
    ];
    for (reason, config) in cases {
        let error = config.validate().expect_err(reason);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
#[should_panic(expected = "a phase-1 and a phase-2 quorum intersect")]
fn a_server_does_not_start_with_quorums_that_miss_each_other() {
    use synod_protocol::{Effects, Time};
    let quorums = QuorumSizes { phase_1: 2, phase_2: 2 };
    let config = Config { quorums, ..Config::new((1..=4).map(n)) };
    let _: synod_paxos::multi::MultiPaxos<synod_kv::Store> =
        Effects::default().boot(Time::ZERO, n(1), &config, Default::default());
}

/// Strangers, ballots of others, and what is at the end of all numbers: ignored with a note, or survived.
#[test]
fn nonsense_is_ignored() {
    let mut replicas = led(3);
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver();
    settle(&mut replicas, 1);
    let mine = replicas.node(1).promised();
    let accept = |ballot, first, values: &[Value<_>], chosen| {
        Wire::Accept(Accept {
            ballot,
            first: Slot(first),
            values: values.into(),
            chosen: Slot(chosen),
            round: 1,
        })
    };
    let two = [Value::NoOp, Value::NoOp];
    let answer = Accepted { ballot: mine, first: Slot(1), count: 1, round: 0, missing: None };
    let nonsense = [
        (9, 2, Wire::Prepare { ballot: b(9, 9), chosen: Slot(0) }),
        (3, 2, Wire::Prepare { ballot: b(9, 1), chosen: Slot(0) }),
        (3, 2, Wire::Prepare { ballot: b(9, 3), chosen: Slot(u64::MAX) }),
        (3, 2, accept(b(0, 3), 1, &two, 0)),
        (3, 2, accept(b(9, 3), 0, &two, 0)),
        (3, 2, accept(b(9, 3), u64::MAX, &two, 0)),
        (3, 2, accept(b(9, 3), u64::MAX / 2, &two, 0)),
        (3, 2, accept(b(9, 3), 1, &[], u64::MAX)),
        // Something else for what was executed, or in the same ballot.
        (3, 2, accept(b(9, 3), 1, &two, 0)),
        (1, 2, accept(mine, 1, &two, 0)),
        (3, 1, Wire::Accepted(Accepted { round: u64::MAX, ..answer })),
        (3, 1, Wire::Accepted(Accepted { missing: Some(Slot(0)), ..answer })),
        (3, 1, Wire::Accepted(Accepted { missing: Some(Slot(u64::MAX)), ..answer })),
        (3, 1, Wire::Accepted(Accepted { first: Slot(2), count: u64::MAX, ..answer })),
        (3, 1, Wire::Nack { ballot: mine, promised: mine }),
    ];
    for (from, to, word) in nonsense {
        let before = replicas.node(to).acceptor().clone();
        replicas.hand(from, to, word.clone());
        assert_eq!(replicas.node(to).acceptor(), &before, "{word:?}");
        let last = replicas.events().pop();
        assert!(matches!(last, Some((_, MultiPaxosEvent::IgnoredNonsense { .. }))), "{word:?}: {last:?}");
    }
    replicas.fire(2, Timer::LeaderContact);
    replicas.hand(3, 2, Wire::Prepare { ballot: b(u64::MAX, 3), chosen: Slot(0) });
    replicas.fire(2, Timer::Election);
    assert!(matches!(replicas.events().pop(), Some((2, MultiPaxosEvent::OutOfBallots))));
    assert_eq!(replicas.node(2).promised(), b(u64::MAX, 3));
}

/// One server is a cluster: it elects itself and chooses alone.
#[test]
fn a_cluster_of_one_works() {
    let mut replicas = replicas_with(Config::new([n(1)]));
    replicas.fire(1, Timer::Election);
    let call = replicas.call(1, 1, 1, put(1, 1));
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
}
