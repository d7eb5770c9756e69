//! What can be done to a cluster, and how it is undone.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{Node, NodeId, Observer, Time};

use crate::Fault;
use crate::clock::Clock;
use crate::draw::{Draws, Span, nanos};
use crate::partition::Cut;
use crate::simulation::{Event, Simulation, Workload, place};
use crate::stall::Stall;
use crate::traffic::Filter;

/// Something that is done to victims for a while. (Crashes are not among them: each victim comes back by
/// itself.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deed {
    Cut(Cut),
    SlowDisk,
    FullDisk,
    /// Damage of a disk. It cannot be undone; at the end the node restarts and reads what is left.
    FailedSync,
    BitRot,
    LatentError,
    Misdirection,
    /// It crashes again soon after each boot.
    CrashLoop,
    Pause,
    SlowNode,
    ClockJump,
    /// Too fast and too slow in turn.
    ClockStrobe {
        is_fast: bool,
    },
    Clog,
    /// This kind of message, or one that is drawn among those that were seen.
    Filter(Option<String>),
    /// Cut and healed in turn.
    Flap {
        cut: Cut,
        is_cut: bool,
    },
}

/// A deed that is not over.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    deed: Deed,
    victims: Vec<NodeId>,
    until: Time,
    draws: Draws,
}

/// A node whose disk was damaged stays down so long before it reads it.
const RESTART_MILLIS: u64 = 300;

impl Deed {
    /// What a class does, if it is always the same.
    pub(crate) fn of(fault: Fault) -> Option<Deed> {
        match fault {
            Fault::Disk => Some(Deed::SlowDisk),
            Fault::FullDisk => Some(Deed::FullDisk),
            Fault::FailedSync => Some(Deed::FailedSync),
            Fault::BitRot => Some(Deed::BitRot),
            Fault::LatentError => Some(Deed::LatentError),
            Fault::Misdirection => Some(Deed::Misdirection),
            Fault::CrashLoop => Some(Deed::CrashLoop),
            Fault::Pause => Some(Deed::Pause),
            Fault::SlowNode => Some(Deed::SlowNode),
            Fault::ClockJump => Some(Deed::ClockJump),
            Fault::ClockStrobe => Some(Deed::ClockStrobe { is_fast: false }),
            Fault::Clog => Some(Deed::Clog),
            Fault::Filter => Some(Deed::Filter(None)),
            _ => None,
        }
    }

    /// What becomes of these nodes.
    pub(crate) fn in_words(&self, whom: &str) -> String {
        match self {
            Deed::Cut(cut) => cut.story.clone(),
            Deed::Flap { cut, .. } => format!("flapping: {}", cut.story),
            Deed::SlowDisk => format!("the disk of {whom} is slow"),
            Deed::FullDisk => format!("the disk of {whom} is full"),
            Deed::FailedSync => format!("the next sync of {whom} fails"),
            Deed::BitRot => format!("a bit on the disk of {whom} flips, and it is down"),
            Deed::LatentError => format!("a sector of {whom} becomes unreadable, and it is down"),
            Deed::Misdirection => format!("the next write of {whom} goes astray"),
            Deed::CrashLoop => format!("{whom} crashes in a loop"),
            Deed::Pause => format!("{whom} is paused"),
            Deed::SlowNode => format!("{whom} is slow"),
            Deed::ClockJump => format!("the clock of {whom} jumps"),
            Deed::ClockStrobe { .. } => format!("the clock of {whom} is strobed"),
            Deed::Clog => format!("the links of {whom} are clogged"),
            Deed::Filter(kind) => {
                format!("no {} from or to {whom}", kind.as_deref().unwrap_or("message of some kind"))
            }
        }
    }

    /// The class that does it.
    pub(crate) fn class(&self) -> Fault {
        match self {
            Deed::Cut(cut) if cut.is_one_way => Fault::OneWay,
            Deed::Cut(_) => Fault::Partition,
            Deed::Flap { .. } => Fault::Flapping,
            Deed::SlowDisk => Fault::Disk,
            Deed::FullDisk => Fault::FullDisk,
            Deed::FailedSync => Fault::FailedSync,
            Deed::BitRot => Fault::BitRot,
            Deed::LatentError => Fault::LatentError,
            Deed::Misdirection => Fault::Misdirection,
            Deed::CrashLoop => Fault::CrashLoop,
            Deed::Pause => Fault::Pause,
            Deed::SlowNode => Fault::SlowNode,
            Deed::ClockJump => Fault::ClockJump,
            Deed::ClockStrobe { .. } => Fault::ClockStrobe,
            Deed::Clog => Fault::Clog,
            Deed::Filter(_) => Fault::Filter,
        }
    }

