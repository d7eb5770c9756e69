//! Nodes that do not attend: paused for a while, or slow at each step. What arrives waits, in order.
use std::collections::VecDeque;

use synod_protocol::{Node, NodeId, Observer, Time};

use crate::draw::{Key, Site, Span};
use crate::simulation::{Event, Simulation, Workload, place};

/// A node that is up and does not attend to all that arrives.
#[derive(Clone)]
pub(crate) struct Stall<N: Node> {
    pub(crate) inbox: VecDeque<Event<N>>,
    /// `None`: it attends to nothing until it is woken.
    pace: Option<Pace>,
    /// Tells it from other stalls of the node.
    number: u64,
}

/// Each step takes time.
#[derive(Clone)]
struct Pace {
    step: Span,
    key: Key,
    steps: u64,
    is_busy: bool,
    /// What comes up next is what it takes from its inbox.
    is_next: bool,
}

impl<N: Node> Stall<N> {
    pub(crate) fn pause() -> Self {
        Stall { inbox: VecDeque::new(), pace: None, number: 0 }
    }

    pub(crate) fn slow(seed: u64, node: NodeId, life: u64, step: Span) -> Self {
        let key = Key::new(seed, Site::Pace, node.0.into(), life);
        Stall { pace: Some(Pace { step, key, steps: 0, is_busy: false, is_next: false }), ..Stall::pause() }
    }
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// Nodes that are down have nothing to attend to.
    pub(crate) fn stall(&mut self, id: NodeId, stall: Stall<N>) {
        let server = &mut self.servers[place(id)];
        if self.nodes[place(id)].is_some() && server.stall.is_none() {
            self.stalls += 1;
            server.stall = Some(Box::new(Stall { number: self.stalls, ..stall }));
            self.stalled += 1;
        }
    }

    /// All that has arrived happens now.
    pub(crate) fn attend(&mut self, id: NodeId) {
        let Some(stall) = self.servers[place(id)].stall.take() else { return };
        self.stalled -= 1;
        for event in stall.inbox {
            self.let_happen(event);
        }
    }

    /// Must what comes up for this node wait? A slow one that is not busy takes it, and is.
    #[cold]
    pub(crate) fn does_not_attend(&mut self, id: NodeId) -> bool {
        let Some(stall) = &mut self.servers[place(id)].stall else { return false };
        let Some(pace) = &mut stall.pace else { return true };
        if std::mem::take(&mut pace.is_next) {
            return false;
        }
        if !pace.is_busy {
            pace.is_busy = true;
            let done = pace.next(self.now);
            self.queue.push(done, Event::Attends(id, stall.number));
            return false;
        }
        true
    }

    #[cold]
    pub(crate) fn hold(&mut self, id: NodeId, event: Event<N>) {
        if let Some(stall) = &mut self.servers[place(id)].stall {
            stall.inbox.push_back(event);
        }
    }

    /// Holds it if it is due.
    #[cold]
    pub(crate) fn hold_timer(&mut self, id: NodeId, timer: N::Timer) {
        let event = || Event::Timer(id, timer);
        let Some(alarm) = self.servers[place(id)].timers.alarm(timer) else { return };
        if alarm.hold(self.now, &mut self.queue, event) {
            self.hold(id, event());
        }
    }

    /// A slow node has done a step, and takes the next input.
    pub(crate) fn attends(&mut self, id: NodeId, number: u64) {
        let now = self.now;
        let server = &mut self.servers[place(id)];
        let Some(stall) = server.stall.as_mut().filter(|stall| stall.number == number) else { return };
        let Some(pace) = &mut stall.pace else { return };
        let Some(event) = stall.inbox.pop_front() else {
            pace.is_busy = false;
            return;
        };
        let done = pace.next(now);
        self.queue.push(done, Event::Attends(id, number));
        let happens = self.let_happen(event);
        if let Some(pace) = self.servers[place(id)].stall.as_mut().and_then(|stall| stall.pace.as_mut()) {
            pace.is_next = happens;
        }
    }

    /// Unless it is a timer that was set anew meanwhile.
    fn let_happen(&mut self, event: Event<N>) -> bool {
        if let Event::Timer(id, timer) = event {
            let alarm = self.servers[place(id)].timers.alarm(timer);
            return alarm.is_some_and(|alarm| alarm.release(self.now, &mut self.queue, || event));
        }
        self.queue.push(self.now, event);
        true
    }
}

impl Pace {
    fn next(&mut self, now: Time) -> Time {
        self.steps += 1;
        Time(now.0 + self.step.at(self.key.bits(self.steps)).max(1))
    }
}
