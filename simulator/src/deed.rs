//! What can be done to a cluster, and how it is undone.
use synod_protocol::{Node, NodeId, Observer, Time, majority};

use crate::Fault;
use crate::draw::Draws;
use crate::partition::Cut;
use crate::simulation::{Event, Simulation, Workload, place};

/// Something that is done to victims for a while. (Crashes are not among them: each victim comes back by
/// itself.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Cut(Cut),
    SlowDisk,
    FullDisk,
    /// Damage of a disk. It cannot be undone; at the end the node restarts and reads what is left.
    FailedSync,
    BitRot,
    LatentError,
    Misdirection,
}

/// A deed that is not over.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    deed: Deed,
    victims: Vec<NodeId>,
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
            _ => None,
        }
    }

    fn is_damage(&self) -> bool {
        matches!(self, Deed::FailedSync | Deed::BitRot | Deed::LatentError | Deed::Misdirection)
    }
}

impl<N: Node, W: Workload<N>, O: Observer<N>> Simulation<N, W, O> {
    pub(crate) fn begin(
        &mut self,
        deed: Deed,
        mut victims: Vec<NodeId>,
        until: Time,
        draws: &mut Draws,
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
        for &victim in &victims {
            let disk = &mut self.servers[place(victim)].disk;
            let story = match &deed {
                Deed::Cut(_) => continue,
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
                    disk.store.iter_mut().for_each(|store| store.rot(draws));
                    self.counts.flipped_bits += 1;
                    format!("bit rot {victim}")
                }
                Deed::LatentError => {
                    disk.store.iter_mut().for_each(|store| store.lose_sector(draws));
                    self.counts.lost_sectors += 1;
                    format!("latent sector error {victim}")
                }
                Deed::Misdirection => {
                    disk.store.iter_mut().for_each(|store| store.misdirect_next());
                    self.counts.misdirected_writes += 1;
                    format!("misdirected write {victim}")
                }
            };
            self.announce(story);
        }
        Active { deed, victims }
    }

    pub(crate) fn undo(&mut self, Active { deed, victims }: Active) {
        if let Deed::Cut(cut) = &deed {
            self.cuts.heal(&cut.links);
            self.announce(format!("healed: {}", cut.story));
        }
        for victim in victims {
            let disk = &mut self.servers[place(victim)].disk;
            match deed {
                Deed::Cut(_) | Deed::FailedSync => {}
                Deed::SlowDisk => {
                    disk.is_slow = false;
                    self.announce(format!("healed: slow disk {victim}"));
                }
                Deed::FullDisk => {
                    disk.full_until = None;
                    self.announce(format!("healed: full disk {victim}"));
                }
                Deed::BitRot | Deed::LatentError | Deed::Misdirection => {
                    self.take_down(victim);
                    let back = self.now.after(std::time::Duration::from_millis(RESTART_MILLIS));
                    self.queue.push(back, Event::Boot(victim, None));
                }
            }
        }
    }

    /// No more nodes are damaged than the run allows, and none twice that is gone already.
    fn may_damage(&mut self, id: NodeId) -> bool {
        if self.servers[place(id)].has_ended {
            return false;
        }
        let nodes = self.nodes.len();
        let most = self.config.disk.damaged_at_most.map_or(nodes - majority(nodes), |most| most as usize);
        let damaged = &mut self.nemesis.damaged;
        if !damaged.contains(&id) && damaged.len() < most {
            damaged.push(id);
        }
        damaged.contains(&id)
    }
}
