//! Every model that takes a second or so, the files that belong to them, and traces made by hand.
mod follow;
mod models;
