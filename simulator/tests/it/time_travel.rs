//! Stopping, looking, and stepping back.
use synod_protocol::NodeId;
use synod_simulator::untimed::{Extract, World};
use synod_simulator::{Fault, Machine, Replay, Simulation, TimeTravel};

use crate::toys::{Ledger, Rules, new_values, run, short};

/// The states after each step, going forward once and never back.
fn states<M: Machine>(mut machine: M, of: impl Fn(&M) -> String) -> Vec<String> {
    let mut states = vec![of(&machine)];
    while machine.advance() {
        states.push(of(&machine));
    }
    states
}

fn all_nodes<M: Machine>(machine: &M) -> String {
    format!("{:?}", machine.nodes())
}

fn wanders<M: Machine>(machine: M, positions: &[u64]) {
    let states = states(machine.clone(), all_nodes);
    let last = states.len() as u64 - 1;
    let mut travel = TimeTravel::new(machine);
    for &position in positions {
        assert_eq!(travel.go_to(position), position);
        assert_eq!(all_nodes(travel.machine()), states[position as usize], "after {position} steps");
    }
    assert_eq!(travel.go_to(u64::MAX), last);
    travel.back(1);
    assert_eq!(
        (travel.position(), all_nodes(travel.machine())),
        (last - 1, states[last as usize - 1].clone())
    );
    assert!(travel.forward() && !travel.forward());
    travel.back(u64::MAX);
    assert_eq!(travel.position(), 0);
}

#[test]
fn a_run_goes_back_as_it_came() {
    let config = synod_simulator::Config { operations: 200, ..short(4) }.with_faults(&Fault::ALL);
    let rules = Rules::sound(&config);
    let simulation = Simulation::<Ledger, _, _>::new(config, rules, new_values, ()).expect("sound knobs");
    wanders(simulation, &[10, 9, 0, 64, 63, 65, 1_200, 1_199, 1, 2_000, 1_990, 2]);
}

#[test]
fn a_list_goes_back_as_it_came() {
    let mut extract = Extract::default();
    let config = synod_simulator::Config { operations: 1_000, ..short(4) }.with_faults(&Fault::ALL);
    run(config.clone(), &mut extract);
    let world = World::<Ledger, ()>::new(5, Rules::sound(&config), ());
    let actions: Vec<_> = extract.into_actions().into_iter().cycle().take(6_000).collect();
    // Over the moments at which copies are given up.
    wanders(Replay::new(world, actions), &[64, 4_200, 4_199, 1, 5_000, 4_990, 64 * 64, 64 * 64 + 1, 2]);
}

#[test]
fn a_moment_is_found() {
    let config = short(4);
    let rules = Rules::sound(&config);
    let simulation = Simulation::<Ledger, _, _>::new(config, rules, new_values, ()).expect("sound knobs");
    let mut travel = TimeTravel::new(simulation);
    let knows = |machine: &Simulation<Ledger, _, _>, many| {
        machine.nodes().get(NodeId(2)).is_some_and(|node| node.values.0.len() >= many)
    };
    assert!(travel.forward_until(|machine| knows(machine, 20)));
    let at = travel.position();
    assert_eq!(travel.node(NodeId(2)).map(|node| node.values.0.len()), Some(20));
    travel.back(1);
    assert_eq!(travel.node(NodeId(2)).map(|node| node.values.0.len()), Some(19));
    assert!(travel.forward_until(|machine| knows(machine, 20)) && travel.position() == at);
    assert!(!travel.forward_until(|machine| knows(machine, 1_000_000)), "the run ends before");
}
