//! Memory and disk cannot drift: what [`Stable`] holds is the fold of what it wrote.
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use synod_protocol::*;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Ballots(Vec<u8>);

impl Durable for Ballots {
    type Record = u8;
    fn apply(&mut self, record: &u8) {
        self.0.push(*record);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Voter {
    ballots: Stable<Ballots>,
}

impl Node for Voter {
    type Config = ();
    type Message = Never;
    type Timer = Never;
    type Request = u8;
    type Response = Never;
    type Event = Never;
    type Record = u8;
    type Durable = Ballots;
    type View = usize;

    fn boot(_: NodeId, (): &(), ballots: Ballots, _: &mut Effects<Self>) -> Self {
        Voter { ballots: Stable::recovered(ballots) }
    }
    fn on_message(&mut self, _: NodeId, message: &Never, _: &mut Effects<Self>) {
        match *message {}
    }
    fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) {
        match timer {}
    }
    fn on_request(&mut self, _: Caller, ballot: &u8, out: &mut Effects<Self>) {
        self.ballots.write(*ballot, out);
    }
    fn view(&self) -> usize {
        self.ballots.0.len()
    }
}

proptest! {
    #[test]
    fn memory_is_the_fold_of_the_records(before in any::<Vec<u8>>(), written in any::<Vec<u8>>()) {
        let caller = Caller { client: ClientId(1), number: 1, via: NodeId(1) };
        let mut out = Effects::default();
        let mut disk = Ballots(before);
        let mut voter: Voter = out.boot(Time::ZERO, NodeId(1), &(), disk.clone());
        for ballot in written {
            out.step(Time::ZERO, &mut voter, &Input::Request(caller, ballot));
            for effect in out.drain() {
                if let Effect::Persist(record) = effect {
                    disk.apply(&record);
                }
            }
            prop_assert_eq!(&*voter.ballots, &disk);
        }
        prop_assert_eq!(&voter, &out.boot(Time::ZERO, NodeId(1), &(), disk));
    }
}
