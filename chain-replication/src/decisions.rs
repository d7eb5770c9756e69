//! The master's decisions as an application: what a group of nodes replicates, to be a master together.
use serde::{Deserialize, Serialize};
use synod_protocol::StateMachine;

use crate::{Change, Configuration, Configurations, event::ChainEvent};

/// What the application is asked. Each is answered with the latest configuration after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ask {
    Decide(Change),
    Latest,
}

impl StateMachine for Configurations {
    type Command = Ask;
    type Output = Configuration;
    type Snapshot = Configurations;

    fn apply(&mut self, ask: &Ask) -> Configuration {
        if let Ask::Decide(change) = ask {
            self.decide(change);
        }
        self.current.clone()
    }

    fn is_read_only(ask: &Ask) -> bool {
        *ask == Ask::Latest
    }

    fn query(&self, _: &Ask) -> Configuration {
        self.current.clone()
    }

    fn snapshot(&self) -> Configurations {
        self.clone()
    }

    fn restore(snapshot: &Configurations) -> Configurations {
        snapshot.clone()
    }
}

impl Change {
    /// Notes what came of this change, for those who watch the master.
    ///
    /// Spec: ChainReplication!Exclude, ChainReplication!Admit, ChainReplication!Promote, ChainReplication!Name
    pub fn announce(&self, next: &Configuration, note: impl FnOnce(ChainEvent)) {
        let Configuration { epoch, chain, joining, serves } = next.clone();
        match self {
            Change::Promote { .. } => note(ChainEvent::Promoted { epoch, chain }),
            Change::Admit { server, .. } => note(ChainEvent::Admitted { epoch, server: *server }),
            Change::Name { server, of, .. } => {
                note(ChainEvent::Named { epoch, server: *server, was_known: of.is_some() });
            }
            Change::Exclude { .. } | Change::Begin { .. } => {
                note(ChainEvent::Excluded { epoch, chain, joining, serves });
            }
        }
    }
}
