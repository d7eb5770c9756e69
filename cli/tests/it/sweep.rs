//! Sweeps, stories, and what is refused: from the command line, and with a bug that Raft does not have.
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    sync::atomic::AtomicBool,
};

use serde_json::Value;
use synod_cli::{
    algorithm::Algorithm,
    doctor::{Way, determinism},
    exit::Exit,
    raft::{Raft, Server},
    replay::{ReplayOptions, holds, replay},
    replay_file::Story,
    shrink::{ShrinkOptions, shrink},
    swarm::Asked,
    sweep::{SweepOptions, SweepReport, plan::Seeds, sweep},
};
use synod_protocol::NodeId;
use synod_simulator::Fault;

use crate::wrong::{Doomed, Forgetful, Lazy, Leaky, Punctual};
use crate::{folder, stderr, stdout, synod};

fn swept<A: Algorithm>(name: &str, jobs: usize) -> (SweepReport, std::path::PathBuf) {
    let out = folder(name);
    let options = SweepOptions {
        seeds: Seeds { from: 0, to: 40 },
        shard: None,
        faults: Fault::ALL.to_vec(),
        asked: Asked::default(),
        jobs: Some(jobs),
        keep_going: false,
        out: Some(out.clone()),
    };
    let report = sweep::<A>(&options, &AtomicBool::new(false)).expect("the folder can be written to");
    (report, out)
}

fn doomed(name: &str, jobs: usize) -> (SweepReport, std::path::PathBuf) {
    swept::<Doomed>(name, jobs)
}

/// Without colours, as a file has it.
fn plain(lines: &[String]) -> String {
    lines.iter().map(|line| anstream::adapter::strip_str(line).to_string() + "\n").collect()
}

#[test]
fn a_violation_is_told_in_a_few_steps_and_written() {
    let (report, out) = doomed("doomed", 2);
    assert_eq!(report.exit(), Exit::Violated);
    let told = &report.stories[0];
    let text = plain(&told.lines);
    assert!(told.actions <= 24 && told.before.is_some_and(|before| before > 100), "{text}");
    for said in ["✗ seed ", "leads a third one", "LEADS TERM 3", "synod replay "] {
        assert!(text.contains(said), "{said:?} is not in\n{text}");
    }
    assert!(
        text.lines().all(|line| line.starts_with("  ") && line.contains('/') || line.chars().count() <= 100)
    );
    let besides =
        text.lines().filter(|line| !line.contains(['│', '●', '✗', '▲']) || line.starts_with('✗')).count();
    assert!(besides <= 12, "{text}");

    // The same story whatever the number of threads, to the byte.
    let (again, other) = doomed("doomed-again", 1);
    assert_eq!(again.tally, report.tally);
    let name = format!("raft-seed-{}.replay.jsonl", told.seed);
    let story = fs::read(out.join(&name)).expect("a story");
    assert_eq!(fs::read(other.join(&name)).expect("a story"), story);

    // It ends as it says, and as a test it fails: but not for an algorithm without this property.
    let story = String::from_utf8(story).expect("text");
    let error = holds::<Doomed>(&story).expect_err("it is violated").to_string();
    assert!(error.starts_with("Two terms violated"), "{error}");
    assert!(holds::<Raft>(&story).is_ok());
    let test = fs::read_to_string(out.join(format!("raft-seed-{}.rs", told.seed))).expect("a test");
    assert!(test.contains("#[test]\nfn raft_two_terms_seed_"), "{test}");
    assert!(test.contains(&story) && test.contains("Election fires"), "{test}");
}

