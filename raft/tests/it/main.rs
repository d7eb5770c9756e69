//! One binary: the paper's claims, dialogues that one would show in a lecture, and laws.
mod cluster;
mod script;
mod dialogues;
mod laws;
mod bad_input;
mod paper_clients;
mod paper_elections;
mod paper_replication;
mod paper_safety;
