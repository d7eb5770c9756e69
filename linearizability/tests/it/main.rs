//! The checker against known verdicts, a brute-force search, and malformed input.
mod brute_force;
mod custom;
mod html;
mod known;
mod malformed;
mod monitor;
mod random;
mod recorded;
mod text;
mod transactions;
mod weaker;

use synod_linearizability::{History, Options, Verdict, check, verify};

/// Checks a history without bounds; an order or a counterexample is verified before it is believed.
fn is_linearizable(history: &History) -> bool {
    match check(history, &Options::default()) {
        Verdict::Linearizable { order } => {
            verify(history, &order)
                .unwrap_or_else(|error| panic!("{error}: {order:?}\n{}", history.to_jsonl()));
            true
        }
        Verdict::NotLinearizable(violation) => {
            let shown = history.restricted_to(&violation.counterexample);
            let text = || format!("{violation:?}\n{}", history.to_jsonl());
            assert!(violation.counterexample.contains(&violation.stuck), "{}", text());
            if shown.len() <= 8 {
                assert!(!brute_force::is_linearizable(&shown), "brute force finds an order: {}", text());
            }
            let again = check(&shown, &Options::default());
            assert!(matches!(again, Verdict::NotLinearizable(_)), "{}", text());
            false
        }
        other => panic!("no bound was set: {other:?}"),
    }
}
