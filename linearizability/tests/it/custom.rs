//! Models of one's own: against the built-in ones, and against all orders where steps have several outcomes.
use synod_linearizability::{
    Call, DataType, History, HistoryError, Model, Op, Operation, Options, OrderError, Output, Value, Verdict,
    check, check_model,
    generate::{Random, Workload, operations},
    verify_model,
};

use crate::random::Recipe;

/// A cas register that anybody could have written.
struct CasRegister;

impl Model for CasRegister {
    type Op = Op;
    type Output = Output;
    type State = Option<Value>;

    fn initial(&self) -> Option<Value> {
        None
    }

    fn step(&self, held: &Option<Value>, op: &Op, output: Option<&Output>, next: &mut Vec<Option<Value>>) {
        let (after, answer) = match op {
            Op::Write(value) => (Some(value.clone()), Output::Null),
            Op::Cas { from, to } if held.as_ref() == Some(from) => (Some(to.clone()), Output::Bool(true)),
            Op::Cas { .. } => (held.clone(), Output::Bool(false)),
            _ => (held.clone(), Output::from(held.clone())),
        };
        if output.is_none_or(|output| *output == answer) {
            next.push(after);
        }
    }

    fn is_read_only(&self, op: &Op, _: Option<&Output>) -> bool {
        matches!(op, Op::Read)
    }
}

fn calls(history: &History) -> Vec<Call<Op, Output>> {
    let call = |operation: Operation| Call {
        client: operation.client,
        call: operation.call,
        op: operation.op,
        returned: operation.returned.map(|end| (end.at, end.output)),
    };
    history.operations().map(call).collect()
}

/// Judges the calls; what comes out is verified before it is believed.
fn judged<M>(model: &M, calls: &[Call<M::Op, M::Output>]) -> bool
where
    M: Model + Sync,
    M::Op: Send + Sync,
    M::Output: Send + Sync,
    M::State: Send,
{
    match check_model(model, calls, &Options::default()).expect("well formed") {
        Verdict::Linearizable { order } => {
            assert_eq!(verify_model(model, calls, &order), Ok(()));
            true
        }
        Verdict::NotLinearizable(violation) => {
            let shown = violation.counterexample.iter().map(|&number| calls[number].clone());
            let again = check_model(model, &shown.collect::<Vec<_>>(), &Options::default());
            assert!(matches!(again, Ok(Verdict::NotLinearizable(_))), "{violation:?}");
            assert!(violation.counterexample.contains(&violation.stuck), "{violation:?}");
            false
        }
        other => panic!("no bound was set: {other:?}"),
    }
}

#[test]
fn a_model_of_ones_own_is_judged_as_the_built_in_one() {
    let mut random = Random::new(3);
    let mut linearizable = 0;
    for _ in 0..1_000 {
        let recipe = Recipe { data_type: DataType::CasRegister, unique: false, unanswered: 5 };
        let history = recipe.history(&mut random);
        let expected = matches!(check(&history, &Options::default()), Verdict::Linearizable { .. });
        assert_eq!(judged(&CasRegister, &calls(&history)), expected, "{}", history.to_jsonl());
        linearizable += u64::from(expected);
    }
    assert!((200..800).contains(&linearizable), "{linearizable}");
}

/// An increment may be lost, and nobody is told: steps with two outcomes.
struct Careless;

impl Model for Careless {
    type Op = bool;
    type Output = u64;
    type State = u64;

    fn initial(&self) -> u64 {
        0
    }

    fn step(&self, &count: &u64, &increments: &bool, output: Option<&u64>, next: &mut Vec<u64>) {
        match output {
            _ if increments => next.extend([count, count + 1]),
            Some(&read) if read != count => {}
            _ => next.push(count),
        }
    }

    fn is_read_only(&self, increments: &bool, _: Option<&u64>) -> bool {
        !increments
    }
}

