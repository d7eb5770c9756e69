//! Over gRPC to a receiver in this process: it gets exactly the run, or there is an error that says what.
use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use synod_telemetry::{
    Epoch,
    grpc::{ExportError, Exporter, Patience},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, transport::Server};

use crate::{record, seen, tell_run};

/// How it takes its second request; the first one it accepts.
#[derive(Clone, Copy, Debug)]
enum Then {
    Accepts,
    Rejects(i64),
    Refuses(Code),
    Sleeps,
}

#[derive(Clone)]
struct Receiver {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    then: Then,
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let is_first = {
            let mut requests = self.requests.lock().expect("nobody panicked with it");
            requests.push(request.into_inner());
            requests.len() == 1
        };
        let partial = |rejected_spans| ExportTracePartialSuccess {
            rejected_spans,
            error_message: "too old".to_owned(),
        };
        let partial_success = match self.then {
            _ if is_first => None,
            Then::Accepts => None,
            Then::Rejects(spans) => Some(partial(spans)),
            Then::Refuses(code) => return Err(Status::new(code, "no room")),
            Then::Sleeps => return std::future::pending().await,
        };
        Ok(Response::new(ExportTraceServiceResponse { partial_success }))
    }
}

impl Receiver {
    /// Serves until the process ends, on a thread of its own.
    fn start(then: Then) -> (Receiver, SocketAddr) {
        let receiver = Receiver { requests: Arc::default(), then };
        let service = TraceServiceServer::new(receiver.clone());
        let (tell, address) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("it is bound")).expect("the test waits");
                let incoming = TcpListenerStream::new(listener);
                Server::builder().serve_with_incoming(service, incoming).await.expect("it serves");
            });
        });
        (receiver, address.recv().expect("the server starts"))
    }

    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        self.requests.lock().expect("nobody panicked with it").clone()
    }
}

fn moment() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn export_to(then: Then, patience: Patience) -> (ExportError, u64) {
    let (receiver, address) = Receiver::start(then);
    let spans = tell_run(1, &record(1));
    let mut exporter = Exporter::connect_within(&format!("http://{address}"), patience).expect("it listens");
    let error = exporter.export(&spans, moment()).expect_err("the second request is not accepted");
    let first = seen::received(&receiver.requests()[..1]).len();
    (error, first as u64)
}

#[test]
fn the_receiver_gets_exactly_the_spans_of_the_run() {
    let (receiver, address) = Receiver::start(Then::Accepts);
    let spans = tell_run(1, &record(1));
    let mut exporter = Exporter::connect(&address.to_string()).expect("it listens");
    let accepted = exporter.export(&spans, moment()).expect("it accepts");
    assert_eq!(accepted, spans.count() as u64);

    let requests = receiver.requests();
    assert!(requests.len() >= spans.services.len());
    let (got, told) = (seen::received(&requests), seen::told(&spans, Epoch::ending_at(moment(), &spans), 1));
    assert!(got == told, "first difference: {:#?}", got.iter().zip(&told).find(|(a, b)| a != b));
    let last = got.iter().map(|span| span.end).max();
    assert_eq!(last, Some(1_790_000_000_000_000_000), "the run ends at the moment of the export");
}

#[test]
fn live_ids_are_those_of_the_files() {
    let spans = tell_run(1, &record(1));
    let ids = |epoch| -> Vec<(String, String)> {
        seen::told(&spans, epoch, 1).into_iter().map(|seen| (seen.trace, seen.span)).collect()
    };
    assert_eq!(ids(Epoch::FILE), ids(Epoch::ending_at(moment(), &spans)));
}

#[test]
fn rejected_spans_are_an_error_that_counts_them() {
    let (error, first) = export_to(Then::Rejects(3), Patience::default());
    let ExportError::Rejected { rejected: 3, accepted, why, .. } = &error else { panic!("{error}") };
    assert!(*accepted >= first, "those of the first request, and the others of the second");
    assert_eq!(why, "too old");
}

#[test]
fn a_refused_request_is_an_error_that_says_what_was_accepted() {
    let (error, first) = export_to(Then::Refuses(Code::ResourceExhausted), Patience::default());
    let ExportError::Refused { code: Code::ResourceExhausted, accepted, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*accepted, first);
    assert!(error.to_string().contains("no room"), "{error}");
}

#[test]
fn a_receiver_that_does_not_answer_is_not_waited_for() {
    let patience = Patience { answer: Duration::from_millis(300), ..Patience::default() };
    let (error, first) = export_to(Then::Sleeps, patience);
    let ExportError::NoAnswer { accepted, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*accepted, first);
}

#[test]
fn where_nothing_listens_the_error_says_what_to_look_for() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it is bound");
    let error = Exporter::connect(&free.to_string()).expect_err("nothing listens there any more");
    assert!(matches!(error, ExportError::Unreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&format!("http://{free}")) && text.contains("is Jaeger up"), "{text}");
}

#[test]
fn something_that_does_not_speak_grpc_is_named_as_such() {
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = deaf.local_addr().expect("it is bound");
    let patience = Patience { answer: Duration::from_millis(300), ..Patience::default() };
    let spans = tell_run(1, &record(1));
    let exported = Exporter::connect_within(&address.to_string(), patience)
        .and_then(|mut exporter| exporter.export(&spans, moment()));
    let error = exported.expect_err("it takes connections and says nothing");
    assert!(matches!(error, ExportError::NoAnswer { accepted: 0, .. }), "{error:?}");
    assert!(error.to_string().contains("is this its gRPC port"), "{error}");
}

#[test]
fn endpoints_that_cannot_be_are_the_operators_fault() {
    for (endpoint, why) in [
        ("", "not an OTLP endpoint"),
        ("http://", "not an OTLP endpoint"),
        ("https://127.0.0.1:4317", "TLS"),
        ("ftp://127.0.0.1:4317", "http://"),
        ("http://127.0.0.1", "no port"),
        ("http://127.0.0.1:4318/v1/traces", "no path"),
        ("http://a b:4317", "not an OTLP endpoint"),
    ] {
        let error = Exporter::connect(endpoint).expect_err(endpoint);
        assert!(matches!(error, ExportError::BadEndpoint { .. }), "{endpoint}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(why) && text.contains("http://127.0.0.1:4317"), "{endpoint}: {text}");
    }
}
