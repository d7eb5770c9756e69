//! One binary. `toys` holds the algorithms that the simulator is tried with.
mod clients;
mod contract;
mod determinism;
mod disk;
mod faults;
mod journal;
mod liveness;
mod network;
mod time_travel;
mod toys;
mod untimed;
mod violations;
mod tail;