#[test]
fn a_story_is_replayed_up_to_any_step() {
    let (report, out) = doomed("replayed", 2);
    let file = out.join(format!("raft-seed-{}.replay.jsonl", report.stories[0].seed));
    let at = |until, state| {
        let options = ReplayOptions { file: file.clone(), until, state, edited: false };
        replay::<Doomed>(&options).expect("a story")
    };
    let whole = at(None, None);
    assert!(whole.is_as_told && whole.exit() == Exit::Violated, "{}", plain(&whole.lines));
    // The state of a node at each step, forwards and backwards.
    let first = at(Some(1), Some(NodeId(1)));
    assert_eq!((first.steps, first.stopped, first.exit()), (1, true, Exit::Holds));
    assert!(first.state.is_some_and(|state| state.contains("PreCandidate")));
    let story = whole.violation.expect("it is violated").story;
    let leader = NodeId(story[1..2].parse().expect("the number of a node"));
    let last = at(Some(whole.steps), Some(leader));
    let text = plain(&last.lines);
    assert!(text.contains(&format!("{leader} after step")) && text.contains("Leader("), "{text}");
    let before = at(Some(whole.steps - 1), Some(leader));
    assert!(before.state != last.state && before.violation.is_none());
    for (until, state) in [(Some(whole.steps + 1), None), (None, Some(NodeId(9))), (None, Some(NodeId(0)))] {
        let options = ReplayOptions { file: file.clone(), until, state, edited: false };
        assert_eq!(replay::<Doomed>(&options).expect_err("no such step or node").exit, Exit::Usage);
    }
}

/// What clients saw is a violation like any other, and needs a few calls.
#[test]
fn a_history_that_nothing_explains_is_shrunk() {
    let (report, _) = swept::<Forgetful>("forgetful", 2);
    let told = &report.stories[0];
    let text = plain(&told.lines);
    assert_eq!(told.property, "Linearizability", "{text}");
    assert!(told.actions <= 24 && !told.needs_timing, "{text}");
    let asked = text.lines().filter(|line| line.contains(" asks: ")).count();
    assert!(asked == 2 && text.contains(" is told: "), "{text}");
}

/// A cluster that does not serve is a matter of time.
#[test]
fn what_needs_timing_says_so_and_is_made_again_from_its_seed() {
    let (report, out) = swept::<Lazy>("lazy", 2);
    let told = &report.stories[0];
    let text = plain(&told.lines);
    assert!(told.property == "Liveness" && told.needs_timing && told.actions == 0, "{text}");
    assert!(
        text.contains("it needs timing, and nothing that is odd: a cluster of 3 in its plainest run"),
        "{text}"
    );
    let file = out.join(format!("raft-seed-{}.replay.jsonl", told.seed));
    let story = fs::read_to_string(&file).expect("a story");
    assert!(holds::<Lazy>(&story).expect_err("it is violated").to_string().contains("0 of 1 operations"));
    let at = |until, state| {
        let options = ReplayOptions { file: file.clone(), until, state, edited: false };
        replay::<Lazy>(&options).expect("a story")
    };
    let whole = at(None, None);
    assert!(whole.is_as_told && whole.exit() == Exit::Violated, "{}", plain(&whole.lines));
    let first = at(Some(1), Some(NodeId(2)));
    assert!(first.stopped && first.state.is_some_and(|state| state.contains("Follower")));
    let options = ShrinkOptions { file, out: out.join("again.replay.jsonl"), edited: false };
    assert_eq!(shrink::<Lazy>(&options).expect("a story").property.as_deref(), Some("Liveness"));
    assert_eq!(fs::read_to_string(out.join("again.replay.jsonl")).expect("a story"), story);
}

