//! What was asked for.
use crate::ci::{STEPS, Step};

#[derive(Debug)]
pub(crate) enum Chore {
    Help,
    List,
    Ci(Vec<&'static Step>),
    Fix,
    Comparison,
}

/// Or one sentence about what is wrong.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Chore, String> {
    let arguments = arguments.into_iter().collect::<Vec<_>>();
    let words = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match words[..] {
        [] => Err("which chore?".into()),
        ["--help" | "-h" | "help", ..] | [_, "--help" | "-h"] => Ok(Chore::Help),
        ["fix"] => Ok(Chore::Fix),
        ["comparison"] => Ok(Chore::Comparison),
        ["ci"] => Ok(Chore::Ci(STEPS.iter().collect())),
        ["ci", "--list"] => Ok(Chore::List),
        ["ci", "--only", names] => select(names, true).map(Chore::Ci),
        ["ci", "--skip", names] => select(names, false).map(Chore::Ci),
        ["ci", "--only" | "--skip"] => Err("which steps?".into()),
        _ => Err(format!("`{}` is no chore", words.join(" "))),
    }
}

/// The steps, in their own order, that are among the names, or are not.
fn select(names: &str, among: bool) -> Result<Vec<&'static Step>, String> {
    let names = names.split(',').collect::<Vec<_>>();
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        return Err(format!("`{unknown}` is no step of ci: see `cargo x ci --list`"));
    }
    Ok(STEPS.iter().filter(|step| names.contains(&step.name) == among).collect())
}

#[cfg(test)]
mod tests {
    use super::{Chore, STEPS, parse};

    fn steps(line: &str) -> Vec<&'static str> {
        match parse(line.split(' ').map(str::to_owned)) {
            Ok(Chore::Ci(steps)) => steps.into_iter().map(|step| step.name).collect(),
            other => panic!("`{line}` is {other:?}"),
        }
    }

    #[test]
    fn steps_are_chosen_by_name_and_run_in_their_own_order() {
        let all = STEPS.iter().map(|step| step.name).collect::<Vec<_>>();
        assert_eq!(steps("ci"), all);
        assert_eq!(steps("ci --only clippy,fmt"), ["fmt", "clippy"]);
        assert_eq!(
            steps("ci --skip test"),
            all.into_iter().filter(|name| *name != "test").collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["", "c", "ci --only", "ci --only fmt,fnt", "ci --skip fnt", "ci now", "fix --ci"] {
            let arguments = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
            assert!(parse(arguments).is_err(), "`{line}` was understood");
        }
    }
}
