//! Histories as text.
mod json;
mod jsonl;
