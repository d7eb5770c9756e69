//! One binary: the papers' claims, dialogues that one would show in a lecture, and laws.
mod cluster;
mod laws;
mod bad_input;
mod dialogues;
mod rejoins;
mod script;
mod paper_craq;
mod paper_failures;
mod paper_updates;
