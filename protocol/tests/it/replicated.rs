//! Each call takes effect once, and an image holds all of it.
use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Replicated, Seen, StateMachine};

/// Adds numbers up; a command's output is the sum so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Sum(u64);

impl StateMachine for Sum {
    type Command = u64;
    type Output = u64;
    type Snapshot = u64;
    fn apply(&mut self, command: &u64) -> u64 {
        self.0 += command;
        self.0
    }
    fn is_read_only(command: &u64) -> bool {
        *command == 0
    }
    fn query(&self, _: &u64) -> u64 {
        self.0
    }
    fn snapshot(&self) -> u64 {
        self.0
    }
    fn restore(snapshot: &u64) -> Sum {
        Sum(*snapshot)
    }
}

const A: ClientId = ClientId(1);
const B: ClientId = ClientId(2);

#[test]
fn a_call_takes_effect_once_whatever_it_says_the_second_time() {
    let mut sum = Replicated::<Sum>::default();
    assert_eq!(sum.seen(A, 1), Seen::Never);
    assert_eq!(sum.apply(A, 1, &5), Some(5));
    assert_eq!(sum.apply(B, 1, &10), Some(15));
    assert_eq!(sum.apply(A, 1, &5), Some(5), "the same call again");
    assert_eq!(sum.apply(A, 1, &100), Some(5), "another command under its number");
    assert_eq!(sum.seen(A, 1), Seen::Latest(&5));
    assert_eq!(sum.apply(A, 2, &1), Some(16));
    assert_eq!(sum.apply(A, 1, &5), None, "nobody waits for it any more");
    assert_eq!(sum.seen(A, 1), Seen::Outdated);
    assert_eq!(sum.state_machine(), &Sum(16));
}

#[test]
fn an_image_is_the_whole_of_it() {
    let mut sum = Replicated::<Sum>::default();
    sum.apply(A, 3, &5);
    sum.apply(B, 1, &10);
    let image = sum.image();
    let written = serde_json::to_string(&image).expect("it can be written");
    let mut again = Replicated::restore(&serde_json::from_str(&written).expect("it was written"));
    assert_eq!(again, sum);
    assert_eq!(again.apply(A, 3, &5), Some(5), "the sessions are part of it");
    assert_eq!(again.state_machine(), &Sum(15));
}