/// What no list of actions holds is told by what was odd in the run; and that is a story as any other.
#[test]
fn what_needs_times_is_told_by_what_was_odd() {
    let (report, out) = swept::<Punctual>("punctual", 2);
    let told = &report.stories[0];
    let text = plain(&told.lines);
    assert!(told.property == "Right clocks" && told.needs_timing, "{text}");
    assert!(told.deviations.is_some_and(|left| (1..=3).contains(&left)), "{text}");
    assert!(told.before.is_some_and(|before| before > 100), "{text}");
    assert!(text.contains("it needs timing: ") && text.contains("    · the clock of n"), "{text}");

    let file = out.join(format!("raft-seed-{}.replay.jsonl", told.seed));
    let story = fs::read_to_string(&file).expect("a story");
    assert!(
        story.starts_with("{\"schema\":\"synod.replay/2\"") && story.contains("\n{\"draw\":{"),
        "{story}"
    );
    assert!(holds::<Punctual>(&story).expect_err("it is violated").to_string().contains("Right clocks"));
    let test = fs::read_to_string(out.join(format!("raft-seed-{}.rs", told.seed))).expect("a test");
    assert!(
        test.contains("//! the clock of n") && test.contains("#[test]\nfn raft_right_clocks_seed_"),
        "{test}"
    );

    let options = ReplayOptions { file: file.clone(), until: None, state: None, edited: false };
    let replayed = replay::<Punctual>(&options).expect("a story");
    assert!(replayed.is_as_told && plain(&replayed.lines).contains("· the clock of n"));
    // What is as short as it gets stays so.
    let options = ShrinkOptions { file: file.clone(), out: out.join("again.replay.jsonl"), edited: false };
    let shrunk = shrink::<Punctual>(&options).expect("a story");
    assert_eq!((shrunk.before, Some(shrunk.after)), (shrunk.after, told.deviations));
    assert_eq!(fs::read_to_string(out.join("again.replay.jsonl")).expect("a story"), story);

    // Without its deviations it is an edited one, and if it is to be told all the same, it ends well.
    let harmed = out.join("harmed.replay.jsonl");
    let lines: Vec<&str> = story.lines().collect();
    let fewer = format!("{}\n{}\n", lines[0], lines[lines.len() - 1]);
    for (text, edited, says) in [
        (fewer.clone(), false, "there are 0 where"),
        (story.replace("\"draw\"", "\"drew\""), true, "line 2 is neither an action"),
        (format!("{}\n{}", lines[0], &lines[1][..20]), false, "ends after line 2"),
        (fewer, true, ""),
    ] {
        fs::write(&harmed, text).expect("the folder can be written to");
        let options = ReplayOptions { file: harmed.clone(), until: None, state: None, edited };
        match replay::<Punctual>(&options) {
            Ok(replayed) => assert!(says.is_empty() && replayed.violation.is_none()),
            Err(failure) => {
                let text = format!("{:#}", failure.error);
                assert!(!says.is_empty() && text.contains(says) && failure.exit == Exit::Usage, "{text}");
            }
        }
    }
}

