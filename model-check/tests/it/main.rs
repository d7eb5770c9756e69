//! The bridge with small nodes: what it finds, what it counts, and what it refuses.
mod symmetry;
mod toys;

use synod_model_check::{
    ASSERTION, Action, Budget, CheckError, Checked, Cluster, Cursors, Engine, Limits, Promise, Scope, Watch,
};
use synod_protocol::{Node, NodeId, Violation};
use toys::{ARRIVED, Ask, Counter, FELL_BACK, Handover, Hasty, Highest, Leaders, ONE_LEADER, Voter};

fn explored<N: Node, W: Watch<N>>(cluster: Cluster<N, W>, engine: Engine) -> Checked<N> {
    cluster.check(engine, 1, &Limits::default(), &|_| true).expect("the node can be checked")
}

fn budget(text: &str) -> Budget {
    text.parse().expect("a budget")
}

fn voters<const PERSIST: bool>(text: &str) -> Cluster<Voter<PERSIST>, Leaders> {
    Cluster::new(Scope::new("votes", "", 3, 3, budget(text)), None)
}

fn property<N: Node>(checked: &Checked<N>) -> &str {
    checked.counterexample.as_ref().map_or("none", |found| &found.violation.property)
}

#[test]
fn a_forgotten_vote_is_found_and_the_way_is_a_shortest_one() {
    let found = explored(voters::<false>("crashes=1,timers=2"), Engine::Bfs);
    assert_eq!(property(&found), ONE_LEADER);
    let counterexample = found.counterexample.expect("it is violated");
    // Two stand, one votes, forgets it, and votes again; both hear of it.
    assert_eq!(counterexample.actions.len(), 8, "{:#?}", counterexample.actions);
    assert!(!found.is_exhausted);
}

#[test]
fn a_vote_that_is_written_is_kept_in_every_state() {
    for (text, unique, generated) in
        [("crashes=1,timers=2", 7_536, 19_879), ("drops=1,duplicates=1,timers=2", 11_131, 42_118)]
    {
        let checked = explored(voters::<true>(text), Engine::Bfs);
        assert_eq!(property(&checked), "none", "{text}");
        assert!(checked.is_exhausted);
        assert_eq!((checked.counts.unique, checked.counts.generated), (unique, generated), "{text}");
        assert!(checked.sometimes.iter().all(|about| about.did), "{text}: {:?}", checked.sometimes);
    }
}

#[test]
fn the_engines_agree_on_what_there_is() {
    let text = "crashes=1,drops=1,timers=1";
    let ours = explored(voters::<true>(text), Engine::Bfs);
    let theirs = explored(voters::<true>(text), Engine::Dfs { symmetry: false });
    assert_eq!(ours.counts.unique, theirs.counts.unique);
    assert_eq!(ours.counts.generated, theirs.counts.generated);
    assert!(ours.is_exhausted && theirs.is_exhausted);
    let stateright = {
        use stateright::{Checker, Model};
        voters::<true>(text).checker().spawn_bfs().join().unique_state_count() as u64
    };
    assert_eq!(ours.counts.unique, stateright);
}

#[test]
fn random_walks_find_a_violation_and_exhaust_nothing() {
    let wrong = explored(voters::<false>("crashes=1,timers=2"), Engine::Simulation { seed: 1 });
    assert_eq!(property(&wrong), ONE_LEADER);
    let limits = Limits { states: Some(5_000), ..Limits::default() };
    let right =
        voters::<true>("crashes=1,timers=2").check(Engine::Simulation { seed: 1 }, 1, &limits, &|_| true);
    let right = right.expect("the node can be checked");
    assert_eq!((property(&right), right.is_exhausted), ("none", false));
}

#[test]
fn any_number_of_threads_comes_to_the_same() {
    let with = |threads| {
        let checked =
            voters::<false>("crashes=1,timers=2").check(Engine::Bfs, threads, &Limits::default(), &|_| true);
        let checked = checked.expect("the node can be checked");
        let path = checked.counterexample.map(|found| (found.violation, found.actions));
        (checked.counts.unique, checked.counts.generated, path)
    };
    let one = with(1);
    assert!(one.2.is_some());
    assert_eq!(one, with(3));
}

