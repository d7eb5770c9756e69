//! The page: everything is in it, and nothing of it comes from elsewhere.
use serde_json::Value;
use synod_linearizability::{
    DataType, History, Op, Operation, Options, Output, Verdict, check,
    generate::{Workload, unique_operations},
    html,
};

fn page(history: &History) -> String {
    let mut bytes = Vec::new();
    html::write(&mut bytes, "a test", history, &check(history, &Options::default()))
        .expect("memory takes all");
    String::from_utf8(bytes).expect("a page is text")
}

fn data(page: &str) -> Value {
    let begin = page.find("id=\"data\">").expect("there is data") + 10;
    let end = begin + page[begin..].find("</script>").expect("it ends");
    serde_json::from_str(&page[begin..end]).expect("it is JSON")
}

#[test]
fn every_operation_takes_place_within_its_interval_and_in_order() {
    let load = Workload { operations: 300, unanswered: 5, ..Workload::default() };
    let history = load.linearizable(DataType::Register, unique_operations(DataType::Register));
    let data = data(&page(&history));
    assert_eq!(data["verdict"], "linearizable");
    let rows = data["operations"].as_array().expect("rows");
    assert_eq!(rows.len(), history.len());
    let mut placed: Vec<(u64, u64)> = Vec::new();
    for row in rows {
        let (call, end) = (row[2].as_u64().expect("a call"), row[3].as_u64());
        let Some(moment) = row[6].as_u64() else {
            assert_eq!(end, None, "what was answered took place");
            continue;
        };
        assert!(call <= moment && end.is_none_or(|end| moment <= end), "{row}");
        placed.push((row[7].as_u64().expect("a place"), moment));
    }
    placed.sort_unstable();
    assert!(placed.is_sorted_by_key(|(_, moment)| *moment), "the order goes forward in time");
}

#[test]
fn the_stuck_operation_is_marked_and_explained() {
    let history = History::new([
        Operation::called(1, 0, Op::Write(3.into())).returned(10, Output::Null),
        Operation::called(2, 15, Op::Read).returned(20, Output::Null),
    ])
    .expect("a history");
    let data = data(&page(&history));
    assert_eq!(data["verdict"], "not linearizable");
    let stuck = data["stuck"].as_u64().expect("one is stuck") as usize;
    assert!(data["operations"][stuck][4].as_str().expect("a text").starts_with("read"));
    let marked = data["counterexample"].as_array().expect("a counterexample");
    assert_eq!(marked.len(), 2, "the write, and the read that missed it");
    assert!(marked.contains(&data["stuck"]));
    assert!(!data["reason"].as_str().expect("a reason").is_empty());
}

#[test]
fn values_cannot_break_out() {
    let evil = "</script><script>alert(1)</script><!--";
    let history = History::new([Operation::called(1, 0, Op::Write(evil.into())).returned(1, Output::Null)]);
    let page = page(&history.expect("a history"));
    assert!(!page.contains("alert(1)</script>") && !page.contains("<!--"));
    assert!(data(&page)["operations"][0][4].as_str().expect("a text").contains("</script>"));
}

#[test]
fn it_stands_alone_and_is_the_same_each_time() {
    let load = Workload { operations: 50, ..Workload::default() };
    let history = load.linearizable(DataType::Queue, unique_operations(DataType::Queue));
    let page = page(&history);
    assert_eq!(page, self::page(&history));
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(matches!(check(&history, &Options::default()), Verdict::Linearizable { .. }));
}
