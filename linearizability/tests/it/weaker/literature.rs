//! The examples that the models are explained with, each with what it keeps.
use synod_linearizability::{
    Consistency::{self, *},
    History, HistoryBuilder, Op, Operation, Options, Output, check_consistency,
    consistency::Judgement,
};

use super::keeps;

/// `1: x=1; 2: x?1`: client 1 writes 1 to x, and then client 2 reads it; `?-` reads nothing. Each operation ends
/// before the next one begins.
fn history(text: &str) -> History {
    let mut builder = HistoryBuilder::default();
    for (operation, time) in text.split(';').zip((0..).step_by(10)) {
        let (client, what) = operation.trim().split_once(": ").expect("client: operation");
        let value = |text: &str| text.parse::<i64>().expect("a number");
        let (key, op, output) = match what.split_once('=') {
            Some((key, written)) => (key, Op::Put(value(written).into()), Output::Null),
            None => match what.split_once('?').expect("a read") {
                (key, "-") => (key, Op::Get, Output::Null),
                (key, seen) => (key, Op::Get, Output::Value(value(seen).into())),
            },
        };
        let client = client.parse().expect("a number");
        builder
            .push(Operation::called(client, time, op).on(key).returned(time + 5, output))
            .expect("an operation");
    }
    builder.finish().expect("a history")
}

/// Exactly these models are violated.
fn violates(text: &str, violated: &[Consistency]) {
    let history = history(text);
    for model in Consistency::ALL {
        assert_eq!(keeps(&history, model), Some(!violated.contains(&model)), "{model}: {text}");
    }
}

fn reason(text: &str, model: Consistency) -> String {
    match check_consistency(&history(text), model, &Options::default()) {
        Judgement::Violated(contradiction) => contradiction.reason,
        other => panic!("{model}: {other:?}"),
    }
}

/// Both clients miss the other's write, as with the store buffers of processors: each object by itself is in order,
/// the two together are not (Lamport 1979).
#[test]
fn store_buffering_is_not_sequential() {
    violates("1: x=1; 2: y=1; 1: y?-; 2: x?-", &[Linearizable, Sequential]);
    violates("1: x=1; 1: x?1; 2: y=1; 2: y?1; 1: y?-; 2: x?-", &[Linearizable, Sequential]);
}

/// A write is seen late, by somebody else: no clock is looked at.
#[test]
fn a_stale_read_is_sequential() {
    violates("1: x=1; 1: x=2; 2: x?1", &[Linearizable]);
    violates("1: x=1; 2: x?-; 2: x?1", &[Linearizable]);
}

/// Message passing: whoever sees the flag sees the data.
#[test]
fn message_passing_is_kept_by_monotonic_writes() {
    violates("1: x=1; 1: y=1; 2: y?1; 2: x?-", &[Linearizable, Sequential, Causal, MonotonicWrites]);
}

/// Two readers see two independent writes in different orders: causal and not sequential.
#[test]
fn independent_reads_of_independent_writes_are_causal() {
    violates("1: x=1; 2: y=1; 3: x?1; 3: y?-; 4: y?1; 4: x?-", &[Linearizable, Sequential]);
}

/// Two readers see two writes of one key in different orders. Causal memory without convergence would allow it
/// (Ahamad et al. 1995); with one order of all writes each reader's second read is older than its first.
#[test]
fn writes_of_one_key_have_one_order() {
    let text = "1: x=1; 2: x=2; 3: x?1; 3: x?2; 4: x?2; 4: x?1";
    violates(text, &[Linearizable, Sequential, Causal, MonotonicReads]);
}

/// Write-to-read causality: the reply is seen, what it replies to is not.
#[test]
fn a_reply_without_its_question_is_not_causal() {
    let text = "1: x=1; 2: x?1; 2: y=1; 3: y?1; 3: x?-";
    violates(text, &[Linearizable, Sequential, Causal, WritesFollowReads]);
    let text = "1: x=1; 2: x?1; 2: y=1; 3: y?1; 3: z=1; 4: z?1; 4: x?-";
    violates(text, &[Linearizable, Sequential, Causal, WritesFollowReads]);
}

#[test]
fn a_client_sees_its_own_writes() {
    violates("1: x=1; 1: x?-", &[Linearizable, Sequential, Causal, ReadYourWrites]);
    violates("1: x=1; 1: x=2; 1: x?1", &[Linearizable, Sequential, Causal, ReadYourWrites]);
    // Somebody else may have written in between, …
    violates("2: x=2; 1: x=1; 1: x?2", &[Linearizable]);
    // … but not both after the other.
    violates("1: x=1; 1: x?2; 2: x=2; 2: x?1", &[Linearizable, Sequential, Causal, ReadYourWrites]);
}

#[test]
fn a_client_does_not_go_back() {
    violates("1: x=1; 2: x?1; 2: x?-", &[Linearizable, Sequential, Causal, MonotonicReads]);
    violates("1: x=1; 1: x=2; 2: x?2; 2: x?1", &[Linearizable, Sequential, Causal, MonotonicReads]);
}

