//! Random small histories: the analysis against brute force, and its cycles against all cycles.
use synod_linearizability::{
    Value,
    generate::Random,
    transactions::{
        Level, Model, Operation, Order, Report, Status, Transaction, TransactionHistory, Verdict, check,
        generate::{Store, TransactionLoad},
    },
};

use super::{brute_force::BruteForce, naive, reads};

/// How the reads of a random history come about.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Reads {
    /// As if one transaction ran after the other.
    Serial,
    /// Each transaction from a snapshot.
    Snapshots,
    /// Each read from wherever it likes.
    Anywhere,
}

/// The client that reads everything at the end, in some histories.
pub(crate) const READER: u64 = 99;

fn history(random: &mut Random) -> Vec<Transaction> {
    let count = 2 + random.below(4);
    let mut next = [0_i64; 2];
    let mut transactions: Vec<Transaction> = Vec::new();
    for client in 0..count {
        let call = random.below(12);
        let operations = (0..=random.below(3)).map(|_| {
            let key = random.below(2) as usize;
            if random.below(2) == 0 {
                return Operation::read(key as i64, []);
            }
            next[key] += 1;
            Operation::append(key as i64, next[key])
        });
        let transaction = Transaction::called(client, call, operations.collect::<Vec<_>>());
        let end = call + random.below(6);
        transactions.push(match random.below(12) {
            0 => transaction.aborted(end),
            1 => transaction,
            _ => transaction.committed(end),
        });
    }
    for number in 1..transactions.len() {
        let other = random.below(number as u64) as usize;
        let follows = |other: &Transaction, this: &Transaction| {
            other.status != Status::Unknown && other.returned.is_some_and(|at| at <= this.call)
        };
        let client = transactions[other].client;
        let mates = transactions.iter().filter(|mate| mate.client == client).collect::<Vec<_>>();
        if mates.iter().all(|mate| follows(mate, &transactions[number])) {
            transactions[number].client = client;
        }
    }
    let reads = [Reads::Serial, Reads::Snapshots, Reads::Anywhere][random.below(3) as usize];
    let finals = fill(&mut transactions, reads, random);
    if random.below(4) == 0 {
        spoil(&mut transactions, random);
    }
    if random.below(3) > 0 {
        let reads =
            (0..2).map(|key| Operation::Read { key: (key as i64).into(), list: Some(finals[key].clone()) });
        transactions.push(Transaction::called(READER, 50, reads).committed(60));
    }
    transactions
}

/// Runs them in a random order, and answers the lists at the end.
fn fill(transactions: &mut [Transaction], reads: Reads, random: &mut Random) -> [Vec<Value>; 2] {
    let mut order: Vec<usize> = (0..transactions.len()).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, random.below(place as u64 + 1) as usize);
    }
    if random.below(2) == 0 {
        order.sort_by_key(|&number| transactions[number].call);
    }
    order.retain(|&number| match transactions[number].status {
        Status::Committed => true,
        Status::Unknown => random.below(2) == 0,
        Status::Aborted => random.below(6) == 0,
    });
    let place = |key: &Value| if *key == Value::Number(0) { 0 } else { 1 };
    let mut lists = [Vec::new(), Vec::new()];
    let mut states = vec![lists.clone()];
    for &number in &order {
        for operation in &transactions[number].operations {
            if let Operation::Append { key, value } = operation {
                lists[place(key)].push(value.clone());
            }
        }
        states.push(lists.clone());
    }
    for (moment, &number) in order.iter().enumerate() {
        let moment = if reads == Reads::Serial { moment } else { random.below(moment as u64 + 1) as usize };
        let mut seen = states[moment].clone();
        for operation in &mut transactions[number].operations {
            match operation {
                Operation::Append { key, value } => seen[place(key)].push(value.clone()),
                Operation::Read { key, list } if reads == Reads::Anywhere => {
                    let all = &lists[place(key)];
                    *list = Some(all[..random.below(all.len() as u64 + 1) as usize].to_vec());
                }
                Operation::Read { key, list } => *list = Some(seen[place(key)].clone()),
            }
        }
        if transactions[number].status != Status::Committed && random.below(2) == 0 {
            for operation in &mut transactions[number].operations {
                if let Operation::Read { list, .. } = operation {
                    *list = None;
                }
            }
        }
    }
    lists
}