#[test]
fn a_story_is_walked_through_to_and_fro() {
    let (report, out) = doomed("walked", 2);
    let file = out.join(format!("raft-seed-{}.replay.jsonl", report.stories[0].seed));
    let story =
        Story::<Server>::read::<Doomed>(&fs::read(file).expect("a story")[..], false).expect("a story");
    let said = |commands: &str| {
        let mut out = Vec::new();
        synod_cli::walk::walk::<Doomed>(&story, commands.as_bytes(), &mut out).expect("memory takes all");
        plain(&String::from_utf8(out).expect("text").lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let text = said("n\nn\nb\n1\nq\nn\n");
    let steps: Vec<&str> = text.lines().filter(|line| line.starts_with("after step")).collect();
    assert_eq!(steps, ["after step 1:", "after step 2:", "after step 1:"], "{text}");
    assert!(text.contains("role: PreCandidate"), "{text}");
    // There and back again it is the same moment.
    let state =
        |commands: &str| said(&format!("{commands}\n1\n")).split_once("Raft {").map(|(_, s)| s.to_owned());
    assert!(state("g 5") == state("g 9\ng 3\ng 5") && state("g 5") != state("g 1"));
    let end = said("g 1000\nn\nd\n");
    assert!(end.contains("the story ends here") && end.contains("LEADS TERM 3"), "{end}");
    assert!(said("fly\ng home\nn99\n").contains("home is no number of a step"));
}

#[test]
fn a_padded_story_is_shrunk_again() {
    let (report, out) = doomed("padded", 2);
    let file = out.join(format!("raft-seed-{}.replay.jsonl", report.stories[0].seed));
    let text = fs::read_to_string(&file).expect("a story");
    // Each action twice: most of the second ones cannot happen.
    let mut lines: Vec<&str> = text.lines().collect();
    let (header, end) = (lines.remove(0), lines.pop().expect("an end"));
    let twice: Vec<&str> = lines.iter().flat_map(|line| [*line, *line]).collect();
    let padded = out.join("padded.replay.jsonl");
    fs::write(&padded, format!("{header}\n{}\n{end}\n", twice.join("\n"))).expect("a file");
    let options =
        |edited| ShrinkOptions { file: padded.clone(), out: out.join("short.replay.jsonl"), edited };
    let refused = shrink::<Doomed>(&options(false)).expect_err("it was edited");
    assert!(format!("{:#}", refused.error).contains("say --edited"));
    let shrunk = shrink::<Doomed>(&options(true)).expect("a story");
    assert_eq!((shrunk.before, shrunk.property.as_deref()), (twice.len(), Some("Two terms")));
    assert!(shrunk.after <= lines.len(), "{} actions", shrunk.after);
    let again = fs::read(out.join("short.replay.jsonl")).expect("the shorter story");
    Story::<Server>::read::<Doomed>(&again[..], false).expect("a story like any other");
}

const QUICK: &str = "sweep raft --seeds 0..12";

#[test]
fn a_sweep_of_raft_holds() {
    let here = folder("holds");
    let output = synod(&here, QUICK);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).starts_with("seeds        12 of 12, 0 violated, 0 undecided\n"),
        "{}",
        stdout(&output)
    );
    assert!(stderr(&output).contains(" seeds/s"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(&here).expect("a folder").count(), 0, "nothing to tell, nothing written");
}

#[test]
fn the_merged_parts_are_the_whole() {
    let here = folder("merged");
    assert_eq!(synod(&here, &format!("{QUICK} --out whole")).status.code(), Some(0));
    for shard in 0..3 {
        assert_eq!(synod(&here, &format!("{QUICK} --shard {shard}/3 --out parts")).status.code(), Some(0));
    }
    let tally = |line: &str| -> Value {
        let output = synod(&here, line);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).expect("a tally")
    };
    let parts: Vec<String> = (0..3).map(|shard| format!("parts/sweep-{shard}-of-3.json")).collect();
    let merged = tally(&format!("sweep --json --merge {}", parts.join(" ")));
    let whole = fs::read_to_string(here.join("whole/sweep.json")).expect("a tally");
    assert_eq!(merged, serde_json::from_str::<Value>(&whole).expect("json"));
    assert_eq!(merged["runs"], 12);
    assert!(merged["counts"]["delivered"].as_u64() > Some(1_000));
    // Not some of them, and none twice.
    for (files, said) in [
        (parts[..2].join(" "), "parts are missing: 2/3"),
        (format!("{} {}", parts[0], parts[0]), "part 0/3 does not fit"),
        (format!("{} whole/sweep.json", parts[0]), "parts are missing"),
        ("nowhere.json".to_owned(), "nowhere.json"),
    ] {
        let output = synod(&here, &format!("sweep --merge {files}"));
        assert_eq!(output.status.code(), Some(2), "{files}: {}", stdout(&output));
        assert!(stderr(&output).contains(said), "{files}: {}", stderr(&output));
    }
    // Cut short, and of another form.
    fs::write(here.join("cut.json"), &whole[..whole.len() / 2]).expect("a file");
    fs::write(here.join("other.json"), whole.replace("synod.sweep/1", "synod.sweep/9")).expect("a file");
    for (file, said) in [("cut.json", "cut short"), ("other.json", "synod.sweep/9")] {
        let output = synod(&here, &format!("sweep --merge {file}"));
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(stderr(&output).contains(said), "{file}: {}", stderr(&output));
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let here = folder("senseless");
    for (line, said) in [
        ("sweep", "<ALGORITHM>"),
        ("sweep raft --seeds 5..5", "there is no seed from 5 up to, and without, 5"),
        ("sweep raft --seeds 9..3", "there is no seed"),
        ("sweep raft --seeds many", "write A..B"),
        ("sweep raft --shard 4/4", "there is no part 4 of 4"),
        ("sweep raft --shard 0/0", "there is no part 0 of 0"),
        ("sweep raft --shard 1", "write I/N"),
        ("sweep raft --faults crash,earthquake", "earthquake"),
        ("sweep raft --jobs 0", "--jobs"),
        ("doctor", "--determinism"),
        ("replay", "<FILE>"),
    ] {
        let output = synod(&here, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{line}: {}", stderr(&output));
    }
    assert_eq!(fs::read_dir(&here).expect("a folder").count(), 0, "nothing was written");
}

#[test]
fn a_story_that_was_harmed_is_refused() {
    let (report, out) = doomed("harmed", 2);
    let story = fs::read_to_string(out.join(format!("raft-seed-{}.replay.jsonl", report.stories[0].seed)))
        .expect("a story");
    let lines: Vec<&str> = story.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    for (name, text, said) in [
        (
            "version",
            story.replace("synod.replay/2", "synod.replay/3"),
            "the file has the form synod.replay/3, and this program reads synod.replay/2 and synod.replay/1",
        ),
        ("algorithm", story.replacen("\"raft\"", "\"raff\"", 1), "raff, which this program does not know"),
        ("empty", String::new(), "line 1 is not the header"),
        ("prose", "once upon a time\n".to_owned(), "line 1 is not the header"),
        ("no-end", without_end, "it was cut short"),
        ("half-line", story[..story.len() * 2 / 3].to_owned(), "cut short"),
        ("action", story.replacen("{\"fire\"", "{\"explode\"", 1), "line 2 is neither an action"),
        ("edited", story.replacen("\"node\":1", "\"node\":2", 3), "say --edited"),
        ("fewer", [&lines[..2], &lines[3..]].concat().join("\n"), "say --edited"),
        ("after", format!("{story}{}\n", lines[1]), "nothing may follow the end"),
    ] {
        fs::write(out.join(name), text).expect("a file");
        for verb in ["replay", "shrink"] {
            let output = synod(&out, &format!("{verb} {name}"));
            assert_eq!(output.status.code(), Some(2), "{verb} {name}: {}", stderr(&output));
            assert!(stderr(&output).contains(said), "{verb} {name}: {}", stderr(&output));
            assert!(output.stdout.is_empty());
        }
    }
    let output = synod(&out, "replay nowhere");
    assert_eq!(output.status.code(), Some(10), "{}", stderr(&output));
    // What was edited by hand is carried out if one insists.
    let output = synod(&out, "replay edited --edited");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("nothing is violated any more"), "{}", stdout(&output));
}

#[test]
fn an_interrupted_sweep_reports_what_it_did() {
    let here = folder("interrupted");
    let mut child = Command::new(env!("CARGO_BIN_EXE_synod"))
        .args(["sweep", "raft", "--seeds", "0..100000000", "--jobs", "1", "--out", "o"])
        .current_dir(&here)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("synod starts");
    // It says so once it listens.
    let mut chatter = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    chatter.read_line(&mut line).expect("text");
    assert!(line.starts_with("sweeping raft seeds 0..100000000"), "{line}");
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &id]).status().expect("there is a kill");
    assert!(kill.success());
    let mut said = String::new();
    chatter.read_to_string(&mut said).expect("text");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("seeds were not run"), "{said}");
    assert!(stdout(&output).contains(" of 100,000,000, 0 violated"), "{}", stdout(&output));
    let tally = fs::read_to_string(here.join("o/sweep.json")).expect("what was done is not lost");
    let tally: Value = serde_json::from_str(&tally).expect("json");
    let (runs, left) = (tally["runs"].as_u64(), tally["left"].as_u64());
    assert_eq!(runs.zip(left).map(|(runs, left)| runs + left), Some(100_000_000));
}

