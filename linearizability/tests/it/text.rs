//! Histories as text.
use synod_linearizability::{
    DataType, History, HistoryBuilder, Op, Operation, Output,
    generate::{Workload, operations},
};

#[test]
fn a_history_is_written_as_it_was_read() {
    let text = r#"{"client":2,"call":79,"return":2067,"op":{"f":"cas","key":1,"from":3,"to":4},"output":false}
{"client":3,"call":0,"return":null,"op":{"f":"put","key":"a \"key\"","value":-5},"output":null}
{"client":18446744073709551615,"call":5,"return":5,"op":{"f":"read"},"output":"é"}
{"client":4,"call":5,"return":6,"op":{"f":"append","key":9223372036854775807,"value":"x"},"output":null}
"#;
    let history = History::read_jsonl(text.as_bytes()).unwrap();
    assert_eq!(history.to_jsonl(), text);
    let rebuilt = History::new(history.operations()).unwrap();
    assert_eq!(rebuilt.to_jsonl(), text);
}

#[test]
fn generated_histories_survive_the_round_trip() {
    for seed in 0..20 {
        let load = Workload { seed, unanswered: 7, keys: seed % 3, ..Workload::default() };
        let data_type = DataType::ALL[seed as usize % DataType::ALL.len()];
        let history = load.linearizable(data_type, operations(data_type, 3));
        let text = history.to_jsonl();
        assert_eq!(History::read_jsonl(text.as_bytes()).unwrap().to_jsonl(), text);
        let open = history.operations().filter(|operation| operation.returned.is_none()).count();
        assert_eq!((history.len(), open), (100, 7));
    }
}

#[test]
fn lines_of_a_file_are_remembered() {
    let mut builder = HistoryBuilder::default();
    builder.push_at(17, Operation::called(1, 0, Op::Read).returned(1, Output::Null)).unwrap();
    let history = builder.finish().unwrap();
    assert_eq!((history.line(0), history.len(), history.is_empty()), (17, 1, false));
    let blank = "\n\n".to_owned() + &history.to_jsonl();
    assert_eq!(History::read_jsonl(blank.as_bytes()).unwrap().line(0), 3);
}
