//! Nodes that pause, are slow, and crash in loops; clocks that jump and are strobed.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{
    Caller, Durable, Effects, Message, Never, Node, NodeId, Place, Recording, Step, Time, What,
};
use synod_simulator::{Client, Config, Fault, Simulation, Strikes};

use crate::toys::{Ledger, run, short};

fn steps(config: Config) -> Vec<Step<'static, Ledger>> {
    let mut recording = Recording::default();
    let outcome = run(config, &mut recording);
    assert_eq!(outcome.violation, None);
    recording.into_steps()
}

/// Half a minute of much traffic, and this class alone, often.
fn with(seed: u64, fault: Fault) -> Config {
    let ms = Duration::from_millis;
    let client = Client { think: ms(0)..ms(40), ..short(seed).client };
    let mut config =
        Config { operations: u64::MAX, safety: ms(20_000), client, ..short(seed) }.with_faults(&[fault]);
    config.nemesis.strikes.insert(fault, Strikes { pause: ms(500)..ms(1_500), lasts: ms(300)..ms(1_200) });
    config
}

/// From when to when it was told that this befell a node.
fn strikes(steps: &[Step<'static, Ledger>], what: &str) -> Vec<(Time, Time, Place)> {
    let told = |step: &Step<'static, Ledger>, text: &str| matches!(&step.what, What::Fault { what } if *what == text);
    let mut strikes = Vec::new();
    for node in (1..=5).map(synod_protocol::NodeId) {
        let (begins, ends) = (format!("{what} {node}"), format!("healed: {what} {node}"));
        let mut from = None;
        for step in steps {
            if told(step, &begins) {
                from = Some(step.at);
            } else if told(step, &ends) {
                strikes.extend(from.take().map(|from| (from, step.at, Place::Node(node))));
            }
        }
    }
    strikes
}

fn handled<'a>(
    steps: &'a [Step<'static, Ledger>],
    place: Place,
) -> impl Iterator<Item = &'a Step<'static, Ledger>> {
    steps.iter().filter(move |step| step.place == place && matches!(step.what, What::Handled { .. }))
}

#[test]
fn a_paused_node_handles_nothing_and_then_all_that_has_arrived() {
    let (mut pauses, mut burst) = (0, 0);
    for seed in 0..4 {
        let steps = steps(with(seed, Fault::Pause));
        for (from, until, place) in strikes(&steps, "paused") {
            let during = handled(&steps, place).filter(|step| from < step.at && step.at < until).count();
            assert_eq!(during, 0, "seed {seed}: {place:?} from {from} to {until}");
            burst = burst.max(handled(&steps, place).filter(|step| step.at == until).count());
            pauses += 1;
        }
    }
    assert!(pauses > 20 && burst > 20, "{pauses} pauses, at most {burst} steps at once");
}

#[test]
fn each_step_of_a_slow_node_takes_time() {
    let mut slow = 0;
    for seed in 0..4 {
        let config = with(seed, Fault::SlowNode);
        let least = config.process.slow_step.start;
        let steps = steps(config);
        for (from, until, place) in strikes(&steps, "slow node") {
            let during: Vec<Time> =
                handled(&steps, place).map(|step| step.at).filter(|at| from < *at && *at < until).collect();
            for pair in during.windows(2) {
                assert!(pair[1] - pair[0] >= least, "seed {seed}: {place:?} at {} and {}", pair[0], pair[1]);
                slow += 1;
            }
        }
    }
    assert!(slow > 500, "{slow} steps");
}

#[test]
fn a_node_in_a_crash_loop_crashes_again_soon_after_each_boot() {
    let mut most = 0;
    for seed in 0..4 {
        let steps = steps(with(seed, Fault::CrashLoop));
        for (from, until, place) in strikes(&steps, "crash loop") {
            let crashes = steps.iter().filter(|step| {
                step.place == place
                    && matches!(step.what, What::Crashed { .. })
                    && (from..=until).contains(&step.at)
            });
            most = most.max(crashes.count());
        }
        let last = steps.iter().rfind(|step| matches!(step.what, What::Crashed { .. })).expect("crashes");
        let back =
            |step: &&Step<'_, Ledger>| step.place == last.place && matches!(step.what, What::Booted { .. });
        let returns = steps[last.number as usize..].iter().find(back).is_some();
        assert!(
            returns || last.at >= Time::ZERO.after(Duration::from_secs(18)),
            "seed {seed}: it stays down"
        );
    }
    assert!(most >= 4, "{most} crashes in a loop");
}

