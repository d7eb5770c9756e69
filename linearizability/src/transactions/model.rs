//! Isolation levels, what each proscribes, and the report that says which of them hold.
use std::{fmt, str::FromStr};

use super::{
    Anomaly, AnomalyKind, Order, TransactionHistory,
    cycles::cycles,
    versions::{List, Versions},
};

/// How much of each other transactions may see. Each level proscribes what the one before does, and more.
///
/// | level | proscribes also |
/// |---|---|
/// | read uncommitted (PL-1) | garbage-read, duplicate-elements, G0 |
/// | read committed (PL-2) | incompatible-order, future-read, G1a, G1b, G1c |
/// | snapshot isolation | internal, lost-update, G-single, G-nonadjacent |
/// | serializable (PL-3) | G2 |
///
/// (Adya 1999, except: snapshot isolation is the generalized one, where a snapshot may be old. Cerone & Gotsman 2016
/// show that it allows exactly the histories whose every cycle has two `rw` in a row, and that are internally
/// consistent; G-single alone, Adya's PL-2+, would let a long fork pass. Where list appends make more visible than
/// Adya's histories, anomalies are placed as Elle does. So a transaction that does not see its own append, which
/// Adya excludes from all histories, counts as internal.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Writes do not interleave.
    ReadUncommitted,
    /// And what is read was committed, and is what a transaction left.
    ReadCommitted,
    /// And all reads of a transaction come from one moment, and no update is lost.
    SnapshotIsolation,
    /// And transactions seem to run one after the other.
    Serializable,
}

impl Level {
    /// From the weakest to the strongest.
    pub const ALL: [Level; 4] =
        [Level::ReadUncommitted, Level::ReadCommitted, Level::SnapshotIsolation, Level::Serializable];

    fn name(self) -> &'static str {
        match self {
            Level::ReadUncommitted => "read-uncommitted",
            Level::ReadCommitted => "read-committed",
            Level::SnapshotIsolation => "snapshot-isolation",
            Level::Serializable => "serializable",
        }
    }
}

/// The weakest level that proscribes an anomaly.
fn least_level(kind: AnomalyKind) -> Level {
    use AnomalyKind::*;
    match kind {
        GarbageRead | DuplicateElements | G0(_) => Level::ReadUncommitted,
        IncompatibleOrder | FutureRead | G1a | G1b | G1c(_) => Level::ReadCommitted,
        Internal | LostUpdate | GSingle(_) | GNonadjacent(_) => Level::SnapshotIsolation,
        G2(_) => Level::Serializable,
    }
}

/// A level, and the order that transactions must keep besides: for cycles that use sessions or real time.
///
/// `serializable`, `strong-session-serializable`, `strict-serializable`; the other levels likewise, with `strong-` for
/// real time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Model {
    /// What transactions may see.
    pub level: Level,
    /// In which order they must seem to come.
    pub order: Order,
}

impl From<Level> for Model {
    fn from(level: Level) -> Self {
        Model { level, order: Order::Data }
    }
}

impl Model {
    /// Transactions seem to run one after the other, in an order that real time allows.
    pub const STRICT_SERIALIZABLE: Model = Model { level: Level::Serializable, order: Order::RealTime };

    /// All of them, the weaker before the stronger.
    pub fn all() -> impl Iterator<Item = Model> {
        Level::ALL.into_iter().flat_map(|level| Order::ALL.map(|order| Model { level, order }))
    }

    /// Its name on a command line.
    pub fn name(self) -> String {
        match (self.order, self.level) {
            (Order::RealTime, Level::Serializable) => "strict-serializable".to_owned(),
            (Order::Data, level) => level.name().to_owned(),
            (Order::Session, level) => format!("strong-session-{}", level.name()),
            (Order::RealTime, level) => format!("strong-{}", level.name()),
        }
    }

    /// Whether a history that has the anomaly cannot have this model.
    pub fn proscribes(self, kind: AnomalyKind) -> bool {
        least_level(kind) <= self.level && kind.order() <= Some(self.order)
    }

    /// Whether each history of this model has the other one, too.
    pub fn implies(self, other: Model) -> bool {
        self.level >= other.level && self.order >= other.order
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// There is no such model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no model of transactions is called `{name}`; there are {}", Model::all().map(Model::name).collect::<Vec<_>>().join(", "))]
pub struct UnknownModel {
    name: String,
}

impl FromStr for Model {
    type Err = UnknownModel;

    /// Strict serializability is also known as the strong one.
    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        let name = if name == "strong-serializable" { "strict-serializable" } else { name };
        let known = Model::all().find(|model| model.name() == name);
        known.ok_or_else(|| UnknownModel { name: name.to_owned() })
    }
}

/// What is known of a model and a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The history has it.
    Holds,
    /// Nothing speaks against it, but some lists were appended to by several transactions and not read again, so that
    /// the order of these appends is unknown.
    NoAnomalyFound,
    /// The history has these anomalies, and so does not have the model.
    Violated(Vec<AnomalyKind>),
}

impl Verdict {
    /// It is certain that the history has the model.
    pub fn holds(&self) -> bool {
        *self == Verdict::Holds
    }

    /// It is certain that it does not.
    pub fn is_violated(&self) -> bool {
        matches!(self, Verdict::Violated(_))
    }
}

/// What was found in a history.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// One anomaly of each kind, those of single reads first. A kind with an order is there only if the same kind
    /// with less is not.
    pub anomalies: Vec<Anomaly>,
    /// How many transactions took place, as far as anybody saw.
    pub transactions: usize,
    /// How many appends nobody read, of transactions that took place, to lists where their order is not known for it.
    pub unordered_appends: usize,
    /// How many such lists there are.
    pub unordered_keys: usize,
}

/// Finds the anomalies of a history, in time about linear in its length.
pub fn check(history: &TransactionHistory) -> Report {
    let mut versions = Versions::of(history);
    let mut anomalies = versions.anomalies_of_reads();
    anomalies.extend(versions.lost_update());
    let graph = versions.dependencies();
    anomalies.extend(cycles(&versions, &graph));
    anomalies.sort_by_key(|anomaly| anomaly.kind);
    let unordered = |list: &&List<'_>| list.unread.len() > 1;
    Report {
        anomalies,
        transactions: versions.live().count(),
        unordered_appends: versions.lists.iter().filter(unordered).map(|list| list.unread_appends).sum(),
        unordered_keys: versions.lists.iter().filter(unordered).count(),
    }
}

impl Report {
    /// Whether the history has the model.
    pub fn verdict(&self, model: Model) -> Verdict {
        let against = self.anomalies.iter().map(|anomaly| anomaly.kind);
        let against: Vec<AnomalyKind> = against.filter(|&kind| model.proscribes(kind)).collect();
        if !against.is_empty() {
            return Verdict::Violated(against);
        }
        // Of a serializable history any order of what was not read will do, if it obeys the dependencies.
        let is_explained = self.unordered_keys == 0
            || model.level != Level::Serializable
                && self.verdict(Model { level: Level::Serializable, ..model }).holds();
        if is_explained || model.level == Level::Serializable {
            Verdict::Holds
        } else {
            Verdict::NoAnomalyFound
        }
    }

    /// The models that are not violated, without those that another one of them implies.
    pub fn strongest(&self) -> Vec<Model> {
        let holds: Vec<Model> = Model::all().filter(|&model| !self.verdict(model).is_violated()).collect();
        let is_strongest =
            |&model: &Model| !holds.iter().any(|&other| other != model && other.implies(model));
        holds.iter().copied().filter(is_strongest).collect()
    }
}
