//! `synod check`: every behaviour of a small cluster within a budget of faults.
use std::{
    io::{IsTerminal, stderr},
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use synod_model_check::{
    BudgetError, Call, CheckError, Checked, Cluster, Counts, Engine, Limits, Opening, Promise, Scope,
    Symmetry, Watch,
};
use synod_protocol::{Node, Violation};
use synod_simulator::ClientCall;
use thiserror::Error;

use crate::{
    algorithm::Algorithm,
    exit::Exit,
    files::Folder,
    judge::{History, history},
    promise,
    replay_file::Story,
    report::grouped,
    run::Failure,
};

mod retold;
mod result;
pub use result::Report;

/// An algorithm that can be explored: what one adds to [`Algorithm`] so that `synod check` takes it.
pub trait Explored: Algorithm {
    /// Its invariants, with what they remember.
    type Memory: Watch<Self::Node>;

    /// How its nodes are renamed, if it treats them all alike.
    const SYMMETRY: Option<Symmetry<Self::Node, Self::Memory>> = None;

    /// What is explored, by name; the first unless somebody asks for another.
    fn scopes() -> Vec<Scope<Self::Node>>;
}

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// By name; `None`: the first.
    pub scope: Option<String>,
    pub nodes: Option<u32>,
    /// Parts of the budget that are to be others: `crashes=1,timers=3`.
    pub budget: Option<String>,
    pub engine: Engine,
    pub threads: usize,
    pub limits: Limits,
    /// Where a counterexample goes; `None`: nowhere.
    pub out: Option<PathBuf>,
}

