//! Recorded runs as files: what is read is what was written, and a bad file is named with its line.
use std::io::BufReader;

use synod_protocol::Step;
use synod_telemetry::trace_file::{Reader, TraceFileError, Writer};

use crate::{header, record, toy::Ballot};

fn written(steps: &[Step<'static, Ballot>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header(1)).expect("memory takes it");
    for step in steps {
        writer.step(step).expect("memory takes it");
    }
    writer.finish().expect("memory takes it")
}

fn read(file: &[u8]) -> Result<Vec<Step<'static, Ballot>>, TraceFileError> {
    Reader::new(file)?.steps().collect()
}

/// Reads a file of a run after it was harmed, and says what its error says.
fn error_after(harm: impl FnOnce(&mut Vec<String>)) -> (TraceFileError, String) {
    let file = String::from_utf8(written(&record(1)[..10])).expect("it is text");
    let mut lines: Vec<String> = file.lines().map(|line| format!("{line}\n")).collect();
    harm(&mut lines);
    let error = read(lines.concat().as_bytes()).expect_err("it was harmed");
    let text = error.to_string();
    (error, text)
}

#[test]
fn a_run_reads_back_equal() {
    let steps = record(1);
    let file = written(&steps);
    let reader = Reader::new(BufReader::new(&*file)).expect("it has a header");
    assert_eq!(*reader.header(), header(1));
    let back: Vec<Step<'static, Ballot>> = reader.steps().collect::<Result<_, _>>().expect("it is whole");
    assert_eq!(back, steps);
}

#[test]
fn the_same_run_gives_the_same_bytes_one_line_a_step() {
    let file = written(&record(2));
    assert_eq!(file, written(&record(2)));
    let lines = file.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, 1 + record(2).len());
    let first =
        r#"{"schema":"synod.trace/1","algorithm":"toy","seed":1,"nodes":3,"config":{"faults":"all"}}"#;
    assert!(file.starts_with(first.as_bytes()));
}

#[test]
fn a_file_without_header_says_what_is_missing() {
    let (error, text) = error_after(|lines| drop(lines.remove(0)));
    assert!(matches!(error, TraceFileError::NoHeader { .. }), "{error:?}");
    assert!(text.contains("line 1") && text.contains("give the file that a run wrote"), "{text}");
    let (error, text) = error_after(Vec::clear);
    assert!(matches!(error, TraceFileError::NoHeader { .. }), "{error:?}");
    assert!(text.contains("the file is empty"), "{text}");
}

#[test]
fn a_file_of_another_form_is_refused() {
    let (error, text) = error_after(|lines| lines[0] = lines[0].replace("trace/1", "trace/2"));
    assert!(matches!(error, TraceFileError::OtherSchema { .. }), "{error:?}");
    assert!(text.contains("synod.trace/2") && text.contains("record the run again"), "{text}");
}

#[test]
fn a_bad_line_is_named() {
    let (error, text) = error_after(|lines| lines[4] = lines[4].replace("\"at\"", "\"when\""));
    assert!(matches!(error, TraceFileError::BadStep { line: 5, .. }), "{error:?}");
    assert!(text.contains("line 5") && text.contains("at"), "{text}");
    let (error, _) = error_after(|lines| lines[4].truncate(20));
    assert!(matches!(error, TraceFileError::BadStep { line: 5, .. }), "{error:?}");
    let (error, _) = error_after(|lines| lines[4] = "\n".to_owned());
    assert!(matches!(error, TraceFileError::BadStep { line: 5, .. }), "{error:?}");
}

#[test]
fn a_last_line_that_was_cut_off_is_told_apart_from_a_bad_one() {
    let (error, text) = error_after(|lines| lines[10].truncate(30));
    assert!(matches!(error, TraceFileError::CutOff { line: 11 }), "{error:?}");
    assert!(text.contains("line 11") && text.contains("delete that line"), "{text}");
}

#[test]
fn before_the_error_the_good_steps_are_read_and_after_it_none() {
    let steps = record(1);
    let mut file = written(&steps[..10]);
    file.truncate(file.len() - 5);
    let read: Vec<_> = Reader::new(&*file).expect("it has a header").steps::<Ballot>().collect();
    assert_eq!(read.len(), 10);
    assert!(read[..9].iter().zip(&steps).all(|(read, step)| read.as_ref().ok() == Some(step)));
    assert!(read[9].is_err());
}

#[test]
fn a_missing_line_is_noticed() {
    let (error, text) = error_after(|lines| drop(lines.remove(4)));
    assert!(
        matches!(error, TraceFileError::Gap { line: 5, found: 4, expected: 3 }),
        "line 5 held step 3: {error:?}"
    );
    assert!(text.contains("step 4 where step 3 is due"), "{text}");
}

#[test]
fn a_writer_that_fails_is_an_error() {
    let mut room = [0; 100];
    let mut writer = Writer::new(&mut room[..], &header(1)).expect("the header has room");
    let error = record(1).iter().find_map(|step| writer.step(step).err()).expect("there is no more room");
    assert!(matches!(error, TraceFileError::Write(_)), "{error:?}");
}
