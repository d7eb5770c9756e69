//! Between a node and its disk: what a boot reads back, and the end of a node whose disk failed (rule 3).
use synod_protocol::{Node, NodeId, Observer, Place, Violation, What};

use crate::simulation::{Simulation, Workload, place};

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
        server.end_life(server.disk.synced);
        self.counts.ended += 1;
        self.stream.emit(self.now, Place::Node(id), What::Ended { why: why.into() }, &self.nodes);
        self.attend(id);
        // Whoever waits for it to come back waits no longer than was drawn.
        self.return_from(id, doom);
    }
}
