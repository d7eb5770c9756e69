//! Chain replication.
#![no_std]
extern crate alloc;

mod types;
pub use types::{Entry, Epoch, Index, RoleName, Round};

mod configuration;
pub use configuration::Configuration;

mod message;
pub use message::{Body, ChainMessage};

mod record;
pub use record::{Persistent, Record};

mod config;
pub use config::{Config, ConfigError, Reads};

mod node;
pub use node::{Chain, Timer};

mod client;
mod update;
mod read;
mod reconfigure;

mod master;
pub use master::{Change, Configurations, Detector};

mod event;
pub use event::{ChainEvent, View};

pub mod invariants;

mod watch;
pub use watch::Watch;
