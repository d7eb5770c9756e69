//! Other acceptors, through the log: what is said of them in *Paxos Made Simple* (end of §3) and in *Reconfiguring a
//! State Machine* (Lamport, Malkhi & Zhou 2010), a test per claim.
use synod_paxos::{
    QuorumError, QuorumSizes,
    multi::{Config, ConfigError, MultiPaxosEvent, Reconfiguration, Refusal, RoleName, Slot, Timer},
};
use synod_protocol::Answer;

use crate::servers::{
    DONE, Replicas, Request, Response, campaign, elect, executed, get, holds, led_with, members, n, on, put,
    replicas_with, settle,
};

const ALPHA: u64 = 3;

/// Server 1 leads 1, 2 and 3; 4 and 5 are spares.
fn config() -> Config {
    let config = Config::new((1..=3).map(n));
    Config { spares: vec![n(4), n(5)], window: ALPHA as usize, ..config }
}

fn reconfigured(epoch: u64, from: u64) -> Answer<Response> {
    Answer::Done(Response::Reconfigured { epoch, from: Slot(from) })
}

fn refused(refusal: Refusal) -> Answer<Response> {
    Answer::Done(Response::Refused(refusal))
}

fn acceptors(replicas: &Replicas, id: u32) -> Vec<u32> {
    replicas.node(id).schedule().current().members().iter().map(|member| member.0).collect()
}

/// "… the set of servers that execute instance i + α … be specified by the state after execution of the ith": the
/// slots before it are decided by the former ones.
#[test]
fn it_takes_effect_alpha_slots_later() {
    let mut replicas = led_with(config());
    // 2 votes for nothing here: the former ones are 1 and 3, the new ones 1 and 4.
    replicas.crash(2);
    replicas.call(1, 1, 1, put(1, 1));
    replicas.deliver_if(|it| it.to != n(4));
    let wish = replicas.call(1, 2, 1, members(&[1, 2, 4]));
    let calls: Vec<_> =
        (3..=5).map(|client| replicas.call(1, client, 1, put(u64::from(client), 1))).collect();
    replicas.deliver_if(|it| it.to != n(4));
    assert_eq!(replicas.answers_to(wish), [&reconfigured(2, 2 + ALPHA)]);
    assert_eq!(executed(&replicas)[0], 1 + ALPHA, "what the former ones decide, they decide without 4");
    assert_eq!(replicas.answers_to(calls[1]), [&Answer::Done(DONE)]);
    assert_eq!(replicas.answers_to(calls[2]), [] as [&Answer<_>; 0], "3's vote does not count for slot 5");
    replicas.deliver();
    assert_eq!(replicas.answers_to(calls[2]), [&Answer::Done(DONE)], "4's does");
    assert_eq!(acceptors(&replicas, 1), [1, 2, 4]);
}

/// No call wants the slots up to i + α: no-ops take them, and the configuration comes soon.
#[test]
fn no_ops_take_the_slots_up_to_it() {
    let mut replicas = led_with(Config { window: 40, max_slots_per_message: 16, ..config() });
    let wish = replicas.call(1, 1, 1, members(&[1, 2, 4]));
    replicas.deliver();
    assert_eq!(replicas.answers_to(wish), [&reconfigured(2, 41)]);
    assert_eq!(executed(&replicas)[0], 40);
    assert_eq!(acceptors(&replicas, 1), [1, 2, 4]);
    assert!(replicas.node(1).is_leader());
}

/// A removed server counts for nothing any more, and begins no ballot while the others lead; the added ones decide
/// without it.
#[test]
fn a_server_that_is_down_is_replaced() {
    let mut replicas = led_with(config());
    replicas.crash(2);
    let wish = replicas.call(1, 1, 1, members(&[1, 3, 4]));
    replicas.deliver();
    settle(&mut replicas, 1);
    assert_eq!(replicas.answers_to(wish), [&reconfigured(2, 1 + ALPHA)]);
    replicas.crash(3);
    let call = replicas.call(1, 2, 1, put(1, 1));
    replicas.deliver();
    settle(&mut replicas, 1);
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)], "1 and 4 are a majority of 1, 3, 4");
    // The new ones go on without the leader, too: 4 knows what was decided before it came.
    replicas.restart(3);
    settle(&mut replicas, 1);
    replicas.crash(1);
    elect(&mut replicas, 4);
    settle(&mut replicas, 4);
    let read = replicas.call(4, 3, 1, get(1));
    replicas.deliver();
    assert_eq!(replicas.answers_to(read), [&Answer::Done(holds(1))]);
}

