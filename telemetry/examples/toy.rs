//! A run of the tests' toy, as files and in a Jaeger:
//! `cargo run --release -p synod-telemetry --example toy -- OUT_FOLDER [http://127.0.0.1:4317]`.
use std::{
    env,
    error::Error,
    fs::{self, File},
    io::BufWriter,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use serde_json::json;
use synod_protocol::Recording;
use synod_telemetry::{
    grpc::Exporter,
    jaeger_json, otlp_json, tell,
    trace_file::{Header, Writer},
};
use toy::{Ballot, Plan};

#[path = "../tests/it/toy/mod.rs"]
mod toy;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder for the files")?);
    let plan =
        Plan { seed: 7, nodes: 3, length: Duration::from_secs(30), lost: 5, repeated: 5, faults: true };
    let mut recording = Recording::<Ballot>::default();
    toy::run(&plan, &mut recording)?;

    fs::create_dir_all(&folder)?;
    let file = |name| File::create(folder.join(name)).map(BufWriter::new);
    let header = Header::new("toy", plan.seed, plan.nodes, json!({ "lost": plan.lost }));
    let mut trace = Writer::new(file("trace.jsonl")?, &header)?;
    recording.steps().iter().try_for_each(|step| trace.step(step))?;
    trace.finish()?;

    let spans = tell(&header, recording.steps(), toy::Teller::default())?;
    otlp_json::write(file("trace.otlp.jsonl")?, &spans)?;
    jaeger_json::write(file("trace.jaeger.json")?, &spans)?;
    println!("{} steps, {} spans in {} traces", recording.steps().len(), spans.count(), spans.traces.len());

    if let Some(endpoint) = arguments.next() {
        let accepted = Exporter::connect(&endpoint)?.export(&spans, SystemTime::now())?;
        println!("{endpoint} accepted {accepted}");
    }
    Ok(())
}
