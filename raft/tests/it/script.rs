//! The commands that a dialogue is made of.
use serde::Serialize;
use synod_kv::{Command, Value};
use synod_protocol::Message;
use synod_raft::Timer;

use super::cluster::{Cluster, get};

/// Carries out one command: what follows `> ` in a line, in words.
pub(crate) fn run(cluster: &mut Cluster, words: &[&str]) -> String {
    let node = |word: &str| -> u32 { word.trim_start_matches('n').parse().expect("a node: n1") };
    match words {
        ["fire", id, timer] => {
            let timer = match *timer {
                "LeaderContact" => Timer::LeaderContact,
                "Election" => Timer::Election,
                "Heartbeat" => Timer::Heartbeat,
                "CheckQuorum" => Timer::CheckQuorum,
                other => panic!("no timer {other}"),
            };
            cluster.fire(node(id), timer);
        }
        // By client 1, call 2: `call n1 c1#2 put 0 5`.
        ["call", via, call, command @ ..] => {
            let (client, number) = call.trim_start_matches('c').split_once('#').expect("a call: c1#2");
            let number = number.parse().expect("a number");
            cluster.call(node(via), client.parse().expect("a client"), number, parse_command(command));
        }
        ["deliver"] => drop(cluster.deliver()),
        ["deliver", "but", kind] => {
            cluster.deliver_if(|it| it.message.kind() != *kind);
        }
        ["deliver", from, to] => drop(cluster.deliver_link(node(from), node(to))),
        ["lose"] => cluster.drop_if(|_| true),
        ["crash", ids @ ..] => ids.iter().for_each(|id| cluster.crash(node(id))),
        ["restart", id] => cluster.restart(node(id)),
        ["isolate", ids @ ..] => ids.iter().for_each(|id| cluster.isolate(node(id))),
        ["heal"] => cluster.heal(),
        ["slow", "disk", id] => cluster.slow_disk(node(id)),
        ["sync", id] => cluster.sync(node(id)),
        ["logs"] => return logs(cluster),
        // What has been seen often enough: without a word.
        ["quietly", "elect", id] => quietly(cluster, |cluster| cluster.elect(node(id))),
        ["quietly", "settle", id] => quietly(cluster, |cluster| cluster.settle(node(id))),
        other => panic!("no such command: {other:?}"),
    }
    String::new()
}

fn quietly(cluster: &mut Cluster, act: impl FnOnce(&mut Cluster)) {
    act(cluster);
    cluster.told.clear();
    cluster.answers.clear();
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
