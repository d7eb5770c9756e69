//! Timers and clocks.
use synod_protocol::*;

use super::{Done, Harness};
use crate::{
    toy::{Timer, Toy},
    wrong::Wrong,
};

impl<O: Observer<Toy>> Harness<O> {
    pub(super) fn fire(&mut self, i: usize) -> Done {
        let (clock, up) = (self.clock(i), self.nodes[i].is_some());
        if up != self.is(Wrong::FiresWhileDown) {
            let ghosts = &mut self.servers[i].ghosts;
            if let Some(nth) = ghosts.iter().position(|(_, fires)| clock >= *fires) {
                let (timer, _) = ghosts.swap_remove(nth);
                return self.step(i, None, Input::Timer(timer));
            }
        }
        let early = self.is(Wrong::FiresEarly);
        let timers = &self.servers[i].timers;
        let due =
            timers.iter().find(|(_, (start, fires))| if early { clock < *start } else { clock >= *fires });
        let Some((&timer, _)) = due else { return Ok(()) };
        let setting = self.servers[i].timers.remove(&timer);
        self.haunt(Wrong::FiresTwice, i, timer, setting);
        self.step(i, None, Input::Timer(timer))
    }

    pub(super) fn haunt(&mut self, wrong: Wrong, i: usize, timer: Timer, setting: Option<(Time, Time)>) {
        if let (true, Some((_, fires))) = (self.is(wrong), setting) {
            self.servers[i].ghosts.push((timer, fires));
        }
    }

    /// Each node's clock runs at a rate of its own.
    pub(super) fn clock(&self, i: usize) -> Time {
        let last = self.servers[i].clock;
        if self.is(Wrong::ClockGoesBack) {
            return Time(last.0.saturating_sub(1));
        }
        last.max(Time(self.at.0 + self.at.0 / 10 * i as u64))
    }
}
