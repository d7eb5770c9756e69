//! What clients asked and were told, as far as its order matters.
use synod_protocol::{ClientId, Node, Violation};

/// A client follows a script; a call is tried again under its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    /// Given with the first call, 1, 2, 3, …, so that a list of actions gives the same ones.
    pub(crate) id: Option<ClientId>,
    /// How many calls it made.
    pub(crate) made: u8,
    pub(crate) is_open: bool,
}

/// Calls and returns in the order in which they happened. Of neighbours of one kind the order means nothing, so
/// they are sorted: fewer histories, and the same verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct History<N: Node> {
    marks: Vec<Mark<N::Response>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mark<R> {
    script: u8,
    /// `None`: it called.
    returned: Option<R>,
}

impl<N: Node> Default for History<N> {
    fn default() -> Self {
        History { marks: Vec::new() }
    }
}

/// One call of a history. Times are places in the order.
#[derive(Clone, Debug)]
pub struct Call<'a, N: Node> {
    pub client: ClientId,
    /// 1, 2, 3, … within the client.
    pub number: u64,
    pub request: &'a N::Request,
    pub called: u64,
    pub returned: Option<(u64, &'a N::Response)>,
}

/// What clients were promised: its name, and what is wrong with these calls.
#[derive(Debug)]
pub struct Promise<N: Node> {
    pub name: &'static str,
    pub judge: fn(&[Call<'_, N>]) -> Option<Violation>,
}

impl<N: Node> Clone for Promise<N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<N: Node> Copy for Promise<N> {}

impl<N: Node> History<N> {
    #[must_use]
    pub(crate) fn called(&self, script: u8) -> Self {
        self.with(Mark { script, returned: None })
    }

    #[must_use]
    pub(crate) fn returned(&self, script: u8, response: N::Response) -> Self {
        self.with(Mark { script, returned: Some(response) })
    }

    fn with(&self, mark: Mark<N::Response>) -> Self {
        let mut marks = self.marks.clone();
        let is_of_another_kind = |other: &Mark<_>| {
            other.returned.is_some() != mark.returned.is_some() || other.script <= mark.script
        };
        let place = marks.iter().rposition(is_of_another_kind).map_or(0, |before| before + 1);
        marks.insert(place, mark);
        History { marks }
    }

    pub(crate) fn calls<'a>(
        &'a self,
        scripts: &'a [Vec<N::Request>],
        clients: &[Client],
    ) -> Vec<Call<'a, N>> {
        let mut calls: Vec<Call<'a, N>> = Vec::new();
        let mut open = vec![None; scripts.len()];
        let mut made = vec![0_u64; scripts.len()];
        for (mark, at) in self.marks.iter().zip(0..) {
            let script = usize::from(mark.script);
            match &mark.returned {
                None => {
                    open[script] = Some(calls.len());
                    made[script] += 1;
                    calls.push(Call {
                        client: clients[script].id.unwrap_or(ClientId(0)),
                        number: made[script],
                        request: &scripts[script][made[script] as usize - 1],
                        called: at,
                        returned: None,
                    });
                }
                Some(response) => {
                    if let Some(call) = open[script].take() {
                        calls[call].returned = Some((at, response));
                    }
                }
            }
        }
        calls
    }
}
