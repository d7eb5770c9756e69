//! A scenario as it happens: its rules strike as classes of faults do, each with a calendar and draws of its own.
use std::fmt::Write;

use synod_protocol::{Node, NodeId, Observer, Time, Violation, majority};

use super::{Action, Moment, Predicates, When, Who};
use crate::Fault;
use crate::deed::Deed;
use crate::draw::{Draws, nanos};
use crate::nemesis::Striker;
use crate::network::Weather;
use crate::partition;
use crate::phase::Phase;
use crate::simulation::{Event, Simulation, Workload, place};

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    /// What the scenario of the configuration may wait for. It must be all that it does wait for, or the run
    /// ends in a violation that says so.
    #[must_use]
    pub fn predicates(mut self, predicates: Predicates<N>) -> Self {
        self.predicates = predicates;
        self
    }

    pub(crate) fn start_scenario(&mut self) {
        let Some(scenario) = &self.config.scenario else { return };
        let (rules, heal_at) = (scenario.rules.len() as u16, scenario.heal_at);
        (0..rules).for_each(|rule| self.plan(Striker::Rule(rule)));
        if let Some(moment) = heal_at {
            let at = self.moment(moment);
            self.queue.push(at, Event::Heal);
        }
    }

    /// In the safety phase.
    pub(crate) fn moment(&self, moment: Moment) -> Time {
        match moment {
            Moment::After(time) => Time::ZERO.after(time),
            Moment::Share(share) => Time::ZERO.after(self.config.safety.mul_f64(share.clamp(0.0, 1.0))),
        }
    }

    /// The rules that wait for something: does it hold?
    #[cold]
    pub(crate) fn look_out(&mut self) {
        if self.phase != Phase::Safety || self.stream.has_failed() {
            return;
        }
        let Some(scenario) = &self.config.scenario else { return };
        let mut strikes = Vec::new();
        for (rule, number) in scenario.rules.iter().zip(0..) {
            let When::Holds { predicate, .. } = &rule.when else { continue };
            if !self.nemesis.lies_in_wait(number, self.now) {
                continue;
            }
            let Some(holds) = self.predicates.get(predicate) else {
                let known = self.predicates.names().join(", ");
                let story = format!("rule {} waits for \"{predicate}\"; there is {known}", number + 1);
                return self.stream.fail(Violation::new("A scenario waits for what is known", story));
            };
            strikes.extend(holds(self.nodes()).map(|it| (number, it)));
        }
        for (number, it) in strikes {
            self.strike_by_rule(number, Some(it));
        }
    }

    /// Picks one of its actions, and does it.
    pub(crate) fn strike_by_rule(&mut self, number: u16, it: Option<NodeId>) {
        let of = Striker::Rule(number);
        let Some(mut draws) = self.nemesis.take_draws(of) else { return };
        let rules = self.config.scenario.iter().flat_map(|scenario| &scenario.rules);
        let Some(action) = rules.clone().nth(number.into()).and_then(|rule| draws.pick(&rule.pick)).cloned()
        else {
            return;
        };
        let until = self.now.after(draws.within(&action.lasts));
        let victims = self.whom(action.who, it, &mut draws);
        if victims.is_empty() {
            return self.plan(of);
        }
        let aimed = (action.who != Who::Any).then(|| victims[0]);
        let nodes = self.config.nodes;
        let cut = match (action.does, action.shape) {
            (Fault::OneWay, _) => partition::one_way(nodes, aimed, &mut draws),
            (Fault::Partition | Fault::Flapping, Some(shape)) => {
                partition::shaped(shape, nodes, aimed, &mut draws)
            }
            (Fault::Partition | Fault::Flapping, None) => partition::two_way(nodes, aimed, &mut draws),
            _ => None,
        };
        match (action.does, cut) {
            (Fault::Crash, _) => self.crash_by_rule(of, &action, victims, &mut draws),
            (Fault::Wipe, _) => {
                let down_for = nanos(draws.within(&action.lasts));
                self.wipe(of, victims.first().copied(), down_for);
            }
            (Fault::Flapping, Some(cut)) => {
                self.act(of, Deed::Flap { cut, is_cut: true }, Vec::new(), until, draws);
            }
            (_, Some(cut)) => self.act(of, Deed::Cut(cut), Vec::new(), until, draws),
            (Fault::Filter, _) => self.act(of, Deed::Filter(action.kind), victims, until, draws),
            (other, None) => match Deed::of(other) {
                Some(deed) => self.act(of, deed, victims, until, draws),
                // A cut that needs more nodes than there are.
                None => self.plan(of),
            },
        }
    }

    fn crash_by_rule(&mut self, by: Striker, action: &Action, victims: Vec<NodeId>, draws: &mut Draws) {
        self.nemesis.expect_back(by, victims.len());
        let mut story = String::from("crash");
        victims.iter().for_each(|id| write!(story, " {id}").expect("a string takes all"));
        self.announce(story);
        for victim in victims {
            self.strike_one_down(by, victim, nanos(draws.within(&action.lasts)));
        }
    }

    fn whom(&self, who: Who, it: Option<NodeId>, draws: &mut Draws) -> Vec<NodeId> {
        let mut nodes = self.config.targets();
        draws.shuffle(&mut nodes);
        let many = match who {
            Who::Any => 1,
            Who::Minority => nodes.len() - majority(nodes.len()),
            Who::Majority => majority(nodes.len()),
            Who::All => nodes.len(),
            Who::Favourite => {
                return self.some_favourite(draws).into_iter().filter(|node| nodes.contains(node)).collect();
            }
            Who::It => return it.into_iter().filter(|node| nodes.contains(node)).collect(),
            Who::Node(id) => return nodes.into_iter().filter(|node| *node == id).collect(),
        };
        nodes.truncate(many);
        nodes.sort_unstable();
        nodes
    }

    /// Everything is healed, and nothing strikes any more; the safety phase goes on.
    pub(crate) fn heal(&mut self) {
        if self.phase != Phase::Safety {
            return;
        }
        self.announce("healed: everything".into());
        for active in self.nemesis.end() {
            self.undo(active);
        }
        self.weather = Weather::calm(&self.config);
        self.end_traffic();
        for id in (1..=self.config.nodes).map(NodeId) {
            let server = &mut self.servers[place(id)];
            (server.doomed, server.crash_loop) = (None, None);
            server.disk.heal();
            self.attend(id);
            self.set_clock(id, |clock, now| clock.calm(now));
            self.queue.push(self.now, Event::Boot(id, None));
        }
    }
}
