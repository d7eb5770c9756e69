//! OTLP over gRPC, to a Jaeger or any collector.
//!
//! Blocking: a runtime of one thread runs inside, so it is not for callers that run in one themselves.
//! Nothing is lost in silence: either the receiver has accepted every span, or there is an error that
//! says how many it has.
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};

use crate::{
    otlp,
    span::{Epoch, Spans},
};

/// As protobuf. Receivers take 4 MiB as a rule.
const REQUEST_BYTES: usize = 2 << 20;

/// How long to wait for the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    pub connect: Duration,
    /// For each request.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { connect: Duration::from_secs(3), answer: Duration::from_secs(10) }
    }
}

/// Why a run did not arrive, or not all of it.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The operator's fault.
    #[error("{endpoint:?} is not an OTLP endpoint: {why}; it looks like http://127.0.0.1:4317")]
    BadEndpoint { endpoint: String, why: String },
    /// May pass, once something listens there.
    #[error(
        "nothing takes OTLP over gRPC at {endpoint}: {why}; is Jaeger up, and is this its gRPC port (4317 as a rule)?"
    )]
    Unreachable { endpoint: String, why: String },
    /// May pass.
    #[error(
        "{endpoint} gave no answer within {waited:?}, after {accepted} spans; is this its gRPC port (4317 as a rule)?"
    )]
    NoAnswer { endpoint: String, waited: Duration, accepted: u64 },
    /// The receiver's, or the way to it. May pass.
    #[error("{endpoint} refused spans, after {accepted} accepted ones: {code:?}: {why}")]
    Refused { endpoint: String, code: Code, why: String, accepted: u64 },
    /// The receiver's: it took some of a request and not others.
    #[error("{endpoint} accepted {accepted} spans and rejected {rejected}: {why}")]
    Rejected { endpoint: String, rejected: u64, why: String, accepted: u64 },
    /// Ours, or the machine's.
    #[error("the exporter cannot start: {0}")]
    Runtime(#[source] std::io::Error),
}

/// A connection to a receiver.
#[derive(Debug)]
pub struct Exporter {
    endpoint: String,
    patience: Patience,
    runtime: Runtime,
    client: TraceServiceClient<Channel>,
}

impl Exporter {
    /// To `http://HOST:PORT`; the `http://` may be left out.
    ///
    /// # Errors
    /// [`ExportError::BadEndpoint`] and [`ExportError::Unreachable`].
    pub fn connect(endpoint: &str) -> Result<Exporter, ExportError> {
        Exporter::connect_within(endpoint, Patience::default())
    }

    /// Is this an endpoint that [`Exporter::connect`] could try? Before a long run, not after it.
    ///
    /// # Errors
    /// [`ExportError::BadEndpoint`].
    pub fn check(endpoint: &str) -> Result<(), ExportError> {
        parse(endpoint).map(drop)
    }

    pub fn connect_within(endpoint: &str, patience: Patience) -> Result<Exporter, ExportError> {
        let channel = parse(endpoint)?.connect_timeout(patience.connect).timeout(patience.answer);
        let endpoint = channel.uri().to_string();
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ExportError::Runtime)?;
        let channel = runtime.block_on(channel.connect()).map_err(|error| ExportError::Unreachable {
            endpoint: endpoint.clone(),
            why: whole_story(&error),
        })?;
        let client = TraceServiceClient::new(channel);
        Ok(Exporter { endpoint, patience, runtime, client })
    }

    /// Sends all spans, so that the run ends at that moment: Jaeger's search looks at recent times only.
    /// The number of spans that the receiver accepted is that of all spans.
    ///
    /// # Errors
    /// Any but [`ExportError::BadEndpoint`]; nothing is sent again.
    pub fn export(&mut self, spans: &Spans, ends: SystemTime) -> Result<u64, ExportError> {
        let mut accepted = 0;
        for request in otlp::requests(spans, Epoch::ending_at(ends, spans), REQUEST_BYTES) {
            accepted += self.send(request, accepted)?;
        }
        Ok(accepted)
    }

    fn send(&mut self, request: ExportTraceServiceRequest, before: u64) -> Result<u64, ExportError> {
        let spans: usize = request
            .resource_spans
            .iter()
            .flat_map(|resource| &resource.scope_spans)
            .map(|scope| scope.spans.len())
            .sum();
        let spans = spans as u64;
        let answer = self.runtime.block_on(self.client.export(request));
        let answer = answer.map_err(|status| self.failed(&status, before))?.into_inner();
        match answer.partial_success {
            Some(partial) if partial.rejected_spans > 0 => {
                let rejected = spans.min(partial.rejected_spans.unsigned_abs());
                Err(ExportError::Rejected {
                    endpoint: self.endpoint.clone(),
                    rejected,
                    why: partial.error_message,
                    accepted: before + spans - rejected,
                })
            }
            _ => Ok(spans),
        }
    }

    fn failed(&self, status: &Status, accepted: u64) -> ExportError {
        let endpoint = self.endpoint.clone();
        match status.code() {
            Code::DeadlineExceeded | Code::Cancelled => {
                ExportError::NoAnswer { endpoint, waited: self.patience.answer, accepted }
            }
            code => ExportError::Refused { endpoint, code, why: status.message().to_owned(), accepted },
        }
    }
}

fn parse(endpoint: &str) -> Result<Endpoint, ExportError> {
    let bad = |why: &str| ExportError::BadEndpoint { endpoint: endpoint.to_owned(), why: why.to_owned() };
    let with_scheme = match endpoint.contains("://") {
        true => endpoint.to_owned(),
        false => format!("http://{endpoint}"),
    };
    let parsed = Endpoint::from_shared(with_scheme).map_err(|error| bad(&whole_story(&error)))?;
    let uri = parsed.uri();
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err(bad("TLS is not spoken here")),
        _ => return Err(bad("it does not begin with http://")),
    }
    if uri.port_u16().is_none() {
        return Err(bad("it names no port"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(bad("over gRPC it has no path"));
    }
    Ok(parsed)
}

/// The causes say what the error itself only hints at: "transport error: … Connection refused".
fn whole_story(error: &dyn std::error::Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !story.contains(&next) {
            story = format!("{story}: {next}");
        }
        cause = error.source();
    }
    story
}
