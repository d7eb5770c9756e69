//! A list that is as short as it gets, made plain: smaller clusters, fewer clients, lower names, an order
//! that reads well.
use std::collections::BTreeMap;

use synod_protocol::{ClientId, Node, NodeId};

use super::minimise::Search;
use super::{Action, Address, Judge, World};

/// Requests that arrive when they are made need no delivery of their own.
pub(super) fn arrive_at_once<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
) {
    let mut at_once = actions.clone();
    at_once.retain(|action| match action {
        Action::Deliver(address) => address.kind != Address::REQUEST,
        _ => true,
    });
    at_once.iter_mut().for_each(arrive);
    search.adopt(nodes, actions, at_once);
}

fn arrive<N: Node>(action: &mut Action<N>) {
    if let Action::Request { arrives, .. } | Action::Retry { arrives, .. } = action {
        *arrives = true;
    }
}

/// A call that is tried at several nodes is made where it is tried last, if it may be.
pub(super) fn ask_once<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
) {
    let mut at = 0;
    while let Some(action) = actions.get(at) {
        at += 1;
        let Action::Retry { client: retries, via, .. } = *action else { continue };
        let first = actions[..at]
            .iter()
            .rposition(|action| matches!(action, Action::Request { client, .. } if *client == retries));
        let Some(first) = first else { continue };
        let mut candidate = actions.clone();
        let mut request = candidate.remove(first);
        if let Action::Request { via: asked, arrives, .. } = &mut request {
            (*asked, *arrives) = (via, true);
        }
        candidate[at - 2] = request;
        if search.adopt(nodes, actions, candidate) {
            at = 0;
        }
    }
}

/// Addresses by age alone, as they stand in a file: what a message said is forgotten.
pub(super) fn by_age<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut [Action<N>],
) {
    named_by_age(nodes, search.config(nodes), actions);
}

/// Addresses that say what is meant become such as can be written to a file: by age.
pub fn named_by_age<N: Node>(nodes: u32, config: N::Config, actions: &mut [Action<N>]) {
    let mut world = World::new(nodes, config, ());
    for action in actions {
        let meant = action.clone();
        if let Action::Deliver(address) | Action::Drop(address) = action {
            (address.older, address.digest) = (world.age(address).unwrap_or(0), None);
        }
        world.act(&meant);
    }
}

/// With as few nodes as it goes: each part of the cluster is tried, the smallest first.
pub(super) fn smaller_cluster<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: &mut u32,
    actions: &mut Vec<Action<N>>,
) {
    // All parts of a big cluster are too many; there, one node at a time is left out.
    let is_small = *nodes <= 9;
    let mut parts: Vec<u32> = (1..(1u32 << (*nodes).min(31)) - 1)
        .take_while(|_| is_small)
        .filter(|part| part.count_ones() < *nodes)
        .collect();
    if !is_small {
        let all = u32::MAX.checked_shr(32 - (*nodes).min(32)).unwrap_or(u32::MAX);
        parts.extend((0..(*nodes).min(32)).map(|left_out| all & !(1 << left_out)));
    }
    parts.retain(|part| part.count_ones() >= search.least_nodes());
    parts.sort_by_key(|part| part.count_ones());
    for part in parts {
        let is_in = |id: NodeId| part & (1 << (id.0 - 1)) != 0;
        let name =
            |id: NodeId| NodeId((part & ((1u32 << (id.0 - 1)) | ((1u32 << (id.0 - 1)) - 1))).count_ones());
        let within = actions.iter().filter(|action| action.nodes().all(is_in));
        let candidate: Vec<_> = within.map(|action| action.renamed(name, |client| client)).collect();
        let size = part.count_ones();
        if candidate.is_empty() {
            continue;
        }
        if search.adopt(size, actions, candidate.clone()) || one_moved(search, size, actions, &candidate) {
            *nodes = size;
            return;
        }
    }
}

