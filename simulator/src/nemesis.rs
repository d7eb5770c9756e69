//! The nemesis: what strikes, when, and whom. Each class of strikes keeps its own calendar.
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_protocol::{Node, NodeId, Observer, Time, majority};

use crate::Fault;
use crate::config::Strikes;
use crate::deed::{Active, Deed};
use crate::draw::{Draws, Key, Site, Span, nanos};
use crate::partition;
use crate::phase::Phase;
use crate::scenario::When;
use crate::simulation::{Event, Simulation, Workload, place};

/// Who keeps a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Striker {
    Class(Fault),
    /// Of the scenario, the first is 0.
    Rule(u16),
    /// Of those that the configuration tells, the first is 0.
    Told(u16),
}

impl Striker {
    /// The place of its draws: part of what a seed means.
    fn number(self) -> u64 {
        match self {
            Striker::Class(Fault::Partition) => 1,
            Striker::Class(Fault::OneWay) => 2,
            Striker::Class(Fault::Crash) => 3,
            Striker::Class(Fault::Disk) => 4,
            Striker::Class(fault) => 100 + fault as u64,
            Striker::Rule(rule) => 10_000 + u64::from(rule),
            // What is told draws nothing.
            Striker::Told(_) => 0,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Nemesis {
    classes: Vec<Calendar>,
    rules: Vec<Calendar>,
    told: Vec<Calendar>,
    /// How many rules wait for something to hold, and no strike of theirs is under way.
    pub(crate) lookouts: usize,
    is_over: bool,
    /// Whose disks were damaged, or are about to be.
    pub(crate) damaged: Vec<NodeId>,
}

/// Its strikes are numbered from 1, and one ends before the next begins.
#[derive(Clone, Default)]
struct Calendar {
    strikes: u64,
    /// What is drawn for the next strike, or for the present one.
    draws: Option<Draws>,
    active: Option<Active>,
    /// How many nodes this strike took down, or is about to, that are not back yet.
    away: usize,
    /// From then on the next strike waits for something to hold.
    lies_in_wait_from: Option<Time>,
}

/// A node that is to crash in the middle of something, and when it is to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doom {
    by: Striker,
    /// In nanoseconds.
    down_for: u64,
    pub(crate) falls: Falls,
}

/// Where the crash of a doomed node falls: the two cursors of rule 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Falls {
    /// In a step that writes a record: with some of its outputs out, and the record lost or not.
    InAStep,
    /// Between two outputs of a release: the records are durable that they waited for, and some are out.
    InARelease,
}

/// A node that is doomed to crash in the middle of something does so soon, or crashes anyhow.
const DOOM_MILLIS: u64 = 500;

impl Nemesis {
    pub(crate) fn new() -> Self {
        Nemesis {
            classes: Fault::EVERY.map(|_| Calendar::default()).into(),
            rules: Vec::new(),
            told: Vec::new(),
            lookouts: 0,
            is_over: false,
            damaged: Vec::new(),
        }
    }

    fn calendar(&mut self, of: Striker) -> &mut Calendar {
        match of {
            Striker::Class(fault) => &mut self.classes[fault as usize],
            Striker::Rule(number) => numbered(&mut self.rules, number),
            Striker::Told(number) => numbered(&mut self.told, number),
        }
    }

    pub(crate) fn take_draws(&mut self, of: Striker) -> Option<Draws> {
        let calendar = self.calendar(of);
        let waited = calendar.lies_in_wait_from.take().is_some();
        let draws = calendar.draws.take();
        self.lookouts -= usize::from(waited);
        draws
    }

    pub(crate) fn lies_in_wait(&self, rule: u16, now: Time) -> bool {
        let calendar = self.rules.get(usize::from(rule));
        calendar.and_then(|calendar| calendar.lies_in_wait_from).is_some_and(|from| from <= now)
    }

    pub(crate) fn expect_back(&mut self, by: Striker, nodes: usize) {
        self.calendar(by).away = nodes;
    }