    fn is_damage(&self) -> bool {
        matches!(self, Deed::FailedSync | Deed::BitRot | Deed::LatentError | Deed::Misdirection)
    }
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn begin(
        &mut self,
        mut deed: Deed,
        mut victims: Vec<NodeId>,
        until: Time,
        mut draws: Draws,
    ) -> Active {
        if deed.is_damage() {
            victims.retain(|&victim| self.may_damage(victim));
        }
        if let Deed::Cut(cut) = &deed {
            if cut.is_one_way {
                self.counts.one_way_cuts += 1;
            } else {
                self.counts.partitions += 1;
            }
            self.cuts.cut(&cut.links);
            self.announce(cut.story.clone());
        }
        if let Deed::Flap { cut, .. } = &deed {
            self.counts.flappings += 1;
            self.cuts.cut(&cut.links);
            self.announce(format!("flapping: {}", cut.story));
        }
        if let (Deed::Filter(kind @ None), Some(traffic)) = (&mut deed, &self.traffic) {
            *kind = draws.pick(&traffic.kinds).map(|&kind| kind.to_owned());
        }
        for &victim in &victims {
            let disk = &mut self.servers[place(victim)].disk;
            let story = match &deed {
                Deed::Cut(_) | Deed::Flap { .. } | Deed::Filter(None) => continue,
                Deed::SlowDisk => {
                    disk.is_slow = true;
                    self.counts.slow_disks += 1;
                    format!("slow disk {victim}")
                }
                Deed::FullDisk => {
                    disk.full_until = Some(until);
                    self.counts.full_disks += 1;
                    format!("full disk {victim}")
                }
                Deed::FailedSync => {
                    disk.fails_next_sync = true;
                    format!("the next sync of {victim} fails")
                }
                Deed::BitRot => {
                    disk.store.iter_mut().for_each(|store| store.rot(&mut draws));
                    self.counts.flipped_bits += 1;
                    format!("bit rot {victim}")
                }
                Deed::LatentError => {
                    disk.store.iter_mut().for_each(|store| store.lose_sector(&mut draws));
                    self.counts.lost_sectors += 1;
                    format!("latent sector error {victim}")
                }
                Deed::Misdirection => {
                    disk.store.iter_mut().for_each(|store| store.misdirect_next());
                    self.counts.misdirected_writes += 1;
                    format!("misdirected write {victim}")
                }
                Deed::Clog => {
                    self.counts.clogs += 1;
                    if let Some(traffic) = &mut self.traffic {
                        traffic.clog(victim, until);
                    }
                    format!("clogged {victim}")
                }
                Deed::Filter(Some(kind)) => {
                    self.counts.filters += 1;
                    if let Some(traffic) = &mut self.traffic {
                        traffic.filter(Filter { kind: kind.clone(), node: victim });
                    }
                    format!("no {kind} from or to {victim}")
                }
                Deed::CrashLoop => {
                    self.counts.crash_loops += 1;
                    format!("crash loop {victim}")
                }
                Deed::Pause => {
                    self.stall(victim, Stall::pause());
                    self.counts.pauses += 1;
                    format!("paused {victim}")
                }
                Deed::SlowNode => {
                    let (step, life) =
                        (Span::new(&self.config.process.slow_step), self.servers[place(victim)].life);
                    self.stall(victim, Stall::slow(self.config.seed, victim, life, step));
                    self.counts.slow_nodes += 1;
                    format!("slow node {victim}")
                }
                Deed::ClockJump => {
                    let by = draws.within(&(Duration::ZERO..self.config.clock.jump));
                    self.set_clock(victim, |clock, _| clock.jump(nanos(by)));
                    self.counts.clock_jumps += 1;
                    format!("the clock of {victim} jumps by {} ms", by.as_millis())
                }
                Deed::ClockStrobe { is_fast } => {
                    self.set_clock(victim, |clock, now| clock.strobe(now, *is_fast));
                    self.counts.clock_strobes += 1;
                    format!("strobed clock {victim}")
                }
            };
            self.announce(story);
            if deed == Deed::CrashLoop {
                self.servers[place(victim)].crash_loop = Some(draws.clone());
                self.crash_again(victim);
            }
        }
        Active { deed, victims, until, draws }
    }

