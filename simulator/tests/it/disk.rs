//! Disks: group commit, and what a crash keeps.
use std::time::Duration;

use synod_protocol::{NodeId, Place, Recording, Step, What};
use synod_simulator::{Config, Disk, Fault};

use crate::toys::{Ledger, run, short};

fn steps(config: Config) -> Vec<Step<'static, Ledger>> {
    let mut recording = Recording::default();
    run(config, &mut recording);
    recording.into_steps()
}

fn slow(config: Config) -> Config {
    let sync = Duration::from_millis(30)..Duration::from_millis(31);
    Config { disk: Disk { sync, ..config.disk.clone() }, ..config }
}

#[test]
fn one_sync_covers_all_records_that_were_written_before_it_began() {
    let think = Duration::ZERO..Duration::from_millis(1);
    let config = slow(short(1));
    let config =
        Config { clients: 30, client: synod_simulator::Client { think, ..config.client.clone() }, ..config };
    let node = Place::Node(NodeId(1));
    let (mut written, mut synced, mut largest) = (0, 0, 0);
    // When the sync under way began, and what it must cover.
    let mut under_way = None;
    for step in steps(config).iter().filter(|step| step.place == node) {
        written +=
            step.what.effects().iter().filter(|e| matches!(e, synod_protocol::Effect::Persist(_))).count()
                as u64;
        if let What::Synced { records } = step.what {
            let (since, covers) = under_way.take().expect("a sync that began");
            assert_eq!(records, covers, "at {}", step.at);
            let took = step.at - since;
            assert!((30..=31).contains(&took.as_millis()), "{took:?}");
            largest = largest.max(records - synced);
            synced = records;
        }
        if under_way.is_none() && written > synced {
            under_way = Some((step.at, written));
        }
    }
    assert!(largest >= 5, "no group was larger than {largest}");
}

#[test]
fn an_output_leaves_when_the_records_before_it_are_durable_and_not_before() {
    let steps = steps(slow(short(1)));
    let mut at_once = 0;
    for step in &steps {
        let What::Sent { cause, effect, .. } = step.what else { continue };
        let origin = &steps[cause as usize];
        let before = &origin.what.effects()[..effect as usize];
        let waited = step.at - origin.at;
        if before.iter().any(|effect| matches!(effect, synod_protocol::Effect::Persist(_))) {
            assert!(waited >= Duration::from_millis(30), "{step:?} waited {waited:?}");
        }
        at_once += u32::from(waited.is_zero());
    }
    assert!(at_once > 100, "outputs with no record before them wait for nothing");
}

#[test]
fn a_crash_keeps_what_was_synced_and_a_prefix_of_the_rest() {
    let (mut none, mut some, mut all) = (0, 0, 0);
    for seed in 0..60 {
        let config = slow(short(seed).with_faults(&[Fault::Crash, Fault::Disk]));
        let nodes = config.nodes;
        let steps = steps(config);
        for id in (1..=nodes).map(NodeId) {
            let (mut written, mut synced): (u64, u64) = (0, 0);
            for step in steps.iter().filter(|step| step.place == Place::Node(id)) {
                match step.what {
                    What::Synced { records } => synced = records,
                    What::Crashed { records } => {
                        assert!((synced..=written).contains(&records), "{step:?}: {synced}..={written}");
                        if written - synced >= 2 {
                            none += u32::from(records == synced);
                            all += u32::from(records == written);
                            some += u32::from(synced < records && records < written);
                        }
                        (written, synced) = (records, records);
                    }
                    What::Booted { records, .. } => assert_eq!(records, written),
                    _ => {}
                }
                written += step
                    .what
                    .effects()
                    .iter()
                    .filter(|e| matches!(e, synod_protocol::Effect::Persist(_)))
                    .count() as u64;
            }
        }
    }
    assert!(
        none > 0 && some > 0 && all > 0,
        "kept of two records or more: none {none}, some {some}, all {all}"
    );
}

#[test]
fn a_crash_may_fall_between_two_outputs_of_a_step() {
    let mut cut = 0;
    for seed in 0..40 {
        let steps = steps(short(seed).with_faults(&[Fault::Crash]));
        for (crash, next) in
            steps.iter().zip(0usize..).filter(|(step, _)| matches!(step.what, What::Crashed { .. }))
        {
            // The step before it at this node, and how many of its outputs got out.
            let Some(last) = steps[..next]
                .iter()
                .rfind(|step| step.place == crash.place && !step.what.effects().is_empty())
            else {
                continue;
            };
            let wrote = last.what.effects().iter().any(|e| matches!(e, synod_protocol::Effect::Persist(_)));
            cut += u32::from(wrote && last.at == crash.at);
        }
    }
    assert!(cut > 10, "{cut} crashes in a step that wrote a record");
}
