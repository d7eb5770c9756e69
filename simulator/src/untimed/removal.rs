//! Removing what is not needed: delta debugging (Zeller & Hildebrandt 2002), with the pieces in the order
//! that suits lists of actions.

/// A list that was tried, as indices, and is known to fail.
pub(crate) trait Trial {
    /// Tries these; what was carried out of them, if the list fails.
    fn fails(&mut self, list: &[u32]) -> Option<Vec<u32>>;
}

impl<F: FnMut(&[u32]) -> Option<Vec<u32>>> Trial for F {
    fn fails(&mut self, list: &[u32]) -> Option<Vec<u32>> {
        self(list)
    }
}

/// The shortest end of the list that fails by itself, among those of 16, 32, 64, … actions. Trying them all
/// costs as much as two whole runs, and a run that was healthy for long is cut to what came last.
pub(crate) fn shortest_end(list: Vec<u32>, trial: &mut impl Trial) -> Vec<u32> {
    let mut length = 16;
    while length < list.len() {
        if let Some(used) = trial.fails(&list[list.len() - length..]) {
            return used;
        }
        length *= 2;
    }
    list
}

/// The shortest beginning that fails, by bisection: for a verdict on the whole history, which a longer list
/// cannot make good again.
pub(crate) fn shortest_beginning(list: Vec<u32>, trial: &mut impl Trial) -> Vec<u32> {
    let (mut holds, mut fails) = (0, list.len());
    let mut best = list.clone();
    while fails - holds > 1 {
        let middle = holds.midpoint(fails);
        match trial.fails(&list[..middle]) {
            Some(used) => (fails, best) = (middle, used),
            None => holds = middle,
        }
    }
    best
}

/// Removes pieces, halves first, until no single action can go.
pub(crate) fn pieces(mut list: Vec<u32>, trial: &mut impl Trial) -> Vec<u32> {
    let mut size = (list.len() / 2).max(1);
    loop {
        let before = list.len();
        let mut at = 0;
        while at < list.len() {
            let end = (at + size).min(list.len());
            let without = [&list[..at], &list[end..]].concat();
            match trial.fails(&without) {
                Some(used) => list = used,
                None => at = end,
            }
        }
        if size > 1 {
            size /= 2;
        } else if list.len() == before {
            return list;
        }
    }
}

/// Removes two at a time: what was sent and what it met, a crash and its boot.
pub(crate) fn pairs(mut list: Vec<u32>, trial: &mut impl Trial) -> Vec<u32> {
    'again: loop {
        for first in 0..list.len() {
            for second in first + 1..list.len() {
                let mut without = list.clone();
                without.remove(second);
                without.remove(first);
                if let Some(used) = trial.fails(&without) {
                    list = used;
                    continue 'again;
                }
            }
        }
        return list;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails if these are in it, in order.
    fn needs(needed: &'static [u32]) -> impl FnMut(&[u32]) -> Option<Vec<u32>> {
        move |list| {
            let mut rest = list.iter();
            needed.iter().all(|wanted| rest.any(|one| one == wanted)).then(|| list.to_vec())
        }
    }

    #[test]
    fn what_is_needed_stays_and_nothing_else() {
        let needed: &[u32] = &[3, 500, 501, 997];
        assert_eq!(pieces((0..1000).collect(), &mut needs(needed)), needed);
        assert_eq!(shortest_end((0..1000).collect(), &mut needs(&[997])).len(), 16);
        assert_eq!(shortest_end((0..1000).collect(), &mut needs(needed)).len(), 1000);
        assert_eq!(shortest_beginning((0..1000).collect(), &mut needs(needed)).len(), 998);
    }

    /// 1 and 2 hold only together or not at all, so that neither can go alone.
    #[test]
    fn pairs_go_that_cannot_go_alone() {
        let mut trial = |list: &[u32]| {
            let both = list.contains(&1) == list.contains(&2);
            (both && list.contains(&5)).then(|| list.to_vec())
        };
        assert_eq!(pieces(vec![1, 2, 5], &mut trial), [1, 2, 5]);
        assert_eq!(pairs(vec![1, 2, 5], &mut trial), [5]);
    }
}
