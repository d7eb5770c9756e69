//! JSON lines and Jepsen's EDN: what is read, and what is refused, where and why.
use synod_linearizability::{
    generate::Random,
    transactions::{Operation, Status, Transaction, TransactionHistory, check},
};

const JSONL: &str = r#"{"client":1,"call":0,"return":5,"txn":[["append","x",1],["r","y",[]]],"ok":true}
{"client":2,"call":3,"return":9,"txn":[["r","x",null],["append",7,"a \"b\""]],"ok":false}
{"client":3,"call":4,"return":null,"txn":[],"ok":null}
"#;

const EDN: &str = "; Elle's form, one event a line
{:index 0 :type :invoke :process 0 :f :txn :value [[:append :x 1] [:r :y nil]]}
{:index 1, :type :invoke, :process :nemesis, :f :start, :value nil}
{:index 2, :type :invoke, :process 1, :f :txn, :value [[:r :x nil] [:append 7 \"a\"]], :time 3}
{:index 3 :type :ok :process 0 :f :txn :value [[:append :x 1] [:r :y nil]]}
{:index 4 :type :fail :process 1 :f :txn :value [[:r :x nil] [:append 7 \"a\"]]}
{:index 5 :type :invoke :process 0 :f :txn :value [[:r :x nil]]}
{:index 6 :type :info :process 0 :f :txn :value [[:r :x nil]] :error :timeout}
{:index 7 :type :invoke :process 2 :f :txn :value [[:r :x nil]]}
{:index 8 :type :ok :process 2 :f :txn :value [[:r :x [1]]]}
";

#[test]
fn jsonl_says_the_same_again() {
    assert!(TransactionHistory::is_recognised(JSONL));
    let history = TransactionHistory::read(JSONL).expect("a history");
    let expected = [
        Transaction::called(1, 0, [Operation::append("x", 1), Operation::read("y", [])]).committed(5),
        Transaction::called(
            2,
            3,
            [Operation::Read { key: "x".into(), list: None }, Operation::append(7, "a \"b\"")],
        )
        .aborted(9),
        Transaction::called(3, 4, []),
    ];
    assert_eq!(history.transactions(), expected);
    assert_eq!(history.to_jsonl(), JSONL);
    assert_eq!(history.keys(), 3);
    // Null for a list that a committed transaction read is the empty one; blank lines are skipped, and counted.
    let spaced = format!("\n{}", JSONL.replace("\"y\",[]", "\"y\",null").replace('\n', "\n\n"));
    let history = TransactionHistory::read(&spaced).expect("a history");
    assert_eq!(history.transactions(), expected);
    assert_eq!(history.line(1), 4);
}

#[test]
fn edn_as_jepsen_writes_it() {
    assert!(TransactionHistory::is_recognised(EDN));
    let vector = format!("[{EDN}]");
    for text in [EDN, &vector] {
        let history = TransactionHistory::read(text).expect("a history");
        let statuses: Vec<Status> = history.transactions().iter().map(|each| each.status).collect();
        assert_eq!(statuses, [Status::Committed, Status::Aborted, Status::Unknown, Status::Committed]);
        let expected = [Operation::append("x", 1), Operation::read("y", [])];
        assert_eq!(history.transactions()[0], Transaction::called(0, 1, expected).committed(3));
        let unread = [Operation::Read { key: "x".into(), list: None }, Operation::append(7, "a")];
        assert_eq!(history.transactions()[1].operations, unread);
        assert_eq!(history.transactions()[3].operations, [Operation::read("x", [1])]);
        assert_eq!((0..4).map(|number| history.line(number)).collect::<Vec<_>>(), [2, 4, 7, 9]);
    }
}

/// What holds single operations is not taken for transactions.
#[test]
fn other_histories_are_not_recognised() {
    let others = [
        "",
        r#"{"client":1,"call":0,"return":1,"op":{"f":"read"},"output":null}"#,
        r#"{"client":1,"call":0,"return":1,"op":{"f":"put","key":":txn","value":1},"output":null}"#,
        "{:process 0, :type :invoke, :f :read, :value nil}",
        "{:process 0, :type :invoke, :f :write, :value [1 2]}",
        "INFO  jepsen.util - 0\t:invoke\t:read\tnil",
    ];
    for text in others {
        assert!(!TransactionHistory::is_recognised(text), "{text}");
    }
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let error = TransactionHistory::read(text).expect_err(text).to_string();
    assert!(error.starts_with(message), "{text}\nsays:   {error}\nwanted: {message}");
}

fn line(txn: &str, end: &str) -> String {
    format!(r#"{{"client":1,"call":1,"return":2,"txn":{txn},"ok":{end}}}"#)
}

#[test]
fn malformed_lines() {
    refused(
        "{",
        "line 1, column 1: EOF while parsing an object; write one transaction a line, like {\"client\":1,",
    );
    let good = line("[]", "true");
    refused(&format!("{good}\n\n{good} x"), "line 3, column 53: trailing characters; ");
    refused(&good.replace(r#","ok":true"#, ""), "line 1, column 41: missing field `ok`; ");
    refused(&good.replace(r#""return":2,"#, ""), "line 1, column 40: missing field `return`; ");
    refused(&good.replace("txn", "tnx"), "line 1, column 37: unknown field `tnx`, expected one of ");
    refused(&line("[]", "1"), "line 1, column 47: invalid type: integer `1`, expected a boolean; ");
    refused(
        &line(r#"[["w","x",1]]"#, "true"),
        "line 1, column 44: unknown operation `w`; known are append and r; ",
    );
    refused(
        &line(r#"[["append","x"]]"#, "true"),
        "line 1, column 53: invalid length 2, expected [\"append\", key, value] or [\"r\", key, list]; ",
    );
    refused(&line(r#"[["append","x",1,2]]"#, "true"), "line 1, column 57: invalid length 4, expected [");
    refused(
        &line(r#"[["append","x",[1]]]"#, "true"),
        "line 1, column 57: a key or a value is a number or a string, not [1]; ",
    );
    refused(
        &line(r#"[["append",null,1]]"#, "true"),
        "line 1, column 54: a key or a value is a number or a string, not null; ",
    );
    refused(
        &line(r#"[["append","x",1.5]]"#, "true"),
        "line 1, column 56: invalid type: floating point `1.5`, expected null, true, false, a whole",
    );
    refused(
        &line(r#"[["r","x",1]]"#, "true"),
        "line 1, column 49: invalid type: integer `1`, expected a sequence; ",
    );
    let vast = line(r#"[["append","x",18446744073709551615]]"#, "true");
    refused(&vast, "line 1, column 73: the number 18446744073709551615 does not fit 64 bits with a sign; ");
}

#[test]
fn impossible_histories() {
    refused(
        &line("[]", "true").replace("\"return\":2", "\"return\":0"),
        "line 1: client 1 returns at 0, before its call at 1; check the clock that ",
    );
    let no_time = |ok: &str| line("[]", ok).replace("\"return\":2", "\"return\":null");
    for ok in ["true", "false"] {
        refused(
            &no_time(ok),
            "line 1: the outcome is known but not when it was; give the time of the return, or ",
        );
    }
    let next = line("[]", "true").replace("\"call\":1", "\"call\":2");
    assert!(TransactionHistory::read(&[next.clone(), line("[]", "true")].join("\n")).is_ok());
    refused(
        &[
            next.replace("\"return\":2", "\"return\":4"),
            line("[]", "true").replace("\"return\":2", "\"return\":3"),
        ]
        .join("\n"),
        "line 1: client 1 calls at 2 while its transaction of line 2 is open until 3; a client has one transaction ",
    );
    // A client that was not told goes on under another id, whether it says when it gave up or not.
    for unknown in [no_time("null"), line("[]", "null")] {
        refused(
            &[unknown, next.clone()].join("\n"),
            "line 2: client 1 calls at 2 although the outcome of its transaction of line 1 is unknown, so that it ",
        );
    }
    let append = line(r#"[["append","x",1]]"#, "false");
    refused(
        &[append.clone(), append.replace("\"client\":1", "\"client\":2")].join("\n"),
        "line 2: 1 is appended to x again, after line 1; append a value to a key only once, or nobody can tell ",
    );
    let read = Operation::Read { key: "x".into(), list: None };
    let error =
        TransactionHistory::new([Transaction::called(1, 0, [read]).committed(1)]).expect_err("no list");
    assert!(
        error.to_string().starts_with("line 1: the transaction committed, so it read something from x; ")
    );
}

#[test]
fn malformed_events() {
    let call = "{:process 0 :type :invoke :f :txn :value [[:append :x 1]]}\n";
    let with = |rest: &str| format!("{call}{rest}");
    refused(
        &with("[1]"),
        "line 2: Vector([Scalar(1)]) is no event; an event looks like {:process 0 :type :ok ",
    );
    refused(&with("{:type :ok}"), "line 2: the event has no :process; ");
    refused(&with("{:process -1 :type :ok}"), "line 2: :process -1 is negative; ");
    refused(&with("{:process 0}"), "line 2: the event has no :type; ");
    refused(
        &with("{:process 0 :type :okay}"),
        "line 2: `:type :okay` is none of :invoke, :ok, :fail, :info; ",
    );
    refused(&with("{:process 0 :type :ok :f :read}"), "line 2: `:f Keyword(\"read\")` is not :txn; ");
    refused(
        &with("{:process 0 :type :ok :value 3}"),
        "line 2: `:value Scalar(3)` is no vector of operations; ",
    );
    refused(&with("{:process 0 :type :ok"), "line 2: a form is missing at the end; ");
    refused(
        &with("{:process 0 :type :ok}"),
        "line 2: the transaction committed, but has no :value that says ",
    );
    refused(
        &with("{:process 1 :type :ok :value []}"),
        "line 2: process 1 is answered, but has called nothing ",
    );
    refused(&with(call), "line 2: process 0 calls although its transaction of line 1 has not ended; ");
    refused(&with("{:process 1 :type :invoke}"), "line 2: the call has no :value; ");
    refused(
        &with("{:process 0 :type :ok :value [[:append :x 2]]}"),
        "line 2: process 0 ends something else than it called in line 1; ",
    );
    let operations = [
        "[:append :x]",
        "[:w :x 1]",
        "[:append :x nil]",
        "[:append [] 1]",
        "[:r :x 1]",
        "[:r :x [nil]]",
        ":r",
    ];
    for operation in operations {
        let text = with(&format!("{{:process 1 :type :invoke :value [{operation}]}}"));
        let error = TransactionHistory::read(&text).expect_err(&text).to_string();
        assert!(
            error.starts_with("line 2: ") && error.contains(" is neither [:append key value] nor "),
            "{error}"
        );
    }
    refused(&format!("[{call}] 7"), "line 2: Scalar(7) follows the end of the history; ");
}

/// Whatever stands in a file, it is a history or refused.
#[test]
fn damaged_files_are_no_panic() {
    let mut random = Random::new(1);
    let (mut read, mut refused) = (0, 0);
    for round in 0..4000 {
        let mut text = if round % 2 == 0 { JSONL } else { EDN }.as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let place = random.below(text.len() as u64) as usize;
            match random.below(3) {
                0 if text.len() > 1 => drop(text.remove(place)),
                1 => text[place] = text[random.below(text.len() as u64) as usize],
                _ => text.truncate(place.max(1)),
            }
        }
        let text = String::from_utf8(text).expect("only ASCII");
        match TransactionHistory::read(&text) {
            Ok(history) => {
                check(&history);
                read += 1;
            }
            Err(error) => {
                assert!(error.to_string().starts_with("line "), "{text}\n{error}");
                refused += 1;
            }
        }
    }
    assert!(read > 100 && refused > 1000, "{read} were read, {refused} refused");
}
