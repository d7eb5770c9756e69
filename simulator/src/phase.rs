//! Safety first, under faults; then liveness: a quorum is healed, and must serve.
use std::fmt::Write;

use synod_protocol::{Node, NodeId, Observer, Place, Time, What};

use crate::draw::{Draws, Site};
use crate::network::{Cuts, Weather};
use crate::outcome::Liveness;
use crate::simulation::{Event, Simulation, Workload, place};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Safety,
    /// Of the calls that were made since the heal, so many succeeded.
    Liveness {
        core: Vec<NodeId>,
        since: Time,
        succeeded: u64,
        first: Option<Time>,
    },
    Over,
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// Faults strike no more. As many nodes as the algorithm needs are drawn, healed, and up, and their links are clean; the others
    /// stay as they are and are cut off, for a cluster must do without them.
    pub(crate) fn end_safety(&mut self) {
        if self.phase != Phase::Safety {
            return;
        }
        if self.config.liveness.operations == 0 {
            self.phase = Phase::Over;
            return;
        }
        let mut core: Vec<NodeId> = (1..=self.config.nodes).map(NodeId).collect();
        Draws::new(self.config.seed, Site::Core, 0, 0).shuffle(&mut core);
        // Those whose disks failed, or may have failed, count as down.
        let is_lost = |id: &NodeId| {
            let is_damaged = self.servers[place(*id)].has_ended || self.nemesis.damaged.contains(id);
            // One that has joined only in part is no loss either.
            is_damaged || !self.is_whole(*id)
        };
        core.sort_by_key(|id| (!self.config.tolerance.spared.contains(id), is_lost(id)));
        let mut others = core.split_off(self.config.needed());
        if core.iter().any(|id| self.servers[place(*id)].has_ended) {
            // More are gone than an algorithm can do without: the run asked for it.
            self.phase = Phase::Over;
            return;
        }
        core.sort_unstable();
        others.sort_unstable();

        self.nemesis.lookouts = 0;
        self.phase = Phase::Liveness { core: core.clone(), since: self.now, succeeded: 0, first: None };
        self.queue.push(self.now.after(self.config.liveness.within), Event::LivenessEnds);
        self.weather = Weather::calm(&self.config);
        self.end_traffic();
        self.cuts = Cuts::none(self.config.nodes);
        for &lost in &others {
            let nodes = (1..=self.config.nodes).map(NodeId).filter(|&other| other != lost);
            let links: Vec<_> = nodes.flat_map(|other| [(lost, other), (other, lost)]).collect();
            self.cuts.cut(&links);
        }
        for &id in &core {
            self.servers[place(id)].disk.heal();
        }
        self.servers.iter_mut().for_each(|server| (server.doomed, server.crash_loop) = (None, None));
        for &id in &core {
            self.attend(id);
            self.set_clock(id, |clock, now| clock.calm(now));
        }
        let mut story = String::from("liveness phase:");
        core.iter().for_each(|id| write!(story, " {id}").expect("a string takes all"));
        story.push_str(" healed");
        self.announce(story);
        for &id in &core {
            if self.nodes[place(id)].is_none() {
                self.boot(id);
            }
        }
        if core.iter().any(|id| self.servers[place(*id)].has_ended) {
            // Its disk was damaged; so are too many, or it would not be in the core.
            self.phase = Phase::Over;
            return;
        }
        self.wake_idle_clients();
    }

    /// A call that was made then has returned.
    pub(crate) fn succeeded(&mut self, called: Time) {
        let Phase::Liveness { core, since, succeeded, first } = &mut self.phase else { return };
        if called < *since {
            return;
        }
        *succeeded += 1;
        let first = *first.get_or_insert(self.now);
        if *succeeded >= self.config.liveness.operations {
            self.liveness = Liveness::Live {
                core: std::mem::take(core),
                first_commit_after: first - *since,
                all_after: self.now - *since,
            };
            self.phase = Phase::Over;
        }
    }

    pub(crate) fn end_liveness(&mut self) {
        let Phase::Liveness { core, succeeded, .. } = &mut self.phase else { return };
        self.liveness = Liveness::Stuck {
            core: std::mem::take(core),
            succeeded: *succeeded,
            wanted: self.config.liveness.operations,
            within: self.config.liveness.within,
        };
        self.phase = Phase::Over;
    }

    pub(crate) fn announce(&mut self, what: String) {
        self.stream.emit(self.now, Place::Network, What::Fault { what: what.into() }, &self.nodes);
    }
}
