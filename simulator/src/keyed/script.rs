//! Inside a run: what is noted of its draws, or what is told instead of them.
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use synod_protocol::{ClientId, Node, NodeId, Observer, PacketId, Time};

use super::{ANSWER, Blow, Call, Deviation, Draw, Strike};
use crate::config::Config;
use crate::deed::Deed;
use crate::draw::{Draws, Site, nanos};
use crate::nemesis::{Falls, Striker};
use crate::network::{CLIENT, Fate};
use crate::simulation::{Event, Simulation, Workload, place};

/// Where a draw is made, its site as a number.
type Place = (u64, u64, u64, u64);

#[derive(Clone, Debug)]
pub(crate) struct Script {
    nodes: u64,
    /// How long a packet takes.
    delay: u64,
    /// How many packets of this call went this way: clients have many, and few calls stay.
    packets: BTreeMap<(u64, u64), u64>,
    mode: Mode,
}

#[derive(Clone, Debug)]
enum Mode {
    Notes {
        deviations: Vec<Deviation>,
        /// Those that wait for their turn by priority, where they are on their lanes, and since when.
        pooled: Vec<(PacketId, [u64; 3], Time)>,
    },
    Told {
        draws: BTreeMap<Place, i64>,
        calls: BTreeMap<(ClientId, u64), Call>,
        strikes: Vec<Strike>,
    },
}

impl Script {
    fn of(config: &Config, mode: Mode) -> Box<Script> {
        let near = config.network.delay.near();
        let packets = BTreeMap::new();
        Box::new(Script { nodes: config.nodes.into(), delay: middle(&near), packets, mode })
    }

    pub(crate) fn notes(config: &Config) -> Box<Script> {
        Script::of(config, Mode::Notes { deviations: Vec::new(), pooled: Vec::new() })
    }

    /// What the configuration tells, if it tells anything.
    pub(crate) fn told(config: &Config) -> Option<Box<Script>> {
        let (mut draws, mut calls, mut strikes) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for deviation in config.deviations.as_ref()? {
            match deviation {
                Deviation::Draw(Draw { site, a, b, k, value }) => {
                    draws.insert((*site as u64, *a, *b, *k), *value);
                }
                Deviation::Call(call) => {
                    calls.insert((call.client, call.number), *call);
                }
                Deviation::Strike(strike) => strikes.extend(strike.within(config.nodes)),
            }
        }
        Some(Script::of(config, Mode::Told { draws, calls, strikes }))
    }

    pub(crate) fn into_notes(self) -> Vec<Deviation> {
        match self.mode {
            Mode::Notes { deviations, .. } => deviations,
            Mode::Told { .. } => Vec::new(),
        }
    }

    /// Takes note of a draw, or says what is drawn.
    fn decide(&mut self, site: Site, [a, b, k]: [u64; 3], drawn: i64, nominal: i64) -> i64 {
        match &mut self.mode {
            Mode::Told { draws, .. } => draws.get(&(site as u64, a, b, k)).copied().unwrap_or(nominal),
            Mode::Notes { deviations, .. } => {
                if drawn != nominal {
                    deviations.push(Deviation::Draw(Draw { site, a, b, k, value: drawn }));
                }
                drawn
            }
        }
    }

    fn time(&mut self, site: Site, at: [u64; 3], drawn: u64, nominal: u64) -> u64 {
        self.decide(site, at, drawn as i64, nominal as i64).max(0) as u64
    }

    /// The k-th packet on the lane from a to b.
    pub(crate) fn packet(&mut self, at: [u64; 3], drawn: Fate) -> Fate {
        let (is_lost, after, twin) = match drawn {
            Fate::Lost => (true, self.delay, None),
            Fate::Carried { after, twin_after } => (false, after, twin_after),
        };
        if self.decide(Site::Loss, at, is_lost.into(), 0) != 0 {
            return Fate::Lost;
        }
        let after = self.time(Site::Delay, at, after, self.delay).max(1);
        let twin_after = self.time(Site::Duplication, at, twin.unwrap_or(0), 0);
        Fate::Carried { after, twin_after: (twin_after > 0).then_some(twin_after) }
    }

    /// It waits for its turn by priority: what it takes is known when it has it.
    pub(crate) fn pool(&mut self, packet: PacketId, at: [u64; 3], now: Time, fate: Fate) {
        if let Fate::Carried { twin_after: Some(twin), .. } = fate {
            self.time(Site::Duplication, at, twin, 0);
        }
        if let Mode::Notes { pooled, .. } = &mut self.mode {
            pooled.push((packet, at, now));
        }
    }

    pub(crate) fn unpool(&mut self, packet: PacketId, arrives: Time) {
        let Mode::Notes { pooled, .. } = &mut self.mode else { return };
        let Some(found) = pooled.iter().position(|(other, ..)| *other == packet) else { return };
        let (_, at, since) = pooled.swap_remove(found);
        self.time(Site::Delay, at, arrives.0 - since.0, self.delay);
    }

    /// A node's timers fire at the same share of their ranges, each node's at another.
    pub(crate) fn timer(&mut self, at: [u64; 3], range: &Range<Duration>, drawn: u64) -> u64 {
        let (start, end) = (nanos(range.start), nanos(range.end));
        let share = u128::from(end.saturating_sub(start)) * u128::from(2 * at[0] - 1);
        let nominal = start + (share / u128::from(2 * self.nodes)) as u64;
        self.time(Site::Timer, at, drawn, nominal)
    }

