//! Histories of transactions: which isolation they have, and the anomalies that rule out more.
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use synod_linearizability::transactions::{
    Anomaly, Level, Model, Report, TransactionError, TransactionHistory, Verdict, check,
};

use crate::exit::Exit;

/// What was found of a history of transactions.
#[derive(Debug)]
pub struct Judgement {
    /// What it is judged by.
    model: Model,
    history: TransactionHistory,
    report: Report,
}

impl Judgement {
    /// Judges by one model, serializability if none is named; what else holds is told in any case.
    ///
    /// # Errors
    /// It is no history.
    pub fn of(text: &str, model: Option<Model>) -> Result<Self, TransactionError> {
        let history = TransactionHistory::read(text)?;
        let report = check(&history);
        Ok(Judgement { model: model.unwrap_or(Level::Serializable.into()), history, report })
    }

    /// A line that ends with the models, and the anomalies in lines of their own.
    pub fn text(&self) -> String {
        let (count, keys) = (counted(self.history.len(), "transaction"), counted(self.history.keys(), "key"));
        let mut text = format!("{count} on {keys}: {}", self.verdict());
        for anomaly in &self.report.anomalies {
            // To a string no write fails.
            let _ = self.tell(anomaly, &mut text);
        }
        text
    }

    /// The model that it is judged by, then the strongest that it has besides.
    fn verdict(&self) -> String {
        let model = self.model;
        let others = self.report.strongest().into_iter().filter(|&other| other != model);
        let (unvouched, certain): (Vec<Model>, Vec<Model>) =
            others.partition(|&other| self.report.verdict(other) == Verdict::NoAnomalyFound);
        let verdict = self.report.verdict(model);
        let mut parts = match &verdict {
            Verdict::Holds => vec![format!("✓ {model}")],
            Verdict::NoAnomalyFound => {
                vec![format!("✓ {}", self.not_found(&[&[model], &unvouched[..]].concat()))]
            }
            Verdict::Violated(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|kind| kind.name()).collect();
                vec![format!("✗ not {model}: {}", kinds.join(", "))]
            }
        };
        if !certain.is_empty() {
            parts.push(format!(
                "{} {}",
                if verdict.is_violated() { "still" } else { "and" },
                names(&certain)
            ));
        }
        if !unvouched.is_empty() && verdict != Verdict::NoAnomalyFound {
            parts.push(self.not_found(&unvouched));
        }
        if self.report.strongest().is_empty() && model != Level::ReadUncommitted.into() {
            parts.push("not even read-uncommitted".to_owned());
        }
        parts.join("; ")
    }

    fn not_found(&self, models: &[Model]) -> String {
        let Report { unordered_appends, unordered_keys, .. } = self.report;
        let (appends, keys) = (counted(unordered_appends, "append"), counted(unordered_keys, "key"));
        format!("no anomaly found against {} (nobody read the order of {appends} to {keys})", names(models))
    }

    fn tell(&self, anomaly: &Anomaly, text: &mut String) -> std::fmt::Result {
        write!(text, "\n  {}", anomaly.kind)?;
        if !anomaly.cycle.is_empty() {
            let shown = anomaly.transactions.iter().take(SHOWN);
            let around: Vec<String> = shown.map(|number| format!("T{number}")).collect();
            let hidden = if anomaly.cycle.len() > SHOWN { " → …" } else { "" };
            write!(text, ": {}{hidden} → {}", around.join(" → "), around[0])?;
        }
        if !anomaly.is_shortest {
            write!(text, " (there may be a shorter one)")?;
        }
        for sentence in anomaly.explanation.iter().take(SHOWN) {
            write!(text, "\n    {sentence}")?;
        }
        let hidden = anomaly.explanation.len().saturating_sub(SHOWN);
        if hidden > 0 {
            return write!(text, "\n    … and {hidden} more; --json has them all");
        }
        for &number in &anomaly.transactions {
            let (line, transaction) = (self.history.line(number), &self.history.transactions()[number]);
            write!(text, "\n    T{number}, line {line}: {transaction}")?;
        }
        Ok(())
    }

    /// The members of the file's object, besides its name. Transactions are numbers, counted from 0.
    pub fn json(&self) -> Value {
        let word = |model| match self.report.verdict(model) {
            Verdict::Holds => "holds",
            Verdict::NoAnomalyFound => "no_anomaly_found",
            Verdict::Violated(_) => "violated",
        };
        let models: Map<String, Value> =
            Model::all().map(|model| (model.name(), word(model).into())).collect();
        json!({
            "model": "list-append",
            "transactions": self.history.len(),
            "consistency": self.model.name(),
            "verdict": word(self.model),
            "models": models,
            "anomalies": self.report.anomalies.iter().map(|anomaly| self.anomaly(anomaly)).collect::<Vec<_>>(),
            "unordered": { "appends": self.report.unordered_appends, "keys": self.report.unordered_keys },
        })
    }

    fn anomaly(&self, anomaly: &Anomaly) -> Value {
        let line = |&number: &usize| self.history.line(number);
        let dependencies = anomaly.cycle.iter().map(|edge| edge.dependency.name());
        json!({
            "kind": anomaly.kind.name(),
            "transactions": anomaly.transactions,
            "lines": anomaly.transactions.iter().map(line).collect::<Vec<_>>(),
            "explanation": anomaly.explanation,
            "dependencies": dependencies.collect::<Vec<_>>(),
            "shortest": anomaly.is_shortest,
        })
    }

    /// What was not found does not count against a history.
    pub fn exit(&self) -> Exit {
        if self.report.verdict(self.model).is_violated() { Exit::Violated } else { Exit::Holds }
    }
}

/// Of a longer cycle, only so much is told.
const SHOWN: usize = 12;

fn names(models: &[Model]) -> String {
    models.iter().map(|model| model.name()).collect::<Vec<_>>().join(", ")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
