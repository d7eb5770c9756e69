//! Raft's words in a dialogue: its own commands, and how its steps are told.
use serde::Serialize;
use synod_kv::{Command, Output, Value};
use synod_protocol::{
    Message, NodeId,
    by_hand::dialogue::{self, Words},
};
use synod_raft::{Body, Outcome, RaftEvent, Record};

use super::cluster::{Cluster, Server, Wire, get};

/// A cluster that is played with.
pub(crate) struct Stage(pub(crate) Cluster);

impl dialogue::Stage for Stage {
    /// `cluster 3`
    fn open(words: &[&str]) -> Option<Stage> {
        let ["cluster", nodes] = words else { return None };
        Some(Stage(Cluster::new(nodes.parse().expect("a number of nodes"))))
    }

    fn act(&mut self, words: &[&str]) -> String {
        let mut text = String::new();
        match words {
            ["logs"] => text = logs(&self.0),
            ["elect", id] => self.0.elect(dialogue::node(id)),
            ["settle", id] => self.0.settle(dialogue::node(id)),
            _ => assert!(dialogue::act::<Raft, _>(&mut self.0, words), "no such command: {words:?}"),
        }
        text + &dialogue::tell::<Raft, _>(&mut self.0)
    }
}

struct Raft;

impl Words for Raft {
    type Node = Server;

    fn request(words: &[&str]) -> Command {
        parse_command(words)
    }

    fn ask(command: &Command) -> String {
        command.to_string()
    }

    fn say(output: &Output) -> String {
        compact(output)
    }

    fn tell(message: &Wire) -> String {
        let said = match &message.body {
            Body::PreVote(last) | Body::RequestVote(last) => {
                format!("log ends at {} of term {}", last.last_log_index, last.last_log_term)
            }
            Body::PreVoteReply { granted } | Body::RequestVoteReply { granted } => {
                if *granted { "yes" } else { "no" }.into()
            }
            Body::AppendEntries(append) => {
                let terms: Vec<String> = append.entries.iter().map(|entry| entry.term.to_string()).collect();
                let entries =
                    if terms.is_empty() { "nothing".into() } else { format!("[{}]", terms.join(" ")) };
                format!(
                    "after {} of term {}: {entries}, committed {}",
                    append.prev_log_index, append.prev_log_term, append.leader_commit
                )
            }
            Body::AppendEntriesReply { outcome, .. } => match outcome {
                Outcome::Matched { index } => format!("matches up to {index}"),
                Outcome::Conflict { prev_log_index, term: Some(term), first_index } => {
                    format!("conflict at {prev_log_index}: term {term} since {first_index}")
                }
                Outcome::Conflict { prev_log_index, term: None, first_index } => {
                    format!("conflict at {prev_log_index}: the log ends before {first_index}")
                }
                Outcome::StaleTerm => "stale term".into(),
            },
        };
        format!("{} (term {}) {said}", message.kind(), message.term)
    }

    fn disk(record: &Record<Command>) -> Option<String> {
        Some(match record {
            Record::Vote { current_term, voted_for } => {
                let vote =
                    voted_for.map_or("no vote".into(), |candidate: NodeId| format!("vote for {candidate}"));
                format!("term {current_term}, {vote}")
            }
            Record::Append { after, entries } => {
                let terms: Vec<String> = entries.iter().map(|entry| entry.term.to_string()).collect();
                format!("after entry {after}, entries of term {}", terms.join(" "))
            }
        })
    }

    /// ` term=3 candidate=1`
    fn fields(event: &RaftEvent) -> String {
        let value = serde_json::to_value(event).expect("events are plain data");
        let fields = value.as_object().and_then(|variant| variant.values().next()?.as_object());
        fields.into_iter().flatten().map(|(name, value)| format!(" {name}={value}")).collect()
    }
}

fn parse_command(words: &[&str]) -> Command {
    let number = |word: &str| word.parse::<u64>().expect("a number");
    match words {
        ["put", key, value] => Command::Put { key: number(key), value: Value::Number(number(value) as i64) },
        ["get", key] => get(number(key)),
        ["append", key, text] => Command::Append { key: number(key), text: (*text).into() },
        other => panic!("no such request: {other:?}"),
    }
}

/// `n1  leader of term 2  1 1 2|2`: the terms of the log, with a bar behind what is committed.
fn logs(cluster: &Cluster) -> String {
    let mut text = String::new();
    for id in cluster.ids() {
        if !cluster.is_up(id) {
            text += &format!("n{id}  down\n");
            continue;
        }
        let node = cluster.node(id);
        let mut log = String::new();
        for (index, entry) in node.log().iter() {
            let bar = if index == node.commit_index() { " |" } else { "" };
            log += &format!(" {}{bar}", entry.term);
        }
        text +=
            &format!("n{id}  {:<12} of term {}: {log}\n", compact(&node.role_name()), node.current_term());
    }
    text
}

pub(crate) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is plain data").replace('"', "")
}
