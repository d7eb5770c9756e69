//! The weaker models: against their definitions, and on the examples of the literature.
mod definitions;
mod laws;
mod literature;
mod long;

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
                _ if history.len() > 7 => {}
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
            let is_weak = !matches!(model, Consistency::Linearizable | Consistency::Sequential);
            if is_weak && definitions::is_unambiguous(history) {
                assert_nothing_can_be_spared(&shown, model);
            }
            Some(false)
        }
        Judgement::NotApplicable(_) => None,
        other => panic!("no bound was set: {other:?}"),
    }
}

/// Without any one of its operations, and what read its value, the contradiction is none.
fn assert_nothing_can_be_spared(shown: &History, model: Consistency) {
    for spared in 0..shown.len() {
        let mut gone = vec![spared];
        let mut done = 0;
        while let Some(&write) = gone.get(done) {
            done += 1;
            let write = shown.operation(write);
            for number in 0..shown.len() {
                let read = shown.operation(number);
                let sees = definitions::written(&write).is_some_and(|value| {
                    read.key == write.key && definitions::may_see(&read, &value) == Some(true)
                });
                if sees && !gone.contains(&number) {
                    gone.push(number);
                }
            }
        }
        let rest = (0..shown.len()).filter(|number| !gone.contains(number)).collect::<Vec<_>>();
        let judgement = check_consistency(&shown.restricted_to(&rest), model, &Options::default());
        let text = || format!("{model}: {spared} can be spared: {judgement:?}\n{}", shown.to_jsonl());
        assert!(!matches!(judgement, Judgement::Violated(_)), "{}", text());
    }
}
