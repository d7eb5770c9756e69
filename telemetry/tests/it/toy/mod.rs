//! A run to tell: a small algorithm, a small world with faults for it, and its narrator.
mod node;
pub(crate) use node::Ballot;
mod world;
pub(crate) use world::{Plan, run};
mod narrator;
pub(crate) use narrator::Teller;
