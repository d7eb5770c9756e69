//! Bad input: refused or ignored with a note, or survived; and no panic but by an assert that names its invariant.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use proptest::{collection::vec, prelude::*, sample::select};
use synod_kv::Command;
use synod_protocol::{
    Answer, Caller, ClientId, Effects, NodeId, Shared, Time,
    by_hand::alone::{self, survives},
};
use synod_raft::{
    AppendEntries, Body, Config, Entry, Index, LastLog, Outcome, Payload, RaftEvent, RaftMessage, Term, Timer,
};

use crate::cluster::{Cluster, Server, Wire, get, holds, n, put};

fn last_log(term: u64, index: u64) -> LastLog {
    LastLog { last_log_term: Term(term), last_log_index: Index(index) }
}

fn entry(term: u64) -> Entry<Command> {
    Entry { term: Term(term), payload: Payload::NoOp }
}

/// After entry `index` of `term`, entries of these terms; committed is everything.
fn append(index: u64, term: u64, terms: &[u64]) -> Body<Command> {
    let (prev_log_index, prev_log_term) = (Index(index), Term(term));
    let entries = terms.iter().map(|term| entry(*term)).collect();
    let leader_commit = Index(u64::MAX);
    Body::AppendEntries(AppendEntries { prev_log_index, prev_log_term, entries, leader_commit, round: 0 })
}

fn reply(round: u64, outcome: Outcome) -> Body<Command> {
    Body::AppendEntriesReply { round, outcome }
}

/// Strangers, itself, and what no correct member says: noted, and nothing else.
#[test]
fn nonsense_is_ignored() {
    let mut cluster = Cluster::led(3);
    cluster.fire(2, Timer::LeaderContact);
    let matched = |index| Outcome::Matched { index: Index(index) };
    let nonsense = [
        (9, 2, 1, append(1, 1, &[1]), "of a stranger"),
        (0, 2, 1, append(1, 1, &[1]), "of nobody"),
        (2, 2, 1, append(1, 1, &[1]), "of itself"),
        (9, 2, u64::MAX, Body::RequestVote(last_log(u64::MAX, u64::MAX)), "a stranger's term"),
        (9, 2, 2, Body::PreVote(last_log(9, 9)), "a stranger's question"),
        (9, 2, 1, Body::PreVoteReply { granted: true }, "a stranger's promise"),
        (9, 2, 1, Body::RequestVoteReply { granted: true }, "a stranger's vote"),
        (9, 1, 1, reply(0, matched(1)), "a stranger's acknowledgement"),
        (3, 2, 1, append(1, 1, &[2]), "an entry of a later term than its leader's"),
        (3, 2, 1, append(1, 1, &[1, 0]), "terms that decrease"),
        (3, 2, 1, append(0, 0, &[0, 1]), "an entry of no term"),
        (3, 2, 1, append(u64::MAX, u64::MAX, &[]), "a log of a later term"),
        (2, 1, 1, reply(0, matched(2)), "more than was sent"),
        (2, 1, 1, reply(0, matched(u64::MAX)), "the last entry of all"),
        (2, 1, 1, reply(1, matched(1)), "a round that did not begin"),
        (2, 1, 1, reply(u64::MAX, Outcome::StaleTerm), "the last round of all"),
    ];
    for (from, to, term, body, what) in nonsense {
        let before = cluster.node(to).clone();
        cluster.hand(from, to, term, body);
        assert_eq!(cluster.node(to).log(), before.log(), "{what}");
        assert_eq!(cluster.node(to).current_term(), Term(1), "{what}");
        assert_eq!(cluster.node(to).commit_index(), before.commit_index(), "{what}");
        let last = cluster.events().pop();
        assert_eq!(last, Some((to, RaftEvent::IgnoredNonsense { from: n(from) })), "{what}");
    }
    assert!(cluster.network.is_empty(), "nobody is answered");
    // In term 0 nobody leads.
    let mut young = Cluster::new(3);
    young.hand(2, 1, 0, append(0, 0, &[]));
    assert_eq!(young.events().pop(), Some((1, RaftEvent::IgnoredNonsense { from: n(2) })));
    assert_eq!(young.node(1).leader(), None);
}

/// A round that was not begun confirms no read.
#[test]
fn a_round_to_come_confirms_nothing() {
    let mut cluster = Cluster::led(3);
    cluster.hand(2, 1, 1, reply(1, Outcome::Matched { index: Index(1) }));
    let read = cluster.call(1, 1, 1, get(7));
    cluster.drop_if(|_| true);
    assert_eq!(cluster.answers_to(read), <[&Answer<_>; 0]>::default());
}