    pub(crate) fn sync(&mut self, at: [u64; 3], range: &Range<Duration>, drawn: u64) -> u64 {
        self.time(Site::Sync, at, drawn, middle(range))
    }

    /// How much a crash leaves, or lets out, of at most so much.
    pub(crate) fn crash(&mut self, at: [u64; 3], drawn: u64, most: u64) -> u64 {
        self.time(Site::Crash, at, drawn, 0).min(most)
    }

    /// Drift and offset of a life's clock.
    pub(crate) fn clock(&mut self, node: NodeId, life: u64, (drift, offset): (i64, u64)) -> (i64, u64) {
        let node = node.0.into();
        let drift = match (&self.mode, life) {
            (Mode::Notes { .. }, 2..) => drift,
            _ => self.decide(Site::Clock, [node, 0, 0], drift, 0),
        };
        (drift, self.time(Site::Clock, [node, life, 0], offset, 0))
    }

    pub(crate) fn request(&mut self, client: ClientId, number: u64, drawn: Fate) -> Fate {
        self.of_call(CLIENT | u64::from(client.0), number, drawn)
    }

    pub(crate) fn answer(&mut self, client: ClientId, number: u64, drawn: Fate) -> Fate {
        self.of_call(ANSWER | CLIENT | u64::from(client.0), number, drawn)
    }

    fn of_call(&mut self, way: u64, number: u64, drawn: Fate) -> Fate {
        let packets = self.packets.entry((way, number)).or_insert(0);
        *packets += 1;
        let k = *packets - 1;
        self.packet([way, number, k], drawn)
    }

    /// The next call of a client; nominally there is none.
    pub(crate) fn call(&mut self, drawn: Call) -> Option<Call> {
        match &mut self.mode {
            Mode::Notes { deviations, .. } => {
                deviations.push(Deviation::Call(drawn));
                Some(drawn)
            }
            Mode::Told { calls, .. } => {
                let Call { client, number, .. } = drawn;
                let (_, call) = calls.range((client, number)..=(client, u64::MAX)).next()?;
                let via = NodeId(call.via.0.clamp(1, self.nodes as u32));
                Some(Call { via, ..*call })
            }
        }
    }

    /// How long a client thinks before a call of the liveness phase, or backs off in any.
    pub(crate) fn pause(&mut self, at: [u64; 3], range: &Range<Duration>, drawn: Duration) -> Duration {
        Duration::from_nanos(self.time(Site::Client, at, nanos(drawn), middle(range)))
    }

    pub(crate) fn strikes(&self) -> &[Strike] {
        match &self.mode {
            Mode::Told { strikes, .. } => strikes,
            Mode::Notes { .. } => &[],
        }
    }

    fn note_strike(&mut self, strike: Strike) {
        if let Mode::Notes { deviations, .. } = &mut self.mode {
            deviations.push(Deviation::Strike(strike));
        }
    }

    pub(crate) fn note_crash(&mut self, at: Time, victim: NodeId, down_for: u64, falls: Option<Falls>) {
        let lasts = Duration::from_nanos(down_for);
        self.note_strike(Strike { at, lasts, victims: vec![victim], blow: Blow::Crash { falls } });
    }

    pub(crate) fn note_wipe(&mut self, at: Time, victim: NodeId, down_for: u64) {
        let lasts = Duration::from_nanos(down_for);
        self.note_strike(Strike { at, lasts, victims: vec![victim], blow: Blow::Wipe });
    }

    pub(crate) fn note_deed(
        &mut self,
        at: Time,
        until: Time,
        deed: &Deed,
        victims: &[NodeId],
        draws: &Draws,
    ) {
        // These are told by what they do to each message.
        if !matches!(deed, Deed::Clog | Deed::Filter(_)) {
            let lasts = Duration::from_nanos(until.0 - at.0);
            let blow = Blow::Deed { deed: deed.clone(), draws: draws.clone() };
            self.note_strike(Strike { at, lasts, victims: victims.to_vec(), blow });
        }
    }
}

fn middle(range: &Range<Duration>) -> u64 {
    nanos(range.start).midpoint(nanos(range.end))
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn start_told_strikes(&mut self) {
        let Some(script) = &self.script else { return };
        for (strike, number) in script.strikes().iter().zip(0..) {
            self.queue.push(strike.at, Event::Strike(Striker::Told(number)));
        }
    }

    pub(crate) fn strike_as_told(&mut self, number: u16) {
        let script = self.script.as_ref();
        let Some(strike) = script.and_then(|script| script.strikes().get(usize::from(number))) else {
            return;
        };
        let Strike { lasts, victims, blow, .. } = strike.clone();
        let of = Striker::Told(number);
        match blow {
            Blow::Deed { deed, draws } => self.act(of, deed, victims, self.now.after(lasts), draws),
            Blow::Wipe => self.wipe(of, victims.first().copied(), nanos(lasts)),
            Blow::Crash { falls: Some(falls) } => {
                victims.into_iter().for_each(|victim| self.doom(of, victim, nanos(lasts), falls));
            }
            Blow::Crash { falls: None } => {
                victims.into_iter().for_each(|victim| self.strike_one_down(of, victim, nanos(lasts)));
            }
        }
    }

    /// The clock of a life that begins.
    pub(crate) fn set_told_clock(&mut self, id: NodeId) {
        let Some(script) = &mut self.script else { return };
        let server = &mut self.servers[place(id)];
        let drawn = crate::clock::Clock::drawn(self.config.seed, &self.config.clock, id.0, server.life);
        let (drift, offset) = script.clock(id, server.life, drawn);
        server.clock = crate::clock::Clock::of(drift, offset);
    }
}
