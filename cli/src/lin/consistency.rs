//! Models weaker than linearizability: the one that `--consistency` asks for, or, of a history that is not
//! linearizable, those that it keeps all the same.
use std::str::FromStr;

use serde_json::{Map, Value, json};
use synod_linearizability::{
    Consistency, History, Options,
    consistency::{Judgement, UnknownConsistency, weaker_models},
    transactions::{Model, UnknownModel},
};

use crate::exit::Exit;

/// What `--consistency` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A promise about single operations.
    Operations(Consistency),
    /// A promise about transactions.
    Transactions(Model),
}

impl FromStr for Asked {
    type Err = String;

    /// The names of both kinds of models are all different.
    fn from_str(name: &str) -> Result<Self, String> {
        let of_operations = name.parse().map(Asked::Operations);
        of_operations.or_else(|unknown: UnknownConsistency| {
            let of_transactions = name.parse().map(Asked::Transactions);
            let names = || Model::all().map(Model::name).collect::<Vec<_>>().join(", ");
            of_transactions.map_err(|_: UnknownModel| format!("{unknown}; and for transactions {}", names()))
        })
    }
}

/// Whether there is a page for what was asked.
pub fn has_page(asked: Option<Asked>) -> bool {
    matches!(asked, None | Some(Asked::Operations(Consistency::Linearizable)))
}

/// Steps of the search for a sequential order of a history that nobody asked it of.
const STEPS: u64 = 100_000;

/// Which weaker models a history keeps that is not linearizable.
#[derive(Debug)]
pub struct Weaker(Vec<(Consistency, Judgement)>);

impl Weaker {
    pub fn of(history: &History, options: &Options) -> Self {
        Weaker(weaker_models(history, &options.clone().steps(STEPS)))
    }

    /// To follow the sentence that says why it is not linearizable.
    pub fn text(&self) -> String {
        let kept = self.names(|model, found| {
            found.holds() && !self.0.iter().any(|(other, found)| found.holds() && stronger(*other, model))
        });
        let is_violated = |found: &Judgement| matches!(found, Judgement::Violated(_));
        let weakest = |model, found: &Judgement| {
            is_violated(found)
                && !self.0.iter().any(|(other, found)| is_violated(found) && stronger(model, *other))
        };
        let violated = self.names(weakest);
        let reason =
            self.0.iter().find(|(model, found)| weakest(*model, found)).map(|(_, found)| said(found));
        let mut text = String::new();
        if !kept.is_empty() {
            text += &format!("; still {}", kept.join(", "));
        }
        if let Some(reason) = reason {
            let even = if kept.is_empty() { "not even" } else { "not" };
            text += &format!("; {even} {}: {reason}", violated.join(" or "));
        }
        // What cannot be decided of such a history at all is told to those who ask for it.
        let undecided = |found: &Judgement| matches!(found, Judgement::Unknown(_));
        let mut reasons = Vec::new();
        for (_, found) in self.0.iter().filter(|(_, found)| undecided(found)) {
            let reason = said(found);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        for reason in reasons {
            let open = self.names(|_, found| undecided(found) && said(found) == reason);
            text += &format!("; open whether {}: {reason}", open.join(", "));
        }
        text
    }

    fn names(&self, is_among: impl Fn(Consistency, &Judgement) -> bool) -> Vec<&'static str> {
        let among = self.0.iter().filter(|(model, found)| is_among(*model, found));
        among.map(|(model, _)| model.name()).collect()
    }

    /// By the names of the models.
    pub fn json(&self) -> Value {
        let one = |(model, found): &(Consistency, Judgement)| {
            let (verdict, mut members) = json(found);
            // Which order it is that explains a model nobody asked for, nobody asked.
            members.remove("order");
            members.insert("verdict".to_owned(), verdict.into());
            (model.name().to_owned(), members.into())
        };
        Value::Object(self.0.iter().map(one).collect())
    }
}

fn stronger(one: Consistency, other: Consistency) -> bool {
    one != other && one.implies(other)
}

/// One model's judgement for a person.
pub fn text(model: Consistency, found: &Judgement) -> String {
    match found {
        Judgement::Holds { .. } => format!("✓ {model}"),
        Judgement::Violated(_) => format!("✗ not {model}: {}", said(found)),
        _ => format!("? {model}: {}", said(found)),
    }
}

fn said(found: &Judgement) -> String {
    match found {
        Judgement::Holds { .. } => String::new(),
        Judgement::Violated(contradiction) => contradiction.to_string(),
        Judgement::Unknown(why) => format!("not decided: {why}"),
        Judgement::NotApplicable(reason) => format!("not decidable: {reason}"),
        other => format!("{other:?}"),
    }
}

/// One model's judgement for a program: a word, and what goes with it.
pub fn json(found: &Judgement) -> (&'static str, Map<String, Value>) {
    let (word, members) = match found {
        Judgement::Holds { order } => ("holds", json!({ "order": order })),
        Judgement::Violated(contradiction) => (
            "violated",
            json!({ "reason": contradiction.reason, "counterexample": contradiction.operations }),
        ),
        Judgement::Unknown(why) => ("unknown", json!({ "why": why.to_string() })),
        Judgement::NotApplicable(reason) => ("not_applicable", json!({ "why": reason })),
        _ => ("unknown", json!({})),
    };
    match members {
        Value::Object(members) => (word, members),
        _ => unreachable!("each is an object"),
    }
}

/// How a file ends of which only this model was asked.
pub fn exit(found: &Judgement) -> Exit {
    match found {
        Judgement::Holds { .. } => Exit::Holds,
        Judgement::Violated(_) => Exit::Violated,
        _ => Exit::Inconclusive,
    }
}
