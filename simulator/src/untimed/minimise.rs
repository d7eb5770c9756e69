//! The shortest list that ends in the same violation.
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::mem::discriminant;

use synod_protocol::{Node, Violation};

use super::consequences::with_consequences;
use super::judge::with_last_words;
use super::polish;
use super::removal::{pairs, pieces, shortest_beginning, shortest_end};
use super::rounds::{Part, rounds};
use super::{Action, Judge, Tale, World, is_same};

/// What became of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimised<N: Node> {
    pub tale: Tale<N>,
    /// How many lists were tried.
    pub tries: u64,
    /// How many actions were carried out in them.
    pub carried_out: u64,
    /// Was the patience over before nothing more could be removed?
    pub is_cut_short: bool,
}

/// In lists up to this length, each pair of actions is tried too.
const PAIRS_UP_TO: usize = 64;

/// Minimises a list that fails: it ends in the same violation, with fewer actions, in a smaller cluster, under
/// lower names. The same list gives the same result, to the byte.
///
/// `patience` is how many actions may be carried out in all; some millions take a second.
///
/// Returns `None` if the list does not fail: then the violation needs the times of the run that it came
/// from.
pub fn minimise<N: Node, J: Judge<N>>(judge: &J, tale: Tale<N>, patience: u64) -> Option<Minimised<N>> {
    let completed = with_last_words(judge, &tale);
    let mut search = Search {
        judge,
        wanted: tale.violation,
        in_history: false,
        patience,
        tries: 0,
        carried_out: 0,
        node: PhantomData,
    };
    let mut nodes = tale.nodes;
    let mut actions = search.first(nodes, completed.as_ref().unwrap_or(&tale.actions))?;
    actions = search.shorten(nodes, actions, |list, trial| match trial.in_history() {
        true => shortest_beginning(list, trial),
        false => shortest_end(list, trial),
    });
    polish::arrive_at_once(&mut search, nodes, &mut actions);
    // A long run may hold what a smaller cluster needs; a short list holds only what this one does.
    polish::smaller_cluster(&mut search, &mut nodes, &mut actions);
    search.remove_groups(nodes, &mut actions);
    loop {
        let before = (nodes, actions.len());
        actions = search.shorten(nodes, actions, |list, trial| pieces(list, trial));
        polish::ask_once(&mut search, nodes, &mut actions);
        polish::by_age(&mut search, nodes, &mut actions);
        polish::smaller_cluster(&mut search, &mut nodes, &mut actions);
        actions = search.shorten(nodes, actions, |list, trial| pieces(list, trial));
        actions = search.shorten(nodes, actions, |list, trial| {
            let parts = trial.actions;
            rounds(list, &|index| part(&parts[index as usize]), trial)
        });
        with_consequences(&mut search, nodes, &mut actions);
        if actions.len() <= PAIRS_UP_TO {
            actions = search.shorten(nodes, actions, |list, trial| pairs(list, trial));
        }
        polish::plainer(&mut search, nodes, &mut actions);
        polish::in_good_order(&mut search, nodes, &mut actions);
        polish::lower_names(&mut search, nodes, &mut actions);
        if before == (nodes, actions.len()) || search.is_over() {
            break;
        }
    }
    let is_cut_short = search.is_over();
    search.patience = u64::MAX;
    let violation = search.run(nodes, &actions)?.violation;
    let Search { tries, carried_out, .. } = search;
    let tale = Tale { nodes, actions, violation };
    Some(Minimised { tale, tries, carried_out, is_cut_short })
}

fn part<N: Node>(action: &Action<N>) -> Part<'_> {
    match action {
        Action::Request { .. } => Part::Call,
        Action::Deliver(address) => Part::Delivery(address),
        _ => Part::Neither,
    }
}

/// Lists that were tried, and how much patience is left.
pub(super) struct Search<'a, N: Node, J> {
    judge: &'a J,
    wanted: Violation,
    /// Is it the clients' history that is wrong? Then it must be judged each time.
    in_history: bool,
    patience: u64,
    tries: u64,
    carried_out: u64,
    node: PhantomData<fn() -> N>,
}

/// A list that failed.
pub(super) struct Failed {
    /// Which of its actions were carried out before the violation.
    pub(super) used: Vec<u32>,
    violation: Violation,
}