/// With fewer nodes a quorum is reached sooner, and what came in time comes too late: one delivery is moved
/// forward.
fn one_moved<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
    list: &[Action<N>],
) -> bool {
    if list.len() > MOVED_UP_TO {
        return false;
    }
    for from in 1..list.len() {
        for to in 0..from {
            let mut candidate = list.to_vec();
            candidate[to..=from].rotate_right(1);
            if search.adopt(nodes, actions, candidate) {
                return true;
            }
        }
    }
    false
}

/// In longer lists than this, there are too many moves.
const MOVED_UP_TO: usize = 40;

/// Each action in its plainest form that still does it.
pub(super) fn plainer<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
) {
    for place in 0..actions.len() {
        for plain in plainer_forms(actions, place) {
            let Some(action) = actions.get(place) else { return };
            if plain == *action {
                continue;
            }
            let mut candidate = actions.clone();
            candidate[place] = plain;
            // An action that is skipped now would move the others.
            if search.run(nodes, &candidate).is_some_and(|failed| failed.used.len() == candidate.len()) {
                *actions = candidate;
            }
        }
    }
}

fn plainer_forms<N: Node>(actions: &[Action<N>], place: usize) -> Vec<Action<N>> {
    let first_client = actions.iter().find_map(Action::client).unwrap_or(ClientId(1));
    let mut forms = Vec::new();
    match &actions[place] {
        Action::Deliver(address) => {
            forms.push(Action::Deliver(Address { again: false, ..address.clone() }));
            forms.push(Action::Deliver(Address { older: 0, ..address.clone() }));
        }
        Action::Crash { node, lose } => {
            forms.extend((0..(*lose).min(4)).map(|lose| Action::Crash { node: *node, lose }));
        }
        Action::Request { via, request, .. } => {
            let mut form =
                Action::Request { client: first_client, via: *via, request: request.clone(), arrives: true };
            forms.push(form.clone());
            // One request is like the other, if it may be.
            let first = actions.iter().find_map(|action| match action {
                Action::Request { request, .. } => Some(request),
                _ => None,
            });
            if let (Action::Request { request, .. }, Some(first)) = (&mut form, first) {
                *request = first.clone();
                forms.push(form);
            }
        }
        _ => {}
    }
    forms
}

/// What is delivered stands near its sending: each delivery moves up as far as it goes.
pub(super) fn in_good_order<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
) {
    if actions.len() > PUT_IN_ORDER_UP_TO {
        return;
    }
    for from in 1..actions.len() {
        if !matches!(actions[from], Action::Deliver(_)) {
            continue;
        }
        for to in 0..from {
            let mut candidate = actions.clone();
            candidate[to..=from].rotate_right(1);
            if search.run(nodes, &candidate).is_some_and(|failed| failed.used.len() == candidate.len()) {
                *actions = candidate;
                break;
            }
        }
    }
}

/// Longer lists are not read as stories.
const PUT_IN_ORDER_UP_TO: usize = 64;

/// Who comes first is n1, and c1.
pub(super) fn lower_names<N: Node, J: Judge<N>>(
    search: &mut Search<'_, N, J>,
    nodes: u32,
    actions: &mut Vec<Action<N>>,
) {
    let mut node_names: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut client_names: BTreeMap<ClientId, ClientId> = BTreeMap::new();
    for action in actions.iter() {
        for id in action.nodes() {
            let next = NodeId(node_names.len() as u32 + 1);
            node_names.entry(id).or_insert(next);
        }
        if let Some(client) = action.client() {
            let next = ClientId(client_names.len() as u32 + 1);
            client_names.entry(client).or_insert(next);
        }
    }
    for id in (1..=nodes).map(NodeId) {
        let next = NodeId(node_names.len() as u32 + 1);
        node_names.entry(id).or_insert(next);
    }
    let node = |id: NodeId| node_names.get(&id).copied().unwrap_or(id);
    let client = |id: ClientId| client_names.get(&id).copied().unwrap_or(id);
    let candidate: Vec<_> = actions.iter().map(|action| action.renamed(node, client)).collect();
    if candidate != *actions && search.run(nodes, &candidate).is_some_and(|f| f.used.len() == candidate.len())
    {
        *actions = candidate;
    }
}