#[test]
fn the_doctor_finds_raft_to_be_one_run_per_seed() {
    let output = synod(&folder("doctor"), "doctor --determinism --seeds 3..9");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("seeds 3..9: 18 further runs"), "{}", stdout(&output));
}

/// The first run of a seed is asked what no later one is: it differs from a second one, from one over the other
/// queue, and from one in another process.
#[test]
fn the_doctor_finds_a_leak_and_the_event_that_shows_it() {
    let synod = std::path::Path::new(env!("CARGO_BIN_EXE_synod"));
    let seeds = Seeds { from: 3, to: 5 };
    let diagnosis = determinism::<Leaky>(seeds, synod).expect("synod can be started");
    assert_eq!((diagnosis.exit(), diagnosis.compared), (Exit::Violated, 6));
    let ways: Vec<_> = diagnosis.mismatches.iter().map(|mismatch| (mismatch.seed, mismatch.way)).collect();
    assert_eq!(ways, [(3, Way::Again), (3, Way::OtherQueue), (3, Way::FreshProcess)]);
    assert!(
        diagnosis.lines().iter().any(|line| line.contains("seed 3: in a fresh process, it is another run"))
    );
    // By now the leak is dry: looked at closely, the runs in this process are the same.
    assert!(diagnosis.mismatches[..2].iter().all(|mismatch| mismatch.divergence.is_none()));
    // The fresh process runs Raft as it is, which draws its knobs: they part where a state shows one.
    let parts = diagnosis.mismatches[2].divergence.clone().expect("another run");
    assert!(parts.one.is_some() && parts.other.is_some(), "{parts:?}");
    assert!(diagnosis.lines().iter().any(|line| line.contains(&format!("part at event {}", parts.event))));
}

