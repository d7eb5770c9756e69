//! From a list of calls and returns to operations. Their places in the list are their times.
use crate::{History, HistoryBuilder, HistoryError, Op, Operation, Output, Return, Value, hash::FastMap};

/// Pairs calls with returns, process by process.
pub(super) struct Recorder {
    builder: HistoryBuilder,
    now: u64,
    /// In the order of the calls; an operation that did not take place is removed.
    operations: Vec<Option<(usize, Operation)>>,
    open: FastMap<u64, usize>,
}

/// How an operation ended.
pub(super) enum End {
    /// It took place.
    Answered(Output),
    /// It did not take place, or nobody cares: a read that failed.
    DidNotTakePlace,
    /// Nobody knows.
    Unknown,
}

impl Recorder {
    pub(super) fn new(builder: HistoryBuilder) -> Self {
        Recorder { builder, now: 0, operations: Vec::new(), open: FastMap::default() }
    }

    pub(super) fn call(
        &mut self,
        line: usize,
        process: u64,
        key: Option<Value>,
        op: Op,
    ) -> Result<(), HistoryError> {
        self.now += 1;
        if let Some(&place) = self.open.get(&process) {
            let other = self.operations[place].as_ref().map_or(0, |(line, _)| *line);
            return Err(HistoryError::CalledTwice { line, client: process, other });
        }
        self.open.insert(process, self.operations.len());
        let operation = Operation { key, ..Operation::called(process, self.now, op) };
        self.operations.push(Some((line, operation)));
        Ok(())
    }

    /// The operation that the process has open.
    pub(super) fn open(&self, line: usize, process: u64) -> Result<&Operation, HistoryError> {
        let place =
            self.open.get(&process).ok_or(HistoryError::ReturnWithoutCall { line, client: process })?;
        Ok(self.operations[*place]
            .as_ref()
            .map(|(_, operation)| operation)
            .expect("an open operation is kept"))
    }

    pub(super) fn end(&mut self, line: usize, process: u64, end: End) -> Result<(), HistoryError> {
        self.now += 1;
        let place =
            self.open.remove(&process).ok_or(HistoryError::ReturnWithoutCall { line, client: process })?;
        match end {
            End::Answered(output) => {
                let (_, operation) = self.operations[place].as_mut().expect("an open operation is kept");
                operation.returned = Some(Return { at: self.now, output });
            }
            End::DidNotTakePlace => self.operations[place] = None,
            End::Unknown => {}
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<History, HistoryError> {
        for (line, operation) in self.operations.into_iter().flatten() {
            self.builder.push_at(line, operation)?;
        }
        self.builder.finish()
    }
}