/// Makes one read say something else.
fn spoil(transactions: &mut [Transaction], random: &mut Random) {
    let number = random.below(transactions.len() as u64) as usize;
    for operation in &mut transactions[number].operations {
        let Operation::Read { list: Some(list), .. } = operation else { continue };
        match random.below(4) {
            0 => list.reverse(),
            1 => list.push(Value::Number(1 + random.below(4) as i64)),
            2 => list.clear(),
            _ => drop(list.pop()),
        }
        return;
    }
}

/// How many of the histories have what.
#[derive(Default, Debug)]
struct Tally {
    serializable: [u64; 3],
    snapshot_isolated: [u64; 3],
    not_found: u64,
    cycles_compared: u64,
}

fn judge(transactions: &[Transaction], tally: &mut Tally) {
    let history = TransactionHistory::new(transactions.to_vec()).expect("a valid history");
    let report = check(&history);
    let text = || format!("{}{report:#?}", history.to_jsonl());
    for (number, order) in Order::ALL.into_iter().enumerate() {
        let brute_force = BruteForce { transactions, order };
        let is_serializable = brute_force.is_serializable();
        tally.serializable[number] += u64::from(is_serializable);
        let verdict = report.verdict(Model { level: Level::Serializable, order });
        assert_eq!(verdict.holds(), is_serializable, "{order:?} {}", text());
        assert_eq!(verdict.is_violated(), !is_serializable, "{order:?} {}", text());
        let is_isolated = is_serializable || brute_force.is_snapshot_isolated();
        tally.snapshot_isolated[number] += u64::from(is_isolated);
        match report.verdict(Model { level: Level::SnapshotIsolation, order }) {
            Verdict::Holds => assert!(is_isolated, "{order:?} {}", text()),
            Verdict::Violated(_) => assert!(!is_isolated, "{order:?} {}", text()),
            Verdict::NoAnomalyFound => tally.not_found += 1,
        }
    }
    reads::agree(transactions, &report, text);
    tally.cycles_compared += u64::from(naive::agrees(transactions, &report, text));
}

fn judge_many(seed: u64, count: u64) -> Tally {
    let mut tally = Tally::default();
    let mut random = Random::new(seed);
    for _ in 0..count {
        judge(&history(&mut random), &mut tally);
    }
    tally
}

#[test]
fn brute_force_agrees() {
    let count = if cfg!(debug_assertions) { 2_000 } else { 100_000 };
    let tally = judge_many(1, count);
    println!("{tally:?}");
    let is_fair = |part: u64| (count / 10..count * 9 / 10).contains(&part);
    assert!(tally.serializable.into_iter().chain(tally.snapshot_isolated).all(is_fair), "{tally:?}");
    assert!(tally.serializable.is_sorted_by(|a, b| a > b), "{tally:?}");
    assert!(tally.snapshot_isolated[0] > tally.serializable[0] + count / 200, "{tally:?}");
    assert!(tally.cycles_compared > count / 5 && tally.not_found < count / 10, "{tally:?}");
}

#[test]
fn what_a_store_promises_is_never_denied() {
    let seeds = if cfg!(debug_assertions) { 20 } else { 500 };
    let mut skewed = 0;
    for seed in 0..seeds {
        let load = TransactionLoad { seed, transactions: 200, unknown: 20, ..TransactionLoad::default() };
        let of = |store| -> Report { check(&load.history(store)) };
        let serial = of(Store::Serial);
        assert!(serial.anomalies.is_empty(), "{seed}: {:?}", serial.anomalies);
        let strong_isolation = Model { level: Level::SnapshotIsolation, order: Order::RealTime };
        let snapshots = of(Store::Snapshot);
        assert!(!snapshots.verdict(strong_isolation).is_violated(), "{seed}: {:?}", snapshots.anomalies);
        skewed += u64::from(snapshots.verdict(Level::Serializable.into()).is_violated());
        assert!(of(Store::Careless).verdict(Level::SnapshotIsolation.into()).is_violated(), "{seed}");
    }
    assert!(skewed > seeds / 2, "only {skewed} of {seeds} have write skew");
}
