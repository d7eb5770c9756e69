//! The tail of a run is its end.
use synod_protocol::Recording;
use synod_simulator::{Fault, Tail};

use crate::toys::{run, short};

#[test]
fn it_keeps_the_last_steps_in_order() {
    let (mut recording, mut all, mut few) = (Recording::default(), Tail::of(1 << 20), Tail::of(100));
    run(short(5).with_faults(&Fault::ALL), (&mut recording, (&mut all, &mut few)));
    let steps = recording.steps();
    assert!(steps.len() > 1_000, "{} steps", steps.len());
    assert_eq!(all.lines().count(), steps.len());
    for (line, step) in all.lines().zip(steps) {
        assert_eq!((line.number, line.at, line.place), (step.number, step.at, step.place));
    }
    assert!(few.lines().eq(all.lines().skip(steps.len() - 100)));
}

#[test]
fn a_line_tells_a_step() {
    let mut tail = Tail::of(1 << 20);
    run(short(5).with_faults(&Fault::ALL), &mut tail);
    let story: Vec<String> = tail.lines().map(ToString::to_string).collect();
    for words in [
        "boots with 0 records",
        ": Stored of n",
        ": Store of n",
        " sends packet ",
        " dropped: ",
        " repeated as ",
        " are durable",
        " crashes, ",
        " answered, ",
    ] {
        assert!(story.iter().any(|line| line.contains(words)), "no line says \"{words}\"");
    }
    assert_eq!(story[0], "#0 0.000s n1: boots with 0 records");
}
