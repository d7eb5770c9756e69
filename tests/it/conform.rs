//! What every algorithm's runs have to show for its spec: they are behaviours of it, and corrupted copies are not.
//!
//! `SYNOD_SEEDS=1000 cargo test --release -p synod-tests …_conform` follows so many runs.
use std::{collections::BTreeMap, env, time::Duration};

use serde_json::{Value as Json, json};
use synod_cli::{
    algorithm::aimed,
    conform::{Conforms, actions::Actions},
    load::Load,
    run::RunOptions,
};
use synod_protocol::Node;
use synod_simulator::{Fault, Simulation};
use synod_tla::{Followed, Shelf, accepts, follow};

/// Runs that are recorded.
pub(crate) struct Runs {
    /// Without `SYNOD_SEEDS`.
    pub(crate) seeds: u64,
    /// Of the clusters, by turns.
    pub(crate) nodes: &'static [u32],
    pub(crate) operations: u64,
    pub(crate) faults: &'static [Fault],
    /// Of each run, so many actions are followed: the time goes with the square.
    pub(crate) actions: usize,
}

/// How they are run.
pub(crate) struct Setting<C> {
    /// The longer, the more befalls a call.
    pub(crate) time: Duration,
    /// How the nodes are configured, if there are so many.
    pub(crate) config: C,
    /// Knobs that are turned: `load.churn`.
    pub(crate) set: &'static [(&'static str, &'static str)],
}

impl Runs {
    /// As they are run usually, but for the nodes' configuration.
    pub(crate) fn with<C>(&self, config: C) -> Setting<C> {
        Setting { time: Duration::from_millis(10 * self.operations), config, set: &[] }
    }
}

/// What can be corrupted in the runs of an algorithm.
pub(crate) struct Corruptions {
    /// Actions without which what comes later cannot be.
    pub(crate) needed: &'static [&'static str],
    /// The type of a message, and the action that sends it. A type that is sent again and again, with the same
    /// contents, is not among them.
    pub(crate) sent_by: &'static [(&'static str, &'static str)],
    /// Its own: an entry committed early, a vote too many.
    pub(crate) others: &'static [(&'static str, Corruption)],
}

/// What goes wrong with a recording, or in the code that is recorded: somewhere from a place on.
pub(crate) type Corruption = fn(Vec<Json>, usize) -> Option<Vec<Json>>;

/// Follows runs, and wants to have seen each of these actions at least five times: a run in which little happens
/// is accepted by any spec.
pub(crate) fn are_behaviours<A: Conforms>(runs: &Runs, must_be_seen: &[&str]) {
    are_behaviours_under::<A>(runs, &runs.with(A::config), must_be_seen);
}

/// The same with servers configured otherwise than usual.
pub(crate) fn are_behaviours_with<A: Conforms>(
    runs: &Runs,
    config: impl Fn(u32) -> <A::Node as Node>::Config,
    must_be_seen: &[&str],
) {
    are_behaviours_under::<A>(runs, &runs.with(config), must_be_seen);
}

/// The same in so much time: the longer, the more befalls a call.
pub(crate) fn are_behaviours_in<A: Conforms>(
    runs: &Runs,
    time: Duration,
    config: impl Fn(u32) -> <A::Node as Node>::Config,
    must_be_seen: &[&str],
) {
    let setting = Setting { time, ..runs.with(config) };
    are_behaviours_under::<A>(runs, &setting, must_be_seen);
}

