//! Scenarios: written in Rust or TOML, they strike when, whom and with what they say.
use std::time::Duration;

use synod_protocol::{NodeId, Nodes, Place, Recording, Step, Time, What, contract::Checker};
use synod_simulator::{
    Action, Config, Delay, Fault, Moment, Predicates, Scenario, Shape, Simulation, Vocabulary, Who,
};

use crate::toys::{Ledger, Rules, new_values, short};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Twenty seconds, to their end.
fn config(seed: u64, scenario: Scenario) -> Config {
    Config { operations: u64::MAX, ..short(seed) }.with_scenario(scenario)
}

/// A leader of the tests, which is always the first node, holds three values or more.
fn predicates() -> Predicates<Ledger> {
    Predicates::default().with("holds_three", |nodes: Nodes<'_, Ledger>| {
        nodes.iter().find(|(_, node)| node.values.0.len() >= 3).map(|(id, _)| id)
    })
}

fn steps(config: Config) -> Vec<Step<'static, Ledger>> {
    let mut recording = Recording::default();
    let rules = Rules::sound(&config);
    let observer = (&mut recording, Checker::new(rules.clone()));
    let outcome = Simulation::new(config, rules, new_values, observer)
        .expect("sound knobs")
        .favourite(|node: &Ledger| node.id() == NodeId(1))
        .predicates(predicates())
        .run();
    assert_eq!(outcome.violation, None);
    recording.into_steps()
}

/// What was told, and when, until the liveness phase.
fn told(steps: &[Step<'static, Ledger>]) -> Vec<(Time, String)> {
    let fault = |step: &Step<'static, Ledger>| match &step.what {
        What::Fault { what } => Some((step.at, what.to_string())),
        _ => None,
    };
    steps.iter().filter_map(fault).take_while(|(_, what)| !what.starts_with("liveness")).collect()
}

#[test]
fn a_rule_strikes_again_and_again_with_one_of_its_actions() {
    let scenario = Scenario::new("two").every(
        MS(500)..MS(1_000),
        [
            Action::new(Fault::Partition, MS(200)..MS(300)).shape(Shape::Ring),
            Action::new(Fault::Pause, MS(200)..MS(300)).who(Who::Node(NodeId(4))),
        ],
    );
    let told = told(&steps(config(1, scenario)));
    let rings = told.iter().filter(|(_, what)| what.starts_with("ring")).count();
    let pauses = told.iter().filter(|(_, what)| what == "paused n4").count();
    assert_eq!(told.iter().filter(|(_, what)| !what.starts_with("healed")).count(), rings + pauses);
    assert!(rings > 3 && pauses > 3 && (15..=29).contains(&(rings + pauses)), "{rings} and {pauses}");
    for pair in told.windows(2) {
        let (apart, heals) = (pair[1].0 - pair[0].0, pair[1].1.starts_with("healed"));
        let due = if heals { MS(200)..MS(301) } else { MS(500)..MS(1_001) };
        assert!(due.contains(&apart), "{pair:?}");
    }
}

#[test]
fn who_is_struck_is_who_was_meant() {
    for (who, names) in [
        (Who::Favourite, 1..=1),
        (Who::Minority, 2..=2),
        (Who::Majority, 3..=3),
        (Who::All, 5..=5),
        (Who::Any, 1..=1),
    ] {
        let scenario = Scenario::new("")
            .every(MS(1_000)..MS(2_000), [Action::new(Fault::Crash, MS(100)..MS(900)).who(who)]);
        let told = told(&steps(config(2, scenario)));
        assert!(told.len() > 5, "{who:?}: {told:?}");
        for (_, what) in told {
            let struck: Vec<&str> = what.strip_prefix("crash ").expect("a crash").split(' ').collect();
            assert!(names.contains(&struck.len()), "{who:?}: {what}");
            assert!(who != Who::Favourite || struck == ["n1"], "{who:?}: {what}");
        }
    }
}

#[test]
fn it_strikes_at_the_moment_at_which_a_predicate_holds() {
    let scenario = Scenario::new("").when(
        "holds_three",
        MS(2_000)..MS(2_000),
        [Action::new(Fault::Crash, MS(500)..MS(500)).who(Who::It)],
    );
    let steps = steps(config(3, scenario));
    let told = told(&steps);
    let (first, what) = told.first().expect("it holds soon");
    let victim = what.strip_prefix("crash ").expect("a crash");
    // In the step before, the third value came; and nobody had three before.
    let third = steps.iter().find(|step| match step.what {
        What::Handled { view, .. } => view >= 3,
        _ => false,
    });
    let third = third.expect("somebody had three");
    assert_eq!(
        (third.at, third.place),
        (*first, Place::Node(NodeId(victim[1..].parse().expect("a number"))))
    );
    for pair in told.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= MS(2_500), "{pair:?}");
    }
    assert!(told.len() >= 5, "{told:?}");
}

