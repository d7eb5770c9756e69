//! Runs of both kinds of Paxos under faults are behaviours of their specs, and corrupted copies of them are not.
use std::time::Duration;

use serde_json::{Value as Json, json};
use synod_cli::{algorithm::Algorithm, multipaxos::MultiPaxos, paxos::Paxos};
use synod_paxos::multi::Config;
use synod_simulator::Fault;

use crate::conform::{
    Corruptions, Runs, Setting, are_behaviours, are_behaviours_under, are_behaviours_with,
    copies_are_rejected, copies_are_rejected_under, followed_at_once, is, next,
};

#[test]
fn runs_of_one_decree_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 12, nodes: &[3, 5], operations: 30, faults: &Fault::ALL, actions: 1_000 };
    are_behaviours::<Paxos>(&runs, &["Restart", "Phase1a", "Phase1b", "Phase2a", "Phase2b"]);
}

#[test]
fn runs_of_a_log_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 6, nodes: &[3, 5], operations: 60, faults: &Fault::ALL, actions: 2_500 };
    are_behaviours::<MultiPaxos>(
        &runs,
        &[
            "Restart",
            "Prepare",
            "Promise",
            "HandlePromise",
            "BecomeLeader",
            "Propose",
            "Choose",
            "Learn",
            "AnswerReads",
        ],
    );
}

/// Logs that are cut all the time, under small messages, and with a quorum of phase 2 that is no majority.
#[test]
fn runs_with_snapshots_and_flexible_quorums_are_behaviours_of_the_spec() {
    let config = |nodes: u32| {
        let mut config = MultiPaxos::config(nodes);
        (config.snapshot_every, config.kept_behind_snapshot) = (3, 0);
        config.max_slots_per_message = 2;
        config.quorums.phase_2 -= 1;
        config.quorums.phase_1 += 1;
        config
    };
    let runs = Runs { seeds: 6, nodes: &[3, 5], operations: 60, faults: &Fault::ALL, actions: 2_500 };
    are_behaviours_with::<MultiPaxos>(
        &runs,
        config,
        &["Restart", "Propose", "TakeSnapshot", "SendInstall", "InstallSnapshot"],
    );
}

/// Clients ask for other acceptors. Of five servers, several configurations wait in a long window; of four, each comes
/// soon. The log is cut every so many slots.
fn churning(runs: &Runs, snapshot_every: usize) -> Setting<impl Fn(u32) -> Config> {
    let config = move |nodes: u32| {
        let mut config = MultiPaxos::config(nodes);
        (config.window, config.max_slots_per_message) = if nodes == 5 { (40, 2) } else { (8, 4) };
        (config.snapshot_every, config.kept_behind_snapshot) = (snapshot_every, 0);
        config
    };
    Setting { time: Duration::from_secs(20), set: &[("load.churn", "4")], ..runs.with(config) }
}

#[test]
fn runs_in_which_acceptors_change_are_behaviours_of_the_spec() {
    let runs = Runs { seeds: 8, nodes: &[5, 4], operations: 150, faults: &Fault::ALL, actions: 2_500 };
    are_behaviours_under::<MultiPaxos>(
        &runs,
        &churning(&runs, 60),
        &[
            "Choose.reconfigured",
            "Learn.reconfigured",
            "Reexecute.reconfigured",
            "TakeSnapshot",
            "InstallSnapshot",
            "BecomeLeader",
            "AnswerReads",
        ],
    );
}

#[test]
fn a_log_is_followed_without_a_detour() {
    let runs =
        Runs { seeds: 1, nodes: &[3], operations: 800, faults: &[Fault::Loss, Fault::Crash], actions: 2_000 };
    assert_eq!(followed_at_once::<MultiPaxos>(&runs, 1), 2_000);
}

#[test]
fn corrupted_copies_of_a_log_are_rejected() {
    let runs =
        Runs { seeds: 3, nodes: &[3], operations: 40, faults: &[Fault::Loss, Fault::Crash], actions: 400 };
    let corruptions = Corruptions {
        needed: &["Prepare", "Promise", "HandlePromise", "BecomeLeader", "Propose", "Choose"],
        sent_by: &[("Prepare", "Prepare"), ("Promise", "Promise"), ("Accepted", "Accept")],
        others: &[("chosen early", chosen_early), ("another value", another_value)],
    };
    copies_are_rejected::<MultiPaxos>(&runs, &corruptions);
}

