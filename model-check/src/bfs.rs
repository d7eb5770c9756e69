//! Breadth first, level by level, over the same model as stateright's engines.
//!
//! stateright's own BFS lets a later, longer discovery take the place of an earlier one, and keeps a path per state.
//! Here a level is finished before the next begins, so the first violation is a shortest one; and of the steps that
//! lead to a state at its level the least is kept, so that the same states, paths and verdicts come out of any
//! number of threads.
use std::{
    collections::hash_map::Entry,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use stateright::Model;
use synod_protocol::Node;

use crate::{
    Action, Cluster, Limits, State, Watch,
    engine::{Counts, Progress},
    memo::ByDigest,
};

/// How a state was reached first.
#[derive(Clone, Copy)]
struct Origin {
    parent: u64,
    /// Its place among the actions of the parent.
    action: u16,
    level: u16,
}

type Origins = ByDigest<Origin>;
type Frontier<N, W> = Vec<(u64, State<N, W>)>;

/// Locks are held for a lookup, and nothing panics under them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 64;
/// How many states a thread takes at a time.
const CHUNK: usize = 256;

struct Search<'a, N: Node, W> {
    cluster: &'a Cluster<N, W>,
    visited: Vec<Mutex<Origins>>,
    generated: AtomicU64,
    unique: AtomicU64,
    /// The broken states of this level.
    broken: Mutex<Vec<u64>>,
    /// What came about so far, and the level of each first time.
    firsts: Mutex<Vec<(u64, u64)>>,
    stop: AtomicBool,
    limits: &'a Limits,
    progress: &'a Progress<'a>,
}

/// What a search came to.
pub(crate) struct Found<N: Node> {
    pub(crate) counts: Counts,
    /// A shortest path to a violation, from the first state.
    pub(crate) path: Option<Vec<Action<N>>>,
    pub(crate) is_exhausted: bool,
    /// The bits of what came about, each with its depth.
    pub(crate) firsts: Vec<(u64, u64)>,
}

pub(crate) fn search<N: Node, W: Watch<N>>(
    cluster: &Cluster<N, W>,
    threads: usize,
    limits: &Limits,
    progress: &Progress<'_>,
) -> Found<N> {
    let search = Search {
        cluster,
        visited: (0..SHARDS).map(|_| Mutex::default()).collect(),
        generated: AtomicU64::new(1),
        unique: AtomicU64::new(0),
        broken: Mutex::default(),
        firsts: Mutex::default(),
        stop: AtomicBool::new(false),
        limits,
        progress,
    };
    let mut frontier: Frontier<N, W> = Vec::new();
    for state in cluster.init_states() {
        search.reached(Origin { parent: 0, action: 0, level: 0 }, state, &mut frontier);
    }
    let mut level = 0_u16;
    let path = loop {
        let broken = lock(&search.broken).iter().min().copied();
        if let Some(broken) = broken {
            break Some(search.path_to(broken));
        }
        let is_too_deep = limits.depth.is_some_and(|deepest| u64::from(level) >= deepest);
        if frontier.is_empty() || is_too_deep || search.stop.load(Ordering::Relaxed) || level == u16::MAX {
            break None;
        }
        level += 1;
        frontier = search.next_level(frontier, level, threads);
    };
    let depth = u64::from(level.saturating_sub(u16::from(path.is_none() && frontier.is_empty())));
    let mut firsts = lock(&search.firsts).clone();
    firsts.sort_unstable();
    Found {
        counts: Counts {
            generated: search.generated.load(Ordering::Relaxed),
            unique: search.unique.load(Ordering::Relaxed),
            depth,
        },
        is_exhausted: path.is_none() && frontier.is_empty(),
        path,
        firsts,
    }
}

