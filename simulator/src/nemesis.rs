//! The nemesis: what strikes, when, and whom. Each class of strikes keeps its own calendar.
use std::fmt::Write;

use synod_protocol::{Node, NodeId, Observer, majority};

use crate::config::Strikes;
use crate::draw::{Draws, Site, nanos};
use crate::partition::{self, Cut};
use crate::phase::Phase;
use crate::simulation::{Event, Simulation, Workload, place};

/// Its number is part of what a seed means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Partition = 1,
    OneWay = 2,
    Crash = 3,
    Disk = 4,
}

const CLASSES: [Class; 4] = [Class::Partition, Class::OneWay, Class::Crash, Class::Disk];

#[derive(Clone)]
pub(crate) struct Nemesis {
    calendars: [Calendar; 4],
}

/// One class: its strikes are numbered from 1, and one ends before the next begins.
#[derive(Clone, Default)]
struct Calendar {
    strikes: u64,
    /// What is drawn for the next strike, or for the present one.
    draws: Option<Draws>,
    cut: Option<Cut>,
    slow: Option<NodeId>,
    /// How many nodes this strike took down, or is about to, that are not back yet.
    away: usize,
}

/// A node that is doomed to crash while it writes a record does so soon, or crashes anyhow.
const DOOM_MILLIS: u64 = 500;

impl Nemesis {
    pub(crate) fn new() -> Self {
        Nemesis { calendars: Default::default() }
    }

    fn calendar(&mut self, class: Class) -> &mut Calendar {
        &mut self.calendars[class as usize - 1]
    }
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn start_nemesis(&mut self) {
        CLASSES.into_iter().for_each(|class| self.plan(class));
    }

    fn strikes(&self, class: Class) -> Option<&Strikes> {
        let nemesis = &self.config.nemesis;
        match class {
            Class::Partition => nemesis.partition.as_ref(),
            Class::OneWay => nemesis.one_way.as_ref(),
            Class::Crash => nemesis.crash.as_ref(),
            Class::Disk => nemesis.disk.as_ref(),
        }
    }

    /// The next strike of this class.
    fn plan(&mut self, class: Class) {
        let Some(Strikes { pause, .. }) = self.strikes(class).cloned() else { return };
        let seed = self.config.seed;
        let calendar = self.nemesis.calendar(class);
        calendar.strikes += 1;
        let mut draws = Draws::new(seed, Site::Strike, class as u64, calendar.strikes);
        let pause = draws.within(&pause);
        calendar.draws = Some(draws);
        self.queue.push(self.now.after(pause), Event::Strike(class));
    }

    pub(crate) fn strike(&mut self, class: Class) {
        if self.phase != Phase::Safety {
            return;
        }
        let Some(Strikes { lasts, .. }) = self.strikes(class).cloned() else { return };
        let Some(mut draws) = self.nemesis.calendar(class).draws.take() else { return };
        let until = self.now.after(draws.within(&lasts));
        let at_favourite = draws.chance(self.config.nemesis.at_favourite);
        let favourite = self.some_favourite(&mut draws).filter(|_| at_favourite);
        match class {
            Class::Partition | Class::OneWay => {
                let draw = if class == Class::Partition { partition::two_way } else { partition::one_way };
                let Some(cut) = draw(self.config.nodes, favourite, &mut draws) else { return };
                if class == Class::Partition {
                    self.counts.partitions += 1;
                } else {
                    self.counts.one_way_cuts += 1;
                }
                self.cuts.cut(&cut.links);
                self.announce(cut.story.clone());
                self.nemesis.calendar(class).cut = Some(cut);
                self.queue.push(until, Event::Relent(class));
            }
            Class::Disk => {
                let victim = favourite.unwrap_or_else(|| self.any_node(&mut draws));
                self.servers[place(victim)].disk.is_slow = true;
                self.counts.slow_disks += 1;
                self.announce(format!("slow disk {victim}"));
                self.nemesis.calendar(class).slow = Some(victim);
                self.queue.push(until, Event::Relent(class));
            }
            Class::Crash => self.strike_down(favourite, &lasts, &mut draws),
        }
    }

