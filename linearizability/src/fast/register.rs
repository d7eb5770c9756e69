//! A register whose writes all write different values (Gibbons & Korach 1997, §4).
//!
//! A write and the reads that saw it are a *cluster*, and follow one another in any linearization. So cluster A
//! must come before B when something in A returns before something in B is called: `A.first_return <
//! B.last_call`. A linearization exists if and only if no two clusters must each come before the other.
//!
//! Call the time between a cluster's first return and last call its zone: *forward* when the return comes first
//! (the value is certainly there throughout), *backward* otherwise. Then the conflicts are two forward zones
//! that overlap, and a backward zone within a forward one.
use super::{Finding, Operations};
use crate::{
    function::Function,
    hash::FastMap,
    history::{Answer, Packed},
    symbol::Symbol,
};

struct Cluster {
    /// None of the first cluster, of the value that was there at first.
    write: Option<u32>,
    first_return: u64,
    first_to_return: u32,
    /// None while there is a write of the value at the beginning of time, and nothing else.
    last_call: Option<u64>,
    last_called: u32,
}

pub(super) fn judge(operations: Operations<'_>) -> Finding {
    let Some(clusters) = Clusters::new(operations) else { return Finding::DoesNotApply };
    if let Some(core) = clusters.impossible_read() {
        return Finding::Core(core);
    }
    let zones = clusters.zones();
    match clusters.conflict(&zones) {
        Some(core) => Finding::Core(core),
        None => Finding::Order(clusters.order(&zones)),
    }
}

struct Clusters<'a> {
    operations: Operations<'a>,
    /// The first one is that of the initial value.
    clusters: Vec<Cluster>,
    /// The cluster of each operation; `DROPPED` of a write without an answer that nobody read.
    of: Vec<u32>,
    /// A read of a value that nobody wrote.
    unwritten: Option<u32>,
}

const DROPPED: u32 = u32::MAX;

impl<'a> Clusters<'a> {
    /// None when some value was written twice, or something else than reads and writes was done.
    fn new(operations: Operations<'a>) -> Option<Self> {
        let start = operations.history.initial_symbol();
        let first =
            Cluster { write: None, first_return: 0, first_to_return: 0, last_call: None, last_called: 0 };
        let count = operations.numbers.len();
        let mut clusters = Clusters {
            operations,
            clusters: Vec::with_capacity(count / 2 + 1),
            of: vec![DROPPED; count],
            unwritten: None,
        };
        clusters.clusters.push(first);
        let mut numbers = Numbers::with_room_for(count);
        numbers.insert(start, 0);
        for (local, operation) in operations.iter() {
            match operation.class.function {
                Function::Write | Function::Put => {
                    let number = clusters.clusters.len() as u32;
                    if !numbers.insert(operation.class.arguments[0], number) {
                        return None;
                    }
                    clusters.of[local as usize] = number;
                    clusters.clusters.push(Cluster::of(local, operation));
                }
                Function::Read | Function::Get => {}
                _ => return None,
            }
        }
        for (local, operation) in operations.iter() {
            if let (Function::Read | Function::Get, Answer::Value(value)) =
                (operation.class.function, operation.class.answer)
            {
                match numbers.get(value) {
                    Some(number) => {
                        clusters.of[local as usize] = number;
                        clusters.clusters[number as usize].add(local, operation);
                    }
                    None => clusters.unwritten = clusters.unwritten.or(Some(local)),
                }
            }
        }
        clusters.drop_unread();
        Some(clusters)
    }

    /// A write that may never have taken place, and that nobody saw, did not.
    fn drop_unread(&mut self) {
        for cluster in &self.clusters {
            if let Some(write) = cluster.write
                && cluster.first_return == u64::MAX
                && self.operations.get(write).is_open()
            {
                self.of[write as usize] = DROPPED;
            }
        }
    }

    /// A read of what nobody wrote, or of what was not written yet.
    fn impossible_read(&self) -> Option<Vec<u32>> {
        if let Some(read) = self.unwritten {
            return Some(vec![read]);
        }
        let mut reads = self.operations.iter().filter(|(local, _)| self.of[*local as usize] != DROPPED);
        reads.find_map(|(local, read)| {
            let write = self.clusters[self.of[local as usize] as usize].write?;
            (read.returned < self.operations.get(write).call).then(|| vec![write, local])
        })
    }

    /// Two clusters that must each come before the other: what shows it of both.
    fn conflict(&self, zones: &[Zone]) -> Option<Vec<u32>> {
        let (initial, rest) = self.clusters.split_first().expect("the initial value has a cluster");
        if let Some(last_call) = initial.last_call
            && let Some(earlier) = rest.iter().find(|cluster| cluster.first_return < last_call)
        {
            return Some(core([initial, earlier]));
        }
        let mut forward: Option<&Cluster> = None;
        for zone in zones {
            let cluster = &self.clusters[zone.cluster as usize];
            if let Some(earlier) = forward.filter(|earlier| cluster.must_precede(earlier)) {
                return Some(core([earlier, cluster]));
            }
            if zone.is_forward {
                forward = Some(cluster);
            }
        }
        None
    }