/// What is wrong with the question.
#[derive(Debug, Error)]
pub enum OptionError {
    #[error("there is no scope {asked}: the scopes of {algorithm} are {known}")]
    NoSuchScope { asked: String, algorithm: &'static str, known: String },
    #[error("--budget: {0}")]
    Budget(#[from] BudgetError),
    #[error("--nodes {nodes}: {algorithm} needs {least} at least")]
    TooFew { nodes: u32, algorithm: &'static str, least: u32 },
    #[error(
        "--nodes {nodes}: the scope {scope} begins with a deed of n{named}; give --nodes {named} or more"
    )]
    Opening { nodes: u32, scope: &'static str, named: u32 },
    #[error(transparent)]
    Check(#[from] CheckError),
}

fn usage(error: impl Into<OptionError>) -> Failure {
    Failure { exit: Exit::Usage, error: error.into().into() }
}

/// The scope that is asked for, as it is asked for.
fn scope<A: Explored>(options: &CheckOptions) -> Result<Scope<A::Node>, Failure> {
    let mut scopes = A::scopes();
    let place = match &options.scope {
        None => 0,
        Some(asked) => scopes.iter().position(|scope| scope.name == asked).ok_or_else(|| {
            let known = scopes.iter().map(|scope| scope.name).collect::<Vec<_>>().join(", ");
            usage(OptionError::NoSuchScope { asked: asked.clone(), algorithm: A::NAME, known })
        })?,
    };
    let mut scope = scopes.swap_remove(place);
    if let Some(nodes) = options.nodes {
        if nodes < A::LEAST_NODES {
            return Err(usage(OptionError::TooFew { nodes, algorithm: A::NAME, least: A::LEAST_NODES }));
        }
        let named = scope.opening.iter().filter_map(Opening::node).map(|id| id.0).max();
        if let Some(named) = named.filter(|named| *named > nodes) {
            return Err(usage(OptionError::Opening { nodes, scope: scope.name, named }));
        }
        scope.config = A::resized(&scope.config, nodes);
        scope.nodes = nodes;
    }
    if let Some(budget) = &options.budget {
        scope.budget = scope.budget.with(budget).map_err(|error| usage(OptionError::Budget(error)))?;
    }
    Ok(scope)
}

/// The scopes, a line each.
pub fn scopes<A: Explored>() -> Vec<(&'static str, String)> {
    let line = |scope: Scope<A::Node>| (scope.name, format!("{}; {}", scope.about, scope.budget));
    A::scopes().into_iter().map(line).collect()
}

fn cluster<A: Explored>(scope: Scope<A::Node>) -> Cluster<A::Node, A::Memory> {
    let promise =
        Promise { name: <A::Promise as promise::Promise<A>>::PROPERTY, judge: |calls| kept::<A>(calls) };
    Cluster::new(scope, Some(promise)).with_symmetry(A::SYMMETRY)
}

/// Was what clients were promised kept?
fn kept<A: Algorithm>(calls: &[Call<'_, A::Node>]) -> Option<Violation> {
    let millis = |at: u64| synod_protocol::Time(at * 1_000_000);
    let seen = calls.iter().map(|call| ClientCall {
        client: call.client,
        number: call.number,
        request: call.request.clone(),
        called: millis(call.called),
        returned: call.returned.map(|(at, response)| (millis(at), response.clone())),
        reached: true,
    });
    match history::<A>(&seen.collect::<Vec<_>>()) {
        History::Unexplained(violation) => Some(violation),
        History::Explained | History::Undecided => None,
    }
}

/// Checks it, and writes the story of what it finds.
///
/// # Errors
/// No such scope, a budget that is none, a node that cannot be checked, a folder that cannot be written to.
pub fn check<A: Explored>(options: &CheckOptions, interrupted: &AtomicBool) -> Result<Report, Failure> {
    let scope = scope::<A>(options)?;
    let folder = match &options.out {
        Some(out) => Some(Folder::open(out).map_err(Failure::new(Exit::Environment))?),
        None => None,
    };
    let (began, bar) = (Instant::now(), progress());
    let goes_on = |counts: Counts| {
        bar.set_message(format!("{} states, depth {}", grouped(counts.unique), counts.depth));
        let in_time = options.limits.time.is_none_or(|most| began.elapsed() < most);
        in_time && !interrupted.load(Ordering::Relaxed)
    };
    let checked =
        cluster::<A>(scope.clone()).check(options.engine, options.threads, &options.limits, &goes_on);
    bar.finish_and_clear();
    let checked: Checked<A::Node> = checked.map_err(usage)?;
    let story = checked.counterexample.as_ref().map(|found| retold::story::<A>(&scope, found));
    let name = |story: &Story<A::Node>| {
        let property: String =
            story.violation.property.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
        format!("{}-{}-{property}.replay.jsonl", A::NAME, scope.name)
    };
    let mut files = Vec::new();
    if let (Some(mut folder), Some((story, _))) = (folder, &story) {
        let environment = || Failure::new(Exit::Environment);
        let text = story.text::<A>();
        folder
            .write(&name(story), |mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .map_err(environment())?;
        files = folder.finish().map_err(environment())?;
    }
    let was_interrupted = interrupted.load(Ordering::Relaxed);
    Ok(Report::new::<A>(&scope, options, checked, story, files, began.elapsed(), was_interrupted))
}

/// Serves stateright's Explorer until somebody presses Ctrl-C.
///
/// # Errors
/// As of [`check`]; or nobody may listen there.
pub fn explore<A: Explored>(options: &CheckOptions, address: SocketAddr) -> Result<(), Failure> {
    let scope = scope::<A>(options)?;
    // The server itself ends with a panic if it cannot listen; so somebody tries first.
    std::net::TcpListener::bind(address).map_err(|error| Failure {
        exit: Exit::Environment,
        error: anyhow::anyhow!("--explore {address}: {error}"),
    })?;
    anstream::eprintln!(
        "{}: states and actions at http://{address}/ until you press Ctrl-C; scope {}, {}",
        A::NAME,
        scope.name,
        scope.budget
    );
    cluster::<A>(scope).explore(address);
    Ok(())
}

fn progress() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Only what a registry's entry needs: the verb, for one algorithm.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    pub check: fn(&CheckOptions, &AtomicBool) -> Result<Report, Failure>,
    pub explore: fn(&CheckOptions, SocketAddr) -> Result<(), Failure>,
    pub scopes: fn() -> Vec<(&'static str, String)>,
}

impl Verb {
    pub const fn of<A: Explored>() -> Verb {
        Verb { check: check::<A>, explore: explore::<A>, scopes: scopes::<A> }
    }
}

/// How a scope is bounded, in a line.
fn bounds<N: Node>(scope: &Scope<N>, engine: Engine) -> String {
    let calls: usize = scope.scripts.iter().map(Vec::len).sum();
    let opening = if scope.opening.is_empty() { "from the first boot" } else { "after an opening" };
    let nodes = match engine {
        Engine::Dfs { symmetry: true } => "interchangeable nodes (symmetry)",
        _ => "nodes",
    };
    format!(
        "{} {nodes}, {opening}; {}; {} clients with {calls} calls in all",
        scope.nodes,
        scope.budget,
        scope.scripts.len()
    )
}