/// The same with all that can be set. What must be seen may be an action, or a list of an action that is not empty:
/// `Choose.reconfigured`.
pub(crate) fn are_behaviours_under<A: Conforms>(
    runs: &Runs,
    setting: &Setting<impl Fn(u32) -> <A::Node as Node>::Config>,
    must_be_seen: &[&str],
) {
    let seeds =
        env::var("SYNOD_SEEDS").map_or(runs.seeds, |seeds| seeds.parse().expect("SYNOD_SEEDS is a number"));
    let shelf = Shelf::unpack().expect("a temporary folder");
    let mut seen = BTreeMap::<String, u64>::new();
    for seed in 0..seeds {
        let (constants, events) = run_with::<A>(runs, setting, seed);
        match follow(&shelf, A::SPEC, &constants, &events).expect("a verdict") {
            Followed::Accepted { .. } => {}
            Followed::Rejected(rejected) => {
                let event = &events[rejected.matched];
                let (matched, why, conjunct) = (rejected.matched, &rejected.why, &rejected.conjunct);
                panic!("seed {seed}, action {matched}: {why}; {conjunct:?}\n{event}")
            }
        }
        for event in events {
            let action = event["action"].as_str().unwrap_or_default();
            for (field, value) in event.as_object().into_iter().flatten() {
                if value.as_array().is_some_and(|list| !list.is_empty()) {
                    *seen.entry(format!("{action}.{field}")).or_default() += 1;
                }
            }
            *seen.entry(action.to_owned()).or_default() += 1;
        }
    }
    eprintln!("{}: {seeds} runs accepted: {seen:?}", A::NAME);
    for action in must_be_seen {
        assert!(seen.get(*action).is_some_and(|times| *times >= 5), "{action} was hardly seen: {seen:?}");
    }
}

/// Follows one run, which must leave no choice: as many states as actions, and the first. Says how many actions.
pub(crate) fn followed_at_once<A: Conforms>(runs: &Runs, seed: u64) -> u64 {
    let shelf = Shelf::unpack().expect("a temporary folder");
    let (constants, events) = run_with::<A>(runs, &runs.with(A::config), seed);
    let followed = follow(&shelf, A::SPEC, &constants, &events).expect("a verdict");
    let count = events.len() as u64;
    assert_eq!(followed, Followed::Accepted { states: count + 1 }, "{} seed {seed}", A::NAME);
    count
}

/// Corrupts runs at every so-and-so-many places, and wants 95 % of the copies rejected.
pub(crate) fn copies_are_rejected<A: Conforms>(runs: &Runs, corruptions: &Corruptions) {
    copies_are_rejected_under::<A>(runs, &runs.with(A::config), corruptions);
}

/// The same with all else that can be set.
pub(crate) fn copies_are_rejected_under<A: Conforms>(
    runs: &Runs,
    setting: &Setting<impl Fn(u32) -> <A::Node as Node>::Config>,
    corruptions: &Corruptions,
) {
    let shelf = Shelf::unpack().expect("a temporary folder");
    let mut tally = BTreeMap::<&str, (u32, u32)>::new();
    let mut survivors = String::new();
    for seed in 0..runs.seeds {
        let (constants, events) = run_with::<A>(runs, setting, seed);
        let accepts = |events: &[Json]| accepts(&shelf, A::SPEC, &constants, events).expect("a verdict");
        assert!(accepts(&events), "seed {seed}");
        // From another place in each run.
        for place in (20 + 7 * seed as usize..events.len().saturating_sub(20)).step_by(29) {
            for (name, copy) in corruptions.copies(&events, place) {
                let (rejected, of) = tally.entry(name).or_default();
                *of += 1;
                if accepts(&copy) {
                    survivors += &format!("  {name}, seed {seed}: {}\n", first_difference(&events, &copy));
                } else {
                    *rejected += 1;
                }
            }
        }
    }
    let (killed, all) = tally.values().fold((0, 0), |sum, (killed, of)| (sum.0 + killed, sum.1 + of));
    let text = format!("{}: {tally:?} rejected of all; survivors:\n{survivors}", A::NAME);
    eprintln!("{text}{killed} of {all} rejected, {} %", 100 * killed / all.max(1));
    for (name, (_, of)) in tally {
        assert!(of >= 10, "{name}: only {of} copies");
    }
    assert!(100 * killed >= 95 * all, "{text}");
}