#[test]
fn the_trace_of_a_run_that_holds_has_no_story() {
    let here = folder("no-story");
    assert_eq!(synod(&here, "run raft --seed 7 --ops 60 --sim-time 2s --out o").status.code(), Some(0));
    let output = synod(&here, "shrink o/trace.jsonl");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("nothing is violated"), "{}", stdout(&output));
    let trace = fs::read_to_string(here.join("o/trace.jsonl")).expect("a trace");
    fs::write(here.join("cut.jsonl"), &trace[..trace.len() - 40]).expect("a file");
    let output = synod(&here, "shrink cut.jsonl");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("is cut off"), "{}", stderr(&output));
}

/// A sweep follows a scenario and turns knobs in each of its runs; what makes no run is told, and no seed is passed
/// over in silence.
#[test]
fn a_sweep_follows_a_scenario_and_turns_knobs() {
    let here = folder("asked");
    let file = "[config]\nnodes = 3\noperations = 20\nload.reads = 100\n\n[[rule]]\nat = \"1s\"\npick = [{ do = \"crash\", who = \"all\", lasts = \"200ms\" }]\n";
    fs::write(here.join("s.toml"), file).expect("a file can be made");
    let swept = |more: &str| {
        let output = synod(&here, &format!("sweep raft --seeds 0..8 --json --scenario s.toml {more}"));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        serde_json::from_str::<Value>(&stdout(&output)).expect("json")["tally"]["counts"].clone()
    };
    let (three, one) =
        (swept("--set client.think=100ms..200ms"), swept("--set client.think=100ms..200ms --set nodes=1"));
    assert!(
        three["crashes"].as_u64() > one["crashes"].as_u64() && one["crashes"].as_u64() > Some(4),
        "{three} {one}"
    );
    assert_eq!(three["lost"], 0, "nothing but the scenario strikes");
    for (line, said) in [
        ("--set network.los=1", "did you mean network.loss?"),
        ("--set network.loss=2", "write a share: 0.1, or 10%"),
        ("--set nodes", "write KNOB=VALUE"),
        ("--set nodes=0", "seed 0 makes no run with what was asked for: nodes is 0"),
        ("--set load.read=3", "there is no load.read; this algorithm has keys, skew, reads and values"),
        ("--set load.reads=300", "load.reads is no \"300\"; write how many of 100 calls read"),
    ] {
        let output = synod(&here, &format!("sweep raft --seeds 0..8 {line}"));
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{line}: {}", stderr(&output));
    }
    let output = synod(&here, "run raft --faults wipe --seed 1");
    assert!(
        output.status.code() == Some(2) && stderr(&output).contains("do not join anew"),
        "{}",
        stderr(&output)
    );
}
