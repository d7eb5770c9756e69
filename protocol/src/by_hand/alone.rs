//! One node alone, to which anything may be said. For tests that throw arbitrary inputs at it.
use alloc::{format, string::String, vec::Vec};

use crate::{Caller, Durable, Effect, Effects, Input, Node, NodeId, Time};

/// What may come, by whomever.
#[derive(Clone, Debug)]
pub enum Whatever<M, R> {
    Message(NodeId, M),
    Request(Caller, R),
    /// The armed timer with this place among those that are; nothing, if there are fewer.
    Timer(usize),
    /// It goes down, and comes up with what its disk has.
    Restart,
}

/// Hands a node all of it. After each step `look` sees the node, and what its records came to; and each action wrote one
/// record, before its outputs (rule 8).
///
/// # Errors
/// What `look` found, or an action that is not cut clean.
///
/// # Panics
/// As the node does.
pub fn survives<N: Node>(
    config: &N::Config,
    id: NodeId,
    inputs: &[Whatever<N::Message, N::Request>],
    mut look: impl FnMut(&N, &N::Durable) -> Result<(), String>,
) -> Result<(), String> {
    let mut out = Effects::default();
    let mut disk = N::Durable::default();
    let mut node: N = out.boot(Time::ZERO, id, config, disk.clone());
    let mut armed = Vec::new();
    take(&mut out, &mut disk, &mut armed);
    for input in inputs {
        let input = match input {
            Whatever::Message(from, message) => Input::Message(*from, message.clone()),
            Whatever::Request(caller, request) => Input::Request(*caller, request.clone()),
            Whatever::Timer(place) if *place < armed.len() => Input::Timer(armed.remove(*place)),
            Whatever::Timer(_) => continue,
            Whatever::Restart => {
                armed.clear();
                node = out.boot(Time::ZERO, id, config, disk.clone());
                take(&mut out, &mut disk, &mut armed);
                continue;
            }
        };
        out.step(Time::ZERO, &mut node, &input);
        if !out.is_cut_clean() {
            return Err(format!("{input:?} is not cut clean: {:?}", out.as_slice()));
        }
        take(&mut out, &mut disk, &mut armed);
        let _ = node.view();
        look(&node, &disk).map_err(|why| format!("{input:?}: {why}"))?;
    }
    Ok(())
}

/// Its disk is fast, and nobody hears it.
fn take<N: Node>(out: &mut Effects<N>, disk: &mut N::Durable, armed: &mut Vec<N::Timer>) {
    for effect in out.drain() {
        match effect {
            Effect::Persist(record) => disk.apply(&record),
            Effect::SetTimer(timer, _) if !armed.contains(&timer) => armed.push(timer),
            Effect::CancelTimer(timer) => armed.retain(|other| *other != timer),
            _ => {}
        }
    }
}
