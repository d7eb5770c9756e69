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
struct Chain {
    appends: Vec<u32>,
    reads: Vec<Vec<u32>>,
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
    let mut chain = Chain { appends: Vec::new(), reads: Vec::new() };
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
    chain.reads = vec![Vec::new(); chain.appends.len() + 1];
    for (read, node) in reads() {
        let Some(&length) = lengths.get(&node) else {
            // Two reads that no one log can have given.
            let (other, _) = longest.expect("there is this read at least");
            let mut core = chain.appends.clone();
            core.extend(arrays.symbols(node).iter().filter_map(|value| appends.get(&value.0)));
            core.extend([read, other]);
            core.sort_unstable();
            core.dedup();
            return Err(core);
        };
        chain.reads[length].push(read);
    }
    Ok(chain)
}

fn in_order(operations: Operations<'_>, chain: &Chain) -> Finding {
    let mut is_read = vec![false; operations.numbers.len()];
    let mut order = Vec::with_capacity(operations.numbers.len());
    for (length, reads) in chain.reads.iter().enumerate() {
        if length > 0 {
            let append = chain.appends[length - 1];
            is_read[append as usize] = true;
            order.push(append);
        }
        order.extend(reads);
    }
    let behind = operations.iter().filter(|(local, operation)| {
        operation.class.function == Function::Append && !operation.is_open() && !is_read[*local as usize]
    });
    order.extend(behind.map(|(local, _)| local));
    match overtaken(operations, &order) {
        None => Finding::Order(order),
        Some((later, earlier)) => {
            // Every append up to the later one is needed to say that it is the later one.
            let mut core = chain.appends.clone();
            core.extend(chain.reads.iter().flatten().rev().take(1));
            core.extend([later, earlier]);
            core.sort_unstable();
            core.dedup();
            Finding::Core(core)
        }
    }
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