/// The last term is one like any other, and there is none after it: who lives in it follows, votes and leads, and stands
/// for election no more.
#[test]
fn after_the_last_term_comes_none() {
    let mut cluster = Cluster::new(3);
    cluster.hand(2, 1, u64::MAX, Body::RequestVote(last_log(0, 0)));
    assert_eq!((cluster.node(1).current_term(), cluster.node(1).voted_for()), (Term(u64::MAX), Some(n(2))));
    for _ in 0..2 {
        cluster.fire(1, Timer::Election);
        for peer in [2, 3] {
            cluster.hand(peer, 1, u64::MAX, Body::PreVoteReply { granted: true });
        }
        assert!(cluster.events().contains(&(1, RaftEvent::OutOfTerms)));
        assert_eq!(cluster.node(1).current_term(), Term(u64::MAX));
    }
    cluster.hand(2, 1, u64::MAX, append(0, 0, &[u64::MAX]));
    assert_eq!((cluster.node(1).leader(), cluster.node(1).commit_index()), (Some(n(2)), Index(1)));
    cluster.crash(1);
    cluster.restart(1);
    cluster.fire(1, Timer::Election);
    assert_eq!(cluster.node(1).current_term(), Term(u64::MAX));
}

/// Indexes at the end of all numbers: a log that is shorter says so, and nothing is committed that is not there.
#[test]
fn the_last_index_is_far_away() {
    let mut cluster = Cluster::led(3);
    cluster.hand(3, 2, 2, append(u64::MAX, 2, &[2, 2]));
    let conflict = Outcome::Conflict { prev_log_index: Index(u64::MAX), term: None, first_index: Index(2) };
    assert_eq!(cluster.on_the_way(2, 3).last(), Some(&&reply(0, conflict)));
    cluster.hand(3, 2, 2, append(1, 1, &[2]));
    assert_eq!(
        cluster.node(2).commit_index(),
        Index(2),
        "of all that the leader has committed, what is here"
    );
    for (term, first_index) in [(None, u64::MAX), (Some(Term(u64::MAX)), 0), (Some(Term(0)), u64::MAX)] {
        for prev_log_index in [0, 1, 2, u64::MAX] {
            let prev_log_index = Index(prev_log_index);
            let conflict = Outcome::Conflict { prev_log_index, term, first_index: Index(first_index) };
            cluster.hand(3, 1, 1, reply(0, conflict));
        }
    }
    assert_eq!(cluster.leader(), Some(1), "which was not harmed");
}

/// A call that comes again with another command is the call that it was: while it waits, and afterwards (§8).
#[test]
fn a_call_that_changes_its_mind_is_noted() {
    let mut cluster = Cluster::led(3);
    let saw = |number| Some((1, RaftEvent::SawCallAgain { client: ClientId(1), number }));
    let call = cluster.call(1, 1, 1, put(7, 1));
    for other in [put(7, 2), get(7)] {
        let ends = cluster.node(1).log().last_index();
        cluster.call(1, 1, 1, other);
        assert_eq!(cluster.events().pop(), saw(1));
        assert_eq!(cluster.node(1).log().last_index(), ends);
    }
    cluster.deliver();
    assert_eq!(cluster.answers_to(call).len(), 1, "once");
    cluster.call(1, 1, 1, put(7, 3));
    assert_eq!(cluster.events().pop(), saw(1));
    assert_eq!(cluster.answers_to(call)[0], cluster.answers_to(call)[1], "what the first one came to");
    // The same of a read.
    let call = cluster.call(1, 1, 2, get(7));
    for other in [put(7, 4), get(8)] {
        cluster.call(1, 1, 2, other);
        assert_eq!(cluster.events().pop(), saw(2));
    }
    cluster.deliver();
    assert_eq!(cluster.answers_to(call), [&Answer::Done(holds(1))]);
    // The last number of all, and none after it.
    let last = cluster.call(1, 1, u64::MAX, put(7, 5));
    cluster.deliver();
    assert_eq!(cluster.answers_to(last).len(), 1);
    let before = cluster.call(1, 1, 3, put(7, 6));
    assert_eq!(cluster.answers_to(before).len(), 0, "its client has moved on");
}

/// A server does not start where two leaders could be elected in a term, or none ever.
#[test]
fn a_server_does_not_start_with_a_configuration_that_makes_no_sense() {
    let good = Config::new((1..=3).map(NodeId));
    let boot = |id, config: &Config| {
        let _: Server = Effects::default().boot(Time::ZERO, n(id), config, Default::default());
    };
    boot(1, &good);
    let bad = [
        (1, Config { members: vec![], ..good.clone() }, "at least one member"),
        (1, Config { members: vec![n(1), n(1), n(2)], ..good.clone() }, "listed twice"),
        (1, Config { heartbeat_interval: good.election_timeout.start, ..good.clone() }, "shorter than"),
        (9, good.clone(), "must be a member"),
    ];
    for (id, config, why) in bad {
        let said = says_why(|| boot(id, &config)).expect("it does not start");
        assert!(said.contains(why), "{said}");
    }
}

