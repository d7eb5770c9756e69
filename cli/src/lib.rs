//! What the binary `synod` is made of. The compositions of floor 3 are here, so that tests and benches
//! drive the very same ones.
pub mod algorithm;
pub mod raft;
pub mod registry;

pub mod args;
pub mod exit;
pub mod files;
pub mod report;
pub mod run;
pub mod lin;
pub mod spec;
pub mod conform;
pub mod story;