/// A candidate may have to complete slots of two configurations: a quorum of one alone would not tell it what was chosen
/// in the slots of the other.
#[test]
fn a_candidate_asks_quorums_of_all_configurations_of_its_window() {
    let mut replicas = led_with(config());
    replicas.call(1, 1, 1, members(&[1, 2, 4]));
    // 3 hears that this is chosen, with what is proposed next; nobody hears what is chosen then.
    for _ in 0..2 {
        replicas.deliver_if(on(1, 3, &["Accept"]));
        replicas.deliver_if(on(3, 1, &["Accepted"]));
    }
    replicas.drop_if(|_| true);
    assert_eq!(executed(&replicas)[2], 1);
    replicas.crash(1);
    campaign(&mut replicas, 3);
    replicas.deliver_if(|it| it.to != n(4));
    assert!(
        !replicas.node(3).is_leader(),
        "2 and 3 are no quorum of 1, 2, 4, who decide from slot {}",
        1 + ALPHA
    );
    replicas.fire(3, Timer::Election);
    replicas.deliver();
    assert!(replicas.node(3).is_leader(), "with 4 they are quorums of both");
}

/// Nor would a quorum of the latest one tell it what was chosen in the slots before that takes effect.
#[test]
fn a_quorum_of_the_next_acceptors_alone_is_not_enough() {
    let mut replicas = led_with(config());
    replicas.call(1, 1, 1, members(&[1, 2, 4]));
    // 4 hears that this is chosen, with what is proposed next.
    for _ in 0..2 {
        replicas.deliver_if(on(1, 2, &["Accept"]));
        replicas.deliver_if(on(1, 4, &["Accept"]));
        replicas.deliver_if(on(2, 1, &["Accepted"]));
    }
    replicas.drop_if(|_| true);
    assert_eq!(executed(&replicas)[3], 1);
    replicas.crash(1);
    replicas.restart(1);
    campaign(&mut replicas, 4);
    replicas.deliver_if(|it| it.to == n(1) || it.to == n(4));
    assert!(!replicas.node(4).is_leader(), "1 and 4 are no quorum of 1, 2, 3, who decide up to slot {ALPHA}");
    replicas.fire(4, Timer::Election);
    replicas.deliver();
    assert!(replicas.node(4).is_leader(), "with 2 they are quorums of both");
}

/// A leader whose promises have no quorum of the next configuration begins a later
/// ballot, and what it had proposed goes on in that.
#[test]
fn a_leader_wins_over_the_next_acceptors() {
    let mut replicas = led_with(config());
    let before = replicas.node(1).promised();
    let call = replicas.call(1, 1, 1, put(1, 1));
    replicas.call(1, 2, 1, members(&[3, 4, 5]));
    replicas.deliver();
    assert!(replicas.node(1).promised() > before);
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)]);
    settle(&mut replicas, 1);
    assert_eq!(acceptors(&replicas, 4), [3, 4, 5]);
    // It is no acceptor any more: it leaves the lead to those who are.
    replicas.fire(1, Timer::CheckQuorum);
    assert_eq!(replicas.node(1).role_name(), RoleName::Follower);
    elect(&mut replicas, 4);
    let read = replicas.call(4, 3, 1, get(1));
    replicas.deliver();
    assert_eq!(replicas.answers_to(read), [&Answer::Done(holds(1))]);
}

/// A log that was cut has the wish no more: the snapshot brings what came of it.
#[test]
fn a_snapshot_brings_the_configuration() {
    let mut replicas = led_with(Config { snapshot_every: 4, kept_behind_snapshot: 0, ..config() });
    replicas.isolate(3);
    replicas.call(1, 1, 1, members(&[1, 2, 4]));
    replicas.deliver();
    for number in 1..=8 {
        replicas.call(1, 2, number, put(number, 1));
        replicas.deliver();
    }
    assert_eq!(acceptors(&replicas, 3), [1, 2, 3]);
    replicas.heal();
    settle(&mut replicas, 1);
    let installed = replicas
        .events()
        .iter()
        .any(|(node, event)| *node == 3 && matches!(event, MultiPaxosEvent::Installed { .. }));
    assert!(installed);
    assert_eq!(acceptors(&replicas, 3), [1, 2, 4]);
    assert_eq!(replicas.node(3).schedule(), replicas.node(1).schedule());
    replicas.crash(3);
    replicas.restart(3);
    assert_eq!(acceptors(&replicas, 3), [1, 2, 4], "its disk has it");
}