/// Readings of a node's clock in one life: our time, and its own.
fn readings(steps: &[Step<'static, Ledger>]) -> Vec<(Place, u64, u64)> {
    let read = |step: &Step<'static, Ledger>| match step.what {
        What::Handled { clock, .. } | What::Booted { clock, .. } => Some((step.place, step.at.0, clock.0)),
        _ => None,
    };
    steps.iter().filter_map(read).collect()
}

#[test]
fn a_clock_that_jumps_goes_forward() {
    let config = with(1, Fault::ClockJump);
    let most = config.clock.jump.as_nanos() as u64;
    let steps = steps(config);
    let mut jumps = 0;
    for node in (1..=5).map(|id| Place::Node(synod_protocol::NodeId(id))) {
        let ahead: Vec<u64> = readings(&steps)
            .iter()
            .filter(|(place, ..)| *place == node)
            .map(|(_, at, clock)| clock - at)
            .collect();
        assert!(ahead.is_sorted(), "{node:?}: it never goes back");
        let by = ahead.windows(2).map(|pair| pair[1] - pair[0]).filter(|&by| by > 0);
        jumps += by.inspect(|&by| assert!(by <= 3 * most)).count();
    }
    assert!(jumps > 5, "{jumps} jumps");
}

#[test]
fn a_strobed_clock_runs_too_fast_and_too_slow_in_turn() {
    let steps = steps(with(1, Fault::ClockStrobe));
    let (mut fast, mut slow) = (0, 0);
    for (from, until, node) in strikes(&steps, "strobed clock") {
        let during: Vec<_> = readings(&steps)
            .into_iter()
            .filter(|(place, at, _)| *place == node && (from.0..until.0).contains(at))
            .collect();
        for pair in during.windows(2).filter(|pair| pair[1].1 > pair[0].1) {
            let rate = (pair[1].2 - pair[0].2) as f64 / (pair[1].1 - pair[0].1) as f64;
            assert!((0.1..8.1).contains(&rate), "{rate}");
            fast += u32::from(rate > 7.9);
            slow += u32::from(rate < 0.13);
        }
    }
    assert!(fast > 50 && slow > 50, "{fast} fast, {slow} slow");
}

/// Arms one long timer, in the first life that it remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Patient {
    has_lived: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Lived(bool);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Born;

impl Durable for Lived {
    type Record = Born;
    fn apply(&mut self, _: &Born) {
        self.0 = true;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Long;

impl Message for Born {
    fn kind(&self) -> &'static str {
        "Born"
    }
}

impl Node for Patient {
    type Config = ();
    type Message = Born;
    type Timer = Long;
    type Request = ();
    type Response = ();
    type Event = Never;
    type Record = Born;
    type Durable = Lived;
    type View = ();

    fn boot(_: NodeId, _: &(), Lived(has_lived): Lived, out: &mut Effects<Self>) -> Self {
        if !has_lived {
            out.persist(Born);
            out.set_timer(Long, Duration::from_secs(2)..Duration::from_secs(8));
        }
        Patient { has_lived }
    }
    fn on_message(&mut self, _: NodeId, _: &Born, _: &mut Effects<Self>) {}
    fn on_timer(&mut self, _: Long, _: &mut Effects<Self>) {
        assert!(!self.has_lived, "this life has armed no timer");
    }
    fn on_request(&mut self, from: Caller, (): &(), out: &mut Effects<Self>) {
        out.reply(from, ());
    }
    fn view(&self) {}
}

#[test]
fn timers_end_with_the_life_that_armed_them() {
    let (mut crashes, mut fired) = (0, 0);
    for seed in 0..20 {
        let config = with(seed, Fault::Crash);
        let workload = |_, _, _: &mut synod_simulator::Draws| ();
        let outcome = Simulation::<Patient, _, _>::new(config, (), workload, ()).expect("sound knobs").run();
        assert_eq!(outcome.violation, None, "seed {seed}");
        crashes += outcome.counts.crashes;
        fired += outcome.counts.timers;
    }
    assert!(crashes > 100 && fired > 20, "{crashes} crashes, {fired} timers fired");
}
