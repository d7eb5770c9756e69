//! The steps of a run, as the actions of its trace spec.
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use synod_protocol::{Effect, Input, Node, NodeId, Nodes, Observer, Place, Step, Violation, What};

use super::{Conforms, Done};

/// The actions of a run, each with the number of the step that it is of.
///
/// What a crash takes back is taken out: the code acts in memory before its disk has acted, and what was done
/// after the last record that survived was never seen by anybody.
#[derive(Debug)]
pub struct Actions<A: Conforms> {
    list: Vec<Option<(u64, Json)>>,
    nodes: BTreeMap<NodeId, Life<<A::Node as Node>::View>>,
}

/// What a node did since it came up.
#[derive(Debug)]
struct Life<V> {
    view: Option<V>,
    /// Places in the list, and how many records the node had written when the action was done.
    actions: Vec<(usize, u64)>,
    /// Ever.
    records: u64,
}

impl<V> Default for Life<V> {
    fn default() -> Self {
        Life { view: None, actions: Vec::new(), records: 0 }
    }
}

impl<A: Conforms> Default for Actions<A> {
    fn default() -> Self {
        Actions { list: Vec::new(), nodes: BTreeMap::new() }
    }
}

/// Follows a simulation, too.
impl<A: Conforms> Observer<A::Node> for Actions<A> {
    fn observe(&mut self, step: &Step<'_, A::Node>, _: Nodes<'_, A::Node>) -> Result<(), Violation> {
        self.add(step);
        Ok(())
    }
}

impl<A: Conforms> Actions<A> {
    pub fn add(&mut self, step: &Step<'_, A::Node>) {
        let Place::Node(id) = step.place else { return };
        match &step.what {
            What::Booted { records, view, effects, .. } => {
                let life = self.nodes.entry(id).or_default();
                *life = Life { records: *records, ..Life::default() };
                self.push(step.number, id, json!({ "action": "Restart" }));
                self.did(step.number, id, None, effects);
                self.looked(step.number, id, view);
            }
            What::Handled { input, effects, view, .. } => {
                self.did(step.number, id, Some(input), effects);
                self.looked(step.number, id, view);
            }
            What::Crashed { records } => {
                self.crashed(id, *records);
                if A::TELLS_CRASHES {
                    self.list.push(Some((step.number, json!({ "action": "Crash", "node": id.to_string() }))));
                }
            }
            What::Wiped => {
                self.list.push(Some((step.number, json!({ "action": "Wipe", "node": id.to_string() }))));
            }
            _ => {}
        }
    }

    /// What happened, in the order of the spec.
    pub fn finish(self) -> Vec<(u64, Json)> {
        A::arranged(self.list.into_iter().flatten().collect())
    }

    fn did(&mut self, number: u64, id: NodeId, input: Option<&Input<A::Node>>, effects: &[Effect<A::Node>]) {
        let before = self.nodes.get(&id).and_then(|life| life.view.as_ref());
        let mut actions = A::actions(&Done { node: id, input, effects, before }).into_iter().peekable();
        for (at, effect) in effects.iter().enumerate() {
            while let Some((_, action)) = actions.next_if(|(told, _)| *told <= at) {
                self.push(number, id, action);
            }
            if let Effect::Persist(_) = effect {
                self.wrote(id);
            }
        }
        for (_, action) in actions {
            self.push(number, id, action);
        }
    }

    fn push(&mut self, number: u64, id: NodeId, mut action: Json) {
        action["node"] = json!(id.to_string());
        let life = self.nodes.entry(id).or_default();
        life.actions.push((self.list.len(), life.records));
        self.list.push(Some((number, action)));
    }

    /// The record is the last action's.
    fn wrote(&mut self, id: NodeId) {
        let life = self.nodes.entry(id).or_default();
        life.records += 1;
        if let Some(last) = life.actions.last_mut() {
            last.1 = life.records;
        }
    }

    /// The last action of a step says what is seen after it; a step without any must have changed nothing.
    fn looked(&mut self, number: u64, id: NodeId, view: &<A::Node as Node>::View) {
        let post = A::post(view);
        if post.is_null() {
            return;
        }
        let life = self.nodes.entry(id).or_default();
        let before = life.view.replace(view.clone());
        let last = life.actions.last().map(|(place, _)| *place);
        match last.and_then(|place| self.list[place].as_mut()) {
            Some((of, action)) if *of == number => action["post"] = post,
            _ if before.as_ref() == Some(view) => {}
            _ => self.push(number, id, json!({ "action": "Look", "post": post })),
        }
    }

    /// All that left the node waited for the records before it.
    fn crashed(&mut self, id: NodeId, survived: u64) {
        let Some(life) = self.nodes.get_mut(&id) else { return };
        for (place, _) in life.actions.iter().skip_while(|(_, records)| *records <= survived) {
            self.list[*place] = None;
        }
        *life = Life::default();
    }
}
