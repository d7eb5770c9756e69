//! One binary: the papers' claims, dialogues that one would show in a lecture, and laws.
mod bad_input;
mod bad_words;
mod cluster;
mod dialogues;
mod every_order;
mod laws;
mod model;
mod non_blocking;
mod paper_paxos_commit;
mod paper_three_phase;
mod paper_two_phase;
mod script;
mod two_commands;