    /// The strike is over.
    pub(crate) fn relent(&mut self, class: Class) {
        if self.phase != Phase::Safety {
            return;
        }
        let calendar = self.nemesis.calendar(class);
        if let Some(cut) = calendar.cut.take() {
            self.cuts.heal(&cut.links);
            self.announce(format!("healed: {}", cut.story));
        } else if let Some(victim) = calendar.slow.take() {
            self.servers[place(victim)].disk.is_slow = false;
            self.announce(format!("healed: slow disk {victim}"));
        }
        self.plan(class);
    }

    /// One node, a minority, or all at once. One alone falls in the middle of a step every other time:
    /// between writing a record and syncing it, with some of its outputs out.
    fn strike_down(
        &mut self,
        favourite: Option<NodeId>,
        lasts: &std::ops::Range<std::time::Duration>,
        draws: &mut Draws,
    ) {
        let mut nodes: Vec<NodeId> = (1..=self.config.nodes).map(NodeId).collect();
        draws.shuffle(&mut nodes);
        let (how_many, in_step) = (draws.below(4), draws.chance(0.5));
        let victims = match (favourite, how_many) {
            (Some(favourite), _) => vec![favourite],
            (None, 0) => nodes,
            (None, 1) => nodes.split_off(majority(nodes.len())),
            (None, _) => nodes.split_off(nodes.len() - 1),
        };
        self.nemesis.calendar(Class::Crash).away = victims.len();
        match victims[..] {
            [] => self.plan(Class::Crash),
            [victim] if in_step => {
                let server = &mut self.servers[place(victim)];
                server.doomed = Some(nanos(draws.within(lasts)));
                let doom = self.now.after(std::time::Duration::from_millis(DOOM_MILLIS));
                self.queue.push(doom, Event::Crash(victim, server.life));
            }
            _ => {
                if victims.len() > 1 {
                    let mut story = String::from(if victims.len() == self.nodes.len() {
                        "power failure"
                    } else {
                        "crash"
                    });
                    victims.iter().for_each(|id| write!(story, " {id}").expect("a string takes all"));
                    self.announce(story);
                }
                for victim in victims {
                    let back = self.now.after(draws.within(lasts));
                    self.crash(victim);
                    self.queue.push(back, Event::Boot(victim));
                }
            }
        }
    }

    /// The doom of this life has come, at the latest.
    pub(crate) fn crash_if_doomed(&mut self, id: NodeId, life: u64) {
        if self.servers[place(id)].life == life {
            self.crash_doomed(id);
        }
    }

    pub(crate) fn crash_doomed(&mut self, id: NodeId) {
        let Some(down_for) = self.servers[place(id)].doomed else { return };
        self.crash(id);
        self.queue.push(synod_protocol::Time(self.now.0 + down_for), Event::Boot(id));
    }

    /// The first boot, or one after a crash: then the next crash is planned when all are back.
    pub(crate) fn boot_after_strike(&mut self, id: NodeId) {
        if self.phase != Phase::Safety || self.nodes[place(id)].is_some() {
            return;
        }
        self.boot(id);
        let calendar = self.nemesis.calendar(Class::Crash);
        if calendar.away > 0 {
            calendar.away -= 1;
            if calendar.away == 0 {
                self.plan(Class::Crash);
            }
        }
    }

    fn any_node(&self, draws: &mut Draws) -> NodeId {
        NodeId(1 + draws.below(self.config.nodes.into()) as u32)
    }

    fn some_favourite(&self, draws: &mut Draws) -> Option<NodeId> {
        let favourites: Vec<NodeId> =
            self.nodes().iter().filter(|(_, node)| (self.favourite)(node)).map(|(id, _)| id).collect();
        draws.pick(&favourites).copied()
    }
}
