//! Nodes, their disks and what waits for those.
use std::{borrow::Cow, time::Duration};

use synod_protocol::*;

use super::{Cargo, Done, Harness, Output, Server, node_id};
use crate::{
    toy::{Tally, Toy, ToyMessage},
    wrong::Wrong,
};

impl<O: Observer<Toy>> Harness<O> {
    pub(super) fn boot(&mut self, i: usize) -> Done {
        let may = self.nodes[i].is_none() || self.once_in(9, Wrong::BootsWhileUp);
        if !may || self.servers[i].ended && !self.is(Wrong::BootsAfterDiskFailed) {
            return Ok(());
        }
        let server = &self.servers[i];
        let (mut loaded, mut config) = (server.durable, self.config);
        if self.is(Wrong::BootsFromOlder) || self.is(Wrong::HidesOlderBoot) {
            loaded = loaded.saturating_sub(1);
        }
        if self.is(Wrong::BootsWithAnotherConfig) {
            config.nodes += 1;
        }
        let mut durable = Tally::default();
        server.records[..loaded].iter().for_each(|record| durable.apply(record));
        let records = match self.wrong {
            Some(Wrong::HidesOlderBoot) => server.durable,
            Some(Wrong::MiscountsAtBoot) => loaded + 1,
            _ => loaded,
        } as u64;

        let clock = self.at.after(Duration::from_millis(self.draw(50)));
        let mut out = Effects::default();
        let node: Toy = out.boot(clock, node_id(i), &config, durable.clone());
        let (view, effects) = (node.view(), out.drain().collect::<Vec<_>>());
        self.servers[i].clock = clock;
        self.nodes[i] = Some(node);
        self.absorb(i, &effects);
        let what =
            What::Booted { clock, records, effects: Cow::Owned(effects), view, durable: Some(&durable) };
        self.emit(Place::Node(node_id(i)), what)
    }

    pub(super) fn step(&mut self, i: usize, packet: Option<PacketId>, input: Input<Toy>) -> Done {
        let clock = self.clock(i);
        if self.once_in(9, Wrong::TouchesMemory) {
            let value = ToyMessage::Copy(7);
            self.nodes[i]
                .iter_mut()
                .for_each(|node| node.on_message(node_id(i), &value, &mut Effects::default()));
        }
        let mut out = Effects::default();
        let Some(node) = &mut self.nodes[i] else {
            // Nobody is there to be handed anything: only a wrong harness says so.
            let view = Toy::boot(node_id(i), &self.config, Tally::default(), &mut out).view();
            let (input, effects) = (Cow::Owned(input), Cow::Owned(Vec::new()));
            return self.emit(Place::Node(node_id(i)), What::Handled { clock, packet, input, effects, view });
        };
        let mut view = node.view();
        out.step(clock, node, &input);
        if self.wrong != Some(Wrong::ShowsOldView) {
            view = node.view();
        }
        let mut effects = out.drain().collect::<Vec<_>>();
        if self.once_in(9, Wrong::DropsEffect) {
            effects.pop();
        }
        if self.once_in(9, Wrong::ReordersEffects) {
            effects.reverse();
        }
        self.servers[i].clock = clock;
        self.absorb(i, &effects);
        let (input, effects) = (Cow::Owned(input), Cow::Owned(effects));
        self.emit(Place::Node(node_id(i)), What::Handled { clock, packet, input, effects, view })
    }

    /// Timers and records at once; outputs get in line.
    pub(super) fn absorb(&mut self, i: usize, effects: &[Effect<Toy>]) {
        let own_records = effects.iter().any(|effect| matches!(effect, Effect::Persist(_)));
        for (effect, number) in effects.iter().cloned().zip(0..) {
            let clock = self.servers[i].clock;
            let (to, cargo) = match effect {
                Effect::Send(to, message) => {
                    (Place::Node(to), Cargo::Input(Input::Message(node_id(i), message)))
                }
                Effect::Reply(to, answer) => (Place::Client(to.client), Cargo::Answer(to, answer)),
                Effect::Persist(record) => {
                    self.servers[i].records.push(record);
                    continue;
                }
                Effect::SetTimer(timer, after) => {
                    let width = (after.end - after.start).as_nanos() as u64;
                    let start = clock.after(after.start);
                    let fires = Time(start.0 + self.draw(width));
                    let old = self.servers[i].timers.insert(timer, (start, fires));
                    // Once the timer is armed anew, nobody can tell a dead setting from the living one.
                    self.servers[i].ghosts.retain(|(ghost, _)| *ghost != timer);
                    self.haunt(Wrong::FiresOldSetting, i, timer, old);
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    let old = self.servers[i].timers.remove(&timer);
                    self.haunt(Wrong::FiresCancelled, i, timer, old);
                    continue;
                }
                Effect::Event(_) => continue,
            };
            let waits = match self.wrong {
                Some(Wrong::OutputsDoNotWait) => false,
                Some(Wrong::WaitsForOwnStepOnly) => own_records,
                _ => true,
            };
            let server = &mut self.servers[i];
            let after_records = if waits { server.records.len() } else { 0 };
            server.outputs.push_back(Output { cause: self.number, effect: number, after_records, to, cargo });
        }
    }