    /// Nothing strikes any more. Returns what is not over.
    pub(crate) fn end(&mut self) -> Vec<Active> {
        (self.is_over, self.lookouts) = (true, 0);
        let all = self.classes.iter_mut().chain(&mut self.rules).chain(&mut self.told);
        all.filter_map(|calendar| calendar.active.take()).collect()
    }
}

fn numbered(calendars: &mut Vec<Calendar>, number: u16) -> &mut Calendar {
    let number = usize::from(number);
    if calendars.len() <= number {
        calendars.resize_with(number + 1, Calendar::default);
    }
    &mut calendars[number]
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn start_nemesis(&mut self) {
        Fault::STRIKES.into_iter().for_each(|fault| self.plan(Striker::Class(fault)));
        self.start_scenario();
        self.start_told_strikes();
    }

    /// The next strike.
    pub(crate) fn plan(&mut self, of: Striker) {
        let rules = self.config.scenario.iter().flat_map(|scenario| &scenario.rules);
        let when = match of {
            Striker::Class(fault) => {
                self.config.nemesis.strikes.get(&fault).map(|strikes| When::Every(strikes.pause.clone()))
            }
            Striker::Rule(rule) => rules.clone().nth(rule.into()).map(|rule| rule.when.clone()),
            Striker::Told(_) => None,
        };
        let Some(when) = when.filter(|_| !self.nemesis.is_over) else { return };
        let calendar = self.nemesis.calendar(of);
        calendar.strikes += 1;
        let is_first = calendar.strikes == 1;
        let mut draws = Draws::new(self.config.seed, Site::Strike, of.number(), calendar.strikes);
        let at = match when {
            When::Every(pause) => self.now.after(draws.within(&pause)),
            When::At(moment) if is_first => self.moment(moment),
            When::At(_) => return,
            When::Holds { pause, .. } => {
                let pause = draws.within(&pause);
                let from = if is_first { self.now } else { self.now.after(pause) };
                let calendar = self.nemesis.calendar(of);
                (calendar.draws, calendar.lies_in_wait_from) = (Some(draws), Some(from));
                self.nemesis.lookouts += 1;
                return;
            }
        };
        self.nemesis.calendar(of).draws = Some(draws);
        self.queue.push(at, Event::Strike(of));
    }

    pub(crate) fn strike(&mut self, of: Striker) {
        if self.phase != Phase::Safety || self.nemesis.is_over {
            return;
        }
        match of {
            Striker::Class(fault) => self.strike_by_class(fault),
            Striker::Rule(rule) => self.strike_by_rule(rule, None),
            Striker::Told(number) => self.strike_as_told(number),
        }
    }

    fn strike_by_class(&mut self, fault: Fault) {
        let of = Striker::Class(fault);
        let Some(Strikes { lasts, .. }) = self.config.nemesis.strikes.get(&fault).cloned() else { return };
        let Some(mut draws) = self.nemesis.take_draws(of) else { return };
        let until = self.now.after(draws.within(&lasts));
        let at_favourite = draws.chance(self.config.nemesis.at_favourite);
        let favourite = self.some_favourite(&mut draws).filter(|_| at_favourite);
        let target = favourite.filter(|id| !self.config.tolerance.spared.contains(id));
        let deed = match fault {
            Fault::Crash => return self.strike_down(of, target, &lasts, &mut draws),
            Fault::Wipe => {
                let victim = target.or_else(|| self.any_target(&mut draws));
                return self.wipe(of, victim, nanos(draws.within(&lasts)));
            }
            Fault::Partition => partition::two_way(self.config.nodes, favourite, &mut draws).map(Deed::Cut),
            Fault::OneWay => partition::one_way(self.config.nodes, favourite, &mut draws).map(Deed::Cut),
            Fault::Flapping => {
                let cut = partition::two_way(self.config.nodes, favourite, &mut draws);
                cut.map(|cut| Deed::Flap { cut, is_cut: true })
            }
            other => Deed::of(other),
        };
        let Some(deed) = deed else { return };
        let victim = match deed {
            Deed::Cut(_) | Deed::Flap { .. } => None,
            _ => match target.or_else(|| self.any_target(&mut draws)) {
                Some(victim) => Some(victim),
                None => return,
            },
        };
        self.act(of, deed, victim.into_iter().collect(), until, draws);
    }

    /// Does it, to be undone then.
    pub(crate) fn act(&mut self, of: Striker, deed: Deed, victims: Vec<NodeId>, until: Time, draws: Draws) {
        if let Some(script) = &mut self.script {
            script.note_deed(self.now, until, &deed, &victims, &draws);
        }
        let mut active = self.begin(deed, victims, until, draws);
        if let Some(beat) = self.next_beat(&mut active) {
            self.queue.push(beat, Event::Tick(of));
        }
        self.nemesis.calendar(of).active = Some(active);
        self.queue.push(until, Event::Relent(of));
    }

    /// The next beat of a strike.
    pub(crate) fn tick(&mut self, of: Striker) {
        let Some(mut active) = self.nemesis.calendar(of).active.take() else { return };
        if self.phase == Phase::Safety
            && let Some(beat) = self.beat(&mut active)
        {
            self.queue.push(beat, Event::Tick(of));
        }
        self.nemesis.calendar(of).active = Some(active);
    }

    /// The strike is over.
    pub(crate) fn relent(&mut self, of: Striker) {
        if self.phase != Phase::Safety {
            return;
        }
        if let Some(active) = self.nemesis.calendar(of).active.take() {
            self.undo(active);
        }
        self.plan(of);
    }

    /// One node, a minority, or all at once. One alone falls in the middle of something every other time.
    fn strike_down(
        &mut self,
        by: Striker,
        favourite: Option<NodeId>,
        lasts: &Range<Duration>,
        draws: &mut Draws,
    ) {
        let mut nodes = self.config.targets();
        draws.shuffle(&mut nodes);
        let (how_many, in_step) = (draws.below(4), draws.chance(0.5));
        let victims = match (favourite, how_many) {
            (Some(favourite), _) => vec![favourite],
            (None, 0) => nodes,
            (None, 1) => nodes.split_off(majority(nodes.len())),
            (None, _) => nodes.split_off(nodes.len().saturating_sub(1)),
        };
        self.nemesis.calendar(by).away = victims.len();
        match victims[..] {
            [] => self.plan(by),
            [victim] if in_step => {
                let down_for = nanos(draws.within(lasts));
                let falls = if draws.chance(0.5) { Falls::InAStep } else { Falls::InARelease };
                self.doom(by, victim, down_for, falls);
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
                    self.strike_one_down(by, victim, nanos(draws.within(lasts)));
                }
            }
        }
    }

