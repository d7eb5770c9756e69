//! What the exporters promise, checked on runs of a toy with faults.
mod toy;

use synod_protocol::contract::Checker;
use synod_telemetry::Recording;

use std::time::Duration;
use toy::{Ballot, Plan};

#[test]
fn toy_runs() {
    let plan =
        Plan { seed: 7, nodes: 3, length: Duration::from_secs(10), lost: 5, repeated: 5, faults: true };
    let mut o = (Recording::<Ballot>::default(), Checker::new(3));
    toy::run(&plan, &mut o).unwrap();
    let header = synod_telemetry::trace_file::Header::new("toy", 7, 3, serde_json::Value::Null);
    let spans = synod_telemetry::tell(&header, o.0.steps(), toy::Teller::default()).unwrap();
    println!("{} steps {} spans {} traces", o.0.steps().len(), spans.count(), spans.traces.len());
    for t in spans.traces.iter().filter(|t| t.spans[0].name.starts_with("election")).take(3) {
        for s in &t.spans {
            println!(
                "{} {} {:?} {:?} {} {} {:?} {:?} {:?}",
                s.id,
                s.parent.map(|p| p.to_string()).unwrap_or_default(),
                s.kind,
                s.name,
                s.start.0,
                s.end.0,
                s.attributes.iter().map(|a| format!("{}={}", a.key, a.value)).collect::<Vec<_>>().join(" "),
                s.events.iter().map(|e| &*e.name).collect::<Vec<_>>(),
                s.error
            );
        }
    }
}