/// The four together are less than causal consistency: here a client's own write leads to what another one sees.
#[test]
fn the_session_guarantees_together_are_not_causal() {
    // 1 writes x and y; 2 sees y and writes z; 3 sees z, and not x.
    violates("1: x=1; 1: y=1; 2: y?1; 2: z=1; 3: z?1; 3: x?-", &[Linearizable, Sequential, Causal]);
}

/// What is read before it is written, or never, keeps no model.
#[test]
fn nobody_sees_the_future() {
    violates("1: x?1", &Consistency::ALL);
    violates("1: x?1; 1: x=1", &Consistency::ALL);
    violates("1: x?1; 1: y=1; 2: y?1; 2: x=1", &Consistency::ALL);
}

#[test]
fn reasons_name_the_operations() {
    assert_eq!(
        reason("3: z=7; 1: x=1; 1: x?-", ReadYourWrites),
        "line 3: client 1: get of \"x\" → null [20, 25] found what was there at first and missed line 2: its client \
         had called line 2 before"
    );
    assert_eq!(
        reason("1: x=1; 1: x=2; 2: x?2; 2: x?1", MonotonicReads),
        "line 4: client 2: get of \"x\" → 1 [30, 35] missed line 2: line 2 leads to line 4 by way of line 3; what it \
         read, of line 1, is older: line 1 comes before line 2 in the order of client 1"
    );
    assert_eq!(
        reason("1: x=1; 2: x?1; 2: y=1; 3: y?1; 3: x?-", WritesFollowReads),
        "line 5: client 3: get of \"x\" → null [40, 45] found what was there at first and missed line 1: line 1 \
         leads to line 5 by way of line 2, line 3, line 4"
    );
    assert_eq!(
        reason("1: x?1; 1: x=1", Causal),
        "something was read before it was written: line 1 read what line 2 wrote; line 1 comes before line 2 in the \
         order of client 1"
    );
    assert_eq!(
        reason("1: x?4", MonotonicWrites),
        "line 1: client 1: get of \"x\" → 4 [0, 5] is a value that nobody wrote"
    );
}

/// If 1 were written to x before 2, then both reads of 1 would come before it, and 3 and 4 would each have to be
/// written to y before the other. Nothing of this follows until somebody guesses.
const ONE_AFTER_TWO: &str = "1: y=4; 1: x?1; 2: x=2; 2: y?3; 3: y=3; 3: x?1; 4: x?2; 4: y?4; 5: x=1";

/// The same on z with 1 and 2 exchanged.
const TWO_AFTER_ONE: &str = "6: z=4; 6: x?2; 7: x?1; 7: z?3; 8: z=3; 8: x?2; 9: x?1; 9: z?4";

#[test]
fn wrong_guesses_are_taken_back() {
    // With much behind it, 1 looks as if it were early.
    let misleading = format!("{ONE_AFTER_TWO}; 5: a=1; 5: b=1; 5: c=1; 5: d=1; 5: e=1");
    for text in [ONE_AFTER_TWO, &misleading] {
        assert_eq!(keeps(&history(text), Sequential), Some(true), "{text}");
    }
    let both = history(&format!("{ONE_AFTER_TWO}; {TWO_AFTER_ONE}"));
    assert_eq!(keeps(&both, Sequential), Some(false));
    assert_eq!(keeps(&both, Causal), Some(true));
}

/// What is not known is said, and not guessed.
#[test]
fn models_that_need_reads_from_say_when_it_is_not_known() {
    let judge = |history: &History, model| check_consistency(history, model, &Options::default());
    let not_applicable = |judgement: Judgement, expected: &str| match judgement {
        Judgement::NotApplicable(reason) => assert!(reason.contains(expected), "{reason}"),
        other => panic!("{other:?}"),
    };
    let queue = History::new([Operation::called(1, 0, Op::Enq(1.into())).returned(1, Output::Null)]).unwrap();
    not_applicable(judge(&queue, Causal), "on a queue");
    assert!(judge(&queue, Sequential).holds());
    let twice = history("1: x=1; 2: x=1; 3: x?1");
    not_applicable(judge(&twice, Causal), "line 3: client 3: get of \"x\" → 1 [20, 25] names a value");
    // Whichever of the two it saw, it missed its own write.
    let twice = history("1: x=1; 2: x=1; 3: x?1; 3: y=1; 3: y?-");
    assert!(matches!(judge(&twice, ReadYourWrites), Judgement::Violated(_)));
    let failed = Operation::called(1, 0, Op::cas(1, 2)).returned(1, Output::Bool(false));
    not_applicable(judge(&History::new([failed]).unwrap(), Causal), "saw a value that it does not name");
    let append = Operation::called(1, 0, Op::Append("a".into())).on("x").returned(1, Output::Null);
    let get = Operation::called(1, 2, Op::Get).on("x").returned(3, Output::Value("a".into()));
    not_applicable(judge(&History::new([append, get]).unwrap(), Causal), "several operations wrote");
}

#[test]
fn names_are_read_as_they_are_written() {
    for model in Consistency::ALL {
        assert_eq!(model.to_string().parse(), Ok(model));
    }
    let error = "strong".parse::<Consistency>().unwrap_err().to_string();
    assert!(
        error.starts_with("no consistency model is called `strong`; there are linearizable, sequential, ")
    );
}