    /// A strike in beats: when is the next one?
    pub(crate) fn beat(&mut self, active: &mut Active) -> Option<Time> {
        match &mut active.deed {
            Deed::ClockStrobe { is_fast } => {
                *is_fast = !*is_fast;
                for &victim in &active.victims {
                    self.set_clock(victim, |clock, now| clock.strobe(now, *is_fast));
                }
            }
            Deed::Flap { cut, is_cut } => {
                *is_cut = !*is_cut;
                if *is_cut { self.cuts.cut(&cut.links) } else { self.cuts.heal(&cut.links) }
            }
            _ => return None,
        }
        self.next_beat(active)
    }

    pub(crate) fn next_beat(&self, active: &mut Active) -> Option<Time> {
        let pause = match active.deed {
            Deed::ClockStrobe { .. } => &self.config.clock.strobe,
            Deed::Flap { .. } => &self.config.network.flap,
            _ => return None,
        };
        let at = self.now.after(active.draws.within(pause));
        (at < active.until).then_some(at)
    }

    pub(crate) fn undo(&mut self, Active { deed, victims, .. }: Active) {
        if let Deed::Cut(cut) = &deed {
            self.cuts.heal(&cut.links);
            self.announce(format!("healed: {}", cut.story));
        }
        if let Deed::Flap { cut, is_cut } = &deed {
            if *is_cut {
                self.cuts.heal(&cut.links);
            }
            self.announce(format!("healed: flapping: {}", cut.story));
        }
        for victim in victims {
            let disk = &mut self.servers[place(victim)].disk;
            match &deed {
                Deed::Flap { .. } | Deed::Filter(None) => {}
                Deed::Clog => self.announce(format!("healed: clogged {victim}")),
                Deed::Filter(Some(kind)) => {
                    let filter = Filter { kind: kind.clone(), node: victim };
                    self.traffic.iter_mut().for_each(|traffic| traffic.unfilter(&filter));
                    self.announce(format!("healed: no {kind} from or to {victim}"));
                }
                Deed::Cut(_) | Deed::FailedSync | Deed::ClockJump => {}
                Deed::SlowDisk => {
                    disk.is_slow = false;
                    self.announce(format!("healed: slow disk {victim}"));
                }
                Deed::FullDisk => {
                    disk.full_until = None;
                    self.announce(format!("healed: full disk {victim}"));
                }
                Deed::CrashLoop => {
                    self.servers[place(victim)].crash_loop = None;
                    self.announce(format!("healed: crash loop {victim}"));
                }
                Deed::Pause | Deed::SlowNode => {
                    self.attend(victim);
                    let was = if deed == Deed::Pause { "paused" } else { "slow node" };
                    self.announce(format!("healed: {was} {victim}"));
                }
                Deed::ClockStrobe { .. } => {
                    self.set_clock(victim, |clock, now| clock.calm(now));
                    self.announce(format!("healed: strobed clock {victim}"));
                }
                Deed::BitRot | Deed::LatentError | Deed::Misdirection => {
                    self.take_down(victim);
                    let back = self.now.after(Duration::from_millis(RESTART_MILLIS));
                    self.queue.push(back, Event::Boot(victim, None));
                }
            }
        }
    }

    /// Changes a node's clock. What it waits for comes when the clock reads what it was to read then.
    pub(crate) fn set_clock(&mut self, id: NodeId, change: impl FnOnce(&mut Clock, Time)) {
        let server = &mut self.servers[place(id)];
        let before = server.clock;
        change(&mut server.clock, self.now);
        for (timer, alarm) in server.timers.iter_mut() {
            let Some(due) = alarm.due() else { continue };
            let due = server.clock.when(before.read(due)).max(self.now);
            alarm.set(due, &mut self.queue, || Event::Timer(id, timer));
        }
    }

    /// In a crash loop.
    pub(crate) fn crash_again(&mut self, id: NodeId) {
        let server = &mut self.servers[place(id)];
        let Some(draws) = server.crash_loop.as_mut() else { return };
        let back = self.now.after(draws.within(&self.config.process.loop_down));
        self.take_down(id);
        self.queue.push(back, Event::Boot(id, None));
    }

    /// No more nodes are damaged than the run allows, none twice that is gone already, and none while another one has not
    /// been given again what was on a disk that it lost.
    fn may_damage(&mut self, id: NodeId) -> bool {
        if self.servers[place(id)].has_ended || self.servers.iter().any(|server| server.is_new) {
            return false;
        }
        let least = self.nodes.len() - self.config.needed();
        let most = self.config.disk.damaged_at_most.map_or(least, |most| most as usize);
        let damaged = &mut self.nemesis.damaged;
        if !damaged.contains(&id) && damaged.len() < most {
            damaged.push(id);
        }
        damaged.contains(&id)
    }
}
