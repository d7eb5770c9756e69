//! Each thing that can be wrong with a history, and what is said of it.
use synod_linearizability::History;

#[track_caller]
fn check(text: &str, message: &str) {
    let error = History::read_jsonl(text.as_bytes()).expect_err(text).to_string();
    assert!(error.starts_with(message), "{text}\nsays:   {error}\nwanted: {message}");
}

fn line(op: &str, output: &str) -> String {
    format!(r#"{{"client":1,"call":1,"return":2,"op":{op},"output":{output}}}"#)
}

#[test]
fn syntax() {
    check(
        "{",
        "line 1, column 1: EOF while parsing an object; write one operation a line, like {\"client\":2,",
    );
    check("\n\n[1]", "line 3, column 3: invalid length 1, expected struct Line with 5 elements; ");
    check("{\"client\":-1}", "line 1, column 12: invalid value: integer `-1`, expected u64; ");
    check(
        r#"{"client":1,"call":1.5}"#,
        "line 1, column 22: invalid type: floating point `1.5`, expected u64; ",
    );
    check(r#"{"client":1,"client":1}"#, "line 1, column 20: duplicate field `client`; ");
    check(r#"{"clinet":1}"#, "line 1, column 9: unknown field `clinet`, expected one of `client`, `call`, ");
    let whole = line(r#"{"f":"read"}"#, "null");
    check(&format!("{whole}\n{whole} x"), "line 2, column 66: trailing characters; ");
    check(&whole.replace(r#""return":2,"#, ""), "line 1, column 53: missing field `return`; ");
    check(&whole.replace(r#""call":1,"#, ""), "line 1, column 55: missing field `call`; ");
    check(&whole.replace(r#","output":null"#, ""), "line 1, column 50: missing field `output`; ");
    check(
        &whole.replace(r#""return":2,"#, r#""return":2,"return":3,"#),
        "line 1, column 40: duplicate field `return`; ",
    );
    check(&line(r#"{"key":1}"#, "null"), "line 1, column 46: missing field `f`; ");
    check(
        &line(r#"{"f":"write","value":1.5}"#, "null"),
        "line 1, column 61: invalid type: floating point `1.5`, ",
    );
    let vast = line(r#"{"f":"write","value":18446744073709551615}"#, "null");
    check(&vast, "line 1, column 78: the number 18446744073709551615 does not fit 64 bits with a sign; ");
}

#[test]
fn operations() {
    check(
        &line(r#"{"f":"swap"}"#, "null"),
        "line 1: unknown operation `swap`; known are read, write, cas, get, put, ",
    );
    check(&line(r#"{"f":"write"}"#, "null"), "line 1: `write` needs the field `value`; add it to `op`");
    check(&line(r#"{"f":"cas","from":1}"#, "true"), "line 1: `cas` needs the field `to`; ");
    check(&line(r#"{"f":"get"}"#, "null"), "line 1: `get` needs the field `key`; ");
    check(&line(r#"{"f":"read","value":1}"#, "null"), "line 1: `read` takes no field `value`; remove it ");
    check(
        &line(r#"{"f":"write","value":null}"#, "null"),
        "line 1: `value` of `write` must be a number or a string, not null",
    );
    check(
        &line(r#"{"f":"put","key":[1],"value":1}"#, "null"),
        "line 1: `key` of `put` must be a number or a string, not [1]",
    );
}

#[test]
fn outputs() {
    let op = r#"{"f":"cas","from":1,"to":2}"#;
    check(&line(op, "1"), "line 1: the output of `cas` must be true or false, not 1");
    check(&line(op, "null"), "line 1: the output of `cas` must be true or false, not null");
    check(
        &line(r#"{"f":"write","value":1}"#, "true"),
        "line 1: the output of `write` must be null, not true",
    );
    check(
        &line(r#"{"f":"get","key":1}"#, "true"),
        "line 1: the output of `get` must be the value that was found, or null when there is none, not true",
    );
    let open = line(r#"{"f":"read"}"#, "1").replace(r#""return":2"#, r#""return":null"#);
    check(&open, "line 1: an output without a return; put null for `output`, or give the time of `return`");
}

#[test]
fn times() {
    let backwards = line(r#"{"f":"read"}"#, "1").replace(r#""return":2"#, r#""return":0"#);
    check(&backwards, "line 1: client 1 returns at 0, before its call at 1; check the clock that ");
    let read = |call: u64, end: &str| {
        let op = r#"{"f":"read"}"#;
        format!(r#"{{"client":7,"call":{call},"return":{end},"op":{op},"output":null}}"#)
    };
    check(
        &[read(5, "9"), read(1, "2"), read(8, "10")].join("\n"),
        "line 3: client 7 calls at 8 while its operation of line 1 is open until 9; a client has one operation \
         at a time: give concurrent operations different client ids",
    );
    check(
        &[read(1, "null"), read(3, "4")].join("\n"),
        "line 2: client 7 calls at 3 although its operation of line 1 never got an answer and so is open for \
         ever; a client that gave up must go on under a new client id",
    );
}