/// What it panics with, if it does.
fn says_why(act: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(act)).err()?;
    let said = panic.downcast_ref::<String>().cloned();
    Some(said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
}

/// Near the beginning, where messages meet, or mostly near the end of all numbers.
fn number(at_end: bool) -> impl Strategy<Value = u64> + Clone {
    let (few, many) = if at_end { (1, 4) } else { (9, 1) };
    prop_oneof![few => 0..4u64, many => select(vec![u64::MAX, u64::MAX - 1, u64::MAX / 2])]
}

fn command() -> impl Strategy<Value = Command> {
    (0..2u64, any::<bool>(), 0..3i64)
        .prop_map(|(key, reads, value)| if reads { get(key) } else { put(key, value) })
}

fn entries(at_end: bool) -> impl Strategy<Value = Arc<[Entry<Command>]>> {
    let command = (1..3u32, number(at_end), command()).prop_map(|(client, number, command)| {
        Payload::Command { client: ClientId(client), number, command: Shared::new(command) }
    });
    let payload = prop_oneof![Just(Payload::NoOp), command];
    let entry = (number(at_end), payload).prop_map(|(term, payload)| Entry { term: Term(term), payload });
    vec(entry, 0..4).prop_map(Arc::from)
}

fn body(at_end: bool) -> impl Strategy<Value = Body<Command>> {
    let last_log = move || (number(at_end), number(at_end)).prop_map(|(term, index)| last_log(term, index));
    let append = (number(at_end), number(at_end), entries(at_end), number(at_end), number(at_end));
    let conflict = (number(at_end), prop::option::of(number(at_end)), number(at_end));
    let outcome = prop_oneof![
        3 => number(at_end).prop_map(|index| Outcome::Matched { index: Index(index) }),
        2 => conflict.prop_map(|(prev, term, first)| Outcome::Conflict {
            prev_log_index: Index(prev),
            term: term.map(Term),
            first_index: Index(first),
        }),
        1 => Just(Outcome::StaleTerm),
    ];
    prop_oneof![
        1 => last_log().prop_map(Body::PreVote),
        2 => any::<bool>().prop_map(|granted| Body::PreVoteReply { granted }),
        1 => last_log().prop_map(Body::RequestVote),
        2 => any::<bool>().prop_map(|granted| Body::RequestVoteReply { granted }),
        4 => append.prop_map(|(prev, term, entries, commit, round)| Body::AppendEntries(AppendEntries {
            prev_log_index: Index(prev),
            prev_log_term: Term(term),
            entries,
            leader_commit: Index(commit),
            round,
        })),
        3 => (number(at_end), outcome).prop_map(|(round, outcome)| reply(round, outcome)),
    ]
}

type Whatever = alone::Whatever<Wire, Command>;

fn whatever(at_end: bool) -> impl Strategy<Value = Whatever> {
    let message =
        (number(at_end), body(at_end)).prop_map(|(term, body)| RaftMessage { term: Term(term), body });
    let caller = (1..3u32, number(at_end), 1..4u32).prop_map(|(client, number, via)| Caller {
        client: ClientId(client),
        number,
        via: n(via),
    });
    prop_oneof![
        10 => (0..5u32, message).prop_map(|(from, message)| Whatever::Message(n(from), message)),
        5 => (0..3usize).prop_map(Whatever::Timer),
        3 => (caller, command()).prop_map(|(caller, command)| Whatever::Request(caller, command)),
        1 => Just(Whatever::Restart),
    ]
}

/// Members that break Raft's own promises are found out: the only panics are these.
const FOUND_OUT: [&str; 2] = ["Election Safety: ", "Leader Completeness: "];

proptest! {
    /// Whatever messages, timers and requests come, near the end of all numbers too: a server answers, ignores or
    /// refuses, its term never decreases, and its disk says what its memory says.
    #[test]
    fn a_server_survives_whatever_comes(members in 1..4u32, inputs in prop_oneof![vec(whatever(false), 0..60), vec(whatever(true), 0..60)]) {
        let config = Config { max_entries_per_append: 2, ..Config::new((1..=members).map(n)) };
        let mut terms = Term(0);
        let mut looked = Ok(());
        let found_out = says_why(|| {
            looked = survives::<Server>(&config, n(1), &inputs, |node, disk| {
                let grew = node.current_term() >= terms;
                terms = node.current_term();
                let same = (node.current_term(), node.voted_for()) == (disk.current_term, disk.voted_for)
                    && *node.log() == disk.log
                    && node.commit_index() <= node.log().last_index();
                (grew && same).then_some(()).ok_or_else(|| format!("{node:?}, disk {disk:?}"))
            });
        });
        looked.map_err(TestCaseError::fail)?;
        if let Some(said) = found_out {
            prop_assert!(FOUND_OUT.iter().any(|name| said.starts_with(name)), "{said}");
        }
    }
}
