//! The store against a plain map, its workload, and its history.
use std::collections::BTreeMap;

use proptest::prelude::*;
use synod_kv::{Command, Output, Skew, Store, Value, Values, Workload, operation};
use synod_linearizability::{History, Options, Verdict, check};
use synod_protocol::{ClientId, StateMachine, Time};

/// A stream of bits for tests (SplitMix64).
fn bits(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

fn commands(seed: u64, workload: &Workload, count: u64) -> Vec<Command> {
    let mut bits = bits(seed);
    (1..=count).map(|nth| workload.command(ClientId(1), nth, &mut bits)).collect()
}

/// What a get would answer, in words: the plainest possible store.
fn apply_plainly(map: &mut BTreeMap<u64, String>, command: &Command) -> String {
    let text = |value: &Value| match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    };
    let key = command.key();
    match command {
        Command::Get { .. } => format!("{:?}", map.get(&key)),
        Command::Put { value, .. } => format!("{:?}", map.insert(key, text(value)).and(None::<String>)),
        Command::Delete { .. } => format!("{:?}", map.remove(&key).and(None::<String>)),
        Command::Append { text, .. } => {
            map.entry(key).or_default().push_str(text);
            "None".into()
        }
        Command::Cas { from, to, .. } => {
            let holds = map.get(&key) == Some(&text(from));
            if holds {
                map.insert(key, text(to));
            }
            holds.to_string()
        }
    }
}

fn in_words(output: &Output) -> String {
    match output {
        Output::Done => "None".into(),
        Output::Set(set) => set.to_string(),
        Output::Value(None) => "None".into(),
        Output::Value(Some(Value::Number(number))) => format!("{:?}", Some(number.to_string())),
        Output::Value(Some(Value::Text(text))) => format!("{:?}", Some(text)),
    }
}

proptest! {
    /// The store does what a plain map of texts does.
    #[test]
    fn the_store_is_a_map(seed in any::<u64>(), unique in any::<bool>()) {
        let values = if unique { Values::Unique } else { Values::Few(3) };
        let workload = Workload::new(4, Skew::Zipf, 40, values);
        let (mut store, mut map) = (Store::default(), BTreeMap::new());
        for command in commands(seed, &workload, 80) {
            prop_assert_eq!(in_words(&store.apply(&command)), apply_plainly(&mut map, &command), "{}", command);
        }
        prop_assert_eq!(store.len(), map.len());
    }

    /// A read-only command changes nothing, and is answered without being applied.
    #[test]
    fn queries_change_nothing(seed in any::<u64>()) {
        let mut store = Store::default();
        for command in commands(seed, &Workload::new(4, Skew::Uniform, 50, Values::Few(3)), 60) {
            let before = store.clone();
            let asked = Store::is_read_only(&command).then(|| store.query(&command));
            let output = store.apply(&command);
            if let Some(asked) = asked {
                prop_assert_eq!(asked, output);
                prop_assert_eq!(&store, &before);
            }
        }
    }

    /// What is restored from a snapshot goes on like the original.
    #[test]
    fn a_snapshot_restores_everything(seed in any::<u64>(), cut in 0..60usize) {
        let mut store = Store::default();
        let commands = commands(seed, &Workload::new(6, Skew::Zipf, 30, Values::Unique), 60);
        for command in &commands[..cut] {
            store.apply(command);
        }
        let mut restored = Store::restore(&store.snapshot());
        for command in &commands[cut..] {
            prop_assert_eq!(restored.apply(command), store.apply(command));
        }
        prop_assert_eq!(restored, store);
    }

    /// Calls one after the other, as the store answers them, are a linearizable history; with one answer
    /// changed they are not.
    #[test]
    fn its_histories_are_judged_by_its_rules(seed in any::<u64>()) {
        let mut store = Store::default();
        let mut operations = Vec::new();
        let mut last_get = None;
        for (command, at) in commands(seed, &Workload::new(3, Skew::Uniform, 50, Values::Few(3)), 40).iter().zip(0u64..) {
            let output = store.apply(command);
            if matches!(command, Command::Get { .. }) {
                last_get = Some((operations.len(), command.clone()));
            }
            operations.push(operation(ClientId(1), command, Time(10 * at), Some((Time(10 * at + 5), &output))));
        }
        let judge = |operations: &[_]| check(&History::new(operations.to_vec()).expect("one after the other"), &Options::default());
        let verdict = judge(&operations);
        prop_assert!(matches!(verdict, Verdict::Linearizable { .. }), "{:?}", verdict);
        if let Some((position, command)) = last_get {
            let at = 10 * position as u64;
            let never = Output::Value(Some(Value::Number(77)));
            operations[position] = operation(ClientId(1), &command, Time(at), Some((Time(at + 5), &never)));
            prop_assert!(matches!(judge(&operations), Verdict::NotLinearizable(_)));
        }
    }
}

/// Shares come out as asked, and hot keys are hot.
#[test]
fn the_mix_is_as_asked() {
    let workload = Workload::new(10, Skew::Zipf, 50, Values::Unique);
    let commands = commands(7, &workload, 10_000);
    let share = |pick: &dyn Fn(&Command) -> bool| commands.iter().filter(|command| pick(command)).count();
    let reads = share(&|command| matches!(command, Command::Get { .. }));
    assert!((4_700..5_300).contains(&reads), "{reads}");
    let hottest = share(&|command| command.key() == 0);
    // 1 / (1 + 1/2 + … + 1/10) = 0.341
    assert!((3_200..3_620).contains(&hottest), "{hottest}");
    assert!(share(&|command| command.key() >= 10) == 0);
    for one in ["put", "append", "cas", "delete"] {
        assert!(share(&|command| command.to_string().starts_with(one)) > 300, "{one}");
    }
}

/// Unique values are unique, across clients too.
#[test]
fn unique_values_do_not_repeat() {
    let workload = Workload::new(5, Skew::Uniform, 0, Values::Unique);
    let mut bits = bits(1);
    let mut seen = std::collections::BTreeSet::new();
    for client in 1..=5 {
        for nth in 1..=200 {
            match workload.command(ClientId(client), nth, &mut bits) {
                Command::Put { value: Value::Number(value), .. } => assert!(seen.insert(value)),
                Command::Append { text, .. } => {
                    assert!(seen.insert(text.trim_start_matches('.').parse().expect("digits")));
                }
                _ => {}
            }
        }
    }
    assert!(seen.len() > 500);
}
