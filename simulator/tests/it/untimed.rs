//! Lists of actions: taken from runs, carried out under the contract, and made as short as they get.
use synod_protocol::contract::Checker;
use synod_protocol::{ClientId, Input, NodeId, Nodes, Observer, Place, Recording, Step, Violation, What};
use synod_simulator::untimed::{Action, Address, Extract, Judge, Tale, World, is_same, minimise, play};
use synod_simulator::{ClientCall, Config, Fault};

use crate::toys::{Bug, Ledger, LedgerMessage, LedgerTimer, Rules, Survival, run_with, short};

const PATIENCE: u64 = 2_000_000;

/// A list of actions knows no time, and no disks that fail for good.
const UNTIMED: &[Fault] = Fault::ALL.split_at(8).0;

/// The toy, held to what it promises.
struct Held(Option<Bug>);

impl Judge<Ledger> for Held {
    type Watch = Survival;

    fn config(&self, nodes: u32) -> Rules {
        Rules { nodes, redirects: false, bug: self.0 }
    }
    fn watch(&self) -> Survival {
        Survival::default()
    }
    fn verdict(&self, _: &[ClientCall<Ledger>]) -> Option<Violation> {
        None
    }
}

fn rules(config: &Config, bug: Option<Bug>) -> Rules {
    Rules { nodes: config.nodes, redirects: false, bug }
}

/// What happened in a run of this seed, and what it ended in.
fn happened(config: Config, bug: Option<Bug>) -> (Vec<Action<Ledger>>, Option<Violation>) {
    let mut extract = Extract::default();
    let rules = rules(&config, bug);
    let outcome = run_with(config, rules, (&mut extract, Survival::default()));
    (extract.into_actions(), outcome.violation)
}

/// A seed below this one whose run fails.
fn failing(bug: Bug, below: u64) -> Tale<Ledger> {
    let found = (0..below).find_map(|seed| {
        let (actions, violation) = happened(short(seed).with_faults(UNTIMED), Some(bug));
        violation.map(|violation| Tale { nodes: 5, actions, violation })
    });
    found.expect("a seed that fails")
}

#[test]
fn a_world_keeps_the_contract_whatever_the_list_says() {
    let (mut carried_out, mut lost) = (0, 0);
    for seed in 0..30 {
        let (actions, violation) = happened(short(seed).with_faults(UNTIMED), None);
        assert_eq!(violation, None);
        let judge = Held(None);
        // As it was, and with every third action left out.
        let gaps: Vec<_> = actions
            .iter()
            .enumerate()
            .filter(|(at, _)| at % 3 != 1)
            .map(|(_, action)| action.clone())
            .collect();
        for list in [&actions, &gaps] {
            let observer = (Checker::new(judge.config(5)), Survival::default());
            let mut world = World::new(5, judge.config(5), observer);
            for action in list {
                carried_out += u64::from(world.act(action));
                lost += u64::from(matches!(action, Action::Crash { lose, .. } if *lose > 0));
            }
            assert_eq!(world.violation(), None, "seed {seed}");
        }
    }
    assert!(carried_out > 10_000 && lost > 5, "{carried_out} actions, {lost} crashes that lose something");
}

/// What a run did is what the list does: the same inputs in the same order at each node, and the same disks.
#[test]
fn a_list_tells_its_run_again() {
    for seed in 0..8 {
        let config = short(seed).with_faults(UNTIMED);
        let (mut timed, mut extract) = (Recording::default(), Extract::default());
        let outcome = run_with(config.clone(), rules(&config, None), (&mut timed, &mut extract));
        assert_eq!(outcome.violation, None);
        let (violation, untimed) = play(&Held(None), 5, extract.actions(), Recording::default());
        assert_eq!(violation, None);
        let at_nodes = |recording: &Recording<Ledger>| -> Vec<_> {
            let steps = recording.steps().iter();
            steps
                .filter_map(|step| match &step.what {
                    What::Handled { input, view, .. } => {
                        Some((step.place, format!("{input:?}"), format!("{view:?}")))
                    }
                    What::Crashed { records } => {
                        Some((step.place, format!("crash {records}"), String::new()))
                    }
                    What::Booted { records, view, .. } if *records > 0 => {
                        Some((step.place, format!("boot {records}"), format!("{view:?}")))
                    }
                    _ => None,
                })
                .filter(|(_, what, _)| !what.starts_with("Request"))
                .collect()
        };
        // Clients bear other numbers, so requests are compared by what they changed.
        assert_eq!(at_nodes(&timed), at_nodes(&untimed), "seed {seed}");
    }
}