#[test]
fn after_the_heal_nothing_strikes_and_all_are_up() {
    for seed in 0..5 {
        let s = Duration::from_secs;
        let hard =
            Fault::STRIKES[..17].iter().map(|&fault| Action::new(fault, s(1)..s(4)).who(Who::Minority));
        let scenario = Scenario::new("")
            .faults(&[Fault::Loss, Fault::Crash, Fault::Partition, Fault::Pause, Fault::Bandwidth])
            .every(MS(300)..MS(900), hard.clone())
            .every(MS(300)..MS(900), hard)
            .heal_at(Moment::Share(0.8));
        let steps = steps(config(seed, scenario));
        let healed = steps
            .iter()
            .position(|step| matches!(&step.what, What::Fault { what } if what == "healed: everything"));
        let after = &steps[healed.expect("it heals")..];
        assert_eq!(after[0].at, Time::ZERO.after(s(16)), "80 % of 20 s");
        let safety = after
            .iter()
            .take_while(|step| !matches!(&step.what, What::Fault { what } if what.starts_with("liveness")));
        let settled = Time::ZERO.after(s(17));
        for step in safety.filter(|step| step.at > settled) {
            let is_fault = matches!(
                step.what,
                What::Crashed { .. } | What::Fault { .. } | What::Booted { .. } | What::Ended { .. }
            );
            assert!(!is_fault, "seed {seed}: {step:?}");
        }
        let ended = steps.iter().filter(|step| matches!(step.what, What::Ended { .. })).count();
        let handles = |id| {
            let here = |step: &&Step<'_, Ledger>| step.place == Place::Node(id) && step.at > settled;
            after.iter().find(here).is_some()
        };
        assert!((1..=5).map(NodeId).filter(|&id| handles(id)).count() >= 5 - ended, "seed {seed}");
    }
}

/// Each fault that strikes can be asked for by its name, and alone.
#[test]
fn each_fault_strikes_by_rule() {
    for fault in Fault::STRIKES.into_iter().filter(|fault| *fault != Fault::Wipe) {
        let text = format!(
            "[[rule]]\nevery = \"400ms..800ms\"\npick = [{{ do = \"{fault}\", lasts = \"200ms..600ms\" }}]\n"
        );
        let scenario = Scenario::read(&text, Vocabulary::default()).expect("a scenario");
        let by_rule = told(&steps(config(4, scenario)));
        assert!(
            by_rule.len() > 10 || Fault::DAMAGE.contains(&fault) && by_rule.len() > 1,
            "{fault}: {by_rule:?}"
        );
    }
}

#[test]
fn a_rule_that_is_taken_away_leaves_the_others_as_they_were() {
    let first = || [Action::new(Fault::Partition, MS(200)..MS(900))];
    let second = || [Action::new(Fault::Disk, MS(200)..MS(900))];
    let of = |told: &[(Time, String)], what: &str| -> Vec<(Time, String)> {
        told.iter().filter(|(_, said)| said.contains(what)).cloned().collect()
    };
    let every = || MS(300)..MS(2_000);
    let both = Scenario::new("").every(every(), first()).every(every(), second());
    let one = Scenario::new("").every(every(), first());
    let (both, one) = (told(&steps(config(5, both))), told(&steps(config(5, one))));
    assert_eq!(of(&both, "cut"), of(&one, "cut"));
    assert!(!of(&both, "slow disk").is_empty() && of(&one, "slow disk").is_empty());
}

