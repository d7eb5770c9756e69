//! Membership churn: clients that ask for other acceptors while the others go on.

use synod_paxos::multi::Reconfiguration;
use synod_protocol::NodeId;
use synod_simulator::{Draws, KnobError, Tolerance};

use super::{MultiPaxos, Request};
use crate::load::{self, Load, Words};

/// `load.churn = 5`: now and then a client asks for three to five of five servers; `0`: never.
const CHURN: &str = "churn";
/// A call of so many.
const ONE_IN: u64 = 15;
/// The smallest configuration that is asked for. Of these and of any larger number, one may be lost.
const LEAST: u32 = 3;

/// Of so many servers configurations are drawn.
fn churned(words: &Words) -> Result<u32, KnobError> {
    let Some(value) = words.get(CHURN) else { return Ok(0) };
    let due = "of how many servers configurations are drawn, from 3 to 9, or 0";
    let wrong = || KnobError::Value { name: format!("load.{CHURN}"), value: value.clone(), due };
    value.parse().ok().filter(|servers| *servers == 0 || (LEAST..=9).contains(servers)).ok_or_else(wrong)
}

pub(super) fn load(words: &Words) -> Result<Load<MultiPaxos>, KnobError> {
    let servers = churned(words)?;
    let others: Words =
        words.iter().filter(|(name, _)| *name != CHURN).map(|(a, b)| (a.clone(), b.clone())).collect();
    let workload = load::key_value(&others).map_err(|error| match error {
        KnobError::Load { name, .. } => {
            KnobError::Load { name, known: "keys, skew, reads, values and churn" }
        }
        other => other,
    })?;
    Ok(Load::new(move |client, nth, draws| {
        if servers > 0 && draws.below(ONE_IN) == 0 {
            return wish(servers, draws);
        }
        workload.command(client, nth, || draws.bits()).into()
    }))
}

/// Every other load has some, where there are servers to choose from.
pub(super) fn drawn_load(nodes: u32, draws: &mut Draws) -> Words {
    let mut words = load::drawn_key_value(draws);
    if nodes >= LEAST && draws.chance(0.5) {
        words.insert(CHURN.to_owned(), nodes.to_string());
    }
    words
}

/// A majority of all need not be one of those who decide: all but one is.
pub(super) fn tolerance(words: &Words, nodes: u32) -> Tolerance {
    let needed = churned(words)
        .ok()
        .filter(|servers| *servers > 0)
        .map(|_| nodes.saturating_sub(1).max(nodes.min(LEAST)));
    Tolerance { needed, ..Tolerance::default() }
}

/// Some of the servers, and now and then the quorums that make votes cheap, or an epoch that may be the latest.
fn wish(servers: u32, draws: &mut Draws) -> Request {
    let mut members: Vec<NodeId> = (1..=servers).map(NodeId).collect();
    draws.shuffle(&mut members);
    members.truncate((u64::from(LEAST) + draws.below(u64::from(servers - LEAST) + 1)) as usize);
    let mut wish = Reconfiguration::to(members);
    if draws.chance(0.5) {
        wish.quorums.phase_2 = wish.members.len() + 1 - wish.quorums.phase_1;
    }
    wish.after = draws.chance(0.3).then(|| 1 + draws.below(4));
    Request::Reconfigure(wish)
}

#[cfg(test)]
mod tests {
    use super::*;
    use synod_simulator::Site;

    #[test]
    fn what_is_drawn_is_known() {
        for (seed, nodes) in (0..50).zip([1, 3, 5, 7].into_iter().cycle()) {
            let mut draws = Draws::new(seed, Site::Swarm, 0, 0);
            assert!(load(&drawn_load(nodes, &mut draws)).is_ok());
        }
        let refused = |name: &str, value: &str| {
            let words = Words::from([(name.to_owned(), value.to_owned())]);
            load(&words).expect_err("it makes no sense").to_string()
        };
        assert!(refused("churn", "2").contains("from 3 to 9"));
        assert!(refused("chrn", "3").contains("values and churn"));
    }

    /// Whatever is asked for, all servers but as many as may be lost have quorums of it.
    #[test]
    fn a_wish_leaves_what_may_be_lost() {
        for seed in 0..200 {
            let mut draws = Draws::new(seed, Site::Swarm, 0, 0);
            let servers = 3 + (seed % 5) as u32;
            let Request::Reconfigure(wish) = wish(servers, &mut draws) else { panic!("it is a wish") };
            let words = Words::from([(CHURN.to_owned(), servers.to_string())]);
            let lost = servers - tolerance(&words, servers).needed.expect("more than a majority");
            let left = wish.members.len() - lost as usize;
            assert!(left >= wish.quorums.phase_1 && left >= wish.quorums.phase_2, "{wish:?}");
        }
    }
}