impl<N: Node, J: Judge<N>> Search<'_, N, J> {
    pub(super) fn is_over(&self) -> bool {
        self.carried_out >= self.patience
    }

    fn first(&mut self, nodes: u32, actions: &[Action<N>]) -> Option<Vec<Action<N>>> {
        let used = match self.run(nodes, actions) {
            Some(failed) => failed.used,
            None => {
                self.in_history = true;
                self.run(nodes, actions)?.used
            }
        };
        Some(used.into_iter().map(|index| actions[index as usize].clone()).collect())
    }

    pub(super) fn least_nodes(&self) -> u32 {
        self.judge.least_nodes()
    }

    pub(super) fn config(&self, nodes: u32) -> N::Config {
        self.judge.config(nodes)
    }

    /// Tries this list, and takes what was carried out of it in place of the one at hand if it fails.
    pub(super) fn adopt(&mut self, nodes: u32, list: &mut Vec<Action<N>>, candidate: Vec<Action<N>>) -> bool {
        let Some(Failed { used, .. }) = self.run(nodes, &candidate) else { return false };
        *list = used.into_iter().map(|index| candidate[index as usize].clone()).collect();
        true
    }

    pub(super) fn run(&mut self, nodes: u32, actions: &[Action<N>]) -> Option<Failed> {
        self.run_these(nodes, actions, 0..actions.len() as u32)
    }

    fn run_these(
        &mut self,
        nodes: u32,
        actions: &[Action<N>],
        which: impl Iterator<Item = u32>,
    ) -> Option<Failed> {
        if self.is_over() {
            return None;
        }
        self.tries += 1;
        let mut world = World::new(nodes, self.judge.config(nodes), self.judge.watch());
        let mut used = Vec::new();
        for index in which {
            if world.act(&actions[index as usize]) {
                used.push(index);
            }
            if world.violation().is_some() {
                break;
            }
        }
        self.carried_out += used.len() as u64;
        let violation = match world.violation() {
            Some(violation) => violation.clone(),
            None if self.in_history => self.judge.verdict(world.calls())?,
            None => return None,
        };
        is_same(&violation, &self.wanted).then_some(Failed { used, violation })
    }

    /// Removes some of the actions.
    fn shorten(
        &mut self,
        nodes: u32,
        actions: Vec<Action<N>>,
        by: impl FnOnce(Vec<u32>, &mut Trial<'_, '_, N, J>) -> Vec<u32>,
    ) -> Vec<Action<N>> {
        let all = (0..actions.len() as u32).collect();
        let kept = by(all, &mut Trial { search: self, nodes, actions: &actions });
        kept.into_iter().map(|index| actions[index as usize].clone()).collect()
    }

    /// All that a node does, all calls of a client, all firings of one timer: much is not needed at all.
    fn remove_groups(&mut self, nodes: u32, actions: &mut Vec<Action<N>>) {
        let clients: BTreeSet<_> = actions.iter().filter_map(Action::client).collect();
        // One by one they would be many; pieces remove the rest.
        for half in [clients.len(), clients.len() / 2, clients.len() / 4] {
            let some: BTreeSet<_> = clients.iter().copied().take(half.max(1)).collect();
            let others = |action: &&Action<N>| !action.client().is_some_and(|client| some.contains(&client));
            let without = actions.iter().filter(others).cloned().collect();
            self.adopt(nodes, actions, without);
        }
        for id in (1..=nodes).map(synod_protocol::NodeId) {
            let elsewhere = |action: &&Action<N>| !action.nodes().any(|node| node == id);
            let without = actions.iter().filter(elsewhere).cloned().collect();
            self.adopt(nodes, actions, without);
        }
        let timers: BTreeSet<_> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Fire { timer, .. } => Some(*timer),
                _ => None,
            })
            .collect();
        for timer in timers {
            let others =
                |action: &&Action<N>| !matches!(action, Action::Fire { timer: this, .. } if *this == timer);
            let without = actions.iter().filter(others).cloned().collect();
            self.adopt(nodes, actions, without);
        }
        let mut kinds: Vec<Action<N>> = Vec::new();
        for action in actions.iter() {
            if kinds.iter().all(|kind| discriminant(kind) != discriminant(action)) {
                kinds.push(action.clone());
            }
        }
        for kind in kinds {
            let others = |action: &&Action<N>| discriminant(*action) != discriminant(&kind);
            let without = actions.iter().filter(others).cloned().collect();
            self.adopt(nodes, actions, without);
        }
    }
}

/// Some of these actions.
pub(super) struct Trial<'s, 'j, N: Node, J> {
    search: &'s mut Search<'j, N, J>,
    nodes: u32,
    actions: &'s [Action<N>],
}

impl<N: Node, J> Trial<'_, '_, N, J> {
    fn in_history(&self) -> bool {
        self.search.in_history
    }
}

impl<N: Node, J: Judge<N>> super::removal::Trial for Trial<'_, '_, N, J> {
    fn fails(&mut self, list: &[u32]) -> Option<Vec<u32>> {
        let Trial { search, nodes, actions } = self;
        search.run_these(*nodes, actions, list.iter().copied()).map(|failed| failed.used)
    }
}