/// By definition: some order of the operations, those without an answer or not.
fn has_an_order(calls: &[Call<bool, u64>], count: u64, left: &[usize]) -> bool {
    let end = |number: &usize| calls[*number].returned.map_or(u64::MAX, |(at, _)| at);
    if left.iter().all(|number| end(number) == u64::MAX) {
        return true;
    }
    let earliest = left.iter().map(end).min().unwrap_or(u64::MAX);
    left.iter().filter(|&&number| calls[number].call <= earliest).any(|&number| {
        let mut next = Vec::new();
        let output = calls[number].returned.map(|(_, output)| output);
        Careless.step(&count, &calls[number].op, output.as_ref(), &mut next);
        let rest = left.iter().copied().filter(|other| *other != number).collect::<Vec<_>>();
        next.into_iter().any(|count| has_an_order(calls, count, &rest))
    })
}

#[test]
fn steps_with_several_outcomes_agree_with_brute_force() {
    let mut random = Random::new(4);
    let mut linearizable = 0;
    for _ in 0..2_000 {
        let count = 1 + random.below(7);
        let calls = (0..count).map(|client| {
            let call = random.below(12);
            let returned = (random.below(5) > 0).then(|| (call + random.below(5), random.below(3)));
            Call { client, call, op: random.below(2) == 0, returned }
        });
        let calls = calls.collect::<Vec<_>>();
        let expected = has_an_order(&calls, 0, &(0..calls.len()).collect::<Vec<_>>());
        assert_eq!(judged(&Careless, &calls), expected, "{calls:?}");
        linearizable += u64::from(expected);
    }
    assert!((500..1_500).contains(&linearizable), "{linearizable}");
}

/// Each number is an object by itself.
struct ByParity;

impl Model for ByParity {
    type Op = u64;
    type Output = u64;
    type State = u64;

    fn initial(&self) -> u64 {
        0
    }

    /// Answers how many operations there were before it.
    fn step(&self, count: &u64, _: &u64, output: Option<&u64>, next: &mut Vec<u64>) {
        if output.is_none_or(|output| output == count) {
            next.push(count + 1);
        }
    }

    fn object(&self, number: &u64) -> u64 {
        number % 2
    }
}

#[test]
fn objects_of_ones_own_are_judged_each_by_itself() {
    let call = |client, at, op, seen| Call { client, call: at, op, returned: Some((at + 1, seen)) };
    assert!(judged(&ByParity, &[call(1, 0, 0, 0), call(1, 5, 1, 0), call(1, 10, 2, 1), call(1, 15, 3, 1)]));
    assert!(!judged(&ByParity, &[call(1, 0, 0, 0), call(1, 5, 1, 1)]));
}

#[test]
fn what_is_malformed_is_refused() {
    let call =
        |client, call, end: Option<u64>| Call { client, call, op: true, returned: end.map(|at| (at, 0)) };
    let refused = |calls: &[Call<bool, u64>]| check_model(&Careless, calls, &Options::default()).unwrap_err();
    let early = refused(&[call(1, 0, Some(1)), call(1, 5, Some(3))]);
    assert!(matches!(early, HistoryError::ReturnBeforeCall { line: 2, .. }), "{early}");
    let twice = refused(&[call(1, 4, Some(9)), call(1, 0, Some(5))]);
    assert!(matches!(twice, HistoryError::Overlap { line: 1, other: 2, until: 5, .. }), "{twice}");
    let went_on = refused(&[call(1, 0, None), call(1, 5, Some(6))]);
    assert!(matches!(went_on, HistoryError::CallAfterGivingUp { line: 2, other: 1, .. }), "{went_on}");
    let calls = [call(1, 0, Some(1)), call(2, 2, Some(3))];
    assert_eq!(verify_model(&Careless, &calls, &[1, 0]), Err(OrderError::TooEarly { later: 1, earlier: 0 }));
    assert_eq!(verify_model(&Careless, &calls, &[0]), Err(OrderError::Missing(1)));
}

/// Objects that need many turns get a second search, on another core: that must not show.
#[test]
fn hard_histories_have_one_answer() {
    for seed in 0..3 {
        let load = Workload { clients: 6, operations: 300, seed, ..Workload::default() };
        let stack = load.linearizable(DataType::Stack, operations(DataType::Stack, 3));
        let verdict = check(&stack, &Options::default().steps(60_000));
        assert_eq!(verdict, check(&stack, &Options::default().steps(60_000)));
        assert!(!matches!(verdict, Verdict::NotLinearizable(_)), "it is linearizable by construction");
    }
}
