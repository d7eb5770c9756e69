//! Atomic commit: three protocols on the same participants, with the same clients.
use std::{fmt::Debug, marker::PhantomData, time::Duration};

use synod_atomic_commit::{
    CommitEvent, Config, Decision, Key, MicroOp, Protocol, Response, Transaction, Watch, Why,
};
use synod_linearizability::transactions as lin;
use synod_protocol::{ClientId, NodeId};
use synod_simulator::{ClientCall, Draws, Fault, Predicates, Sometimes, Tolerance};

use crate::{
    algorithm::Algorithm,
    promise::{Serializable, Transactions},
};

mod explored;
mod paxos_commit;
mod sometimes;
mod story;
mod three_phase;
mod two_phase;

/// A protocol for atomic commit, as floor 3 knows it.
#[derive(Debug)]
pub struct Commit<P>(PhantomData<P>);

/// What floor 3 has to know of one of the protocols beside what they have in common.
pub trait Style: Protocol {
    /// The faults that it is made for.
    const FAULTS: &'static [Fault] = &Fault::ALL;
    /// What its runs should come into sometimes; `sometimes.rs` recognises it.
    const SOMETIMES: &'static [&'static str];

    /// How many of so many nodes must be there for a client to be answered.
    fn needed(nodes: u32) -> u32;

    /// What a sweep varies.
    fn drawn(config: Config, _draws: &mut Draws) -> Config {
        config
    }

    /// A message in a few words.
    fn label(message: &Self::Message) -> String;
}

impl<P: Style> Algorithm for Commit<P> {
    type Node = P;
    type Watch = Watch<P>;
    type Narrator = story::CommitNarrator;
    type Chronicle = story::CommitChronicle;
    type Promise = Serializable;

    const NAME: &'static str = P::NAME;
    const FAULTS: &'static [Fault] = P::FAULTS;
    const KINDS: &'static [&'static str] = P::KINDS;

    fn tolerance(nodes: u32) -> Tolerance {
        Tolerance { needed: Some(P::needed(nodes)), ..Tolerance::default() }
    }

    fn config(nodes: u32) -> Config {
        Config::new((1..=nodes).map(NodeId))
    }

    /// Participants that ask soon ask while votes are still on their way.
    fn drawn_config(nodes: u32, draws: &mut Draws) -> Config {
        let ms = Duration::from_millis;
        let patience = draws.pick(&[40, 100, 250]).copied().unwrap_or(100);
        let doubt = patience + draws.pick(&[10, 60, 150]).copied().unwrap_or(150);
        let config = Config {
            patience: ms(patience),
            doubt: ms(doubt)..ms(doubt + 100),
            resend: ms(draws.pick(&[30, 100]).copied().unwrap_or(100)),
            ..Self::config(nodes)
        };
        P::drawn(config, draws)
    }

    fn resized(config: &Config, nodes: u32) -> Config {
        Config { members: Self::config(nodes).members, ..config.clone() }
    }

    fn validate(config: &Config, _: u32) -> Result<(), String> {
        config.validate().map_err(|error| error.to_string())
    }

    fn label(message: &P::Message) -> String {
        P::label(message)
    }

    fn caption(event: &CommitEvent) -> Option<String> {
        story::caption(event)
    }

    fn ask(transaction: &Transaction) -> String {
        transaction.to_string()
    }

    fn say(response: &Response) -> String {
        match response {
            Response::Aborted { why: Why::NotUnanimous } => "aborted".into(),
            Response::Aborted { why: Why::UnknownKey } => "aborted: there is no such key".into(),
            Response::Committed { reads } => {
                let reads: Vec<String> = reads.iter().map(|list| format!("{list:?}")).collect();
                ["committed".to_owned(), reads.join(" ")].join(" ").trim_end().to_owned()
            }
        }
    }

    /// One to four operations on keys of which few are hot, half of them appends, and every value another. Now and
    /// then a key that nobody holds.
    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> Transaction {
        let first = i64::from(client.0) * 1_000_000 + nth as i64 * 10;
        let op = |place: i64, draws: &mut Draws| {
            // Of twelve, of the first six, or of the first three.
            let among = draws.pick(&[12, 6, 3]).copied().unwrap_or(12);
            let key = Key(if draws.below(64) == 0 { 12 } else { draws.below(among) });
            match draws.below(2) {
                0 => MicroOp::Append { key, value: first + place },
                _ => MicroOp::Read { key },
            }
        };
        Transaction((0..1 + draws.below(4) as i64).map(|place| op(place, draws)).collect())
    }

    /// Coordinators in the middle of something.
    fn is_favourite(node: &P) -> bool {
        let view = node.view();
        view.open > 0 || view.unacknowledged > 0
    }

    fn predicates() -> Predicates<P> {
        sometimes::predicates()
    }

    fn sometimes() -> Box<dyn Sometimes<P>> {
        Box::new(sometimes::CommitSometimes::<P>::default())
    }
}

impl<P: Style> Transactions for Commit<P> {
    fn transaction(call: &ClientCall<P>) -> lin::Transaction {
        let reads = match &call.returned {
            Some((_, Response::Committed { reads })) => &reads[..],
            _ => &[],
        };
        let mut reads = reads.iter();
        let operation = |op: &MicroOp| {
            let key = i64::try_from(op.key().0).unwrap_or(i64::MAX).into();
            match op {
                MicroOp::Append { value, .. } => lin::Operation::Append { key, value: (*value).into() },
                MicroOp::Read { .. } => lin::Operation::Read {
                    key,
                    list: reads.next().map(|list| list.iter().map(|value| (*value).into()).collect()),
                },
            }
        };
        let operations: Vec<_> = call.request.0.iter().map(operation).collect();
        let transaction = lin::Transaction::called(call.client.0.into(), call.called.0, operations);
        match &call.returned {
            Some((at, Response::Committed { .. })) => transaction.committed(at.0),
            Some((at, Response::Aborted { .. })) => transaction.aborted(at.0),
            None => transaction,
        }
    }
}

fn in_past(decision: Decision) -> &'static str {
    match decision {
        Decision::Commit => "committed",
        Decision::Abort => "aborted",
    }
}
