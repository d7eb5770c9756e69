//! Values as one word each, so that a million operations fit into a few tens of megabytes.
//!
//! A small natural number stands for itself; everything else is an index into a table. Arrays are nodes of a
//! trie: two arrays are equal if their nodes are, and all prefixes of a log together cost no more than the log.
use crate::{Value, hash::FastMap};

/// A [`Value`], or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Symbol(pub(crate) u32);

impl Symbol {
    /// No value: an absent key, an empty queue.
    pub(crate) const NONE: Symbol = Symbol(u32::MAX);
    /// A value that occurs nowhere.
    pub(crate) const UNSEEN: Symbol = Symbol(u32::MAX - 1);
    const TABLE: u32 = 1 << 31;

    /// Whether symbols compare as their values do.
    pub(crate) fn is_small(self) -> bool {
        self.0 < Self::TABLE
    }
}

/// Gives each value its symbol, and the value back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    table: Vec<Value>,
    index: FastMap<Value, u32>,
    arrays: Arrays,
}

impl Interner {
    pub(crate) fn symbol(&mut self, value: &Value) -> Symbol {
        if let Some(known) = self.known(value) {
            return known;
        }
        let place = u32::try_from(self.table.len()).expect("fewer than 2^31 distinct values");
        self.table.push(value.clone());
        self.index.insert(value.clone(), place);
        Symbol(Symbol::TABLE + place)
    }

    /// The symbol of a value that may never have been seen.
    pub(crate) fn known(&self, value: &Value) -> Option<Symbol> {
        if let Value::Number(number @ 0..0x8000_0000) = value {
            return Some(Symbol(*number as u32));
        }
        self.index.get(value).map(|place| Symbol(Symbol::TABLE + place))
    }

    pub(crate) fn value(&self, symbol: Symbol) -> Option<Value> {
        match symbol {
            Symbol::NONE => None,
            Symbol(small) if small < Symbol::TABLE => Some(Value::Number(small.into())),
            Symbol(place) => Some(self.table[(place - Symbol::TABLE) as usize].clone()),
        }
    }

    /// The value if it is a text.
    pub(crate) fn text(&self, symbol: Symbol) -> Option<&str> {
        match symbol {
            Symbol::NONE | Symbol::UNSEEN => None,
            symbol if symbol.is_small() => None,
            Symbol(place) => match &self.table[(place - Symbol::TABLE) as usize] {
                Value::Text(text) => Some(text),
                Value::Number(_) => None,
            },
        }
    }

    pub(crate) fn array(&mut self, values: &[Value]) -> u32 {
        let mut node = Arrays::EMPTY;
        for value in values {
            let last = self.symbol(value);
            node = self.arrays.push(node, last);
        }
        node
    }

    pub(crate) fn array_values(&self, node: u32) -> Vec<Value> {
        self.arrays.symbols(node).into_iter().filter_map(|symbol| self.value(symbol)).collect()
    }

    pub(crate) fn arrays(&self) -> &Arrays {
        &self.arrays
    }
}

/// Sequences of symbols that share their prefixes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrays {
    /// Parent, last element and length of node `i + 1`; node 0 is the empty array.
    nodes: Vec<(u32, Symbol, u32)>,
    children: FastMap<(u32, u32), u32>,
}

impl Arrays {
    pub(crate) const EMPTY: u32 = 0;

    pub(crate) fn push(&mut self, parent: u32, last: Symbol) -> u32 {
        let next = self.nodes.len() as u32 + 1;
        let node = *self.children.entry((parent, last.0)).or_insert(next);
        if node == next {
            let length = self.length(parent) as u32 + 1;
            self.nodes.push((parent, last, length));
        }
        node
    }

    /// The array without its last element, and that element.
    pub(crate) fn pop(&self, node: u32) -> Option<(u32, Symbol)> {
        (node != Self::EMPTY).then(|| {
            let (parent, last, _) = self.nodes[node as usize - 1];
            (parent, last)
        })
    }

    pub(crate) fn length(&self, node: u32) -> usize {
        if node == Self::EMPTY { 0 } else { self.nodes[node as usize - 1].2 as usize }
    }

    pub(crate) fn symbols(&self, mut node: u32) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        while let Some((parent, last)) = self.pop(node) {
            symbols.push(last);
            node = parent;
        }
        symbols.reverse();
        symbols
    }
}
