//! *Paxos Made Simple*, §2: claims about one decree.
use synod_paxos::single::Timer;
use synod_protocol::Answer;

use crate::servers::{put, replicas, synod};

/// "P1. An acceptor must accept the first proposal that it receives": one proposal alone is chosen (§2.2).
#[test]
fn a_lone_proposal_is_chosen() {
    let mut synod = synod(3);
    let call = synod.call(1, 1, 1, 7);
    synod.deliver();
    assert_eq!(synod.answers_to(call), [&Answer::Done(7)]);
    for id in 1..=3 {
        assert_eq!(synod.node(id).chosen().map(|vote| vote.value), Some(7));
    }
    assert!(!synod.is_armed(1, Timer::Retry));
}

#[test]
fn smoke() {
    let mut r = replicas(3);
    r.elect(1);
    let c = r.call(1, 1, 1, put(1, 2));
    r.deliver();
    assert_eq!(r.answers_to(c).len(), 1);
    r.settle(1);
    assert_eq!(r.chosen(), [1, 1, 1]);
}