#[test]
fn a_record_that_outlives_an_earlier_message_needs_both_cursors() {
    let cursors = |cursors| {
        let scope = Scope::<Hasty> {
            scripts: vec![vec![()]],
            cursors,
            ..Scope::new("handover", "", 2, (), budget("crashes=1,requests=1"))
        };
        explored(Cluster::<_, Handover>::new(scope, None), Engine::Bfs)
    };
    let one = cursors(Cursors::One);
    assert_eq!((property(&one), one.is_exhausted), ("none", true));
    let both = cursors(Cursors::Both);
    assert_eq!(property(&both), ARRIVED);
    let actions = both.counterexample.expect("it is violated").actions;
    assert!(
        actions.contains(&Action::Crash { node: NodeId(1), lose: 0, unsent: 2 }),
        "the record is kept, and what came before it never left: {actions:?}"
    );
}

fn counter(ask: &[Ask], text: &str) -> Scope<Counter> {
    Scope { scripts: vec![ask.to_vec()], ..Scope::new("counter", "", 1, (), budget(text)) }
}

#[test]
fn a_crash_may_lose_what_earlier_steps_wrote() {
    let two = [vec![Ask::Silently], vec![Ask::Silently]];
    let scope = Scope { scripts: two.to_vec(), ..counter(&[], "crashes=1,requests=2") };
    let checked = explored(Cluster::<_, Highest>::new(scope, None), Engine::Bfs);
    assert!(checked.is_exhausted);
    assert!(checked.sometimes.iter().any(|about| about.name == FELL_BACK && about.did), "{checked:?}");
}

#[test]
fn what_clients_were_told_is_judged_in_every_state() {
    let promise = Promise {
        name: "Each call counts once",
        judge: |calls| {
            let told = calls.iter().filter_map(|call| call.returned);
            let wrong = told.map(|(_, response)| *response).find(|response| *response > calls.len() as u64);
            wrong.map(|response| Violation::new("Each call counts once", format!("{response} were counted")))
        },
    };
    let check =
        |text| explored(Cluster::<_, ()>::new(counter(&[Ask::Aloud], text), Some(promise)), Engine::Bfs);
    assert_eq!(property(&check("requests=1")), "none");
    assert_eq!(property(&check("requests=1,retries=1")), "Each call counts once");
}

#[test]
fn a_request_on_its_way_may_come_twice() {
    let scope =
        Scope { requests_travel: true, ..counter(&[Ask::Silently], "requests=1,duplicates=1,drops=1") };
    let checked = explored(Cluster::<_, ()>::new(scope, None), Engine::Bfs);
    // Not asked; on its way; lost; there; there and on its way; lost then; there twice.
    assert_eq!(checked.counts.unique, 7);
}

#[test]
fn an_assertion_of_the_node_is_a_violation() {
    let checked = explored(Cluster::<_, ()>::new(counter(&[Ask::Panic], "requests=1"), None), Engine::Bfs);
    assert_eq!(property(&checked), ASSERTION);
    let story = checked.counterexample.expect("it is violated").violation.story;
    assert!(story.contains("Counting: no more numbers") && story.contains("toys.rs:"), "{story}");
}

#[test]
fn a_node_that_reads_the_clock_is_refused() {
    let cluster = Cluster::<_, ()>::new(counter(&[Ask::ReadTheClock], "requests=1"), None);
    let refused = cluster.check(Engine::Bfs, 1, &Limits::default(), &|_| true);
    assert!(matches!(refused, Err(CheckError::ReadsTheClock(_))), "{refused:?}");
}

#[test]
fn what_a_limit_cut_short_is_not_exhausted() {
    for limits in
        [Limits { states: Some(500), ..Limits::default() }, Limits { depth: Some(5), ..Limits::default() }]
    {
        let checked = voters::<true>("crashes=1,timers=2").check(Engine::Bfs, 1, &limits, &|_| true);
        let checked = checked.expect("the node can be checked");
        assert!(!checked.is_exhausted && checked.counterexample.is_none(), "{limits:?}");
        assert!(checked.counts.unique < 7_000, "{:?}", checked.counts);
    }
    let stopped = voters::<true>("crashes=1,timers=2").check(Engine::Bfs, 1, &Limits::default(), &|_| false);
    assert!(!stopped.expect("the node can be checked").is_exhausted);
}

#[test]
fn a_budget_is_read_as_it_is_written() {
    let text = "crashes=1,drops=0,duplicates=2,timers=3,requests=0,retries=255";
    assert_eq!(budget(text).to_string(), text);
    assert_eq!(budget("timers=3"), Budget { timers: 3, ..Budget::default() });
    for wrong in ["crash=1", "crashes", "crashes=256", "crashes=x"] {
        assert!(wrong.parse::<Budget>().is_err(), "{wrong}");
    }
}
