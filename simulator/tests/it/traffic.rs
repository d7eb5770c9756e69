//! Links with bandwidth, clogs, filters by kind, and flapping partitions.
use std::collections::BTreeMap;
use std::time::Duration;

use synod_protocol::{Effect, Input, Loss, Message, NodeId, Place, Recording, Step, Time, What};
use synod_simulator::{Client, Config, Fault, Strikes};

use crate::toys::{Ledger, LedgerMessage, run, short};

fn steps(config: Config) -> Vec<Step<'static, Ledger>> {
    let mut recording = Recording::default();
    let outcome = run(config, &mut recording);
    assert_eq!(outcome.violation, None);
    recording.into_steps()
}

/// Much traffic for twenty seconds, and no liveness phase.
fn busy(seed: u64) -> Config {
    let ms = Duration::from_millis;
    let client = Client { think: ms(0)..ms(100), ..short(seed).client };
    let mut config = Config { operations: u64::MAX, safety: ms(20_000), client, ..short(seed) };
    config.liveness.operations = 0;
    config
}

fn with(seed: u64, fault: Fault) -> Config {
    let ms = Duration::from_millis;
    let mut config = busy(seed).with_faults(&[fault]);
    config.nemesis.strikes.insert(fault, Strikes { pause: ms(500)..ms(1_500), lasts: ms(300)..ms(1_200) });
    config
}

/// A message of a node that another handled.
#[derive(Debug)]
struct Carried {
    sent: Time,
    arrived: Time,
    from: NodeId,
    to: NodeId,
    message: LedgerMessage,
}

fn carried(steps: &[Step<'static, Ledger>]) -> Vec<Carried> {
    let mut sent = BTreeMap::new();
    let mut carried = Vec::new();
    for step in steps {
        match (&step.what, step.place) {
            (What::Sent { packet, to: Place::Node(to), .. }, Place::Node(from)) if *to != from => {
                sent.insert(*packet, (step.at, from));
            }
            (What::Handled { packet: Some(packet), input, .. }, Place::Node(to)) => {
                if let (Some((at, from)), Input::Message(_, message)) = (sent.remove(packet), &**input) {
                    carried.push(Carried { sent: at, arrived: step.at, from, to, message: message.clone() });
                }
            }
            _ => {}
        }
    }
    carried
}

/// From when to when it was told that this befell somebody, and what was told of it.
fn strikes(steps: &[Step<'static, Ledger>], begins_with: &str) -> Vec<(Time, Time, String)> {
    let mut open = BTreeMap::new();
    let mut strikes = Vec::new();
    for step in steps {
        let What::Fault { what } = &step.what else { continue };
        if what.starts_with(begins_with) {
            open.insert(what.to_string(), step.at);
        } else if let Some(what) = what.strip_prefix("healed: ") {
            strikes.extend(open.remove(what).map(|from| (from, step.at, what.to_owned())));
        }
    }
    strikes
}

fn last_node(story: &str) -> NodeId {
    let name = story.rsplit(' ').next().and_then(|name| name.strip_prefix('n'));
    NodeId(name.and_then(|number| number.parse().ok()).expect("a node"))
}

#[test]
fn a_link_carries_no_more_than_its_bandwidth() {
    let mut config = busy(1);
    config.network.bandwidth = Some(4_000);
    let steps = steps(config);
    let mut links = BTreeMap::<(NodeId, NodeId), Vec<Carried>>::new();
    carried(&steps).into_iter().for_each(|c| links.entry((c.from, c.to)).or_default().push(c));
    let mut waited = 0;
    for ((from, to), carried) in links {
        let bytes: usize =
            carried.iter().map(|c| 64 + serde_json::to_string(&c.message).expect("JSON").len()).sum();
        assert!(bytes <= 4_000 * 21, "{from} to {to}: {bytes} in 20 s");
        // About 80 bytes take 20 ms, and the delay is at most 5.
        assert!(carried.iter().all(|c| c.arrived - c.sent >= Duration::from_millis(19)));
        waited += carried.iter().filter(|c| c.arrived - c.sent > Duration::from_millis(50)).count();
    }
    assert!(waited > 100, "{waited} waited for others");
    let lost = steps.iter().filter(|step| matches!(step.what, What::Dropped { why: Loss::Lost, .. })).count();
    assert!(lost > 0, "what would wait for more than a second is lost");
}

#[test]
fn a_clogged_link_holds_what_it_is_given_and_releases_it() {
    let (mut clogs, mut released) = (0, 0);
    for seed in 0..4 {
        let steps = steps(with(seed, Fault::Clog));
        let carried = carried(&steps);
        for (from, until, story) in strikes(&steps, "clogged ") {
            let victim = last_node(&story);
            let of_it = carried.iter().filter(|c| c.from == victim || c.to == victim);
            for c in of_it.filter(|c| from < c.sent && c.sent < until) {
                assert!(c.arrived >= until, "seed {seed}: {c:?} in {story} from {from} to {until}");
                released += 1;
            }
            clogs += 1;
        }
    }
    assert!(clogs > 20 && released > 100, "{clogs} clogs released {released}");
}

#[test]
fn a_filter_loses_one_kind_and_no_other() {
    let (mut filtered, mut others) = (0, 0);
    for seed in 0..4 {
        let steps = steps(with(seed, Fault::Filter));
        let carried = carried(&steps);
        for (from, until, story) in strikes(&steps, "no ") {
            let kind = story.split(' ').nth(1).expect("a kind");
            let victim = last_node(&story);
            let during = carried
                .iter()
                .filter(|c| (c.from == victim || c.to == victim) && from < c.sent && c.sent < until);
            for c in during {
                assert_ne!(c.message.kind(), kind, "seed {seed}: {c:?} in {story}");
                others += 1;
            }
            let asked = steps.iter().filter(|step| from < step.at && step.at < until);
            filtered += asked
                .flat_map(|step| step.what.effects())
                .filter(|effect| matches!(effect, Effect::Send(_, message) if message.kind() == kind))
                .count();
        }
    }
    assert!(filtered > 100 && others > 100, "{filtered} of the kind were sent, {others} others arrived");
}

#[test]
fn a_flapping_partition_opens_and_closes_many_times() {
    let mut most = 0;
    for seed in 0..4 {
        let mut config = with(seed, Fault::Flapping);
        config.network.flap = Duration::from_millis(20)..Duration::from_millis(80);
        let steps = steps(config);
        for (from, until, _) in strikes(&steps, "flapping: ") {
            // How often a cut link drops something after none did for a while, as long as traffic is dense.
            let dropped: Vec<Time> = steps
                .iter()
                .filter(|s| matches!(s.what, What::Dropped { why: Loss::Partitioned, .. }))
                .map(|s| s.at)
                .filter(|at| (from..until).contains(at))
                .collect();
            let gaps =
                dropped.windows(2).filter(|pair| pair[1] - pair[0] > Duration::from_millis(20)).count();
            most = most.max(gaps);
        }
        let after: Vec<_> = strikes(&steps, "flapping: ");
        let (_, last, _) = after.last().expect("it flapped");
        let next =
            steps.iter().filter(|s| s.at > *last).take_while(|s| !matches!(s.what, What::Fault { .. }));
        assert!(
            !next.into_iter().any(|s| matches!(s.what, What::Dropped { why: Loss::Partitioned, .. })
                && s.at > last.after(Duration::from_millis(10))),
            "seed {seed}: still cut"
        );
    }
    assert!(most >= 4, "{most} times at most");
}
