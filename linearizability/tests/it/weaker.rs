//! The weaker models: against their definitions, and on the examples of the literature.
mod definitions;
mod laws;
mod literature;

use synod_linearizability::{
    Consistency, History, Options, check_consistency,
    consistency::{Judgement, verify_sequential},
};

/// Judges a history without bounds; an order or a contradiction is verified before it is believed. `None` where the
/// model does not apply.
fn keeps(history: &History, model: Consistency) -> Option<bool> {
    let text = |judgement: &Judgement| format!("{model}: {judgement:?}\n{}", history.to_jsonl());
    let judgement = check_consistency(history, model, &Options::default());
    match &judgement {
        Judgement::Holds { order } => {
            match model {
                Consistency::Linearizable => {}
                Consistency::Sequential => {
                    let verified = verify_sequential(history, order);
                    assert_eq!(verified, Ok(()), "{}", text(&judgement));
                }
                _ => assert!(definitions::is_arbitration(history, model, order), "{}", text(&judgement)),
            }
            Some(true)
        }
        Judgement::Violated(contradiction) => {
            let shown = history.restricted_to(&contradiction.operations);
            if shown.len() <= 7 {
                assert!(
                    !definitions::keeps(&shown, model),
                    "it holds of what is shown: {}",
                    text(&judgement)
                );
            }
            let again = check_consistency(&shown, model, &Options::default());
            assert!(
                matches!(again, Judgement::Violated(_)),
                "{again:?} of what is shown: {}",
                text(&judgement)
            );
            Some(false)
        }
        Judgement::NotApplicable(_) => None,
        other => panic!("no bound was set: {other:?}"),
    }
}
