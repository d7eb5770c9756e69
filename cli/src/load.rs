//! What clients ask, and how that is drawn, named and kept: `load.NAME = VALUE` in a configuration.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use synod_kv::{Command, Skew, Values, Workload};
use synod_protocol::{ClientId, Node};
use synod_simulator::{self as simulator, Draws, KnobError};

use crate::algorithm::Algorithm;

/// Words that describe a load: they belong to the algorithm, and the simulator only keeps them.
pub type Words = BTreeMap<String, String>;

type Ask<A> =
    dyn Fn(ClientId, u64, &mut Draws) -> <<A as Algorithm>::Node as Node>::Request + Send + Sync + 'static;

/// What the clients of an algorithm ask.
pub struct Load<A: Algorithm>(Arc<Ask<A>>);

impl<A: Algorithm> Load<A> {
    /// The `nth` call of a client is a function of these alone.
    pub fn new(
        ask: impl Fn(ClientId, u64, &mut Draws) -> <A::Node as Node>::Request + Send + Sync + 'static,
    ) -> Self {
        Load(Arc::new(ask))
    }

    /// As the words of a configuration say; if they say nothing that is known, the usual one.
    pub fn of(config: &simulator::Config) -> Self {
        A::load(&config.load).unwrap_or_else(|_| Load::new(A::request))
    }
}

impl<A: Algorithm> Clone for Load<A> {
    fn clone(&self) -> Self {
        Load(self.0.clone())
    }
}

impl<A: Algorithm> fmt::Debug for Load<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Load")
    }
}

impl<A: Algorithm> simulator::Workload<A::Node> for Load<A> {
    fn next(&mut self, client: ClientId, nth: u64, draws: &mut Draws) -> <A::Node as Node>::Request {
        (self.0)(client, nth, draws)
    }
}

/// For those that replicate the key–value store: how many keys there are and how unevenly they are asked for, how
/// many of 100 calls read, and which values are written.
///
/// # Errors
/// A word that is none of these, or says nothing.
pub fn key_value(words: &Words) -> Result<Workload, KnobError> {
    let (mut keys, mut skew, mut reads, mut values) = (10, Skew::Zipf, 50, Values::Unique);
    for (name, value) in words {
        let wrong = |due| KnobError::Value { name: format!("load.{name}"), value: value.clone(), due };
        match name.as_str() {
            "keys" => {
                let due = "a number of keys from 1 to 10000";
                keys = value.parse().ok().filter(|keys| (1..=10_000).contains(keys)).ok_or(wrong(due))?;
            }
            "skew" => {
                skew = match value.as_str() {
                    "zipf" => Skew::Zipf,
                    "uniform" => Skew::Uniform,
                    _ => return Err(wrong("zipf or uniform")),
                }
            }
            "reads" => {
                let percent = value.strip_suffix('%').unwrap_or(value).parse().ok();
                reads =
                    percent.filter(|percent| *percent <= 100).ok_or(wrong("how many of 100 calls read"))?;
            }
            "values" => {
                values = match (value.as_str(), value.strip_prefix("few ").map(str::parse)) {
                    ("unique", _) => Values::Unique,
                    (_, Some(Ok(few @ 1..))) => Values::Few(few),
                    _ => return Err(wrong("unique, or few 5")),
                }
            }
            _ => return Err(KnobError::Load { name: name.clone(), known: "keys, skew, reads and values" }),
        }
    }
    Ok(Workload::new(keys, skew, reads, values))
}

/// What a sweep draws of it. The checker of histories tells least of values that are written again and again, so
/// most loads have none.
pub fn drawn_key_value(draws: &mut Draws) -> Words {
    let mut pick = |among: &[&str]| draws.pick(among).copied().unwrap_or_default().to_owned();
    let words = [
        ("keys", pick(&["1", "3", "10", "10", "100"])),
        ("skew", pick(&["zipf", "uniform"])),
        ("reads", pick(&["10", "50", "50", "90"])),
        ("values", pick(&["unique", "unique", "unique", "few 3"])),
    ];
    words.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A load of the key–value store.
pub fn of_key_value<A: Algorithm>(workload: Workload) -> Load<A>
where
    A::Node: Node<Request: From<Command>>,
{
    Load::new(move |client, nth, draws| workload.command(client, nth, || draws.bits()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_known_and_what_is_not_is_told() {
        for seed in 0..50 {
            let mut draws = Draws::new(seed, simulator::Site::Swarm, 0, 0);
            assert!(key_value(&drawn_key_value(&mut draws)).is_ok());
        }
        let refused = |name: &str, value: &str| {
            let words = Words::from([(name.to_owned(), value.to_owned())]);
            key_value(&words).expect_err("it makes no sense").to_string()
        };
        assert!(refused("key", "3").contains("there is no load.key; this algorithm has keys, skew"));
        assert!(refused("reads", "101").contains("how many of 100 calls read"));
        for (name, value) in [("keys", "0"), ("skew", "steep"), ("values", "few 0"), ("values", "few")] {
            assert!(refused(name, value).starts_with(&format!("load.{name} is no \"{value}\"; write")));
        }
    }
}
