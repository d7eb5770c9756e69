//! A history and its verdict as one self-contained page.
//!
//! Lanes per client, an interval per operation, the moment at which each takes place, the operation that got
//! stuck. The page draws only what is in its window, so that 100,000 operations open as quickly as ten, and it
//! loads nothing from anywhere.
use std::{collections::BTreeMap, io};

use serde::Serialize;

use crate::{History, Verdict};

/// What the page is made from. Operations are rows, to keep the file small.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    verdict: &'static str,
    reason: String,
    stuck: Option<usize>,
    /// The few operations that contradict each other, the stuck one among them.
    counterexample: Vec<usize>,
    clients: Vec<u64>,
    keys: Vec<String>,
    operations: Vec<Row>,
}

/// Lane, key, call, return, text, line, moment, place in the order.
type Row = (usize, usize, u64, Option<u64>, String, usize, Option<u64>, Option<usize>);

/// Writes the page. Equal histories and verdicts give equal bytes.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl io::Write, title: &str, history: &History, verdict: &Verdict) -> io::Result<()> {
    let page = page(title, history, verdict);
    let json = serde_json::to_string(&page)?;
    let [before, middle, after, end] = PARTS;
    out.write_all(before.as_bytes())?;
    out.write_all(include_str!("html/page.css").as_bytes())?;
    out.write_all(middle.as_bytes())?;
    // A value may say `</script>` or `<!--`; in JSON, `<` can be said otherwise.
    out.write_all(json.replace('<', "\\u003c").as_bytes())?;
    out.write_all(after.as_bytes())?;
    out.write_all(include_str!("html/page.js").as_bytes())?;
    out.write_all(end.as_bytes())
}

/// The page around the style, the data and the script.
const PARTS: [&str; 4] = [
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>History</title>\n<style>\n",
    concat!("</style>\n", include_str!("html/page.html"), "<script type=\"application/json\" id=\"data\">"),
    "</script>\n<script>\n",
    "</script>\n</html>\n",
];

fn page<'a>(title: &'a str, history: &History, verdict: &Verdict) -> Page<'a> {
    let (word, reason, order) = match verdict {
        Verdict::Linearizable { order } => {
            ("linearizable", "An order explains every answer.".to_owned(), &order[..])
        }
        Verdict::NotLinearizable(violation) => {
            ("not linearizable", violation.reason.clone(), &violation.prefix[..])
        }
        Verdict::Unknown { why, prefix } => ("not decided", why.to_string(), &prefix[..]),
    };
    let mut clients: Vec<u64> = history.operations().map(|operation| operation.client).collect();
    clients.sort_unstable();
    clients.dedup();
    let mut keys = BTreeMap::new();
    for operation in history.operations() {
        let label = operation.key.as_ref().map_or(String::new(), ToString::to_string);
        let next = keys.len();
        keys.entry(label).or_insert(next);
    }
    let moments = moments(history, order);
    let row = |number: usize| -> Row {
        let operation = history.operation(number);
        let lane = clients.binary_search(&operation.client).unwrap_or_default();
        let label = operation.key.as_ref().map_or(String::new(), ToString::to_string);
        let on = operation.key.as_ref().map_or(String::new(), |key| format!("{key}: "));
        let answer =
            operation.returned.as_ref().map_or("?".to_owned(), |returned| returned.output.to_string());
        let text = format!("{on}{} → {answer}", operation.op);
        let place = moments.get(&number);
        (
            lane,
            keys[&label],
            operation.call,
            operation.returned.as_ref().map(|returned| returned.at),
            text,
            history.line(number),
            place.map(|(moment, _)| *moment),
            place.map(|(_, place)| *place),
        )
    };
    let mut operations: Vec<usize> = (0..history.len()).collect();
    operations.sort_by_key(|&number| (history.operation(number).call, number));
    let shown = |wanted: &usize| operations.iter().position(|number| number == wanted);
    let (stuck, counterexample) = match verdict {
        Verdict::NotLinearizable(violation) => {
            (shown(&violation.stuck), violation.counterexample.iter().filter_map(shown).collect())
        }
        _ => (None, Vec::new()),
    };
    let operations = operations.into_iter().map(row).collect();
    let mut labels = vec![String::new(); keys.len()];
    for (label, place) in &keys {
        labels[*place].clone_from(label);
    }
    Page { title, verdict: word, reason, stuck, counterexample, clients, keys: labels, operations }
}

/// When each ordered operation takes place: as early as the order allows.
fn moments(history: &History, order: &[usize]) -> BTreeMap<usize, (u64, usize)> {
    let mut now = 0;
    let mut moments = BTreeMap::new();
    for (place, &number) in order.iter().enumerate() {
        let operation = history.operation(number);
        // The prefix of a history that was not decided lists one object after the other: time starts anew.
        if operation.returned.as_ref().is_some_and(|returned| returned.at < now) {
            now = 0;
        }
        now = now.max(operation.call);
        moments.insert(number, (now, place));
    }
    moments
}