/// What the copies say of acceptors, too.
#[test]
fn corrupted_copies_of_a_log_that_says_who_decides_are_rejected() {
    let runs =
        Runs { seeds: 2, nodes: &[4], operations: 100, faults: &[Fault::Loss, Fault::Crash], actions: 500 };
    let corruptions = Corruptions {
        needed: &["Prepare", "Promise", "HandlePromise", "BecomeLeader", "Propose", "Choose"],
        sent_by: &[("Prepare", "Prepare"), ("Promise", "Promise"), ("Accepted", "Accept")],
        others: &[
            ("another epoch", another_epoch),
            ("another first slot", another_first_slot),
            ("an epoch unsaid", an_epoch_unsaid),
            ("other members", other_members),
            ("other members kept", other_members_kept),
        ],
    };
    let setting = Setting { time: Duration::from_secs(3), ..churning(&runs, 5) };
    copies_are_rejected_under::<MultiPaxos>(&runs, &setting, &corruptions);
}

/// A server holds one slot more to be chosen than it may.
fn chosen_early(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| is(event, &["Choose", "Learn"]))?;
    let event = &mut events[place];
    event["through"] = json!(event["through"].as_u64().unwrap_or_default() + 1);
    // What was seen is what the code did.
    if event["post"].is_object() {
        event["post"]["chosen"] = event["through"].clone();
    }
    Some(events)
}

/// The leader proposes something else than what it sends.
fn another_value(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| is(event, &["Propose"]))?;
    events[place]["values"][0] = json!([99, 1]);
    Some(events)
}

/// Whoever executes a wish counts it as a later one than it is.
fn another_epoch(events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    told_otherwise(events, place, "epoch")
}

/// It takes effect a slot too late.
fn another_first_slot(events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    told_otherwise(events, place, "from")
}

fn told_otherwise(mut events: Vec<Json>, place: usize, field: &str) -> Option<Vec<Json>> {
    let place = next(&events, place, brings_an_epoch)?;
    let told = &mut events[place]["reconfigured"][0][field];
    *told = json!(told.as_u64()? + 1);
    Some(events)
}

/// Whoever executes a wish does not say that it came true.
fn an_epoch_unsaid(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, brings_an_epoch)?;
    events[place]["reconfigured"].as_array_mut()?.remove(0);
    Some(events)
}

fn brings_an_epoch(event: &Json) -> bool {
    event["reconfigured"].as_array().is_some_and(|epochs| !epochs.is_empty())
}

/// A wish that came true was for others than those who decided then: wherever it is told of, one of them is another.
fn other_members(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let wish = |value: &Json| value.get(2).is_some();
    let proposed = next(&events, place, |event| is(event, &["Propose"]) && values(event).iter().any(wish))?;
    let asked = values(&events[proposed]).iter().find(|value| wish(value))?.clone();
    let kept =
        |event: &Json| epochs(event).iter().any(|era| era["members"]["$set"] == sorted(&asked[2]["members"]));
    // Else the difference need not show in what is left of the run.
    next(&events, proposed, kept)?;
    let mut other = asked.clone();
    let members = other[2]["members"].as_array_mut()?;
    let stranger = (1..=4).map(|node| json!(format!("n{node}"))).find(|node| !members.contains(node))?;
    members[0] = stranger;
    events.iter_mut().for_each(|event| replace(event, &asked, &other));
    Some(events)
}

/// A snapshot keeps other deciders than the log said.
fn other_members_kept(mut events: Vec<Json>, place: usize) -> Option<Vec<Json>> {
    let place = next(&events, place, |event| !epochs(event).is_empty())?;
    events[place]["schedule"][0]["members"]["$set"].as_array_mut()?.remove(0);
    Some(events)
}

fn values(event: &Json) -> &[Json] {
    event["values"].as_array().map_or(&[], Vec::as_slice)
}

fn epochs(event: &Json) -> &[Json] {
    event["schedule"].as_array().map_or(&[], Vec::as_slice)
}

fn sorted(members: &Json) -> Json {
    let mut members = members.as_array().cloned().unwrap_or_default();
    members.sort_by_key(Json::to_string);
    json!(members)
}

/// One value in the place of another, wherever that is.
fn replace(json: &mut Json, old: &Json, new: &Json) {
    if json == old {
        json.clone_from(new);
        return;
    }
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Json::Object(fields) => fields.values_mut().for_each(|field| replace(field, old, new)),
        _ => {}
    }
}