    /// At once.
    pub(crate) fn strike_one_down(&mut self, by: Striker, victim: NodeId, down_for: u64) {
        if let Some(script) = &mut self.script {
            script.note_crash(self.now, victim, down_for, None);
        }
        self.take_down(victim);
        self.queue.push(Time(self.now.0 + down_for), Event::Boot(victim, Some(by)));
    }

    /// In the middle of something that happens soon.
    pub(crate) fn doom(&mut self, by: Striker, victim: NodeId, down_for: u64, falls: Falls) {
        if let Some(script) = &mut self.script {
            script.note_crash(self.now, victim, down_for, Some(falls));
        }
        let server = &mut self.servers[place(victim)];
        server.doomed = Some(Doom { by, down_for, falls });
        let doom = self.now.after(Duration::from_millis(DOOM_MILLIS));
        self.queue.push(doom, Event::Crash(victim, server.life));
    }

    /// The doom of this life has come, at the latest.
    pub(crate) fn crash_if_doomed(&mut self, id: NodeId, life: u64) {
        let server = &self.servers[place(id)];
        if server.life != life || self.phase != Phase::Safety {
            return;
        }
        if server.crash_loop.is_some() {
            self.crash_again(id);
        } else if server.doomed.is_some() {
            self.take_down(id);
        }
    }

    /// Crashes it. Was it doomed anyhow, then this was its doom, and it comes back from it.
    pub(crate) fn take_down(&mut self, id: NodeId) {
        let doom = self.servers[place(id)].doomed.take();
        self.crash(id);
        self.attend(id);
        self.return_from(id, doom);
    }

    /// If the node is to crash in this release: after how many of its outputs? Fewer than there are.
    pub(crate) fn crash_within_release(&mut self, id: NodeId) -> Option<u64> {
        let server = &self.servers[place(id)];
        server.doomed.filter(|doom| doom.falls == Falls::InARelease)?;
        let outputs =
            server.outputs.iter().filter(|output| output.after_records <= server.disk.synced).count();
        // Its first two draws belong to other decisions of this crash.
        let bits = Key::new(self.config.seed, Site::Crash, id.0.into(), server.life).bits(2);
        let at = [id.0.into(), server.life, 2];
        (outputs > 0).then(|| {
            let drawn = Span::of(0, outputs as u64).at(bits);
            self.script.as_mut().map_or(drawn, |script| script.crash(at, drawn, outputs as u64 - 1))
        })
    }

    /// A step of it was cut short: by its doom, or because its disk took no record.
    pub(crate) fn crash_in_step(&mut self, id: NodeId) {
        let full_until = self.servers[place(id)].disk.full_until;
        self.take_down(id);
        if let Some(until) = full_until {
            self.queue.push(until, Event::Boot(id, None));
        }
    }

    pub(crate) fn return_from(&mut self, id: NodeId, doom: Option<Doom>) {
        if let Some(Doom { by, down_for, .. }) = doom {
            self.queue.push(Time(self.now.0 + down_for), Event::Boot(id, Some(by)));
        }
    }

    /// The first boot, or one after a crash. When all are back that a strike took down, the next is planned.
    pub(crate) fn boot_after_strike(&mut self, id: NodeId, by: Option<Striker>) {
        if self.phase != Phase::Safety {
            return;
        }
        if self.nodes[place(id)].is_none() {
            self.boot(id);
            let server = &mut self.servers[place(id)];
            if let Some(draws) = &mut server.crash_loop {
                let up = draws.within(&self.config.process.loop_up);
                self.queue.push(self.now.after(up), Event::Crash(id, server.life));
            }
        }
        let Some(by) = by else { return };
        let calendar = self.nemesis.calendar(by);
        calendar.away = calendar.away.saturating_sub(1);
        if calendar.away == 0 {
            self.plan(by);
        }
    }

    fn any_target(&self, draws: &mut Draws) -> Option<NodeId> {
        draws.pick(&self.config.targets()).copied()
    }

    pub(crate) fn some_favourite(&self, draws: &mut Draws) -> Option<NodeId> {
        let favourites: Vec<NodeId> =
            self.nodes().iter().filter(|(_, node)| (self.favourite)(node)).map(|(id, _)| id).collect();
        draws.pick(&favourites).copied()
    }
}