#[test]
fn an_acknowledgement_before_its_record_is_told_in_a_few_actions() {
    let tale = failing(Bug::AcknowledgesFirst, 200);
    assert!(tale.actions.len() > 100, "{}", tale.actions.len());
    let judge = Held(Some(Bug::AcknowledgesFirst));
    let violation = tale.violation.clone();
    let minimised = minimise(&judge, tale.clone(), PATIENCE).expect("it fails without its times");
    assert!(is_same(&minimised.tale.violation, &violation));
    assert!(!minimised.is_cut_short);
    // A call, an acknowledgement, the answer, a crash that loses the record, and a boot to see it.
    let told: Vec<String> = minimised.tale.actions.iter().map(ToString::to_string).collect();
    assert!(told.len() <= 8 && minimised.tale.nodes <= 3, "{} nodes: {told:#?}", minimised.tale.nodes);
    assert!(told.iter().any(|line| line.contains("loses 1 record")), "{told:#?}");
    // The same list fails again.
    let (again, ()) = play(&judge, minimised.tale.nodes, &minimised.tale.actions, ());
    assert_eq!(again, Some(minimised.tale.violation.clone()));
    // The same list shrinks to the same bytes.
    assert_eq!(minimise(&judge, tale, PATIENCE), Some(minimised));
}

#[test]
fn an_assertion_is_told_by_one_call() {
    let bug = Bug::Superstitious;
    let mut extract = Extract::default();
    let config = short(1).with_faults(UNTIMED);
    let simulation = synod_simulator::Simulation::new(
        config.clone(),
        rules(&config, Some(bug)),
        crate::toys::counting(),
        &mut extract,
    )
    .expect("sound knobs");
    let violation = simulation.run().violation.expect("the 13th call");
    let tale = Tale { nodes: 5, actions: extract.into_actions(), violation };
    let minimised = minimise(&Held(Some(bug)), tale, PATIENCE).expect("it fails without its times");
    let told: Vec<String> = minimised.tale.actions.iter().map(ToString::to_string).collect();
    assert_eq!((minimised.tale.nodes, told), (1, vec!["c1 asks n1: 13".to_owned()]));
}

#[test]
fn a_list_that_does_not_fail_is_not_minimised() {
    let tale = failing(Bug::AcknowledgesFirst, 200);
    assert_eq!(minimise(&Held(None), tale, PATIENCE), None);
}

#[test]
fn patience_ends_the_search_with_what_was_found() {
    let tale = failing(Bug::AcknowledgesFirst, 200);
    let judge = Held(Some(Bug::AcknowledgesFirst));
    let length = tale.actions.len();
    let minimised = minimise(&judge, tale, length as u64).expect("it fails without its times");
    assert!(minimised.is_cut_short);
    assert!((9..=length).contains(&minimised.tale.actions.len()), "{}", minimised.tale.actions.len());
    let (again, ()) = play(&judge, minimised.tale.nodes, &minimised.tale.actions, ());
    assert_eq!(again, Some(minimised.tale.violation));
}

fn request(client: u32, via: u32, value: u64) -> Action<Ledger> {
    let (client, via) = (ClientId(client), NodeId(via));
    Action::Request { client, via, request: value, arrives: true }
}

fn deliver(from: u32, to: u32, kind: &'static str) -> Action<Ledger> {
    Action::Deliver(Address::new(Place::Node(NodeId(from)), Place::Node(NodeId(to)), kind))
}

fn world<O: Observer<Ledger>>(nodes: u32, observer: O) -> World<Ledger, O> {
    World::new(nodes, Held(None).config(nodes), observer)
}

