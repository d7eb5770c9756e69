//! One binary. `toys` holds the algorithms that the simulator is tried with.
mod clients;
mod contract;
mod determinism;
mod disk;
mod faults;
mod liveness;
mod network;
mod priorities;
mod process;
mod release;
mod scenarios;
mod storage;
mod toys;
mod traffic;
mod violations;
