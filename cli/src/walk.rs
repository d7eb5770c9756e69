//! `synod replay FILE --walk`: forwards and backwards through a story, with the state of any node.
use std::io::{self, BufRead, Write};

use synod_protocol::{NodeId, Nodes};
use synod_simulator::{Machine, Replay, Simulation, TimeTravel, untimed::World};

use crate::{
    algorithm::{Algorithm, aimed},
    diagram::Diagram,
    load::Load,
    replay_file::{Plot, Story},
};

const HELP: &str =
    "n: next   b: back   g 12: go to step 12   d: the diagram so far   1: the state of n1   q: quit";

/// Reads commands, a line each, until there are no more.
///
/// # Errors
/// The input cannot be read, or the output not be written.
pub fn walk<A: Algorithm>(story: &Story<A::Node>, input: impl BufRead, out: impl Write) -> io::Result<()> {
    let diagram = Diagram::<A>::new(story.nodes);
    match &story.plot {
        Plot::Actions(actions) => {
            let world = World::new(story.nodes, story.node_config.clone(), diagram);
            let machine = Replay::new(world, actions.clone());
            through::<A, _>(machine, |machine| machine.world().observer(), input, out)
        }
        Plot::Timed(config) => {
            let made = Simulation::new(
                (**config).clone(),
                story.node_config.clone(),
                Load::<A>::of(config),
                diagram,
            );
            let machine = aimed::<A, _, _>(made.map_err(io::Error::other)?);
            through::<A, _>(machine, Simulation::observer, input, out)
        }
    }
}

fn through<A: Algorithm, M: Machine<Node = A::Node>>(
    machine: M,
    diagram: impl Fn(&M) -> &Diagram<A>,
    input: impl BufRead,
    mut out: impl Write,
) -> io::Result<()> {
    let mut travel = TimeTravel::new(machine);
    writeln!(out, "{HELP}")?;
    for line in input.lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["n"] | [] => {
                if !travel.forward() {
                    writeln!(out, "the story ends here")?;
                }
            }
            ["b"] => travel.back(1),
            ["g", step] => match step.parse() {
                Ok(step) => {
                    travel.go_to(step);
                }
                Err(_) => writeln!(out, "{step} is no number of a step")?,
            },
            ["d"] => {
                for line in diagram(travel.machine()).lines(0) {
                    writeln!(out, "{line}")?;
                }
                continue;
            }
            ["q"] => return Ok(()),
            [node] => {
                let number = node.strip_prefix('n').unwrap_or(node).parse();
                match number {
                    Ok(number) => writeln!(out, "{}", state(travel.nodes(), NodeId(number)))?,
                    Err(_) => writeln!(out, "{HELP}")?,
                }
                continue;
            }
            _ => {
                writeln!(out, "{HELP}")?;
                continue;
            }
        }
        let diagram = diagram(travel.machine());
        writeln!(out, "after step {}:", travel.position())?;
        if let Some(row) = diagram.lines(diagram.rows().saturating_sub(1)).get(1) {
            writeln!(out, "{row}")?;
        }
    }
    Ok(())
}

fn state<N: synod_protocol::Node>(nodes: Nodes<'_, N>, id: NodeId) -> String {
    nodes.get(id).map_or_else(|| format!("{id} is down, or is none"), |node| format!("{node:#?}"))
}
