//! OTLP JSON lines: an `ExportTraceServiceRequest` a line, as OpenTelemetry's file exporter writes it and
//! the collector's `otlpjsonfile` receiver reads it.
use std::io::{self, Write};

use crate::{
    otlp,
    span::{Epoch, Spans},
};

/// As protobuf; a line of JSON is some four times as long, and the collector's receiver cuts lines at 1 MiB.
const LINE_BYTES: usize = 128 << 10;

/// Equal runs give equal bytes. Flushes; give it something buffered.
///
/// # Errors
/// Those of the writer.
pub fn write(mut out: impl Write, spans: &Spans) -> io::Result<()> {
    for request in otlp::requests(spans, Epoch::FILE, LINE_BYTES) {
        serde_json::to_writer(&mut out, &request)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
