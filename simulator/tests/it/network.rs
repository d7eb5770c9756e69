//! Links: cuts in both directions and in one, losses, twins and overtaking.
use std::collections::BTreeMap;
use std::time::Duration;

use synod_protocol::{Input, Loss, NodeId, Place, Recording, Step, Time, What};
use synod_simulator::{Config, Delay, Fault, LivenessGoal, Strikes};

use crate::toys::{Ledger, run, short};

fn steps(config: Config) -> Vec<Step<'static, Ledger>> {
    let mut recording = Recording::default();
    run(config, &mut recording);
    recording.into_steps()
}

/// From the first to the second, at these times.
type Arrivals = Vec<(Time, NodeId, NodeId)>;

fn arrivals(steps: &[Step<'static, Ledger>]) -> Arrivals {
    steps
        .iter()
        .filter_map(|step| match (&step.what, step.place) {
            (What::Handled { input, .. }, Place::Node(to)) => match **input {
                Input::Message(from, _) => Some((step.at, from, to)),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// What was cut from when to when, as it was told: `cut a | b`, or `one-way cut a -> b`.
fn cuts(steps: &[Step<'static, Ledger>]) -> Vec<(Time, Time, String)> {
    let mut cuts = Vec::new();
    for (step, place) in steps.iter().zip(1..) {
        let What::Fault { what } = &step.what else { continue };
        if what.starts_with("cut") || what.starts_with("one-way") || what.starts_with("ring") {
            let healed = format!("healed: {what}");
            let end = steps[place..].iter().find(|later| match &later.what {
                What::Fault { what } => *what == healed || what.starts_with("liveness"),
                _ => false,
            });
            cuts.push((step.at, end.map_or(Time(u64::MAX), |step| step.at), what.to_string()));
        }
    }
    cuts
}

fn group(names: &str) -> Vec<NodeId> {
    names.split_whitespace().filter_map(|name| name.strip_prefix('n')?.parse().ok()).map(NodeId).collect()
}

fn long(seed: u64) -> Config {
    let liveness = LivenessGoal { operations: 0, within: Duration::ZERO };
    Config { operations: u64::MAX, liveness, ..short(seed) }
}

#[test]
fn a_partition_blocks_both_ways_and_heals() {
    let (mut seen, mut healed) = (0, 0);
    for seed in 0..8 {
        let steps = steps(long(seed).with_faults(&[Fault::Partition]));
        let arrivals = arrivals(&steps);
        for (from, until, story) in cuts(&steps) {
            let Some((some, others)) = story.strip_prefix("cut ").and_then(|groups| groups.split_once(" | "))
            else {
                continue;
            };
            let (some, others) = (group(some), group(others.split(',').next().unwrap_or_default()));
            assert!(!some.is_empty() && !others.is_empty(), "{story}");
            let crosses = |a: NodeId, b: NodeId| {
                some.contains(&a) && others.contains(&b) || some.contains(&b) && others.contains(&a)
            };
            let during = |(at, a, b): &&(Time, NodeId, NodeId)| (from..until).contains(at) && crosses(*a, *b);
            assert_eq!(arrivals.iter().find(during), None, "seed {seed}: {story}");
            seen += 1;
            let soon = until.after(Duration::from_millis(200));
            healed +=
                u32::from(arrivals.iter().any(|(at, a, b)| (until..soon).contains(at) && crosses(*a, *b)));
        }
        assert!(steps.iter().any(|step| matches!(step.what, What::Dropped { why: Loss::Partitioned, .. })));
    }
    assert!(seen > 10 && healed > seen / 2, "{healed} of {seen} were seen to heal");
}

#[test]
fn a_ring_leaves_each_node_a_majority() {
    let mut rings = 0;
    for seed in 0..10 {
        let steps = steps(long(seed).with_faults(&[Fault::Partition]));
        for (from, until, story) in cuts(&steps) {
            let Some(circle) = story.strip_prefix("ring of majorities ") else { continue };
            let circle = group(&circle.replace(" - ", " "));
            let place = |id: &NodeId| circle.iter().position(|other| other == id).expect("a node");
            for (_, a, b) in arrivals(&steps).iter().filter(|(at, ..)| (from..until).contains(at)) {
                let apart = place(a).abs_diff(place(b));
                assert!(apart.min(circle.len() - apart) <= 1, "{a} reached {b} in {story}");
            }
            rings += 1;
        }
    }
    assert!(rings > 3, "{rings}");
}

#[test]
fn a_one_way_cut_is_one_way() {
    let (mut blocked, mut open) = (0, 0);
    for seed in 0..8 {
        let steps = steps(long(seed).with_faults(&[Fault::OneWay]));
        let arrivals = arrivals(&steps);
        for (from, until, story) in cuts(&steps) {
            let (senders, receivers) = story
                .strip_prefix("one-way cut ")
                .and_then(|groups| groups.split_once(" -> "))
                .expect("two groups");
            let (senders, receivers) = (group(senders), group(receivers));
            for (_, a, b) in arrivals.iter().filter(|(at, ..)| (from..until).contains(at)) {
                assert!(
                    !(senders.contains(a) && receivers.contains(b)),
                    "seed {seed}: {a} reached {b}: {story}"
                );
                open += u32::from(senders.contains(b) && receivers.contains(a));
            }
            blocked += 1;
        }
    }
    assert!(blocked > 10 && open > 100, "{blocked} cuts, {open} messages the other way");
}

#[test]
fn packets_are_lost_and_doubled_as_often_as_the_knobs_say() {
    let mut config = Config { safety: Duration::from_secs(200), ..long(1) };
    (config.network.loss, config.network.duplication) = (0.1, 0.2);
    let counts = run(config, ()).counts;
    let share = |part: u64| part as f64 / counts.sent as f64;
    assert!((0.09..0.11).contains(&share(counts.lost)), "{counts:?}");
    assert!((0.17..0.19).contains(&share(counts.duplicated)), "of those that are not lost: {counts:?}");
}

#[test]
fn later_packets_overtake_those_with_long_delays() {
    let overtaken = |config| {
        let (mut sent, mut newest, mut overtaken) = (BTreeMap::new(), BTreeMap::new(), 0);
        for step in &steps(config) {
            match (&step.what, step.place) {
                (What::Sent { packet, .. }, Place::Node(from)) => {
                    sent.insert(*packet, from);
                }
                (What::Handled { packet: Some(packet), .. }, to) if sent.contains_key(packet) => {
                    let newest = newest.entry((sent[packet], to)).or_insert(*packet);
                    overtaken += u32::from(packet < newest);
                    *newest = (*packet).max(*newest);
                }
                _ => {}
            }
        }
        overtaken
    };
    let (few, many) = (overtaken(long(1)), overtaken(long(1).with_faults(&[Fault::Delay])));
    assert!(many > 2 * few, "{few} without, {many} with tails");
}

#[test]
fn delays_keep_to_their_distribution() {
    let ms = Duration::from_millis;
    let delays = |delay| {
        let mut config = Config { safety: Duration::from_secs(60), ..long(1) };
        config.network.delay = delay;
        let (mut sent, mut delays) = (BTreeMap::new(), Vec::new());
        for step in &steps(config) {
            match &step.what {
                What::Sent { packet, to: Place::Node(to), .. } if step.place != Place::Node(*to) => {
                    sent.insert(*packet, step.at);
                }
                What::Handled { packet: Some(packet), .. } => {
                    delays.extend(sent.remove(packet).map(|at| (step.at - at).as_secs_f64() * 1e3));
                }
                _ => {}
            }
        }
        assert!(delays.len() > 2_000);
        let mean = delays.iter().sum::<f64>() / delays.len() as f64;
        let far = delays.iter().filter(|&&delay| delay > 50.0).count() as f64 / delays.len() as f64;
        let most = delays.iter().copied().fold(0.0, f64::max);
        (mean, far, most)
    };
    let (mean, _, most) = delays(Delay::Uniform(ms(2)..ms(4)));
    assert!((2.9..3.1).contains(&mean) && most < 4.0, "uniform: {mean} {most}");
    let (mean, _, most) = delays(Delay::Exponential { least: ms(1), mean: ms(5), most: ms(40) });
    assert!((5.6..6.3).contains(&mean) && most > 30.0 && most <= 40.0, "exponential: {mean} {most}");
    let (_, far, _) =
        delays(Delay::Bimodal { near: ms(1)..ms(2), far: ms(60)..ms(90), far_probability: 0.2 });
    assert!((0.18..0.22).contains(&far), "bimodal: {far}");
}

#[test]
fn a_message_to_a_node_that_is_down_is_lost() {
    let config = long(1).with_faults(&[Fault::Crash]);
    let steps = steps(config);
    let down = steps.iter().filter(|step| matches!(step.what, What::Dropped { why: Loss::Down, .. })).count();
    assert!(down > 10);
}

#[test]
fn half_of_the_strikes_are_aimed_at_the_favourite() {
    let mut config = Config { operations: u64::MAX, safety: Duration::from_secs(300), ..short(1) };
    let ms = Duration::from_millis;
    let strikes = Strikes { pause: ms(100)..ms(200), lasts: ms(100)..ms(200) };
    config.nemesis.strikes.insert(Fault::Disk, strikes);
    let steps = steps(config);
    let struck = |name: &str| {
        let told = format!("slow disk {name}");
        steps.iter().filter(|step| matches!(&step.what, What::Fault { what } if *what == told)).count()
    };
    let (favourite, other) = (struck("n1"), struck("n2"));
    assert!(favourite > 3 * other && other > 50, "n1 {favourite}, n2 {other}");
}
