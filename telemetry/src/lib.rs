//! Recorded steps of any synod-protocol Node as OpenTelemetry spans: OTLP files, Jaeger files, OTLP over gRPC.
pub mod trace_file;

mod narrator;
pub use narrator::{Milestone, Narrator, Story};

mod tell;
pub use tell::{TellError, Teller, tell};

pub mod span;
pub use span::{Epoch, Spans};

pub mod attribute;

mod ids;

mod otlp;
pub mod otlp_json;
mod text;

pub mod jaeger_json;

pub mod grpc;