impl<N: Node, W: Watch<N>> Search<'_, N, W> {
    fn next_level(&self, frontier: Frontier<N, W>, level: u16, threads: usize) -> Frontier<N, W> {
        let mut states = frontier.into_iter();
        let chunks = std::iter::from_fn(|| {
            let chunk: Vec<_> = states.by_ref().take(CHUNK).collect();
            (!chunk.is_empty()).then_some(chunk)
        });
        let chunks = Mutex::new(chunks);
        let work = || {
            let mut next = Vec::new();
            let mut actions = Vec::new();
            while !self.stop.load(Ordering::Relaxed) {
                // A statement of its own: the lock is not held while the chunk is worked on.
                let chunk = lock(&chunks).next();
                let Some(chunk) = chunk else { break };
                let mut generated = 0;
                for (fingerprint, state) in chunk {
                    generated += self.expand(fingerprint, &state, level, &mut actions, &mut next);
                }
                let generated = self.generated.fetch_add(generated, Ordering::Relaxed) + generated;
                let unique = self.unique.load(Ordering::Relaxed);
                let go_on = (self.progress)(Counts { generated, unique, depth: level.into() });
                if !go_on || self.limits.states.is_some_and(|most| unique >= most) {
                    self.stop.store(true, Ordering::Relaxed);
                }
            }
            next
        };
        if threads <= 1 {
            let next = work();
            return self.unless_stopped(next, &chunks);
        }
        let mut next = Vec::new();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                match worker.join() {
                    Ok(part) => next.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        self.unless_stopped(next, &chunks)
    }

    /// A level that was not finished leaves something, so that nobody takes its end for the end of all.
    fn unless_stopped(
        &self,
        mut next: Frontier<N, W>,
        chunks: &Mutex<impl Iterator<Item = Frontier<N, W>>>,
    ) -> Frontier<N, W> {
        if self.stop.load(Ordering::Relaxed) {
            next.extend(lock(chunks).next().into_iter().flatten());
        }
        next
    }

    fn expand(
        &self,
        fingerprint: u64,
        state: &State<N, W>,
        level: u16,
        actions: &mut Vec<Action<N>>,
        next: &mut Frontier<N, W>,
    ) -> u64 {
        let mut generated = 0;
        self.cluster.actions(state, actions);
        for (action, place) in actions.drain(..).zip(0_u16..) {
            let Some(after) = self.cluster.next_state(state, action) else { continue };
            generated += 1;
            self.reached(Origin { parent: fingerprint, action: place, level }, after, next);
        }
        generated
    }

    fn reached(&self, origin: Origin, state: State<N, W>, next: &mut Frontier<N, W>) {
        let fingerprint = state.fingerprint();
        if state.seen != 0 {
            self.first_time(state.seen, origin.level);
        }
        match lock(&self.visited[fingerprint as usize % SHARDS]).entry(fingerprint) {
            Entry::Vacant(entry) => {
                entry.insert(origin);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                if known.level == origin.level
                    && (origin.parent, origin.action) < (known.parent, known.action)
                {
                    *known = origin;
                }
                return;
            }
        }
        self.unique.fetch_add(1, Ordering::Relaxed);
        if state.broken.is_some() {
            return lock(&self.broken).push(fingerprint);
        }
        next.push((fingerprint, state));
    }

    fn first_time(&self, seen: u64, level: u16) {
        let mut firsts = lock(&self.firsts);
        for bit in (0..u64::BITS).map(|bit| 1 << bit).filter(|bit| seen & bit != 0) {
            if firsts.iter().all(|(known, _)| *known != bit) {
                firsts.push((bit, level.into()));
            }
        }
    }

    fn path_to(&self, fingerprint: u64) -> Vec<Action<N>> {
        let mut places = Vec::new();
        let mut at = fingerprint;
        while let Some(origin) = lock(&self.visited[at as usize % SHARDS]).get(&at).copied()
            && origin.level > 0
        {
            places.push(usize::from(origin.action));
            at = origin.parent;
        }
        let mut path = Vec::new();
        let mut state = self.cluster.start.clone();
        for place in places.into_iter().rev() {
            let mut actions = Vec::new();
            self.cluster.actions(&state, &mut actions);
            let action = actions.swap_remove(place);
            let Some(after) = self.cluster.next_state(&state, action.clone()) else { break };
            path.push(action);
            state = after;
        }
        path
    }
}
