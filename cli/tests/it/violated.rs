//! What is said when a property is violated: nobody has seen it of Raft, so a watch that complains is put in.
use synod_cli::{
    algorithm::Algorithm,
    exit::Exit,
    promise::{Linearizable, Objects},
    raft::{Raft, RaftChronicle, RaftNarrator, Server},
    run::{RunOptions, run},
};
use synod_linearizability::{Op, Operation, Output, Value};
use synod_protocol::{ClientId, Node, Nodes, Observer, Step, Time, Violation};
use synod_simulator::{ClientCall, Draws};

/// Raft, held to a property that no cluster has.
struct Doomed;

#[derive(Default)]
struct NoLeader;

impl Observer<Server> for NoLeader {
    fn observe(&mut self, _: &Step<'_, Server>, nodes: Nodes<'_, Server>) -> Result<(), Violation> {
        match nodes.iter().find(|(_, node)| node.is_leader()) {
            Some((id, node)) => {
                Err(Violation::new("Anarchy", format!("{id} leads term {}", node.current_term())))
            }
            None => Ok(()),
        }
    }
}

impl Algorithm for Doomed {
    type Node = Server;
    type Watch = NoLeader;
    type Narrator = RaftNarrator;
    type Chronicle = RaftChronicle;
    type Promise = Linearizable;
    const NAME: &'static str = "raft";

    fn config(nodes: u32) -> <Server as Node>::Config {
        Raft::config(nodes)
    }
    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> <Server as Node>::Request {
        Raft::request(client, nth, draws)
    }
    fn is_favourite(node: &Server) -> bool {
        Raft::is_favourite(node)
    }
}

impl Objects for Doomed {
    fn operation(call: &ClientCall<Server>) -> Operation {
        Raft::operation(call)
    }
}

#[test]
fn a_violation_ends_the_run_and_says_how_to_see_it_again() {
    let report = run::<Doomed>(&RunOptions::new(7)).expect("a violation is no failure of the run");
    assert_eq!(report.exit(), Exit::Violated);
    let text = report.text();
    let red: Vec<&str> = text.lines().skip_while(|line| !line.contains("✗")).collect();
    assert!(red.len() <= 12, "{text}");
    let red = red.join("\n");
    for said in ["Anarchy violated: n", "synod run raft --seed 7", "--verbose"] {
        assert!(red.contains(said), "{said:?} is not in\n{red}");
    }
    assert_eq!(report.json()["verdict"], "violated");
    assert_eq!(report.json()["verdicts"]["invariants"]["holds"], false);
}

/// What clients saw is judged by itself, whatever the invariants say.
#[test]
fn a_history_that_nothing_explains_is_a_violation() {
    struct Forgetful;
    impl Algorithm for Forgetful {
        type Node = Server;
        type Watch = synod_raft::Watch<synod_kv::Store>;
        type Narrator = RaftNarrator;
        type Chronicle = RaftChronicle;
        type Promise = Linearizable;
        const NAME: &'static str = "raft";

        fn config(nodes: u32) -> <Server as Node>::Config {
            Raft::config(nodes)
        }
        fn request(client: ClientId, nth: u64, draws: &mut Draws) -> <Server as Node>::Request {
            Raft::request(client, nth, draws)
        }
        fn is_favourite(node: &Server) -> bool {
            Raft::is_favourite(node)
        }
    }
    impl Objects for Forgetful {
        /// As if one read had seen what nobody wrote.
        fn operation(call: &ClientCall<Server>) -> Operation {
            let mut call = call.clone();
            if let (synod_kv::Command::Get { .. }, 9, Some((_, output))) =
                (&call.request, call.number, &mut call.returned)
            {
                *output = synod_kv::Output::Value(Some(synod_kv::Value::Number(-1)));
            }
            Raft::operation(&call)
        }
    }
    let report = run::<Forgetful>(&RunOptions::new(7)).expect("a violation is no failure of the run");
    assert_eq!(report.exit(), Exit::Violated);
    assert!(report.text().contains("✗ linearizability"), "{}", report.text());
    assert_eq!(report.json()["verdicts"]["linearizability"]["holds"], false);
}

/// Raft, but one client mishears what it reads.
struct Misheard;

impl Algorithm for Misheard {
    type Node = Server;
    type Watch = ();
    type Narrator = RaftNarrator;
    type Chronicle = RaftChronicle;
    type Promise = Linearizable;
    const NAME: &'static str = "raft";

    fn config(nodes: u32) -> <Server as Node>::Config {
        Raft::config(nodes)
    }
    fn request(client: ClientId, nth: u64, draws: &mut Draws) -> <Server as Node>::Request {
        Raft::request(client, nth, draws)
    }
    fn is_favourite(node: &Server) -> bool {
        Raft::is_favourite(node)
    }
}

impl Objects for Misheard {
    fn operation(call: &ClientCall<Server>) -> Operation {
        let mut operation = Raft::operation(call);
        if let (Op::Get, 40.., Some(end)) = (&operation.op, call.number, &mut operation.returned) {
            end.output = Output::Value(Value::from(-77));
        }
        operation
    }
}

/// The answer that no order explains ends the run; nobody has to wait for the check at the end.
#[test]
fn a_wrong_answer_ends_the_run() {
    let report = run::<Misheard>(&RunOptions::new(7)).expect("a violation is no failure of the run");
    let violation = report.verdicts.invariants.as_ref().expect("it is found");
    assert_eq!(violation.property, "Linearizability");
    assert!(violation.story.contains("→ -77 fits nowhere"), "{}", violation.story);
    assert!(report.end < Time(20_000_000_000), "it goes on until {}", report.end);
    assert_eq!(report.exit(), Exit::Violated);
}
