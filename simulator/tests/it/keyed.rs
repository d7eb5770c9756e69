//! Violations that need their times, told by the few things that were odd.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{
    Caller, ClientId, Durable, Effect, Effects, Event, Message, Never, Node, NodeId, Nodes, Observer, Step,
    Time, Violation,
};
use synod_simulator::keyed::{Deviation, Draw, Minimised, Verdict, minimise, note};
use synod_simulator::untimed::{self, Extract, Judge, Tale};
use synod_simulator::{ClientCall, Config, Draws, Fault, Liveness, Outcome, Simulation, Site};

/// n1 lends a lease to one node at a time, and waits for as long as it lasts; who has it serves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lease {
    id: NodeId,
    bug: Option<Bug>,
    /// Of n1: how many it has lent, and when the newest.
    lent: Option<(u64, Time)>,
    /// Of the others: which, and until when.
    held: Option<(u64, Time)>,
    asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Bug {
    /// n1 waits only as long by its clock as the holder does by its own.
    TrustsClocks,
    /// A node that has asked waits for ever.
    AsksOnce,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum LeaseMessage {
    Ask(Time),
    Lend(u64, Time),
    Wait,
}

impl Message for LeaseMessage {
    fn kind(&self) -> &'static str {
        match self {
            LeaseMessage::Ask(_) => "Ask",
            LeaseMessage::Lend(..) => "Lend",
            LeaseMessage::Wait => "Wait",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LeaseEvent {
    Lent(u64),
    Served(u64),
}

impl Event for LeaseEvent {
    fn name(&self) -> &'static str {
        match self {
            LeaseEvent::Lent(_) => "lent",
            LeaseEvent::Served(_) => "served",
        }
    }
    fn action(&self) -> Option<&'static str> {
        None
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Nothing;

impl Durable for Nothing {
    type Record = Never;
    fn apply(&mut self, record: &Never) {
        match *record {}
    }
}

const ARBITER: NodeId = NodeId(1);
const TERM: Duration = Duration::from_millis(100);

impl Node for Lease {
    type Config = Option<Bug>;
    type Message = LeaseMessage;
    type Timer = Never;
    type Request = ();
    type Response = u64;
    type Event = LeaseEvent;
    type Record = Never;
    type Durable = Nothing;
    type View = ();

    fn boot(id: NodeId, bug: &Option<Bug>, _: Nothing, _: &mut Effects<Self>) -> Self {
        Lease { id, bug: *bug, lent: None, held: None, asked: false }
    }

    fn on_message(&mut self, from: NodeId, message: &LeaseMessage, out: &mut Effects<Self>) {
        match *message {
            LeaseMessage::Ask(at) => {
                // Clocks that are wrong by a third are allowed for, or not at all.
                let term = if self.bug == Some(Bug::TrustsClocks) { TERM } else { 2 * TERM };
                let (number, since) = self.lent.map_or((0, None), |(number, since)| (number, Some(since)));
                if since.is_some_and(|since| out.now() < since.after(term)) {
                    return out.send(from, LeaseMessage::Wait);
                }
                self.lent = Some((number + 1, out.now()));
                out.note(LeaseEvent::Lent(number + 1));
                out.send(from, LeaseMessage::Lend(number + 1, at));
            }
            LeaseMessage::Lend(number, asked) => {
                (self.held, self.asked) = (Some((number, asked.after(TERM))), false);
            }
            LeaseMessage::Wait => self.asked = false,
        }
    }

    fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) {
        match timer {}
    }

    fn on_request(&mut self, from: Caller, _: &(), out: &mut Effects<Self>) {
        match self.held {
            _ if self.id == ARBITER => return out.redirect(from, Some(NodeId(2))),
            Some((number, until)) if out.now() < until => {
                out.note(LeaseEvent::Served(number));
                return out.reply(from, number);
            }
            _ => {}
        }
        if !self.asked || self.bug != Some(Bug::AsksOnce) {
            self.asked = true;
            let now = out.now();
            out.send(ARBITER, LeaseMessage::Ask(now));
        }
        out.redirect(from, None);
    }

    fn view(&self) {}
}

/// Nobody serves by a lease after the next one was lent.
#[derive(Debug, Default)]
struct OneHolder {
    lent: u64,
}

impl Observer<Lease> for OneHolder {
    fn observe(&mut self, step: &Step<'_, Lease>, _: Nodes<'_, Lease>) -> Result<(), Violation> {
        for effect in step.what.effects() {
            match effect {
                Effect::Event(LeaseEvent::Lent(number)) => self.lent = *number,
                Effect::Event(LeaseEvent::Served(number)) if *number < self.lent => {
                    let story = format!("lease {number} served after {} was lent", self.lent);
                    return Err(Violation::new("One holder", story));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

struct Held(Option<Bug>);

impl Judge<Lease> for Held {
    type Watch = OneHolder;
    fn config(&self, _: u32) -> Option<Bug> {
        self.0
    }
    fn watch(&self) -> OneHolder {
        OneHolder::default()
    }
    fn verdict(&self, _: &[ClientCall<Lease>]) -> Option<Violation> {
        None
    }
}

const FAULTS: [Fault; 8] = [
    Fault::Loss,
    Fault::Duplication,
    Fault::Delay,
    Fault::Partition,
    Fault::OneWay,
    Fault::Clock,
    Fault::Pause,
    Fault::ClockJump,
];

fn config(seed: u64, nodes: u32) -> Config {
    let mut config = Config { nodes, clients: 4, operations: 60, ..Config::new(seed) }.with_faults(&FAULTS);
    config.clock.drift_ppm = 200_000;
    config.client.think = Duration::ZERO..Duration::from_millis(60);
    config.safety = Duration::from_secs(10);
    config
}

fn ask(_: ClientId, _: u64, _: &mut Draws) {}

fn run(config: &Config, bug: Option<Bug>) -> Outcome<Lease> {
    Simulation::new(config.clone(), bug, ask, OneHolder::default()).expect("sound knobs").run()
}

/// What the run of a seed ends in, told by its deviations.
fn noted(config: &Config, bug: Option<Bug>) -> (Config, Outcome<Lease>) {
    note(config, bug, ask, OneHolder::default(), |simulation| simulation).expect("sound knobs")
}

fn shrunk(config: &Config, bug: Bug, fails: fn(&Outcome<Lease>) -> bool) -> Minimised {
    let (told, outcome) = noted(config, Some(bug));
    assert!(fails(&outcome));
    let judge = |config: &Config| {
        let outcome = run(config, Some(bug));
        Verdict { fails: fails(&outcome), steps: outcome.counts.steps }
    };
    let smaller =
        |config: &Config| (config.nodes > 1).then(|| Config { nodes: config.nodes - 1, ..config.clone() });
    minimise(told, 4_000_000, smaller, judge).expect("it fails as it is told")
}

fn words(config: &Config) -> Vec<String> {
    config.deviations.iter().flatten().map(ToString::to_string).collect()
}

/// Every class of faults, every draw: the run that is told by its deviations is the run that was drawn.
#[test]
fn a_run_is_what_is_odd_about_it() {
    for seed in 0..40 {
        let mut config = config(seed, 4).swarm_of_all(&Fault::ALL);
        config.nodes = config.nodes.max(3);
        (config.operations, config.safety) = (60, Duration::from_secs(4));
        let (told, drawn) = noted(&config, None);
        let again = run(&told, None);
        let calls = |outcome: &Outcome<Lease>| -> Vec<_> {
            outcome.calls.iter().map(|call| (call.client, call.called, call.returned)).collect()
        };
        assert_eq!(calls(&again), calls(&drawn), "seed {seed}: {told}");
        assert_eq!(again.counts.crashes, drawn.counts.crashes, "seed {seed}");
        assert_eq!(again.counts.delivered, drawn.counts.delivered, "seed {seed}");
        // What struck a larger cluster strikes as much of a smaller one as there is.
        run(&Config { nodes: 2, ..told }, None);
    }
}

/// Noting changes nothing.
#[test]
fn a_run_that_is_noted_is_the_run_of_its_seed() {
    for seed in 0..20 {
        let config = config(seed, 5).with_faults(&Fault::ALL);
        assert_eq!(noted(&config, None).1.trace_hash, run(&config, None).trace_hash, "seed {seed}");
    }
}

#[test]
fn a_lease_that_trusts_clocks_needs_a_wrong_one_and_little_else() {
    let fails = |outcome: &Outcome<Lease>| outcome.violation.is_some();
    let bug = Bug::TrustsClocks;
    let failing: Vec<u64> = (0..60).filter(|&seed| fails(&run(&config(seed, 3), Some(bug)))).collect();
    assert!(failing.len() >= 3, "{failing:?}");
    for &seed in failing.iter().take(3) {
        let config = config(seed, 3);
        // Without times, the list of what happened does no harm.
        let mut extract = Extract::default();
        let observer = (&mut extract, OneHolder::default());
        let outcome = Simulation::new(config.clone(), Some(bug), ask, observer).expect("sound knobs").run();
        let violation = outcome.violation.expect("it fails");
        let tale = Tale { nodes: 3, actions: extract.into_actions(), violation };
        assert_eq!(untimed::minimise(&Held(Some(bug)), tale, 2_000_000), None, "seed {seed}");

        let Minimised { config, before, is_cut_short, .. } = shrunk(&config, bug, fails);
        let words = words(&config);
        assert!(before > 100 && words.len() <= 8 && !is_cut_short, "seed {seed}: {before} to {words:#?}");
        assert!(words.iter().any(|word| word.contains("clock of n")), "seed {seed}: {words:#?}");
        assert!(config.clients <= 2 && config.operations <= 8, "seed {seed}: {config}");
        // It is what it says: without any of it, or with a node that allows for clocks, nothing is violated.
        assert!(fails(&run(&config, Some(bug))) && !fails(&run(&config, None)));
        for (left_out, word) in words.iter().enumerate() {
            let mut fewer = config.clone();
            fewer.deviations.iter_mut().for_each(|all| drop(all.remove(left_out)));
            assert!(!fails(&run(&fewer, Some(bug))), "seed {seed}: {word} is not needed");
        }
    }
}

#[test]
fn a_cluster_that_does_not_go_on_is_told_by_what_it_lost() {
    let fails = |outcome: &Outcome<Lease>| matches!(outcome.liveness, Liveness::Stuck { .. });
    let seed = (0..60).find(|&seed| fails(&run(&config(seed, 2), Some(Bug::AsksOnce))));
    let config = config(seed.expect("a seed that is stuck"), 2);
    let Minimised { config, before, .. } = shrunk(&config, Bug::AsksOnce, fails);
    let words = words(&config);
    assert!(before > 100 && words.len() == 1 && config.clients == 1, "{before} to {words:#?}");
    assert!(words[0].contains("message n") && words[0].ends_with("is lost"), "{words:#?}");
}

#[test]
fn the_same_run_shrinks_to_the_same_bytes_and_is_read_back() {
    let fails = |outcome: &Outcome<Lease>| outcome.violation.is_some();
    let bug = Bug::TrustsClocks;
    let seed = (0..60).find(|&seed| fails(&run(&config(seed, 3), Some(bug)))).expect("a seed that fails");
    let [one, other] = [(); 2].map(|()| shrunk(&config(seed, 3), bug, fails));
    assert_eq!(one, other);
    let text = serde_json::to_string(&one.config).expect("it is written");
    assert_eq!(serde_json::from_str::<Config>(&text).expect("it is read"), one.config);
}

#[test]
fn deviations_are_told_in_words() {
    let draw = |site, a, b, k, value| Deviation::Draw(Draw { site, a, b, k, value }).to_string();
    assert_eq!(draw(Site::Delay, 1, 2, 2, 412_000_000), "the 3rd message n1 → n2 takes 412ms");
    assert_eq!(draw(Site::Loss, 1 << 32 | 7, 4, 0, 1), "the 1st request of call 4 of c7 is lost");
    assert_eq!(
        draw(Site::Timer, 3, 2, 11, 5_000_000),
        "the 12th timer that n3 sets fires after 5ms, in its 2nd life"
    );
    assert_eq!(draw(Site::Clock, 2, 0, 0, -200_000), "the clock of n2 is 20 % too slow");
    assert_eq!(draw(Site::Loss, 3 << 32 | 7, 4, 1, 1), "the 2nd answer to call 4 of c7 is lost");
}
