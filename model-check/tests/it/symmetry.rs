//! Nodes that are alike, and one that only says so.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use synod_model_check::{CheckError, Cluster, Cursors, Engine, Limits, Scope, Symmetry};
use synod_protocol::{Caller, Effects, Message, Names, Never, Node, NodeId, Renamed};

use crate::{
    budget, explored, property,
    toys::{Leaders, ONE_LEADER, Voter},
    voters,
};

const SYMMETRIC: Engine = Engine::Dfs { symmetry: true };
const PLAIN: Engine = Engine::Dfs { symmetry: false };

fn alike<const PERSIST: bool>(text: &str) -> Cluster<Voter<PERSIST>, Leaders> {
    voters::<PERSIST>(text).with_symmetry(Some(Symmetry::new()))
}

#[test]
fn of_states_that_renaming_makes_of_each_other_one_is_left() {
    let counts = ["crashes=1,timers=1", "crashes=1,timers=2"].map(|text| {
        let full = explored(voters::<true>(text), PLAIN);
        let reduced = explored(alike::<true>(text), SYMMETRIC);
        assert!(full.is_exhausted && reduced.is_exhausted);
        assert_eq!((property(&full), property(&reduced)), ("none", "none"));
        (full.counts.unique, reduced.counts.unique)
    });
    assert_eq!(counts, [(261, 54), (7_536, 1_281)]);
    assert!(counts.iter().all(|(all, one)| one * 6 >= *all), "3! of them are the same at most");
}

#[test]
fn what_is_wrong_is_found_among_them_and_its_path_is_a_real_one() {
    let found = explored(alike::<false>("crashes=1,timers=2"), SYMMETRIC);
    assert_eq!(property(&found), ONE_LEADER);
    assert!(!found.counterexample.expect("it is violated").actions.is_empty());
}

#[test]
fn who_tells_nodes_apart_is_refused_and_told_why() {
    let refused = |cluster: Cluster<Voter<true>, Leaders>| {
        cluster.check(SYMMETRIC, 1, &Limits::default(), &|_| true).expect_err("it is refused")
    };
    assert_eq!(refused(voters("timers=1")), CheckError::NoSymmetry);
    let scope = Scope { cursors: Cursors::Both, ..Scope::new("votes", "", 3, 3, budget("timers=1")) };
    let ordered = Cluster::new(scope, None).with_symmetry(Some(Symmetry::new()));
    assert_eq!(refused(ordered), CheckError::OutputsInOrder);

    let liar = Cluster::<Elder, ()>::new(Scope::new("elders", "", 2, (), budget("timers=1")), None);
    let liar = liar.with_symmetry(Some(Symmetry::new()));
    let said = liar.check(SYMMETRIC, 1, &Limits::default(), &|_| true).expect_err("it is found out");
    assert!(matches!(said, CheckError::TellsNodesApart(_)), "{said}");
    assert!(said.to_string().contains("Hello"), "{said}");
}

#[test]
fn there_are_n_factorial_ways_to_name_n_nodes_and_the_first_changes_none() {
    let all = Names::all(4);
    assert_eq!(all.len(), 24);
    let named = |names: &Names| [1, 2, 3, 4].map(|id| names.of(NodeId(id)).0);
    assert_eq!(named(&all[0]), [1, 2, 3, 4]);
    let mut different: Vec<_> = all.iter().map(named).collect();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 24);
}

/// Says that its nodes are alike, but only the greater number is heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Elder {
    id: NodeId,
    follows: Option<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Hello;

impl Message for Hello {
    fn kind(&self) -> &'static str {
        "Hello"
    }
}

impl Node for Elder {
    type Config = ();
    type Message = Hello;
    type Timer = ();
    type Request = Never;
    type Response = Never;
    type Event = Never;
    type Record = Never;
    type Durable = ();
    type View = ();

    fn boot(id: NodeId, (): &(), (): (), out: &mut Effects<Self>) -> Self {
        out.set_timer((), Duration::ZERO..Duration::from_millis(1));
        Elder { id, follows: None }
    }

    fn on_timer(&mut self, (): (), out: &mut Effects<Self>) {
        out.send(NodeId(3 - self.id.0), Hello);
    }

    fn on_message(&mut self, from: NodeId, _: &Hello, _: &mut Effects<Self>) {
        if from > self.id {
            self.follows = Some(from);
        }
    }

    fn on_request(&mut self, _: Caller, request: &Never, _: &mut Effects<Self>) {
        match *request {}
    }

    fn view(&self) {}
}

impl Renamed for Elder {
    fn renamed(&self, names: &Names) -> Self {
        Elder { id: names.of(self.id), follows: self.follows.renamed(names) }
    }
}

impl Renamed for Hello {
    fn renamed(&self, _: &Names) -> Self {
        Hello
    }
}
