//! Every model that takes a second or so, and the files that belong to them.
mod models;
