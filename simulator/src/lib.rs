//! A deterministic simulator for any [`synod_protocol::Node`]: virtual time, faulty links, disks and clocks.
mod config;
pub use config::{Client, Clock, Config, ConfigError, Delay, Disk, LivenessGoal, Nemesis, Network, Strikes};

mod fault;
pub use fault::{Fault, UnknownFault};

mod draw;
pub use draw::{Draws, Site, mix};

mod simulation;
pub use simulation::{Simulation, Workload};

mod assertion;
mod client;
mod clock;
mod nemesis;
mod network;
mod partition;
mod phase;
mod queue;
mod server;

mod hash;
mod stream;

mod outcome;
pub use outcome::{ClientCall, Counts, Liveness, Outcome};

mod recorder;
pub use recorder::{Recorder, Recording, TraceError, read_trace};
