//! An algorithm as the shrinker sees it, and how a run is judged.
use synod_protocol::{Node, Violation};
use synod_simulator::{ClientCall, Liveness, Outcome, untimed};

use crate::{
    algorithm::Algorithm,
    promise::{Judged, Promise},
};

/// An algorithm with its knobs.
#[derive(Debug)]
pub struct Judge<A: Algorithm> {
    pub config: <A::Node as Node>::Config,
}

/// What is violated by a cluster that does not serve after the heal.
pub const LIVENESS: &str = "Liveness";

/// A history of some hundred calls needs far fewer; more are no verdict.
const CHECKER_STEPS: u64 = 2_000_000;

impl<A: Algorithm> untimed::Judge<A::Node> for Judge<A> {
    type Watch = A::Watch;

    fn least_nodes(&self) -> u32 {
        A::LEAST_NODES
    }

    fn config(&self, nodes: u32) -> <A::Node as Node>::Config {
        A::resized(&self.config, nodes)
    }

    fn watch(&self) -> A::Watch {
        A::Watch::default()
    }

    fn verdict(&self, calls: &[ClientCall<A::Node>]) -> Option<Violation> {
        match history::<A>(calls) {
            History::Explained | History::Undecided => None,
            History::Unexplained(violation) => Some(violation),
        }
    }
}

/// What the checker says of the calls of a run.
pub enum History {
    Explained,
    Undecided,
    Unexplained(Violation),
}

/// Was what clients were promised kept?
pub fn history<A: Algorithm>(calls: &[ClientCall<A::Node>]) -> History {
    let history = match A::Promise::history(calls) {
        Ok(history) => history,
        Err(error) => {
            return History::Unexplained(Violation::new("Clients call in order", format!("{error:#}")));
        }
    };
    match A::Promise::judge(&history, CHECKER_STEPS) {
        Judged::Broken(story) => {
            // The first line says it; the rest shows it.
            let first = story.lines().next().unwrap_or_default().to_owned();
            History::Unexplained(Violation::new(A::Promise::PROPERTY, first))
        }
        Judged::Kept(_) => History::Explained,
        Judged::Undecided(_) => History::Undecided,
    }
}

/// Everything that a run is held to; the first that is violated, and whether its history was too hard to judge.
pub fn verdict<A: Algorithm>(outcome: &Outcome<A::Node>) -> (Option<Violation>, bool) {
    if let Some(violation) = &outcome.violation {
        return (Some(violation.clone()), false);
    }
    let is_undecided = match history::<A>(&outcome.calls) {
        History::Unexplained(violation) => return (Some(violation), false),
        History::Undecided => true,
        History::Explained => false,
    };
    let Liveness::Stuck { core, succeeded, wanted, within } = &outcome.liveness else {
        return (None, is_undecided);
    };
    let core: Vec<String> = core.iter().map(ToString::to_string).collect();
    let core = core.join(" ");
    let story = format!("{core} were healed, and {succeeded} of {wanted} operations succeeded in {within:?}");
    (Some(Violation::new(LIVENESS, story)), is_undecided)
}