#[test]
fn only_the_kind_that_is_named_is_lost() {
    let scenario = Scenario::new("").at(
        Moment::After(Duration::from_secs(1)),
        [Action::new(Fault::Filter, MS(60_000)..MS(60_000)).who(Who::All).kind("Stored")],
    );
    let steps = steps(config(6, scenario));
    let after = Time::ZERO.after(MS(1_010));
    let arrived = |kind: &str| {
        let is_of_kind = |step: &&Step<'static, Ledger>| {
            step.at > after
                && step.at < Time::ZERO.after(MS(20_000))
                && format!("{:?}", step.what).contains(&format!("{kind}("))
        };
        let handled = |step: &&Step<'static, Ledger>| matches!(&step.what, What::Handled { input, .. } if format!("{input:?}").contains(&format!("{kind}(")));
        steps.iter().filter(is_of_kind).filter(handled).count()
    };
    assert_eq!(arrived("Stored"), 0);
    assert!(arrived("Store") > 100);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_line_and_with_what_would() {
    let vocabulary = Vocabulary { predicates: &["holds_three", "is_sad"], kinds: &["Store"] };
    let rule = "name = \"x\"\n\n[[rule]]\nevery = \"1s\"\npick = [\n  { do = \"crash\", lasts = \"1s\" },\n";
    for (text, line, said) in [
        (
            format!("{rule}  {{ do = \"flood\", lasts = \"1s\" }},\n]"),
            7,
            "no fault to do \"flood\"; there is partition, one-way, crash",
        ),
        (format!("{rule}  {{ do = \"loss\", lasts = \"1s\" }},\n]"), 7, "no fault to do \"loss\""),
        (
            format!("{rule}  {{ do = \"crash\", last = \"1s\" }},\n]"),
            7,
            "no field \"last\"; there is do, who, lasts",
        ),
        (format!("{rule}  {{ do = \"crash\" }},\n]"), 7, "\"lasts\" is missing"),
        (
            format!("{rule}  {{ do = \"crash\", lasts = \"soon\" }},\n]"),
            7,
            "\"soon\" is no time; write \"500ms\"",
        ),
        (format!("{rule}  {{ do = \"crash\", lasts = \"9s..1s\" }},\n]"), 7, "is no time"),
        (
            format!("{rule}  {{ do = \"crash\", lasts = 5 }},\n]"),
            7,
            "a string is due here, and not a integer",
        ),
        (
            format!("{rule}  {{ do = \"crash\", who = \"me\", lasts = \"1s\" }},\n]"),
            7,
            "there is any, favourite, leader, it",
        ),
        (
            format!("{rule}  {{ do = \"partition\", shape = \"star\", lasts = \"1s\" }},\n]"),
            7,
            "there is halves, one, ring, bridge",
        ),
        (
            format!("{rule}  {{ do = \"crash\", shape = \"ring\", lasts = \"1s\" }},\n]"),
            7,
            "crash has no shape; partition, flapping has",
        ),
        (
            format!("{rule}  {{ do = \"filter\", kind = \"Stor\", lasts = \"1s\" }},\n]"),
            7,
            "no kind of message \"Stor\"; there is Store",
        ),
        (
            format!("{rule}]\n\n[[rule]]\nwhen = \"is_mad\"\npause = \"1s\"\npick = []\n"),
            10,
            "no predicate \"is_mad\"; there is holds_three, is_sad",
        ),
        (format!("{rule}]\n\n[[rule]]\nwhen = \"is_sad\"\npick = []\n"), 9, "\"when\" needs \"pause\""),
        (format!("{rule}]\nat = \"1s\"\n"), 3, "one of \"every\", \"at\""),
        ("heal_at = \"120%\"\n".into(), 1, "is no share; write \"80%\""),
        ("\nfaults = [\"loss\", \"rain\"]\n".into(), 2, "no fault class \"rain\"; there is loss"),
        (
            "name = \"x\"\nrules = []\n".into(),
            2,
            "no field \"rules\"; there is name, faults, heal_at, config, rule",
        ),
        ("name = \"x\"\n\nheal_at 80\n".into(), 3, ""),
        (rule.replace("lasts", "who = \"it\", lasts") + "]\n", 3, "this rule has no \"when\""),
        (
            "[config]\nnodes = 3\nnetwork.los = 0.1\n".into(),
            3,
            "no knob \"network.los\"; did you mean network.loss?",
        ),
        (
            "[config.disk]\n\ntorn = \"often\"\n".into(),
            3,
            "disk.torn is no \"often\"; write a share: 0.1, or 10%",
        ),
        ("[config]\ntorn = 1\n".into(), 2, "no knob \"torn\"; did you mean disk.torn?"),
        ("[config]\nnodes = [3]\n".into(), 2, "a knob is due here, and not a array"),
        ("config = 3\n".into(), 1, "a table is due here"),
        (
            "[config.nemesis]\ncrash = \"2s\"\n".into(),
            2,
            "nemesis.crash is no \"2s\"; write none, or \"every 2s..10s for 500ms..3s\"",
        ),
        (
            "[[rule]]\nevery = \"0s\"\npick = [{ do = \"crash\", lasts = \"1s\" }]\n".into(),
            1,
            "a microsecond or more",
        ),
    ] {
        let error = Scenario::read(&text, vocabulary).expect_err(&text);
        assert!(error.line == line && error.what.contains(said), "{text}\n{error}");
    }
}

#[test]
fn a_run_that_does_not_know_the_predicate_says_so() {
    let scenario = Scenario::new("").when("is_sad", MS(1)..MS(1), [Action::new(Fault::Crash, MS(1)..MS(1))]);
    let config = config(1, scenario);
    let rules = Rules::sound(&config);
    let simulation = Simulation::<Ledger, _, _>::new(config, rules, new_values, ()).expect("sound knobs");
    let violation = simulation.predicates(predicates()).run().violation.expect("a word");
    assert!(violation.story.contains("\"is_sad\"; there is holds_three"), "{violation}");
}

