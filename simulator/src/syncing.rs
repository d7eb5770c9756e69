//! Disks as time goes by: syncs, what they release, and what a crash leaves.
use synod_protocol::{Node, NodeId, Observer, Place, Time, What};

use crate::draw::{Key, Site, Span};
use crate::server::Output;
use crate::simulation::{Event, Simulation, Workload, place};

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// One sync at a time, for all that was written before it (group commit).
    #[inline(always)]
    pub(crate) fn begin_sync(&mut self, id: NodeId) {
        let disk = &self.servers[place(id)].disk;
        if !disk.unsynced.is_empty() && disk.syncing.is_none() {
            self.begin_next_sync(id);
        }
    }

    fn begin_next_sync(&mut self, id: NodeId) {
        let server = &mut self.servers[place(id)];
        let span = if server.disk.is_slow { self.slow_sync } else { self.sync };
        let mut takes = span.at(server.keys.sync.bits(server.disk.syncs));
        if let Some(script) = &mut self.script {
            let range =
                if server.disk.is_slow { &self.config.disk.slow_sync } else { &self.config.disk.sync };
            takes = script.sync([id.0.into(), server.life, server.disk.syncs], range, takes);
        }
        let at = Time(self.now.0 + takes);
        server.disk.syncs += 1;
        server.disk.syncing = Some(server.disk.written());
        self.queue.push(at, Event::Synced(id, server.life));
    }

    #[inline(never)]
    pub(crate) fn synced(&mut self, id: NodeId, life: u64) {
        if self.stalled > 0 && self.does_not_attend(id) {
            return self.hold(id, Event::Synced(id, life));
        }
        let server = &mut self.servers[place(id)];
        if server.life != life {
            return;
        }
        let Some(records) = server.disk.syncing.take() else { return };
        if server.disk.fails_next_sync {
            return self.sync_failed(id);
        }
        server.disk.synced(records);
        self.counts.syncs += 1;
        self.stream.emit(self.now, Place::Node(id), What::Synced { records }, &self.nodes);
        let mut crashes_after = self.crash_within_release(id);
        while crashes_after != Some(0)
            && let Some(Output { cause, effect, content, .. }) = self.servers[place(id)].next_output()
        {
            crashes_after = crashes_after.map(|outputs| outputs - 1);
            self.send(id, cause, effect, content);
        }
        match crashes_after {
            Some(_) => self.take_down(id),
            None => self.begin_sync(id),
        }
    }

    /// It keeps what was synced and a drawn prefix of what was not.
    pub(crate) fn crash(&mut self, id: NodeId) {
        if self.nodes[place(id)].take().is_none() {
            return;
        }
        let server = &mut self.servers[place(id)];
        let (synced, written) = (server.disk.synced, server.disk.written());
        let bits = Key::new(self.config.seed, Site::Crash, id.0.into(), server.life).bits(1);
        let most = written - server.disk.unwritten;
        let mut records = Span::of(synced, most + 1).at(bits);
        if let Some(script) = &mut self.script {
            records = synced + script.crash([id.0.into(), server.life, 1], records - synced, most - synced);
        }
        server.end_life(records, &mut self.queue);
        self.counts.crashes += 1;
        self.counts.records_lost += written - records;
        self.stream.emit(self.now, Place::Node(id), What::Crashed { records }, &self.nodes);
    }
}
