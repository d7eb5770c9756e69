//! What a run should reach at least sometimes. A property that holds in a thousand runs says little if none of
//! them came into the situations that it is about: what was never reached is untested.
use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
use synod_protocol::{Node, Nodes, Observer, Step, Violation};

/// Recognises the situations that an algorithm should come into sometimes.
pub trait Sometimes<N: Node> {
    /// All of them, in snake case.
    fn names(&self) -> &'static [&'static str];

    /// Sees every step, and says what it reached.
    fn watch(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>, tally: &mut Tally);
}

/// There is nothing to reach.
impl<N: Node> Sometimes<N> for () {
    fn names(&self) -> &'static [&'static str] {
        &[]
    }
    fn watch(&mut self, _: &Step<'_, N>, _: Nodes<'_, N>, _: &mut Tally) {}
}

impl<N: Node, S: Sometimes<N> + ?Sized> Sometimes<N> for Box<S> {
    fn names(&self) -> &'static [&'static str] {
        (**self).names()
    }
    fn watch(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>, tally: &mut Tally) {
        (**self).watch(step, nodes, tally);
    }
}

/// How often each was reached: in one run, or summed over many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// None of them was reached yet.
    pub fn of(names: &[&str]) -> Tally {
        Tally(names.iter().map(|name| ((*name).to_owned(), 0)).collect())
    }

    pub fn reach(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(count) => *count += 1,
            None => *self += &Tally(BTreeMap::from([(name.to_owned(), 1)])),
        }
    }

    /// By name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    pub fn reached(&self) -> impl Iterator<Item = (&str, u64)> {
        self.iter().filter(|(_, count)| *count > 0)
    }

    pub fn unreached(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|(_, count)| *count == 0).map(|(name, _)| name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The sum; what only one of them names is kept.
impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        for (name, count) in &other.0 {
            *self.0.entry(name.clone()).or_default() += count;
        }
    }
}

/// The observer that counts.
#[derive(Debug)]
pub struct Counting<S> {
    sometimes: S,
    pub tally: Tally,
}

impl<S> Counting<S> {
    pub fn new<N: Node>(sometimes: S) -> Self
    where
        S: Sometimes<N>,
    {
        let tally = Tally::of(sometimes.names());
        Counting { sometimes, tally }
    }
}

impl<N: Node, S: Sometimes<N>> Observer<N> for Counting<S> {
    fn observe(&mut self, step: &Step<'_, N>, nodes: Nodes<'_, N>) -> Result<(), Violation> {
        self.sometimes.watch(step, nodes, &mut self.tally);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up_and_say_what_is_untested() {
        let mut sum = Tally::of(&["a", "b", "c"]);
        for reached in [&["a", "a"][..], &["b", "a"]] {
            let mut run = Tally::of(&["a", "b", "c"]);
            reached.iter().for_each(|name| run.reach(name));
            sum += &run;
        }
        assert_eq!(sum.reached().collect::<Vec<_>>(), [("a", 3), ("b", 1)]);
        assert_eq!(sum.unreached().collect::<Vec<_>>(), ["c"]);
        let json = serde_json::to_string(&sum).expect("JSON");
        assert_eq!(json, r#"{"a":3,"b":1,"c":0}"#);
        assert_eq!(serde_json::from_str::<Tally>(&json).expect("a tally"), sum);
    }
}