#[test]
fn what_cannot_happen_is_skipped() {
    let mut world = world(3, Checker::new(Held(None).config(3)));
    let boot = Action::Boot { node: NodeId(1) };
    let fire = Action::Fire { node: NodeId(1), timer: LedgerTimer::Resend };
    assert!(!world.act(&boot), "it is up");
    assert!(!world.act(&fire), "it is not armed");
    assert!(!world.act(&deliver(1, 2, "Store")), "nothing is on its way");
    assert!(
        !world.act(&Action::Retry { client: ClientId(1), via: NodeId(1), arrives: true }),
        "no call is open"
    );
    assert!(!world.act(&request(1, 4, 7)), "there is no such node");
    assert!(world.act(&request(1, 1, 7)));
    assert!(world.act(&Action::Crash { node: NodeId(2), lose: 0 }));
    assert!(!world.act(&deliver(1, 2, "Store")), "it is down");
    assert!(world.act(&boot_of(2)) && world.act(&deliver(1, 2, "Store")));
    assert!(!world.act(&deliver(1, 2, "Store")), "it was delivered");
    assert!(world.act(&fire), "it is armed since the call");
    assert!(world.act(&deliver(1, 2, "Store")), "it was sent once more");
    assert_eq!(world.violation(), None);
}

/// Where each client has a node of its own, which its number says, one that gives up keeps it.
#[test]
fn a_client_that_gives_up_goes_on_under_a_number_with_the_same_rest() {
    let mut world = world(3, Checker::new(Held(None).config(3)));
    for client in [2, 2, 5, 2, 3] {
        assert!(world.act(&request(client, 1, 7)));
    }
    let clients: Vec<u32> = world.calls().iter().map(|call| call.client.0).collect();
    assert_eq!(clients, [2, 5, 8, 11, 3]);
}

fn boot_of(node: u32) -> Action<Ledger> {
    Action::Boot { node: NodeId(node) }
}

#[test]
fn a_crash_loses_what_nobody_relied_on_and_no_more() {
    let mut world = world(3, Checker::new(Held(None).config(3)));
    world.act(&request(1, 1, 7));
    // Its Store to n2 arrives, so its record is durable, whatever the crash is to lose.
    world.act(&deliver(1, 2, "Store"));
    world.act(&request(2, 1, 8));
    world.act(&Action::Crash { node: NodeId(1), lose: 5 });
    world.act(&boot_of(1));
    let values = |world: &World<Ledger, _>| world.nodes().get(NodeId(1)).map(|node| node.values.0.clone());
    assert_eq!(values(&world), Some([7].into()));
    assert!(!world.act(&deliver(1, 3, "Store")) || world.violation().is_none());
    // With nothing to lose, the crash keeps all, and lets out what waited.
    world.act(&request(3, 1, 9));
    world.act(&Action::Crash { node: NodeId(1), lose: 0 });
    world.act(&boot_of(1));
    assert_eq!(values(&world), Some([7, 9].into()));
    assert!(world.act(&deliver(1, 3, "Store")));
    assert_eq!(world.violation(), None);
}

