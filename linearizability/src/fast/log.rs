//! A log to which nothing was appended twice: its reads must be prefixes of one another.
//!
//! The longest read tells the order of everything that was ever read; what nobody read was appended behind. So
//! all that is left to check is whether that one order keeps real time.
use super::{Finding, Operations};
use crate::{function::Function, hash::FastMap, history::Answer};

pub(super) fn judge(operations: Operations<'_>) -> Finding {
    let mut appends = FastMap::<u32, u32>::default();
    for (local, operation) in operations.iter() {
        if operation.class.function == Function::Append
            && appends.insert(operation.class.arguments[0].0, local).is_some()
        {
            return Finding::DoesNotApply;
        }
    }
    match chain(operations, &appends) {
        Ok(chain) => in_order(operations, &chain),
        Err(core) => Finding::Core(core),
    }
}

/// The appends that somebody read, in their order, and for each length the reads of that many.
pub(super) struct Chain {
    pub(super) appends: Vec<u32>,
    pub(super) reads: Reads,
}

/// Reads, each with how many appends it saw.
#[derive(Default)]
pub(super) struct Reads(Vec<(u32, u32)>);

impl Reads {
    pub(super) fn add(&mut self, length: usize, read: u32) {
        self.0.push((length as u32, read));
    }

    /// By their lengths; those of one length in the order of their calls.
    fn sorted(&self) -> Vec<(u32, u32)> {
        let mut reads = self.0.clone();
        reads.sort_unstable();
        reads
    }
}

fn chain(operations: Operations<'_>, appends: &FastMap<u32, u32>) -> Result<Chain, Vec<u32>> {
    let arrays = operations.history.interner().arrays();
    let reads = || {
        operations.iter().filter_map(|(local, operation)| match operation.class.answer {
            Answer::Array(node) => Some((local, node)),
            _ => None,
        })
    };
    let longest = reads().max_by_key(|&(_, node)| arrays.length(node));
    let mut lengths = FastMap::<u32, usize>::default();
    let mut chain = Chain { appends: Vec::new(), reads: Reads::default() };
    if let Some((read, node)) = longest {
        let values = arrays.symbols(node);
        let mut is_read = FastMap::<u32, ()>::default();
        for value in &values {
            // A value that nobody appended, or that is there twice.
            let append = *appends.get(&value.0).ok_or_else(|| vec![read])?;
            if is_read.insert(value.0, ()).is_some() {
                return Err(vec![append, read]);
            }
            chain.appends.push(append);
        }
        let mut prefix = Some(node);
        while let Some(node) = prefix {
            lengths.insert(node, arrays.length(node));
            prefix = arrays.pop(node).map(|(parent, _)| parent);
        }
    }
    for (read, node) in reads() {
        let Some(&length) = lengths.get(&node) else {
            // Two reads that no one log can have given.
            let (other, _) = longest.expect("there is this read at least");
            let seen = arrays.symbols(node).into_iter().filter_map(|value| appends.get(&value.0).copied());
            return Err(core(chain.appends.iter().copied().chain(seen).chain([read, other])));
        };
        chain.reads.add(length, read);
    }
    Ok(chain)
}

/// The one order that the reads leave, if it keeps real time.
pub(super) fn in_order(operations: Operations<'_>, chain: &Chain) -> Finding {
    let mut is_read = vec![false; operations.numbers.len()];
    let mut order = Vec::with_capacity(operations.numbers.len());
    let reads = chain.reads.sorted();
    let mut rest = reads.iter().copied().peekable();
    for length in 0..=chain.appends.len() {
        if length > 0 {
            let append = chain.appends[length - 1];
            is_read[append as usize] = true;
            order.push(append);
        }
        while let Some((_, read)) = rest.next_if(|&(seen, _)| seen as usize == length) {
            order.push(read);
        }
    }
    let behind = operations.iter().filter(|(local, operation)| {
        operation.class.function == Function::Append && !operation.is_open() && !is_read[*local as usize]
    });
    order.extend(behind.map(|(local, _)| local));
    match overtaken(operations, &order) {
        None => Finding::Order(order),
        Some((later, earlier)) => {
            // Every append up to the later one is needed to say that it is the later one.
            let longest = reads.last().map(|&(_, read)| read);
            Finding::Core(core(chain.appends.iter().copied().chain(longest).chain([later, earlier])))
        }
    }
}

/// Operations in the order of their calls, each once.
pub(super) fn core(operations: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut core = operations.collect::<Vec<_>>();
    core.sort_unstable();
    core.dedup();
    core
}

/// An operation that stands before one that had returned when it was called.
fn overtaken(operations: Operations<'_>, order: &[u32]) -> Option<(u32, u32)> {
    let mut latest = *order.first()?;
    for &local in order {
        if operations.get(local).returned < operations.get(latest).call {
            return Some((latest, local));
        }
        if operations.get(latest).call < operations.get(local).call {
            latest = local;
        }
    }
    None
}