type Constants = Vec<(&'static str, Json)>;

/// What is recorded of a run, as far as it is followed.
fn run_with<A: Conforms>(
    runs: &Runs,
    setting: &Setting<impl Fn(u32) -> <A::Node as Node>::Config>,
    seed: u64,
) -> (Constants, Vec<Json>) {
    let nodes = runs.nodes[seed as usize % runs.nodes.len()];
    let options = RunOptions {
        nodes,
        operations: runs.operations,
        clients: 3,
        sim_time: setting.time.max(Duration::from_secs(3)),
        faults: Some(runs.faults.to_vec()),
        set: setting.set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..RunOptions::new(seed)
    };
    let harness = options.config_of::<A>().expect("the cluster is large enough");
    let config = (setting.config)(nodes);
    let constants = A::constants(&config, nodes);
    let mut actions = Actions::<A>::default();
    let load = if setting.set.is_empty() { Load::new(A::request) } else { Load::<A>::of(&harness) };
    let simulation = Simulation::new(harness, config, load, (&mut actions, A::Watch::default()));
    let outcome = aimed::<A, _, _>(simulation.expect("the knobs make sense")).run();
    assert_eq!(outcome.violation, None, "{} seed {seed}", A::NAME);
    let events = actions.finish().into_iter().map(|(_, event)| event).take(runs.actions);
    (constants, events.collect())
}

impl Corruptions {
    fn copies(&self, events: &[Json], place: usize) -> Vec<(&'static str, Vec<Json>)> {
        let mut copies = vec![
            ("dropped", self.dropped(events.to_vec(), place)),
            ("swapped", self.swapped(events.to_vec(), place)),
            ("changed", changed(events.to_vec(), place)),
        ];
        copies.extend(self.others.iter().map(|(name, corrupt)| (*name, corrupt(events.to_vec(), place))));
        copies.into_iter().filter_map(|(name, copy)| Some((name, copy?))).collect()
    }

    /// An action that something later rests on is missing.
    fn dropped(&self, mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
        let place = next(&events, place, |event| is(event, self.needed))?;
        events.remove(place);
        Some(events)
    }

    /// A message is received before it is sent.
    fn swapped(&self, mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
        // Where a run is told call by call, a message is of one call.
        let begins = |place: usize| (0..place).rfind(|before| is(&events[*before], &["Call"])).unwrap_or(0);
        let is_first = |place: usize| {
            let m = &events[place]["m"];
            !m.is_null() && !events[begins(place)..place].iter().any(|before| before["m"] == *m)
        };
        let late = (place..events.len()).find(|place| is_first(*place))?;
        // It was sent by the last thing of that kind that its sender did, or before.
        let m = &events[late]["m"];
        let by = self.sent_by.iter().find(|(sent, _)| m["type"] == *sent)?.1;
        let from = ["from", "rm"].iter().find_map(|field| m.get(field));
        let is_sender = |event: &Json| from.is_none_or(|from| event["node"] == *from);
        let sent = (begins(late)..late)
            .rev()
            .find(|place| is_sender(&events[*place]) && is(&events[*place], &[by]))?;
        let event = events.remove(late);
        events.insert(sent, event);
        Some(events)
    }
}

/// A field that was seen says something else.
fn changed(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| event["post"].is_object())?;
    let post = events[place]["post"].as_object_mut()?;
    let which = place % post.len();
    let (_, field) = post.iter_mut().nth(which)?;
    *field = match field {
        Json::Number(number) => json!(number.as_i64()? + 1),
        Json::Bool(truth) => json!(!*truth),
        _ => json!("somebody else"),
    };
    Some(events)
}

pub(crate) fn is(event: &Json, actions: &[&str]) -> bool {
    event["action"].as_str().is_some_and(|action| actions.contains(&action))
}

/// The first from a place on for which it holds.
pub(crate) fn next(events: &[Json], from: usize, holds: impl Fn(&Json) -> bool) -> Option<usize> {
    (from..events.len()).find(|place| holds(&events[*place]))
}

fn first_difference(events: &[Json], copy: &[Json]) -> String {
    let place = events.iter().zip(copy).position(|(event, copy)| event != copy).unwrap_or(copy.len());
    let event = |events: &[Json]| events.get(place).map_or("the end".to_owned(), Json::to_string);
    format!("action {place} was {} and is {}", event(events), event(copy))
}
