//! Clients: tries, redirects, and calls that stay unknown.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use synod_protocol::{Answer, ClientId, Place, Recording, What};
use synod_simulator::{Client, Config, Fault};

use crate::toys::{Bug, Rules, run, run_with, short};

#[test]
fn a_call_that_gets_no_answer_is_tried_at_the_next_node_under_its_number() {
    let mut recording = Recording::default();
    run(short(1).with_faults(&[Fault::Loss, Fault::Crash]), &mut recording);
    let (mut tries, mut again_after) = (BTreeMap::<_, Vec<_>>::new(), 0);
    for step in recording.steps() {
        if let What::Called { caller, request, .. } = &step.what {
            let earlier = tries.entry((caller.client, caller.number)).or_default();
            if let Some(&(at, asked)) = earlier.last() {
                assert_eq!(asked, **request);
                again_after += u32::from(step.at - at == Duration::from_millis(400));
            }
            earlier.push((step.at, **request));
        }
    }
    assert!(again_after > 3, "{again_after} tries after a time-out");
}

#[test]
fn a_client_that_gives_up_leaves_its_call_unknown_and_comes_back_as_another() {
    let mut recording = Recording::default();
    let config = Config { clients: 2, operations: 6, ..short(1) };
    let rules = Rules::with(&config, Bug::Silent);
    let outcome = run_with(config.clone(), rules, &mut recording);
    let mut given_up = BTreeSet::new();
    for step in recording.steps() {
        match &step.what {
            What::GaveUp { caller } => {
                assert!(given_up.insert(caller.client), "each client gives up once");
                let call = outcome.calls.iter().find(|call| call.client == caller.client).expect("a call");
                assert_eq!(step.at - call.called, config.client.give_up_after);
            }
            What::Called { caller, .. } => assert!(!given_up.contains(&caller.client), "{caller:?} is gone"),
            _ => {}
        }
    }
    assert!(given_up.len() >= 6);
    let mut clients: Vec<ClientId> = outcome.calls.iter().map(|call| call.client).collect();
    clients.sort_unstable();
    assert_eq!(clients, (1..=outcome.calls.len() as u32).map(ClientId).collect::<Vec<_>>());
    assert!(outcome.calls.iter().all(|call| call.returned.is_none() && call.number == 1));
    assert_eq!((outcome.counts.ok, outcome.counts.unknown), (0, outcome.calls.len() as u64));
}

#[test]
fn only_a_call_that_reached_no_node_failed_for_certain() {
    let mut recording = Recording::default();
    let mut config = short(1).with_faults(&[Fault::Loss]);
    config.network.loss = 0.9;
    config.client = Client { give_up_after: Duration::from_millis(900), ..config.client };
    let outcome = run(config, &mut recording);
    let mut handed = BTreeSet::new();
    for step in recording.steps() {
        if let What::Handled { input, .. } = &step.what
            && let synod_protocol::Input::Request(caller, _) = &**input
        {
            handed.insert((caller.client, caller.number));
        }
    }
    let failed: Vec<_> = outcome.calls.iter().filter(|call| !call.reached).collect();
    assert!(failed.len() > 10 && outcome.counts.unknown > 10, "{:?}", outcome.counts);
    assert_eq!(failed.len() as u64, outcome.counts.failed);
    assert!(
        failed.iter().all(|call| !handed.contains(&(call.client, call.number)) && call.returned.is_none())
    );
}

#[test]
fn a_client_follows_a_hint_at_once_and_backs_off_without_one() {
    let mut recording = Recording::default();
    run(short(2), &mut recording);
    let (mut followed, mut backed_off) = (0, 0);
    for (step, next) in recording.steps().iter().zip(1..) {
        let What::Returned { caller, answer, .. } = &step.what else { continue };
        let Answer::Elsewhere(hint) = **answer else { continue };
        let retry = recording.steps()[next..].iter().find_map(|later| match &later.what {
            What::Called { caller: retry, .. } if retry.client == caller.client => {
                Some((later.at - step.at, *retry))
            }
            _ => None,
        });
        let Some((after, retry)) = retry else { continue };
        assert_eq!(retry.number, caller.number);
        match hint {
            Some(hint) => {
                followed += 1;
                assert_eq!((after, retry.via), (Duration::ZERO, hint));
            }
            None => {
                backed_off += 1;
                assert!((20..80).contains(&after.as_millis()), "{after:?}");
            }
        }
    }
    assert!(followed > 0 && backed_off > 0, "{followed} hints, {backed_off} without");
}

#[test]
fn calls_are_what_the_steps_say() {
    let mut recording = Recording::default();
    let outcome = run(short(5).with_faults(&Fault::ALL), &mut recording);
    let (mut called, mut returned) = (BTreeMap::new(), BTreeMap::new());
    for step in recording.steps() {
        match &step.what {
            What::Called { caller, request, .. } => {
                called.entry((caller.client, caller.number)).or_insert((step.at, **request));
            }
            What::Returned { caller, answer, .. } => {
                assert_eq!(step.place, Place::Client(caller.client));
                if let Answer::Done(response) = **answer {
                    returned.insert((caller.client, caller.number), (step.at, response));
                }
            }
            _ => {}
        }
    }
    assert_eq!(outcome.calls.len(), called.len());
    for call in &outcome.calls {
        let id = (call.client, call.number);
        assert_eq!((call.called, call.request), called[&id]);
        assert_eq!(call.returned, returned.get(&id).copied());
    }
    assert!(outcome.calls.is_sorted_by_key(|call| call.called));
}
