//! Recorded steps of any synod-protocol Node as OpenTelemetry spans: OTLP files, Jaeger files, OTLP over gRPC.
