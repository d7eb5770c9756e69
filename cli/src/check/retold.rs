//! A counterexample as a list of actions without time, so that whatever takes a story takes it.
use synod_model_check::{Action, Content, Counterexample, Packet, Scope};
use synod_protocol::{ClientId, Node};
use synod_simulator::untimed::{self, Address, Tale, named_by_age, play};

use crate::{
    algorithm::Algorithm,
    finding,
    judge::Judge,
    replay_file::{Plot, Story},
};

/// Shrinking starts from a list that is short already.
const PATIENCE: u64 = 2_000_000;

/// The story, and whether it ends in the violation when it is told without the checker.
pub(super) fn story<A: Algorithm>(
    scope: &Scope<A::Node>,
    found: &Counterexample<A::Node>,
) -> (Story<A::Node>, bool) {
    let (nodes, violation) = (scope.nodes, found.violation.clone());
    let mut actions = untimed(scope, &found.actions);
    named_by_age(nodes, scope.config.clone(), &mut actions);
    let judge = Judge::<A> { config: scope.config.clone() };
    // The watch of runs may see it a step before the checker's, or name it otherwise.
    let ends_in = play(&judge, nodes, &actions, ()).0;
    let told = ends_in.clone().unwrap_or(violation);
    let tale = Tale { nodes, actions: actions.clone(), violation: told.clone() };
    if ends_in.is_some()
        && let Some((story, _)) = finding::shrink::<A>(tale, None, scope.config.clone(), PATIENCE)
    {
        return (story, true);
    }
    let node_config = scope.config.clone();
    let plot = Plot::Actions(actions);
    (Story { seed: None, nodes, node_config, violation: told, plot }, ends_in.is_some())
}

/// Clients bear the numbers that a world gives them: in the order of their first calls.
fn untimed<N: Node>(scope: &Scope<N>, actions: &[Action<N>]) -> Vec<untimed::Action<N>> {
    let mut clients: Vec<(u8, usize)> = Vec::new();
    let mut told = Vec::new();
    let arrives = !scope.requests_travel;
    for action in actions {
        told.push(match action {
            Action::Deliver { packet, again } => {
                untimed::Action::Deliver(Address { again: *again, ..address(packet) })
            }
            Action::Drop { packet } => untimed::Action::Drop(address(packet)),
            Action::Fire { node, timer } => untimed::Action::Fire { node: *node, timer: *timer },
            Action::Crash { node, lose, .. } => {
                untimed::Action::Crash { node: *node, lose: u64::from(*lose) }
            }
            Action::Boot { node } => untimed::Action::Boot { node: *node },
            Action::Call { script, via } => {
                let place = clients.iter().position(|(known, _)| known == script).unwrap_or_else(|| {
                    clients.push((*script, 0));
                    clients.len() - 1
                });
                let call = clients[place].1;
                clients[place].1 += 1;
                let request = scope.scripts[usize::from(*script)][call].clone();
                untimed::Action::Request { client: client(place), via: *via, request, arrives }
            }
            Action::Retry { script, via } => {
                let place = clients.iter().position(|(known, _)| known == script).unwrap_or(0);
                untimed::Action::Retry { client: client(place), via: *via, arrives }
            }
        });
    }
    told
}

fn client(place: usize) -> ClientId {
    ClientId(place as u32 + 1)
}

fn address<N: Node>(packet: &Packet<N>) -> Address {
    let address = Address::new(packet.from, packet.to, packet.kind());
    match &packet.content {
        Content::Input(input) => address.saying(input),
        Content::Answer(caller, answer) => address.answering::<N>(*caller, answer),
    }
}
