//! Laws of [`Quorum`], against definitions that try every subset.
use proptest::prelude::*;
use synod_protocol::{NodeId, Quorum, majority};

fn members() -> impl Strategy<Value = Vec<NodeId>> {
    prop::collection::vec((1..8u32).prop_map(NodeId), 1..=6)
}

/// A system of any size over some members, which may be listed twice.
fn quorum() -> impl Strategy<Value = Quorum> {
    (members(), 1..=6usize).prop_map(|(members, size)| {
        let distinct = Quorum::majority_of(&members).members().len();
        Quorum::of_size(size.min(distinct), &members).expect("a size within the members")
    })
}

/// All sets of members that are quorums.
fn quorums(system: &Quorum) -> Vec<Vec<NodeId>> {
    let members = system.members();
    (0..1u32 << members.len())
        .map(|set| (0..members.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| members[bit]).collect())
        .filter(|set: &Vec<NodeId>| system.reached(|node| set.contains(&node)))
        .collect()
}

fn meet(a: &[NodeId], b: &[NodeId]) -> bool {
    a.iter().any(|node| b.contains(node))
}

proptest! {
    #[test]
    fn any_two_majorities_meet(members in members()) {
        let all = quorums(&Quorum::majority_of(&members));
        prop_assert!(!all.is_empty());
        for a in &all {
            for b in &all {
                prop_assert!(meet(a, b), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn a_majority_is_the_smallest_size_that_meets_itself(n in 1..100usize) {
        prop_assert!(2 * majority(n) > n);
        prop_assert!(2 * (majority(n) - 1) <= n);
    }

    #[test]
    fn a_quorum_is_any_set_of_that_size(system in quorum()) {
        for set in quorums(&system) {
            prop_assert!(set.len() >= system.size());
        }
        let smallest = &system.members()[..system.size()];
        prop_assert!(system.reached(|node| smallest.contains(&node)));
    }

    #[test]
    fn systems_intersect_exactly_when_all_their_quorums_meet(a in quorum(), b in quorum()) {
        let (of_a, of_b) = (quorums(&a), quorums(&b));
        let all_meet = of_a.iter().all(|a| of_b.iter().all(|b| meet(a, b)));
        prop_assert_eq!(a.intersects(&b), all_meet);
        prop_assert_eq!(b.intersects(&a), all_meet);
    }

    #[test]
    fn the_greatest_value_reached_is_the_greatest_that_a_quorum_has(
        system in quorum(),
        values in prop::collection::vec(0..5u64, 8),
    ) {
        let value = |node: NodeId| values[node.0 as usize];
        let naive = (0..5).rev().find(|&least| system.reached(|node| value(node) >= least));
        prop_assert_eq!(system.greatest_reached(value), naive);
    }

    #[test]
    fn a_member_that_is_listed_twice_has_one_vote(members in members()) {
        let twice = [&members[..], &members[..]].concat();
        prop_assert_eq!(Quorum::majority_of(&twice), Quorum::majority_of(&members));
        prop_assert_eq!(Quorum::of_size(1, &twice), Quorum::of_size(1, &members));
    }

    #[test]
    fn a_size_must_lie_within_the_members(members in members(), size in 0..20usize) {
        let distinct = Quorum::majority_of(&members).members().len();
        let made = Quorum::of_size(size, &members);
        prop_assert_eq!(made.is_some(), (1..=distinct).contains(&size));
        prop_assert!(made.is_none_or(|quorum| quorum.size() == size));
    }
}

#[test]
fn nobody_is_no_quorum() {
    let nobody = Quorum::majority_of(&[]);
    assert!(!nobody.reached(|_| true));
    assert_eq!(nobody.greatest_reached(|_| 1), None);
    assert_eq!(Quorum::of_size(0, &[]), None);
}
