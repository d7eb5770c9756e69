//! One history for each object: a history is linearizable if and only if its restriction to each object is
//! (locality, Herlihy & Wing 1990 §3.1).
use crate::{
    DataType, History, Op, Output, Value, hash::FastMap, history::Class, symbol::Symbol, window::Interval,
};

/// The operations on one object that can matter.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) key: Symbol,
    /// Their numbers in the history, in the order of their calls. Reads without an answer are left out: nobody can tell whether
    /// they took place.
    pub(crate) operations: Vec<u32>,
}

/// The objects of a history, in the order of their first operations.
pub(crate) fn split(history: &History) -> Vec<Object> {
    // Elements of a set are objects of their own.
    let by_element = history.data_type() == DataType::Set;
    let mut places = FastMap::<(u32, u32), usize>::default();
    let mut objects = Vec::new();
    // The object of the operation before, which is often this one's too.
    let mut last = None;
    for (number, operation) in history.packed().iter().enumerate() {
        if operation.is_open() && operation.class.function.is_read() {
            continue;
        }
        let element = if by_element { operation.class.arguments[0] } else { Symbol::NONE };
        let name = (operation.key.0, element.0);
        let place = match last {
            Some((known, place)) if known == name => place,
            _ => *places.entry(name).or_insert_with(|| {
                let room = if objects.is_empty() { history.len() } else { 0 };
                objects.push(Object { key: operation.key, operations: Vec::with_capacity(room) });
                objects.len() - 1
            }),
        };
        last = Some((name, place));
        objects[place].operations.push(number as u32);
    }
    if let [_, _, ..] = objects[..] {
        objects[0].operations.shrink_to_fit();
    }
    for object in &mut objects {
        let call = |number: &u32| history.packed()[*number as usize].call;
        if !object.operations.is_sorted_by_key(call) {
            object.operations.sort_by_key(call);
        }
    }
    objects
}

impl AsRef<[u32]> for Object {
    fn as_ref(&self) -> &[u32] {
        &self.operations
    }
}

/// One order of all operations from one for each object: an operation takes place at the latest call up to it in
/// the order of its object, which is a moment between its own call and return.
pub(crate) fn merged<T: AsRef<[u32]>>(
    objects: &[T],
    orders: &[Vec<u32>],
    call: impl Fn(u32) -> u64,
) -> Vec<usize> {
    if let ([object], [order]) = (objects, orders) {
        return order.iter().map(|&local| object.as_ref()[local as usize] as usize).collect();
    }
    let mut moments = Vec::with_capacity(orders.iter().map(Vec::len).sum());
    for (object, order) in objects.iter().zip(orders) {
        let mut moment = 0;
        for &local in order {
            let number = object.as_ref()[local as usize];
            moment = moment.max(call(number));
            moments.push((moment, number));
        }
    }
    if !moments.is_sorted_by_key(|&(moment, _)| moment) {
        moments.sort_by_key(|&(moment, _)| moment);
    }
    moments.into_iter().map(|(_, number)| number as usize).collect()
}

/// The operations of an object as the search wants them: in the order of their calls.
pub(crate) struct Task<Op, Output> {
    pub(crate) intervals: Vec<Interval>,
    pub(crate) classes: Vec<(Op, Option<Output>)>,
}

impl Object {
    pub(crate) fn task(&self, history: &History) -> Task<Op, Output> {
        let mut numbers = FastMap::<Class, u32>::default();
        let mut classes = Vec::new();
        let mut intervals = Vec::with_capacity(self.operations.len());
        for &number in &self.operations {
            let packed = &history.packed()[number as usize];
            let class = *numbers.entry(packed.class).or_insert_with(|| {
                let operation = history.operation(number as usize);
                classes.push((operation.op, operation.returned.map(|end| end.output)));
                classes.len() as u32 - 1
            });
            let returned = (!packed.is_open()).then_some(packed.returned);
            intervals.push(Interval { call: packed.call, returned, class });
        }
        Task { intervals, classes }
    }

    /// The object with only these of its operations.
    pub(crate) fn only(&self, locals: &[u32]) -> Object {
        let operations = locals.iter().map(|&local| self.operations[local as usize]).collect();
        Object { key: self.key, operations }
    }

    pub(crate) fn key(&self, history: &History) -> Option<Value> {
        history.interner().value(self.key)
    }
}
