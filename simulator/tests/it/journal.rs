//! A run that is not the same twice is caught, at the first event that differs.
use std::sync::atomic::{AtomicU64, Ordering};

use synod_protocol::{Caller, ClientId, Effects, Never, Node, NodeId};
use synod_simulator::{Config, Draws, Fault, Journal, QueueKind, Simulation};

use crate::toys::{Ledger, Rules, new_values, short};

/// How often any node of this process was asked: what no node may know.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Answers 7, but for the 50th call that this process ever made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Leaky;

impl Node for Leaky {
    type Config = ();
    type Message = Never;
    type Timer = Never;
    type Request = ();
    type Response = u64;
    type Event = Never;
    type Record = Never;
    type Durable = ();
    type View = ();

    fn boot(_: NodeId, _: &(), _: (), _: &mut Effects<Self>) -> Self {
        Leaky
    }
    fn on_message(&mut self, _: NodeId, message: &Never, _: &mut Effects<Self>) {
        match *message {}
    }
    fn on_timer(&mut self, timer: Never, _: &mut Effects<Self>) {
        match timer {}
    }
    fn on_request(&mut self, from: Caller, _: &(), out: &mut Effects<Self>) {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        out.reply(from, if asked == 50 { 8 } else { 7 });
    }
    fn view(&self) {}
}

#[test]
fn a_leak_is_found_at_its_event() {
    let journal = || {
        Journal::of(|recording| {
            Simulation::<Leaky, _, _>::new(short(3), (), |_: ClientId, _: u64, _: &mut Draws| (), recording)
        })
    };
    let (one, other) = (journal().expect("sound knobs"), journal().expect("sound knobs"));
    let divergence = one.divergence(&other).expect("they differ");
    let first = one.entries().iter().zip(other.entries()).position(|(a, b)| a.hash != b.hash);
    assert_eq!(Some(divergence.event), first);
    let (one_told, other_told) = (divergence.one.expect("an event"), divergence.other.expect("an event"));
    assert!(one_told.contains("Done(8)") && other_told.contains("Done(7)"), "{one_told}\n{other_told}");
    // What was printed by another process is as good.
    assert_eq!(Journal::read(&one.to_string()), one);
    let read = Journal::read(&other.to_string());
    assert_eq!(one.divergence(&read).map(|divergence| divergence.event), first);
}

#[test]
fn the_same_run_twice_and_over_both_queues_has_one_journal() {
    let journal = |kind| {
        let config = Config { operations: 60, ..short(5) }.with_faults(&Fault::ALL);
        let rules = Rules::sound(&config);
        Journal::of(|recording| {
            Ok(Simulation::<Ledger, _, _>::new(config, rules, new_values, recording)?.on(kind))
        })
    };
    let one = journal(QueueKind::default()).expect("sound knobs");
    assert!(one.entries().len() > 100);
    for kind in QueueKind::ALL {
        assert_eq!(one.divergence(&journal(kind).expect("sound knobs")), None);
    }
    // One that ends earlier differs where it ends.
    let text = one.to_string();
    let shorter = Journal::read(&text[..text.len() / 2]);
    let divergence = one.divergence(&shorter).expect("it is shorter");
    assert!(divergence.event <= shorter.entries().len() && divergence.one.is_some());
}
