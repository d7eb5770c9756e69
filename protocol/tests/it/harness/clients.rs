//! Clients, with their calls and further tries.
use std::borrow::Cow;

use synod_protocol::*;

use super::{CLIENTS, Cargo, Done, Harness, NODES};
use crate::{
    toy::{Request, Toy},
    wrong::Wrong,
};

impl<O: Observer<Toy>> Harness<O> {
    /// A new call, a further try of the open one, or its end.
    pub(super) fn ask(&mut self) -> Done {
        let i = self.draw(CLIENTS) as usize;
        let id = ClientId(i as u32 + 1);
        let (give_up, via) = (self.draw(8) == 0, NodeId(self.draw(NODES) as u32 + 1));
        let value = self.draw(3);
        let client = &mut self.clients[i];
        let was_open = client.open;
        if client.number > 0 && give_up && (was_open || self.wrong == Some(Wrong::GivesUpTwice)) {
            client.open = false;
            let caller = Caller { client: id, number: client.number, via };
            return self.emit(Place::Client(id), What::GaveUp { caller });
        }
        let keeps_number = match self.wrong {
            Some(Wrong::RetriesAfterDone) => client.number > 0,
            Some(Wrong::OpensSecondCall) => false,
            _ => was_open,
        };
        if !keeps_number {
            let skips = self.wrong == Some(Wrong::SkipsNumber);
            (client.number, client.put, client.open) = (client.number + 1 + u64::from(skips), value, true);
        }
        let (mut number, mut put) = (client.number, client.put);
        if was_open && self.wrong == Some(Wrong::RetriesWithAnotherRequest) {
            put += 1;
        }
        if was_open && self.wrong == Some(Wrong::RetriesSmallerNumber) {
            number -= 1;
        }
        let request = if put == 0 { Request::Read } else { Request::Put(put) };
        let caller = Caller { client: id, number, via };
        let packet = self.post(Place::Node(via), Cargo::Input(Input::Request(caller, request.clone())));
        self.emit(Place::Client(id), What::Called { packet, caller, request: Cow::Owned(request) })
    }
}