#[test]
fn a_scenario_is_part_of_the_configuration() {
    let scenario =
        Scenario::new("s").when("x", MS(1)..MS(2), [Action::new(Fault::Crash, MS(1)..MS(1)).who(Who::It)]);
    let config = Config::new(1).with_scenario(scenario.faults(&[Fault::Loss]));
    let json = serde_json::to_string(&config).expect("JSON");
    assert_eq!(serde_json::from_str::<Config>(&json).expect("a configuration"), config);
    assert!(config.network.loss > 0.0 && config.to_string().contains(": crash of It for 1ms..1ms"));
    let loss = Scenario::new("").every(MS(1)..MS(1), [Action::new(Fault::Loss, MS(1)..MS(1))]);
    let refused = |scenario: Scenario, said: &str| {
        let error = Config::new(1).with_scenario(scenario).check().expect_err(said).to_string();
        assert!(error.contains(said), "{error}");
    };
    refused(loss, "no class that strikes");
    let crash = |who| [Action::new(Fault::Crash, MS(1)..MS(1)).who(who)];
    refused(Scenario::new("").every(MS(1)..MS(1), crash(Who::It)), "waits for no predicate");
    refused(Scenario::new("").every(MS(1)..MS(1), crash(Who::Node(NodeId(9)))), "n1 to n5");
    refused(Scenario::new("").every(MS(0)..MS(1), crash(Who::Any)), "pause of a rule");
    refused(Scenario::new("").every(MS(1)..MS(1), []), "number of actions");
}

/// Each knob is printed, has a name, and is turned by it.
#[test]
fn knobs_are_turned_by_name() {
    let text = r#"
        [config]
        nodes = 3
        operations = 5_000
        client.think = "0ms..5ms"
        disk = { checksums = false, torn = "50%", damaged_at_most = 2 }

        [config.network]
        delay = "exponential 1ms..2s mean 20ms"
        loss = 0.25
        priorities = "3 changes in 1000 every 50us..500us"

        [config.nemesis]
        crash = "every 1s..2s for 100ms..1s"
    "#;
    let scenario = Scenario::read(text, Vocabulary::default()).expect("a scenario");
    let config = Config::new(1).with_scenario(scenario);
    let ms = Duration::from_millis;
    assert_eq!((config.nodes, config.operations, config.client.think.clone()), (3, 5_000, ms(0)..ms(5)));
    assert_eq!((config.disk.checksums, config.disk.torn, config.disk.damaged_at_most), (false, 0.5, Some(2)));
    assert_eq!(config.network.delay, Delay::Exponential { least: ms(1), mean: ms(20), most: ms(2_000) });
    assert_eq!(config.network.loss, 0.25);
    assert_eq!(config.network.priorities.as_ref().map(|p| (p.change_points, p.among)), Some((3, 1_000)));
    assert_eq!(config.nemesis.strikes[&Fault::Crash].pause, ms(1_000)..ms(2_000));
    assert_eq!(config.check(), Ok(()));

    let mut config = Config::new(1);
    for (value, delay) in [
        ("2ms..3ms", Delay::Uniform(ms(2)..ms(3))),
        (
            "1ms..5ms but 10ms..300ms at 5%",
            Delay::Bimodal { near: ms(1)..ms(5), far: ms(10)..ms(300), far_probability: 0.05 },
        ),
    ] {
        config.turn("network.delay", value).expect("a delay");
        assert_eq!(config.network.delay, delay);
    }
    config.turn("network.bandwidth", "20_000").expect("a bandwidth");
    config.turn("network.bandwidth", "unlimited").expect("none");
    // What is printed begins with the name by which it is turned.
    let printed = Config::new(1).with_faults(&Fault::EVERY).to_string();
    for name in Config::knobs().iter().filter(|name| !name.ends_with("priorities")) {
        assert!(
            printed.lines().any(|line| line.starts_with(&format!("{name} = "))),
            "{name} is not in\n{printed}"
        );
    }
    for (name, value) in [("nodes", "-3"), ("nodes", ""), ("network.loss", "2"), ("client.think", "9s..1s")] {
        assert!(config.turn(name, value).is_err(), "{name} = {value}");
    }
    let scenario = Scenario::new("a slip").knob("disk.tron", "1");
    let error = Config::new(1).with_scenario(scenario).check().expect_err("no such knob").to_string();
    assert!(error.contains("did you mean disk.torn?"), "{error}");
}
