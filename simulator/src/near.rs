//! What somebody may have meant who wrote a name that is none.

/// The known names that are nearest, or all if none is near: `did you mean network.loss?`.
pub(crate) fn near(name: &str, known: &[impl AsRef<str>]) -> String {
    let mut ranked: Vec<(usize, &str)> =
        known.iter().map(|known| (distance(name, known.as_ref()), known.as_ref())).collect();
    ranked.sort_unstable();
    // The part behind the last dot alone is what one remembers.
    let same_end = |known: &str| known.rsplit('.').next() == name.rsplit('.').next();
    let near: Vec<&str> = ranked
        .iter()
        .filter(|(distance, known)| *distance <= 2 || same_end(known))
        .map(|(_, known)| *known)
        .take(3)
        .collect();
    match near[..] {
        [] => format!("there is {}", known.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")),
        _ => format!("did you mean {}?", near.join(" or ")),
    }
}

/// How many letters must be put in, taken out or changed (Levenshtein 1966).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, b) in other.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_what_it_slipped_from() {
        let known = ["network.loss", "network.delay", "disk.torn"];
        assert_eq!(near("network.los", &known), "did you mean network.loss?");
        assert_eq!(near("torn", &known), "did you mean disk.torn?");
        assert!(near("weather", &known).starts_with("there is network.loss, "));
        assert_eq!([distance("", "abc"), distance("kitten", "sitting"), distance("x", "x")], [3, 3, 0]);
    }
}
