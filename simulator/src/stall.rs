//! Nodes that do not attend: paused for a while, or slow at each step. What arrives waits, in order.
use std::collections::VecDeque;

use synod_protocol::{Node, NodeId, Observer};

use crate::draw::{Key, Site, Span};
use crate::queue::Ring;
use crate::simulation::{Event, Simulation, Workload, place};

/// A node that is up and does not attend to all that arrives.
pub(crate) struct Stall<N: Node> {
    pub(crate) inbox: VecDeque<Event<N>>,
    /// `None`: it attends to nothing until it is woken.
    pace: Option<Pace>,
    /// Tells it from other stalls of the node.
    number: u64,
}

/// Each step takes time.
struct Pace {
    step: Span,
    key: Key,
    steps: u64,
    is_busy: bool,
}

impl<N: Node> Stall<N> {
    pub(crate) fn pause() -> Self {
        Stall { inbox: VecDeque::new(), pace: None, number: 0 }
    }

    pub(crate) fn slow(seed: u64, node: NodeId, life: u64, step: Span) -> Self {
        let key = Key::new(seed, Site::Pace, node.0.into(), life);
        Stall { pace: Some(Pace { step, key, steps: 0, is_busy: false }), ..Stall::pause() }
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
            if let Event::Timer(id, timer) = event
                && !self.servers[place(id)].alarm(timer).is_some_and(|alarm| alarm.release(self.now))
            {
                continue;
            }
            self.queue.push(self.now, event);
        }
    }

    /// Gives the event back if it may happen now.
    #[cold]
    pub(crate) fn hold(&mut self, event: Event<N>) -> Option<Event<N>> {
        let (Event::Arrival(_, id, _) | Event::Timer(id, _) | Event::Synced(id, _)) = event else {
            return Some(event);
        };
        let now = self.now;
        let server = &mut self.servers[place(id)];
        let Some(stall) = &mut server.stall else { return Some(event) };
        if let Some(pace) = stall.pace.as_mut().filter(|pace| !pace.is_busy) {
            pace.is_busy = true;
            let done = pace.next(now);
            self.queue.push(done, Event::Attends(id, stall.number));
            return Some(event);
        }
        if let Event::Timer(_, timer) = event {
            match server
                .timers
                .iter_mut()
                .find(|(known, _)| *known == timer)
                .map(|(_, alarm)| alarm.hold(now))
            {
                Some(Ring::Due) => {}
                Some(Ring::PutOff(due)) => {
                    self.queue.push(due, event);
                    return None;
                }
                Some(Ring::Nothing) | None => return None,
            }
        }
        stall.inbox.push_back(event);
        None
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
        if let Event::Timer(_, timer) = event
            && !self.servers[place(id)].alarm(timer).is_some_and(|alarm| alarm.release(now))
        {
            return;
        }
        self.happen(event);
    }
}

impl Pace {
    fn next(&mut self, now: synod_protocol::Time) -> synod_protocol::Time {
        self.steps += 1;
        synod_protocol::Time(now.0 + self.step.at(self.key.bits(self.steps)).max(1))
    }
}