#[test]
fn what_is_lost_left_its_node_and_never_arrives() {
    let mut world = world(3, (Recording::default(), Checker::new(Held(None).config(3))));
    world.act(&request(1, 1, 7));
    let lose = Action::Drop(Address::new(Place::Node(NodeId(1)), Place::Node(NodeId(2)), "Store"));
    let line = serde_json::to_string(&lose).expect("json");
    assert!(line.starts_with(r#"{"drop":"#), "{line}");
    assert!(world.act(&lose));
    assert!(!world.act(&lose) && !world.act(&deliver(1, 2, "Store")), "it is gone");
    // It had left, so the record that it waited for is durable.
    world.act(&Action::Crash { node: NodeId(1), lose: 5 });
    world.act(&boot_of(1));
    assert_eq!(world.nodes().get(NodeId(1)).map(|node| node.values.0.clone()), Some([7].into()));
    assert_eq!(world.violation(), None);
    let (recording, _) = world.into_observer();
    assert!(recording.steps().iter().any(|step| matches!(step.what, What::Dropped { .. })));
}

#[test]
fn addresses_go_by_age_and_copies_stay() {
    let mut world = world(3, Checker::new(Held(None).config(3)));
    world.act(&request(1, 1, 7));
    world.act(&request(2, 1, 8));
    let older = |older| {
        let at = |id| Place::Node(NodeId(id));
        Action::Deliver(Address { older, again: true, ..Address::new(at(1), at(2), "Store") })
    };
    assert!(!world.act(&older(2)), "two are on their way");
    assert!(world.act(&older(1)), "the one before the newest, and a copy of it stays");
    let values = |world: &World<Ledger, _>| world.nodes().get(NodeId(2)).map(|node| node.values.0.clone());
    assert_eq!(values(&world), Some([7].into()));
    assert!(world.act(&deliver(1, 2, "Store")), "its copy is the newest now");
    assert_eq!(values(&world), Some([7].into()));
    assert!(world.act(&deliver(1, 2, "Store")));
    assert_eq!(values(&world), Some([7, 8].into()));
    assert_eq!(world.violation(), None);
}

#[test]
fn a_list_is_written_and_read_back() {
    let tale = failing(Bug::AcknowledgesFirst, 200);
    let minimised = minimise(&Held(Some(Bug::AcknowledgesFirst)), tale, PATIENCE).expect("it fails");
    let json = serde_json::to_string(&minimised.tale.actions).expect("json");
    let again: Vec<Action<Ledger>> = serde_json::from_str(&json).expect("a list of actions");
    assert_eq!(again, minimised.tale.actions);
}

/// Sees a fault where somebody asks for 100 after another asked for 1, if for each call two others have stored something and
/// said so; and, if it is wanted, only after an odd number of calls.
#[derive(Default)]
struct Even {
    after_an_odd_number: bool,
    calls: Vec<u64>,
    stores: usize,
    answers: usize,
}

impl Observer<Ledger> for Even {
    fn observe(&mut self, step: &Step<'_, Ledger>, _: Nodes<'_, Ledger>) -> Result<(), Violation> {
        let Even { after_an_odd_number, calls, stores, answers } = self;
        match &step.what {
            What::Called { request, .. } if **request == 100 => {
                let is_even = calls.contains(&1) && *stores == 2 * calls.len() && answers == stores;
                let is_wanted = !*after_an_odd_number || calls.len() % 2 == 1;
                return if is_even && is_wanted {
                    Err(Violation::new("Oddness", "all is even"))
                } else {
                    Ok(())
                };
            }
            What::Called { request, .. } => calls.push(**request),
            What::Handled { input, .. } => match **input {
                Input::Message(_, LedgerMessage::Store(_)) => *stores += 1,
                Input::Message(_, LedgerMessage::Stored(_)) => *answers += 1,
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }
}

struct Evenness {
    after_an_odd_number: bool,
}

impl Judge<Ledger> for Evenness {
    type Watch = Even;

    fn least_nodes(&self) -> u32 {
        5
    }
    fn config(&self, nodes: u32) -> Rules {
        Held(None).config(nodes)
    }
    fn watch(&self) -> Even {
        Even { after_an_odd_number: self.after_an_odd_number, ..Even::default() }
    }
    fn verdict(&self, _: &[ClientCall<Ledger>]) -> Option<Violation> {
        None
    }
}

/// If the second call went alone, n4 and n5 would store what the first one has sent to them, too; with one of what follows from it,
/// the other would. And where the calls must be odd in number, it goes only together with the third.
#[test]
fn a_call_goes_with_all_that_follows_from_it_and_so_do_two() {
    let store = |to| deliver(1, to, "Store");
    let stored = |from| deliver(from, 1, "Stored");
    let first = [request(1, 1, 1), store(2), store(3)];
    let second = [request(2, 1, 2), store(4), stored(2), store(5), stored(3), stored(4), stored(5)];
    let third = [request(3, 1, 3), store(4), store(5), stored(4), stored(5)];
    let two: Vec<_> = first.into_iter().chain(second).collect();
    let three: Vec<_> = two.iter().cloned().chain(third).collect();
    for (mut actions, after_an_odd_number) in [(two, false), (three, true)] {
        actions.push(request(4, 1, 100));
        let evenness = Evenness { after_an_odd_number };
        let (violation, ()) = play(&evenness, 5, &actions, ());
        let tale = Tale { nodes: 5, actions, violation: violation.expect("all is even") };
        let minimised = minimise(&evenness, tale, PATIENCE).expect("it fails");
        let told: Vec<String> = minimised.tale.actions.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 6, "{told:#?}");
    }
}