    /// All but the first cluster and dropped ones, forward zones by their beginnings, and each backward zone at
    /// the first moment of it that is not within a forward one.
    fn zones(&self) -> Vec<Zone> {
        let zone = |(number, cluster): (usize, &Cluster)| {
            let write = cluster.write?;
            let last_call = cluster.last_call?;
            let is_forward = cluster.first_return < last_call;
            let moment = cluster.first_return.min(last_call);
            let is_kept = self.of[write as usize] != DROPPED;
            is_kept.then_some(Zone { moment, is_forward, cluster: number as u32 })
        };
        let mut zones = Vec::with_capacity(self.clusters.len());
        zones.extend(self.clusters.iter().enumerate().filter_map(zone));
        let key = |zone: &Zone| (zone.moment, zone.is_forward, zone.cluster);
        sort_nearly_sorted(&mut zones, key);
        let mut end_of_forward = 0;
        let mut moved = false;
        for zone in &mut zones {
            if zone.is_forward {
                end_of_forward =
                    end_of_forward.max(self.clusters[zone.cluster as usize].last_call.unwrap_or(0));
            } else if zone.moment < end_of_forward {
                // Within the forward zone, so behind it; if it does not reach so far, that is a conflict.
                (zone.moment, moved) = (end_of_forward, true);
            }
        }
        if moved {
            sort_nearly_sorted(&mut zones, key);
        }
        zones
    }

    fn order(&self, zones: &[Zone]) -> Vec<u32> {
        // Count first, so that each cluster's operations land in its part of the order.
        let mut places = vec![0_usize; self.clusters.len() + 1];
        for &cluster in self.of.iter().filter(|&&cluster| cluster != DROPPED) {
            places[cluster as usize] += 1;
        }
        let mut next = std::mem::take(&mut places[0]);
        for zone in zones {
            next += std::mem::replace(&mut places[zone.cluster as usize], next);
        }
        let mut order = vec![0; next];
        for cluster in &self.clusters {
            if let Some(write) = cluster.write.filter(|write| self.of[*write as usize] != DROPPED) {
                let place = &mut places[self.of[write as usize] as usize];
                order[*place] = write;
                *place += 1;
            }
        }
        for (local, &cluster) in (0..).zip(&self.of) {
            if cluster != DROPPED && self.clusters[cluster as usize].write != Some(local) {
                let place = &mut places[cluster as usize];
                order[*place] = local;
                *place += 1;
            }
        }
        order
    }
}

/// Clusters stand in the order of their writes' calls, so that a zone is never far from its place: as many steps as
/// clients, as a rule. Where that is not so, an ordinary sort takes over.
fn sort_nearly_sorted<K: Ord>(zones: &mut [Zone], key: impl Fn(&Zone) -> K) {
    let mut steps = 16 * zones.len();
    for end in 1..zones.len() {
        let mut place = end;
        while place > 0 && key(&zones[place]) < key(&zones[place - 1]) {
            zones.swap(place, place - 1);
            place -= 1;
            steps -= 1;
            if steps == 0 {
                return zones.sort_unstable_by_key(key);
            }
        }
    }
}

/// The cluster of each value: a table for small numbers, a map for everything else.
struct Numbers {
    table: Vec<u32>,
    map: FastMap<u32, u32>,
}

impl Numbers {
    fn with_room_for(values: usize) -> Self {
        Numbers { table: vec![DROPPED; 2 * values], map: FastMap::default() }
    }

    /// False if the value has a cluster.
    fn insert(&mut self, value: Symbol, cluster: u32) -> bool {
        match self.table.get_mut(value.0 as usize) {
            Some(place) => std::mem::replace(place, cluster) == DROPPED,
            None => self.map.insert(value.0, cluster).is_none(),
        }
    }

    fn get(&self, value: Symbol) -> Option<u32> {
        match self.table.get(value.0 as usize) {
            Some(&cluster) => (cluster != DROPPED).then_some(cluster),
            None => self.map.get(&value.0).copied(),
        }
    }
}

struct Zone {
    moment: u64,
    is_forward: bool,
    cluster: u32,
}

impl Cluster {
    fn of(local: u32, write: &Packed) -> Self {
        Cluster {
            write: Some(local),
            first_return: write.returned,
            first_to_return: local,
            last_call: Some(write.call),
            last_called: local,
        }
    }

    fn add(&mut self, local: u32, read: &Packed) {
        if self.write.is_some() && read.returned < self.first_return {
            (self.first_return, self.first_to_return) = (read.returned, local);
        }
        if self.last_call.is_none_or(|last| last < read.call) {
            (self.last_call, self.last_called) = (Some(read.call), local);
        }
    }

    fn must_precede(&self, other: &Cluster) -> bool {
        other.last_call.is_some_and(|last_call| self.first_return < last_call)
    }
}

/// The operations that make two clusters precede each other, and their writes.
fn core(clusters: [&Cluster; 2]) -> Vec<u32> {
    let mut core = Vec::with_capacity(6);
    for cluster in clusters {
        core.extend(cluster.write);
        core.extend(cluster.write.map(|_| cluster.first_to_return));
        core.push(cluster.last_called);
    }
    core.sort_unstable();
    core.dedup();
    core
}
