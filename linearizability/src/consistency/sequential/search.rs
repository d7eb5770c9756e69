//! The search for a sequential order.
//!
//! A configuration is how far each client has come, and the state of each object; each is entered once. An
//! operation that is next for its client, possible now, and leaves every state unchanged in which it is possible
//! goes at once: an order that has it later stays one if it is moved to here. Where it is known who reads which
//! write, two rules leave out what cannot work: an operation waits for all that [`saturate`](super::saturate)
//! puts before it, and a write waits for the readers of what it overwrites.
use super::layout::{Call, Layout, NONE, Part};
use crate::{Model, Op, Output, hash::FastSet, transitions::Transitions};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Found,
    Exhausted,
    OutOfSteps,
}

pub(super) struct Search<'a> {
    layout: &'a Layout<'a>,
    part: &'a Part,
    /// Of each of the part's objects, and where an object stands among them.
    transitions: Vec<Transitions<'a>>,
    place_of: Vec<u32>,
    /// How far each of the part's clients has come, and then the state of each of its objects.
    configuration: Vec<u32>,
    /// Operations that must still take place.
    required: usize,
    known: Option<Progress>,
    done: Vec<Done>,
    frames: Vec<Frame>,
    /// Places of clients to try, of all frames, one after the other.
    candidates: Vec<u32>,
    seen: FastSet<Box<[u32]>>,
    steps: u64,
    started: bool,
}

/// What has become of the facts so far.
struct Progress {
    /// How many events of each client took place, as the facts count clients.
    events: Vec<u32>,
    /// How many reads of each write, or beginning of a key, are still to come.
    unread: Vec<u32>,
    /// What each of the part's objects holds.
    current: Vec<u32>,
}

/// An operation that took place, and what there was before it.
struct Done {
    client: u32,
    state: u32,
    current: u32,
}

struct Frame {
    done: usize,
    first: usize,
    next: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new<M>(layout: &'a Layout<'a>, part: &'a Part, model: &'a M) -> Self
    where
        M: Model<Op = Op, Output = Output> + Sync,
        M::State: Send,
    {
        let mut place_of = vec![NONE; layout.objects.len()];
        (0..).zip(&part.objects).for_each(|(place, &object)| place_of[object as usize] = place);
        let classes = |object: &u32| layout.objects[*object as usize].clone();
        let transitions = part.objects.iter().map(|object| Transitions::new(model, classes(object)));
        let calls = part.clients.iter().flat_map(|&client| &layout.clients[client as usize]);
        let known = layout.known.map(|known| {
            let facts = known.facts;
            let mut unread = vec![0; facts.events.len() + facts.writers.len()];
            for event in 0..facts.len() {
                Layout::source(facts, event).into_iter().for_each(|source| unread[source as usize] += 1);
            }
            let beginning = |object: &u32| match layout.keys[*object as usize] {
                NONE => NONE,
                key => facts.len() + key,
            };
            let current = part.objects.iter().map(beginning).collect();
            Progress { events: vec![0; facts.clients()], unread, current }
        });
        Search {
            layout,
            part,
            transitions: transitions.collect(),
            place_of,
            configuration: vec![0; part.clients.len() + part.objects.len()],
            required: calls.filter(|call| !call.is_optional).count(),
            known,
            done: Vec::new(),
            frames: Vec::new(),
            candidates: Vec::new(),
            seen: FastSet::default(),
            steps: 0,
            started: false,
        }
    }

    /// Goes on for about this many steps of the model.
    pub(super) fn run(&mut self, steps: u64) -> Outcome {
        let end = self.steps.saturating_add(steps);
        if !std::mem::replace(&mut self.started, true) && self.enter() {
            return Outcome::Found;
        }
        while self.steps < end {
            let Some(frame) = self.frames.last_mut() else { return Outcome::Exhausted };
            let (done, place) = (frame.done, frame.next);
            frame.next += 1;
            self.steps += 1;
            match self.candidates.get(place) {
                None => {
                    let frame = self.frames.pop().expect("it was looked at");
                    self.candidates.truncate(frame.first);
                }
                Some(&client) => {
                    while self.done.len() > done {
                        self.undo();
                    }
                    let call = self.next(client).expect("a candidate has a next operation");
                    if let Some(state) = self.step(&call) {
                        self.go(client, &call, state);
                        if self.enter() {
                            return Outcome::Found;
                        }
                    }
                }
            }
        }
        Outcome::OutOfSteps
    }

