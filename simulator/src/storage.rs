//! Between a node and its disk: what a boot reads back, and the end of a node whose disk failed (rule 3).
use synod_protocol::{Node, NodeId, Observer, Place, Time, Violation, What};

use crate::nemesis::Striker;
use crate::server::Disk;
use crate::simulation::{Event, Simulation, Workload, place};

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// May this node boot? Where the run has bytes, from what they say.
    pub(crate) fn read_back(&mut self, id: NodeId) -> bool {
        let verified = self.config.disk.checksums;
        let server = &mut self.servers[place(id)];
        if server.has_ended {
            return false;
        }
        let disk = &mut server.disk;
        let folded = disk.folded();
        let Some(store) = &mut disk.store else { return true };
        match store.recover::<N::Record>(verified, folded) {
            Ok(read) => {
                self.counts.torn_records += u64::from(read.was_torn);
                if verified && !disk.agrees_with(&read) {
                    let (known, written) = (read.known, disk.synced);
                    let story = format!(
                        "{id} wrote {written} records that make {:?}, and reads back these behind the first {known}: {:?}",
                        disk.durable(),
                        read.records,
                    );
                    self.stream.fail(Violation::new("Records are read back as they were written", story));
                    return false;
                }
                disk.is_read_back(read);
                true
            }
            Err(damage) => {
                self.end(id, damage);
                false
            }
        }
    }

    /// A node goes down, and comes back with an empty disk; unless the cluster cannot do without what one disk holds, or
    /// another node is not whole, or will not be for long: a damaged disk is only noticed when it is read.
    pub(crate) fn wipe(&mut self, by: Striker, victim: Option<NodeId>, down_for: u64) {
        let keeps = |id: &NodeId| {
            self.config.needed() == self.nodes.len() || self.config.tolerance.keep_disks.contains(id)
        };
        let victim = victim.filter(|id| !keeps(id) && !self.servers[place(*id)].has_ended);
        let victim = victim.filter(|id| self.nemesis.damaged.is_empty() && self.others_are_whole(*id));
        let Some(victim) = victim else { return self.plan(by) };
        if let Some(script) = &mut self.script {
            script.note_wipe(self.now, victim, down_for);
        }
        self.take_down(victim);
        let server = &mut self.servers[place(victim)];
        (server.disk, server.is_new) = (Disk::empty(&self.config, victim), true);
        self.counts.wipes += 1;
        self.stream.emit(self.now, Place::Node(victim), What::Wiped, &self.nodes);
        self.nemesis.expect_back(by, 1);
        self.queue.push(Time(self.now.0 + down_for), Event::Boot(victim, Some(by)));
    }

    fn others_are_whole(&self, id: NodeId) -> bool {
        let others = self.nodes.iter().zip(1..).map(|(node, number)| (node, NodeId(number)));
        others.filter(|(_, other)| *other != id).all(|(node, other)| node.is_some() && self.is_whole(other))
    }

    /// Has it been given all that it was to keep, since it has this disk?
    pub(crate) fn is_whole(&self, id: NodeId) -> bool {
        !self.servers[place(id)].is_new
    }

    #[cold]
    pub(crate) fn look_whether_whole(&mut self, id: NodeId) {
        let is_whole = self.nodes[place(id)].as_ref().is_some_and(self.is_whole);
        self.servers[place(id)].is_new &= !is_whole;
    }

    /// The sync that was under way has failed.
    pub(crate) fn sync_failed(&mut self, id: NodeId) {
        self.counts.failed_syncs += 1;
        self.end(id, "a sync failed".into());
    }

    /// It will not come back.
    fn end(&mut self, id: NodeId, why: String) {
        self.nodes[place(id)] = None;
        let server = &mut self.servers[place(id)];
        server.has_ended = true;
        let doom = server.doomed.take();
        server.end_life(server.disk.synced, &mut self.queue);
        self.counts.ended += 1;
        self.stream.emit(self.now, Place::Node(id), What::Ended { why: why.into() }, &self.nodes);
        self.attend(id);
        // Whoever waits for it to come back waits no longer than was drawn.
        self.return_from(id, doom);
    }
}
