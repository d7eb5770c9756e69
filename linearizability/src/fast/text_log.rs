//! Keys that only get texts appended, which readers get back in one piece: a log in disguise.
//!
//! If no appended text begins with another one (a prefix code), then a text that was read can be taken apart in
//! one way at most, and says which appends it saw, in which order. The rest is as for a [log](super::log).
use super::{
    Finding, Operations,
    log::{self, Chain, Reads},
};
use crate::{Value, function::Function, history::Answer, symbol::Symbol};

pub(super) fn judge(operations: Operations<'_>) -> Finding {
    let Some(texts) = Texts::new(operations) else { return Finding::DoesNotApply };
    match texts.chain() {
        Ok(chain) => log::in_order(operations, &chain),
        Err(core) => Finding::Core(core),
    }
}

struct Texts<'a> {
    /// What was appended, in lexicographic order, and by whom.
    appended: Vec<(&'a str, u32)>,
    /// What was read, and by whom; nothing at all is the empty text.
    read: Vec<(&'a str, u32)>,
    /// What was there at first.
    initial: &'a str,
}

impl<'a> Texts<'a> {
    /// None if there is anything else than texts, or two ways to take one apart.
    fn new(operations: Operations<'a>) -> Option<Self> {
        let interner = operations.history.interner();
        let (initial, is_absent) = match operations.history.initial() {
            None => ("", true),
            Some(Value::Text(text)) => (&**text, false),
            Some(Value::Number(_)) => return None,
        };
        let mut texts = Texts { appended: Vec::new(), read: Vec::new(), initial };
        for (local, operation) in operations.iter() {
            match (operation.class.function, operation.class.answer) {
                (Function::Append, _) => {
                    texts.appended.push((interner.text(operation.class.arguments[0])?, local));
                }
                (Function::Get | Function::Read, Answer::Value(Symbol::NONE)) if is_absent => {
                    texts.read.push(("", local));
                }
                (Function::Get | Function::Read, Answer::Value(value)) => {
                    let text = interner.text(value)?;
                    // What is empty was never appended to, unless something empty was.
                    if text.is_empty() && is_absent {
                        return None;
                    }
                    texts.read.push((text, local));
                }
                _ => return None,
            }
        }
        texts.appended.sort_unstable();
        let is_code = texts.appended.windows(2).all(|pair| !pair[1].0.starts_with(pair[0].0));
        let is_empty = texts.appended.first().is_some_and(|(text, _)| text.is_empty());
        (is_code && !is_empty).then_some(texts)
    }

    fn chain(&self) -> Result<Chain, Vec<u32>> {
        let mut chain = Chain { appends: Vec::new(), reads: Reads::default() };
        let longest = self.read.iter().max_by_key(|(text, _)| text.len());
        let Some(&(longest, its_reader)) = longest else { return Ok(chain) };
        // Where in the longest text each append ends.
        let mut ends = vec![self.initial.len()];
        chain.appends = self.taken_apart(longest, its_reader, &mut ends)?;
        for &(text, read) in &self.read {
            match ends.binary_search(&text.len()) {
                Ok(length) if longest.starts_with(text) => chain.reads.add(length, read),
                _ => {
                    let seen = self.taken_apart(text, read, &mut Vec::new())?;
                    let both = chain.appends.into_iter().chain(seen).chain([read, its_reader]);
                    return Err(log::core(both));
                }
            }
        }
        Ok(chain)
    }

    /// The appends that a text consists of; where it ends after each goes to `ends`.
    fn taken_apart(&self, text: &str, read: u32, ends: &mut Vec<usize>) -> Result<Vec<u32>, Vec<u32>> {
        let Some(mut rest) = text.strip_prefix(self.initial) else { return Err(vec![read]) };
        let mut appends = Vec::new();
        let mut is_used = vec![false; self.appended.len()];
        while !rest.is_empty() {
            // Whatever lies between a beginning of the rest and the rest begins alike, so it is the last one.
            let behind = self.appended.partition_point(|&(appended, _)| appended <= rest);
            let found = behind.checked_sub(1).map(|place| (place, self.appended[place]));
            let Some((place, (appended, append))) = found.filter(|(_, (text, _))| rest.starts_with(text))
            else {
                return Err(vec![read]);
            };
            if std::mem::replace(&mut is_used[place], true) {
                return Err(log::core([append, read].into_iter()));
            }
            rest = &rest[appended.len()..];
            appends.push(append);
            ends.push(text.len() - rest.len());
        }
        Ok(appends)
    }
}