    /// The operations that took place, by their numbers in the history.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut places = vec![0; self.part.clients.len()];
        let number = |done: &Done| {
            let calls = &self.layout.clients[self.part.clients[done.client as usize] as usize];
            let place: &mut usize = &mut places[done.client as usize];
            *place += 1;
            calls[*place - 1].number as usize
        };
        self.done.iter().map(number).collect()
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// An estimate of what it holds.
    pub(super) fn bytes(&self) -> usize {
        let configuration = self.configuration.len() * 4 + 16;
        let transitions = self.transitions.iter().map(Transitions::bytes).sum::<usize>();
        self.seen.capacity() * 20
            + self.seen.len() * configuration
            + transitions
            + self.frames.capacity() * size_of::<Frame>()
            + self.candidates.capacity() * 4
    }

    /// Settles a new configuration and lists what to try in it; true when all that must take place did.
    fn enter(&mut self) -> bool {
        while self.read_what_can_be_read() {}
        if self.required == 0 {
            return true;
        }
        let first = self.candidates.len();
        if self.seen.insert(self.configuration.clone().into()) {
            for client in 0..self.part.clients.len() as u32 {
                if let Some(call) = self.next(client)
                    && !self.is_read_only(&call)
                    && self.may_go(&call)
                {
                    self.candidates.push(client);
                }
            }
            let mut listed = self.candidates.split_off(first);
            listed.sort_by_key(|&client| self.next(client).map(|call| (call.is_optional, call.hint)));
            self.candidates.extend(listed);
        }
        self.frames.push(Frame { done: self.done.len(), first, next: first });
        false
    }

    fn read_what_can_be_read(&mut self) -> bool {
        let before = self.done.len();
        for client in 0..self.part.clients.len() as u32 {
            while let Some(call) = self.next(client).filter(|call| self.is_read_only(call)) {
                self.steps += 1;
                let Some(state) = self.step(&call) else { break };
                self.go(client, &call, state);
            }
        }
        self.done.len() > before
    }

    fn next(&self, client: u32) -> Option<Call> {
        let calls = &self.layout.clients[self.part.clients[client as usize] as usize];
        calls.get(self.configuration[client as usize] as usize).copied()
    }

    fn is_read_only(&self, call: &Call) -> bool {
        self.transitions[self.place_of[call.object as usize] as usize].is_read_only(call.class)
    }

    fn state_of(&self, object: u32) -> usize {
        self.part.clients.len() + object as usize
    }

    /// The state that follows; every operation has one outcome.
    fn step(&mut self, call: &Call) -> Option<u32> {
        let object = self.place_of[call.object as usize];
        let state = self.configuration[self.state_of(object)];
        self.transitions[object as usize].step(state, call.class, 0).map(|(next, _)| next)
    }

    /// Whether a write has nothing to wait for.
    fn may_go(&self, call: &Call) -> bool {
        let (Some(progress), Some(known)) = (&self.known, self.layout.known) else { return true };
        let holds = progress.current[self.place_of[call.object as usize] as usize];
        let mut unread = if holds == NONE { 0 } else { progress.unread[holds as usize] };
        if call.event != NONE {
            unread -= u32::from(holds != NONE && Layout::source(known.facts, call.event) == Some(holds));
            let waits_for = known.saturated.clocks.of(call.event);
            if progress.events.iter().zip(waits_for).any(|(done, waits_for)| done < waits_for) {
                return false;
            }
        }
        unread == 0
    }

    fn go(&mut self, client: u32, call: &Call, next: u32) {
        let object = self.place_of[call.object as usize];
        let writes = !self.is_read_only(call);
        let place = self.state_of(object);
        let state = std::mem::replace(&mut self.configuration[place], next);
        self.configuration[client as usize] += 1;
        self.required -= usize::from(!call.is_optional);
        let mut current = NONE;
        if let (Some(progress), Some(known)) = (&mut self.known, self.layout.known) {
            current = progress.current[object as usize];
            if writes {
                progress.current[object as usize] = call.event;
            }
            if call.event != NONE {
                progress.events[known.facts.get(call.event).client as usize] += 1;
                let source = Layout::source(known.facts, call.event);
                source.into_iter().for_each(|source| progress.unread[source as usize] -= 1);
            }
        }
        self.done.push(Done { client, state, current });
    }

    fn undo(&mut self) {
        let Some(Done { client, state, current }) = self.done.pop() else { return };
        self.configuration[client as usize] -= 1;
        let call = self.next(client).expect("it took place");
        let object = self.place_of[call.object as usize];
        let place = self.state_of(object);
        self.configuration[place] = state;
        self.required += usize::from(!call.is_optional);
        if let (Some(progress), Some(known)) = (&mut self.known, self.layout.known) {
            progress.current[object as usize] = current;
            if call.event != NONE {
                progress.events[known.facts.get(call.event).client as usize] -= 1;
                let source = Layout::source(known.facts, call.event);
                source.into_iter().for_each(|source| progress.unread[source as usize] += 1);
            }
        }
    }
}
