//! What three-phase commit and Paxos Commit are for: whoever is up comes to an end, whichever node crashes, at whichever
//! moment, and never comes back.
//!
//! Each run is cut short at each of its messages: a node goes down, with some of what it was just sending unsent. The
//! network is synchronous: what is on its way arrives before any patience ends, and doubts come one after the other.
//! The same crashes block two-phase commit.
use synod_atomic_commit::{
    Config, MicroOp, Protocol, Run, Transaction, TxnId, paxos_commit::PaxosCommit, three_phase::ThreePhase,
    two_phase::TwoPhase,
};
use synod_protocol::NodeId;

use crate::cluster::{Cluster, Envelope, append, n, txn};

/// What became of the runs.
#[derive(Debug, Default)]
struct Ends {
    runs: u32,
    /// Somebody who is up has promised, and is told nothing.
    blocked: u32,
    /// Of these, those whose coordinator was not the one to crash.
    blocked_with_coordinator: u32,
    /// Somebody committed though the coordinator was down.
    committed_without: u32,
}

/// One transaction at n1, n2 and n3, coordinated by n1 or by n4, which takes no part.
fn ends<P: Protocol>(run: Run, timers: &[&str]) -> Ends {
    let mut ends = Ends::default();
    for (nodes, client) in [(3, 3), (4, 3)] {
        let txn = TxnId { run, ..txn(client, 1, 0) };
        let home = Config::new((1..=nodes).map(NodeId)).home(txn.client).0;
        for victim in 1..=nodes {
            for after in 0.. {
                for unsent in 0..=nodes as usize {
                    let Some(cluster) = crashed::<P>((nodes, home), txn, (after, victim, unsent), timers)
                    else {
                        break;
                    };
                    ends.runs += 1;
                    let mut up = cluster.ids().filter(|id| *id != victim);
                    if up.any(|id| cluster.is_prepared(id, txn)) {
                        ends.blocked += 1;
                        ends.blocked_with_coordinator += u32::from(victim != home);
                    }
                    let mut up = cluster.ids().filter(|id| *id != victim);
                    let has_committed = up.any(|id| {
                        !cluster
                            .node(id)
                            .branches()
                            .list(synod_atomic_commit::Key(u64::from(id) - 1))
                            .is_empty()
                    });
                    ends.committed_without += u32::from(victim == home && has_committed);
                }
                if crashed::<P>((nodes, home), txn, (after, victim, 0), timers).is_none() {
                    break;
                }
            }
        }
    }
    ends
}

fn ops() -> Vec<MicroOp> {
    (0..3).map(|key| append(key, 7)).collect()
}

/// The run in which the victim goes down after so many messages; the last so many of those that it has on their way
/// have not left it. `None`: there are not so many.
fn crashed<P: Protocol>(
    (nodes, home): (u32, u32),
    txn: TxnId,
    (after, victim, unsent): (usize, u32, usize),
    timers: &[&str],
) -> Option<Cluster<P>> {
    let mut cluster = Cluster::<P>::new(nodes);
    cluster.call(home, txn.client.0, txn.number, &ops());
    for _ in 0..after {
        deliver_oldest(&mut cluster)?;
    }
    let of_victim: Vec<usize> =
        (0..cluster.network.len()).filter(|place| cluster.network[*place].from == n(victim)).collect();
    if of_victim.len() < unsent {
        return None;
    }
    for place in of_victim.into_iter().rev().take(unsent) {
        cluster.network.remove(place);
    }
    cluster.crash(victim);
    // As many as any protocol needs to come to an end without it, and more.
    for _ in 0..40 {
        while deliver_oldest(&mut cluster).is_some() {}
        let armed = timers.iter().flat_map(|name| cluster.ids().map(move |id| (*name, id)));
        let Some((name, id)) = armed.into_iter().find(|(name, id)| cluster.is_armed(*id, name, txn)) else {
            break;
        };
        cluster.fire(id, name, txn);
    }
    Some(cluster)
}

/// What is for one that is down is lost.
fn deliver_oldest<P: Protocol>(cluster: &mut Cluster<P>) -> Option<()> {
    if cluster.network.is_empty() {
        return None;
    }
    let Envelope { from, to, message } = cluster.network.remove(0);
    if cluster.is_up(to.0) {
        cluster.hand(from.0, to.0, message);
    }
    Some(())
}

#[test]
fn no_crash_blocks_three_phase_commit() {
    let ends = ends::<ThreePhase>(Run::ONLY, &["Patience", "Conclude", "Doubt"]);
    assert_eq!(ends.blocked, 0, "{ends:?}");
    assert!(ends.runs > 200 && ends.committed_without > 20, "{ends:?}");
}

#[test]
fn no_crash_blocks_paxos_commit() {
    let ends = ends::<PaxosCommit>(Run::asking(&Transaction(ops())), &["Lead", "Doubt"]);
    assert_eq!(ends.blocked, 0, "{ends:?}");
    assert!(ends.runs > 200 && ends.committed_without > 20, "{ends:?}");
}

/// Only that of the coordinator does, and only between the votes and the decision.
#[test]
fn the_crash_of_its_coordinator_blocks_two_phase_commit() {
    let ends = ends::<TwoPhase>(Run::in_life(1), &["Votes", "Doubt"]);
    assert!(ends.blocked > 0 && ends.blocked_with_coordinator == 0, "{ends:?}");
}
