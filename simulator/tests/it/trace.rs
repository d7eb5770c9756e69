//! Traces are written a step a line, and read back.
use std::io::{self, Write};

use synod_simulator::{Fault, Recorder, Recording, TraceError, read_trace};

use crate::toys::{Ledger, run, short};

#[test]
fn what_is_written_is_read_back() {
    let mut recorder = Recorder::new(Vec::new());
    let mut recording = Recording::<Ledger>::default();
    run(short(1).with_faults(&Fault::ALL), (&mut recorder, &mut recording));
    let bytes = recorder.finish().expect("memory takes all");
    let read: Vec<_> = read_trace::<Ledger>(&bytes[..]).collect::<Result<_, _>>().expect("steps");
    assert_eq!(read, recording.steps);
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), read.len());
}

#[test]
fn the_schema_is_as_documented() {
    let mut recorder = Recorder::new(Vec::new());
    run(short(1), &mut recorder);
    let bytes = recorder.finish().expect("memory takes all");
    let text = String::from_utf8(bytes).expect("text");
    let first = text.lines().next().expect("a line");
    assert_eq!(
        first,
        r#"{"number":0,"at":0,"place":{"node":1},"what":{"booted":{"clock":0,"records":0,"effects":[],"view":0}}}"#
    );
}

#[test]
fn a_bad_line_is_named() {
    let text = "{\"number\":0,\"at\":0,\"place\":\"network\",\"what\":{\"fault\":{\"what\":\"healed\"}}}\nnonsense\n";
    let read: Vec<_> = read_trace::<Ledger>(text.as_bytes()).collect();
    assert!(read[0].is_ok());
    let error = read[1].as_ref().expect_err("nonsense");
    assert!(matches!(error, TraceError::NoStep { line: 2, .. }), "{error}");
}

#[test]
fn a_full_disk_is_reported_and_is_no_violation() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut recorder = Recorder::new(Full);
    assert_eq!(run(short(1), &mut recorder).violation, None);
    assert!(recorder.finish().is_err_and(|error| error.kind() == io::ErrorKind::StorageFull));
}
