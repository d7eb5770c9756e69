//! One binary: the papers' claims, dialogues that one would show in a lecture, and laws.
mod cluster;
mod paper_updates;
