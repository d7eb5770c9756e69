//! A history as the search wants it: for each client what it called, on which object; and what is known of it.
use super::super::{
    facts::{Facts, Source},
    order::in_session_order,
    saturate::Known,
};
use crate::{History, Op, Output, hash::FastMap, objects};

pub(super) const NONE: u32 = u32::MAX;

pub(super) struct Layout<'a> {
    pub(super) clients: Vec<Vec<Call>>,
    pub(super) objects: Vec<Classes>,
    pub(super) known: Option<Known<'a>>,
    /// For each object the key that it is among the facts.
    pub(super) keys: Vec<u32>,
}

/// What the operations of an object ask and are answered.
pub(super) type Classes = Vec<(Op, Option<Output>)>;

/// One operation.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) number: u32,
    pub(super) object: u32,
    /// Among the classes of its object.
    pub(super) class: u32,
    /// Among the facts, if it is one.
    pub(super) event: u32,
    /// It has no answer, and need not have taken place.
    pub(super) is_optional: bool,
    /// Among those that may go, the least is tried first.
    pub(super) hint: i64,
}

/// Clients and objects that have nothing to do with the others.
pub(super) struct Part {
    pub(super) clients: Vec<u32>,
    pub(super) objects: Vec<u32>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(history: &History, known: Option<Known<'a>>) -> Self {
        let mut places = vec![(NONE, NONE); history.len()];
        let mut objects = Vec::new();
        for object in objects::split(history) {
            let task = object.task(history);
            for (interval, &number) in task.intervals.iter().zip(&object.operations) {
                places[number as usize] = (objects.len() as u32, interval.class);
            }
            objects.push(task.classes);
        }
        let mut events = vec![NONE; history.len()];
        if let Some(Known { facts, .. }) = known {
            (0..).zip(&facts.events).for_each(|(place, event)| events[event.number as usize] = place);
        }
        let all_is_known = known.is_some_and(|known| known.facts.unclear.is_none());
        let mut keys = vec![NONE; objects.len()];
        let mut clients = vec![Vec::new(); history.clients()];
        for number in in_session_order(history) {
            let packed = &history.packed()[number as usize];
            let (object, class) = places[number as usize];
            let event = events[number as usize];
            let is_optional = packed.is_open() && event == NONE;
            if object == NONE || is_optional && all_is_known {
                // A read without an answer, or a write without one that nobody saw: it may not have taken place.
                continue;
            }
            let mut hint = i64::try_from(packed.returned).unwrap_or(i64::MAX);
            if let (Some(Known { facts, saturated }), true) = (known, event != NONE) {
                keys[object as usize] = facts.get(event).key;
                hint = saturated.places[event as usize];
            }
            clients[packed.client as usize].push(Call { number, object, class, event, is_optional, hint });
        }
        Layout { clients, objects, known, keys }
    }

    /// The parts that have no client and no object in common, in the order of their first clients.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut leader = (0..self.objects.len() as u32).collect::<Vec<_>>();
        for calls in &self.clients {
            for pair in calls.windows(2) {
                let (one, other) = (find(&mut leader, pair[0].object), find(&mut leader, pair[1].object));
                leader[one as usize] = other;
            }
        }
        let mut places = FastMap::<u32, usize>::default();
        let mut parts = Vec::new();
        for (client, calls) in (0..).zip(&self.clients) {
            let Some(first) = calls.first() else { continue };
            let place = *places.entry(find(&mut leader, first.object)).or_insert_with(|| {
                parts.push(Part { clients: Vec::new(), objects: Vec::new() });
                parts.len() - 1
            });
            parts[place].clients.push(client);
        }
        for object in 0..self.objects.len() as u32 {
            if let Some(&place) = places.get(&find(&mut leader, object)) {
                parts[place].objects.push(object);
            }
        }
        parts
    }

    /// The node that is read by an event: a write, or, behind all events, a key's beginning.
    pub(super) fn source(facts: &Facts, event: u32) -> Option<u32> {
        let event = facts.get(event);
        match event.source? {
            Source::Event(write) => Some(write),
            Source::Initial => Some(facts.len() + event.key),
            Source::Nobody => None,
        }
    }
}

fn find(leader: &mut [u32], mut node: u32) -> u32 {
    while leader[node as usize] != node {
        leader[node as usize] = leader[leader[node as usize] as usize];
        node = leader[node as usize];
    }
    node
}
