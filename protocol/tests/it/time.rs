//! Readings of a clock, and the names of things.
use std::time::Duration;

use proptest::prelude::*;
use synod_protocol::*;

proptest! {
    #[test]
    fn what_comes_after_a_span_lies_that_span_later(at in 0..1u64 << 62, span in 0..1u64 << 62) {
        let span = Duration::from_nanos(span);
        let later = Time(at).after(span);
        prop_assert_eq!(later - Time(at), span);
        prop_assert_eq!(Time(at) - later, Duration::ZERO, "a span is never negative");
    }

    #[test]
    fn clients_that_are_nodes_are_nobody_else(a in 0..1u32 << 31, b in 0..1u32 << 31) {
        prop_assert_ne!(ClientId::of_node(NodeId(a)), ClientId(b));
        prop_assert_eq!(ClientId::of_node(NodeId(a)) == ClientId::of_node(NodeId(b)), a == b);
    }
}

#[test]
fn time_ends_and_does_not_wrap() {
    assert_eq!(Time(u64::MAX - 1).after(Duration::from_nanos(5)), Time(u64::MAX));
    assert_eq!(Time::ZERO.after(Duration::MAX), Time(u64::MAX));
}

#[test]
fn things_are_shown_as_people_write_them() {
    assert_eq!(Time(12_345_999_999).to_string(), "12.345s");
    assert_eq!(Time(7_000_000).to_string(), "0.007s");
    assert_eq!(format!("{:>9}|{:<9}|", Time(7_000_000), Time::ZERO), "   0.007s|0.000s   |");
    assert_eq!(NodeId(3).to_string(), "n3");
    assert_eq!(ClientId(4).to_string(), "c4");
    assert_eq!(
        Violation::new("Election Safety", "n1 and n2 lead term 3").to_string(),
        "Election Safety violated: n1 and n2 lead term 3"
    );
    let losses = [Loss::Lost, Loss::Partitioned, Loss::Down].map(|loss| loss.to_string());
    assert_eq!(losses, ["lost by the link", "partitioned", "receiver down"]);
}
