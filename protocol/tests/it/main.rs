//! What the waist promises, and that its judge of harnesses sees each broken promise.
mod toy;

mod contract;
mod harness;
mod wrong;

mod durable;
mod replicated;
mod shared;
mod effects;
mod quorum;
mod step;
mod time;
