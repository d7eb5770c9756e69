//! Rounds that repeat: a log goes to a follower entry by entry, a message and its reply each. A call whose entry is in
//! the way goes only together with one round of every burst that carried it; one action at a time, none of them can go.
use std::collections::BTreeMap;

use super::Address;
use super::removal::Trial;

/// What an action of a list is to a round.
pub(super) enum Part<'a> {
    Call,
    Delivery(&'a Address),
    Neither,
}

/// Removes calls with the rounds that they began, and rounds alone.
pub(super) fn rounds<'a>(
    mut list: Vec<u32>,
    part: &impl Fn(u32) -> Part<'a>,
    trial: &mut impl Trial,
) -> Vec<u32> {
    let mut at = 0;
    // The last place is behind all calls: rounds alone.
    while at <= list.len() {
        let call = list.get(at).copied();
        if call.is_some_and(|call| !matches!(part(call), Part::Call)) {
            at += 1;
            continue;
        }
        let rounds = one_of_each_burst(&list, part, call);
        let fewer = choices(rounds.len()).find_map(|chosen| {
            let gone: Vec<u32> = chosen.into_iter().flat_map(|burst| rounds[burst]).chain(call).collect();
            let without: Vec<u32> = list.iter().copied().filter(|index| !gone.contains(index)).collect();
            trial.fails(&without)
        });
        match fewer {
            Some(used) => list = used,
            None => at += 1,
        }
    }
    list
}

/// Of each burst the first round behind the call, or the first one; the bursts in the order in which they begin.
fn one_of_each_burst<'a>(list: &[u32], part: &impl Fn(u32) -> Part<'a>, call: Option<u32>) -> Vec<[u32; 2]> {
    let mut between: BTreeMap<_, Vec<(u32, &Address)>> = BTreeMap::new();
    for &index in list {
        if let Part::Delivery(address) = part(index) {
            let ends = (address.from.min(address.to), address.from.max(address.to));
            between.entry(ends).or_default().push((index, address));
        }
    }
    let is_same = |one: &Address, other: &Address| one.from == other.from && one.kind == other.kind;
    let mut found = Vec::new();
    for deliveries in between.values() {
        let mut at = 0;
        while at + 3 < deliveries.len() {
            let (there, back) = (deliveries[at].1, deliveries[at + 1].1);
            let burst: Vec<[u32; 2]> = deliveries[at..]
                .chunks_exact(2)
                .take_while(|round| is_same(round[0].1, there) && is_same(round[1].1, back))
                .map(|round| [round[0].0, round[1].0])
                .collect();
            if there.from == back.from || burst.len() < 2 {
                at += 1;
                continue;
            }
            at += 2 * burst.len();
            found.extend(burst.into_iter().find(|round| call.is_none_or(|call| round[0] > call)));
        }
    }
    found.sort_unstable();
    found
}

/// Which bursts to take one round of: neighbours, most first, and then all but one.
fn choices(bursts: usize) -> impl Iterator<Item = Vec<usize>> {
    let neighbours = (1..=bursts)
        .rev()
        .flat_map(move |count| (0..=bursts - count).map(move |from| (from..from + count).collect()));
    let all_but_one = (1..bursts.saturating_sub(1))
        .map(move |spared| (0..bursts).filter(|burst| *burst != spared).collect());
    neighbours.chain(all_but_one)
}

#[cfg(test)]
mod tests {
    use synod_protocol::{NodeId, Place};

    use super::super::removal::{pairs, pieces};
    use super::*;

    #[test]
    fn neighbours_come_first_and_the_most_of_them() {
        let all: Vec<_> = choices(3).collect();
        assert_eq!(all[..3], [vec![0, 1, 2], vec![0, 1], vec![1, 2]]);
        assert_eq!(all[3..], [vec![0], vec![1], vec![2], vec![0, 2]]);
        assert_eq!(choices(0).count(), 0);
    }

    /// Four calls, each with a round n1 – n2; later each has a round n2 – n3: as many of each as of the others.
    #[test]
    fn a_call_goes_with_its_rounds() {
        let lane = |from, to, kind| Address::new(Place::Node(NodeId(from)), Place::Node(NodeId(to)), kind);
        let [a, b] = [lane(1, 2, "Append"), lane(2, 1, "Reply")];
        let [c, d] = [lane(2, 3, "Append"), lane(3, 2, "Reply")];
        // 0 to 11: call, there, back, four times over; 12 to 19: there and back.
        let part = |index: u32| match (index, index % 3, index % 2) {
            (..12, 0, _) => Part::Call,
            (..12, 1, _) => Part::Delivery(&a),
            (..12, _, _) => Part::Delivery(&b),
            (_, _, 0) => Part::Delivery(&c),
            _ => Part::Delivery(&d),
        };
        let mut trial = |list: &[u32]| {
            let count = |is: &dyn Fn(u32) -> bool| list.iter().filter(|index| is(**index)).count();
            let calls = count(&|index| index < 12 && index % 3 == 0);
            let as_many = [
                count(&|index| index < 12 && index % 3 == 1),
                count(&|index| index < 12 && index % 3 == 2),
                count(&|index| index >= 12 && index % 2 == 0),
                count(&|index| index >= 12 && index % 2 == 1),
            ];
            (calls > 0 && as_many == [calls; 4]).then(|| list.to_vec())
        };
        let all: Vec<u32> = (0..20).collect();
        assert_eq!(pairs(pieces(all.clone(), &mut trial), &mut trial).len(), 20);
        assert_eq!(rounds(all, &part, &mut trial).len(), 5);
    }
}
