//! Rule 6: what clients may ask, and what they may be told.
use alloc::{collections::BTreeMap, format};

use super::{Checked, breach, rule};
use crate::{Answer, Caller, ClientId, Node};

/// The newest call of each client.
#[derive(Debug)]
pub(super) struct Calls<N: Node>(BTreeMap<ClientId, Call<N>>);

#[derive(Debug)]
struct Call<N: Node> {
    number: u64,
    request: N::Request,
    /// Neither done nor given up.
    open: bool,
}

impl<N: Node> Default for Calls<N> {
    fn default() -> Self {
        Calls(BTreeMap::new())
    }
}

impl<N: Node> Calls<N> {
    /// A client has one call open, numbers its calls 1, 2, 3, … and repeats itself to the letter.
    pub(super) fn called(&mut self, caller: Caller, request: &N::Request) -> Checked {
        let Caller { client, number, via: _ } = caller;
        let newest = self.0.get(&client);
        if let Some(call) = newest.filter(|call| call.number == number) {
            if call.request != *request {
                return breach(rule::CALLS, format!("{client} tried call {number} with another request"));
            }
            return self.open(caller).map(drop);
        }
        let due = newest.map_or(1, |call| call.number + 1);
        if number != due {
            return breach(rule::CALLS, format!("{client} made call {number} where {due} is next"));
        }
        if newest.is_some_and(|call| call.open) {
            return breach(rule::CALLS, format!("{client} made call {number} before its last one was over"));
        }
        self.0.insert(client, Call { number, request: request.clone(), open: true });
        Ok(())
    }

    pub(super) fn returned(&mut self, caller: Caller, answer: &Answer<N::Response>) -> Checked {
        let call = self.open(caller)?;
        call.open = matches!(answer, Answer::Elsewhere(_));
        Ok(())
    }

    pub(super) fn gave_up(&mut self, caller: Caller) -> Checked {
        self.open(caller)?.open = false;
        Ok(())
    }

    fn open(&mut self, caller: Caller) -> Checked<&mut Call<N>> {
        let Caller { client, number, via: _ } = caller;
        match self.0.get_mut(&client) {
            Some(call) if call.open && call.number == number => Ok(call),
            _ => breach(rule::CALLS, format!("call {number} of {client} is not open")),
        }
    }
}