/// A wish is a call like others: tried again it takes effect once, whatever came in between.
#[test]
fn a_wish_takes_effect_once() {
    let mut replicas = led_with(config());
    let wish = replicas.call(1, 1, 1, members(&[1, 2, 4]));
    replicas.deliver();
    let other = replicas.call(1, 2, 1, members(&[1, 2, 5]));
    replicas.deliver();
    assert_eq!(replicas.answers_to(other), [&reconfigured(3, 4 + ALPHA)]);
    replicas.call(1, 1, 1, members(&[1, 2, 4]));
    replicas.deliver();
    assert_eq!(replicas.answers_to(wish), [&reconfigured(2, 1 + ALPHA); 2]);
    assert_eq!(acceptors(&replicas, 1), [1, 2, 5]);
    // With another command under its number it is the same call.
    replicas.call(1, 1, 1, put(1, 1));
    assert_eq!(replicas.answers_to(wish), [&reconfigured(2, 1 + ALPHA); 3]);
    settle(&mut replicas, 1);
    // Whoever executed it knows what came of it.
    let elsewhere = replicas.call(3, 2, 1, members(&[1, 2, 5]));
    assert_eq!(replicas.answers_to(elsewhere), [&reconfigured(3, 4 + ALPHA)]);
}

/// What makes no sense is refused with its reason, and changes nothing.
#[test]
fn what_makes_no_sense_is_refused() {
    let mut replicas = led_with(config());
    let of = |ids: &[u32], phase_1, phase_2, after| {
        let quorums = QuorumSizes { phase_1, phase_2 };
        let members = ids.iter().copied().map(n).collect();
        Request::Reconfigure(Reconfiguration { after, members, quorums })
    };
    let sizes = QuorumSizes { phase_1: 1, phase_2: 2 };
    let wrong = [
        (of(&[], 0, 0, None), Refusal::Quorums(QuorumError::NoMembers)),
        (of(&[1, 1, 2], 2, 2, None), Refusal::Quorums(QuorumError::MemberTwice)),
        (of(&[1, 2, 4], 1, 2, None), Refusal::Quorums(QuorumError::DoNotIntersect { sizes, members: 3 })),
        (of(&[1, 2, 4], 4, 2, None), Refusal::Quorums(QuorumError::NoSuchQuorum { size: 4 })),
        (of(&[1, 2, 9], 2, 2, None), Refusal::Stranger { node: n(9) }),
        (of(&[1, 2, 4], 2, 2, Some(0)), Refusal::NotTheLatest { after: 0, latest: 1 }),
        (of(&[1, 2, 4], 2, 2, Some(u64::MAX)), Refusal::NotTheLatest { after: u64::MAX, latest: 1 }),
    ];
    for (client, (request, refusal)) in (1..).zip(wrong) {
        let call = replicas.call(1, client, 1, request);
        replicas.deliver();
        assert_eq!(replicas.answers_to(call), [&refused(refusal)], "{refusal}");
        assert!(refusal.to_string().len() > 20);
    }
    assert_eq!(replicas.node(1).schedule().latest().epoch(), 1);
    // Of two that know of the same configuration, one comes true.
    let first = replicas.call(1, 10, 1, of(&[1, 2, 4], 2, 2, Some(1)));
    let second = replicas.call(1, 11, 1, of(&[1, 2, 5], 2, 2, Some(1)));
    replicas.deliver();
    assert!(matches!(
        replicas.answers_to(first)[..],
        [Answer::Done(Response::Reconfigured { epoch: 2, .. })]
    ));
    assert_eq!(replicas.answers_to(second), [&refused(Refusal::NotTheLatest { after: 1, latest: 2 })]);
}

/// Flexible quorums come with a configuration: of four, three promise and two vote.
#[test]
fn quorum_sizes_are_a_part_of_it() {
    let mut replicas = led_with(config());
    let quorums = QuorumSizes { phase_1: 3, phase_2: 2 };
    let wish = Reconfiguration { after: Some(1), members: (1..=4).map(n).collect(), quorums };
    replicas.call(1, 1, 1, Request::Reconfigure(wish));
    replicas.deliver();
    settle(&mut replicas, 1);
    assert_eq!(replicas.node(1).schedule().current().quorums(), quorums);
    let call = replicas.call(1, 2, 1, put(1, 1));
    replicas.deliver_if(on(1, 4, &["Accept"]));
    replicas.deliver_if(on(4, 1, &["Accepted"]));
    assert_eq!(replicas.answers_to(call), [&Answer::Done(DONE)], "two of four voted");
}

/// A spare that hears nobody is patient: it leads only if nobody else does.
#[test]
fn a_spare_waits_longer() {
    let replicas = replicas_with(config());
    assert!(replicas.node(4).schedule().current().members().iter().all(|member| *member != n(4)));
    let twice = Config { spares: vec![n(3)], ..config() };
    assert_eq!(twice.validate(), Err(ConfigError::SpareTwice));
}