    pub(super) fn sync(&mut self, i: usize) -> Done {
        let (durable, written) = (self.servers[i].durable, self.servers[i].records.len());
        let fails = i == 0 && !self.servers[i].ended && self.draw(15) == 0;
        if fails || self.servers[i].ended && self.is(Wrong::EndsTwice) {
            self.servers[i].ended = true;
            self.go_down(i);
            return self.emit(Place::Node(node_id(i)), What::Ended { why: "sync failed".into() });
        }
        let mut records = durable + self.draw((written - durable) as u64 + 1) as usize;
        if self.is(Wrong::SyncsUnwritten) {
            records = written + 1;
        }
        if self.nodes[i].is_none() || records == durable && !self.is(Wrong::SyncsNothing) {
            return Ok(());
        }
        self.servers[i].durable = records;
        self.emit(Place::Node(node_id(i)), What::Synced { records: records as u64 })
    }

    /// Lets out what no longer waits for a record.
    pub(super) fn let_out(&mut self, i: usize) -> Done {
        let may_go = |server: &Server| {
            server.outputs.front().is_some_and(|output| output.after_records <= server.durable)
        };
        while may_go(&self.servers[i]) {
            self.let_out_first(i)?;
        }
        Ok(())
    }

    fn let_out_first(&mut self, i: usize) -> Done {
        let last = self.servers[i].outputs.len().saturating_sub(1);
        if self.is(Wrong::ReordersOutputs) {
            self.servers[i].outputs.swap(0, last);
        }
        let Some(Output { cause, mut effect, mut to, cargo, .. }) = self.servers[i].outputs.pop_front()
        else {
            return Ok(());
        };
        if self.is(Wrong::MisroutesOutput) {
            to = Place::Node(NodeId(9));
        }
        if self.is(Wrong::InventsOutput) {
            effect += 100;
        }
        for _ in 0..if self.is(Wrong::LetsOutTwice) { 2 } else { 1 } {
            let packet = self.post(to, cargo.clone());
            self.emit(Place::Node(node_id(i)), What::Sent { packet, to, cause, effect })?;
        }
        Ok(())
    }

    /// Some of the records on their way to the disk survive, and the outputs before the first lost one
    /// may still be let out.
    pub(super) fn crash(&mut self, i: usize) -> Done {
        if self.nodes[i].is_none() && !self.is(Wrong::CrashesWhileDown) {
            return Ok(());
        }
        let (durable, written) = (self.servers[i].durable, self.servers[i].records.len());
        let mut kept = durable + self.draw((written - durable) as u64 + 1) as usize;
        if self.is(Wrong::OutputPastLostRecord) {
            while self.servers[i].outputs.front().is_some_and(|output| output.after_records <= kept + 1) {
                self.let_out_first(i)?;
            }
        }
        match self.wrong {
            Some(Wrong::CrashLosesSynced) => kept = durable.saturating_sub(1),
            Some(Wrong::CrashKeepsUnwritten) => kept = written + 1,
            Some(Wrong::CrashKeepsSuffix) => {
                self.servers[i].records.drain(durable..durable + written - kept);
            }
            Some(Wrong::CrashKeepsHole) if kept < written && kept > durable => {
                self.servers[i].records.remove(kept - 1);
            }
            _ => {}
        }
        self.servers[i].records.truncate(kept);
        self.servers[i].durable = kept;
        self.go_down(i);
        self.emit(Place::Node(node_id(i)), What::Crashed { records: kept as u64 })
    }

    fn go_down(&mut self, i: usize) {
        if !self.is(Wrong::MemorySurvives) {
            self.nodes[i] = None;
        }
        self.servers[i].outputs.clear();
        self.servers[i].ghosts.clear();
        let armed = std::mem::take(&mut self.servers[i].timers);
        for (timer, setting) in armed {
            self.haunt(Wrong::FiresAcrossCrash, i, timer, Some(setting));
            self.haunt(Wrong::FiresWhileDown, i, timer, Some(setting));
        }
    }
}
