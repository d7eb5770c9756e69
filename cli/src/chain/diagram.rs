//! Chain replication in the few words that fit into a space–time diagram.
use synod_chain_replication::{Body, ChainEvent, ChainMessage, Configuration, RoleName};
use synod_kv::Store;
use synod_protocol::NodeId;

pub(super) fn label(message: &ChainMessage<Store>) -> String {
    let epoch = message.epoch;
    match &message.body {
        Body::Update { first, entries } => match &**entries {
            [] => format!("how far? e{epoch}"),
            [entry] => format!("update {first}: {} e{epoch}", *entry.command),
            entries => format!("updates {first} to {} e{epoch}", first.plus(entries.len()).previous()),
        },
        Body::Ack { acked, has } if acked == has => format!("tail has {acked} e{epoch}"),
        Body::Ack { acked, has } => format!("tail has {acked}, I {has} e{epoch}"),
        Body::State { index, entries, .. } => format!("state after {} e{epoch}", index.plus(entries.len())),
        Body::VersionQuery { .. } => format!("which version? e{epoch}"),
        Body::Version { acked, .. } => format!("version {acked} e{epoch}"),
        Body::Call { command, .. } => format!("call {}", **command),
        Body::Heartbeat => format!("alive e{epoch}"),
        Body::Hello { .. } => "a new disk".into(),
        Body::Welcome { configuration, .. } => format!("welcome, {}", configured(configuration)),
        Body::Confirm { .. } => format!("still e{epoch}?"),
        Body::Confirmed { .. } => format!("still e{epoch}"),
        Body::Joined => format!("it has everything e{epoch}"),
        Body::Configured(configuration) => configured(configuration),
    }
}

fn configured(Configuration { epoch, chain, joining, .. }: &Configuration) -> String {
    let joining = joining.map_or_else(String::new, |server| format!(", {server} joins"));
    format!("e{epoch} = {}{joining}", in_order(chain))
}

pub(super) fn in_order(chain: &[NodeId]) -> String {
    chain.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" → ")
}

pub(super) fn role(role: RoleName) -> &'static str {
    match role {
        RoleName::Head => "head",
        RoleName::Middle => "middle",
        RoleName::Tail => "tail",
        RoleName::Alone => "head and tail",
        RoleName::Joining => "joining",
        RoleName::Outside => "outside",
    }
}

pub(super) fn caption(event: &ChainEvent) -> Option<String> {
    Some(match event {
        ChainEvent::Appended { index, .. } => format!("gives place {index}"),
        ChainEvent::Committed { index, .. } => format!("ANSWERS up to {index}"),
        ChainEvent::SawCallAgain { client, .. } => format!("knows this call of {client}"),
        ChainEvent::Configured { epoch, role: it, .. } => format!("is {} in e{epoch}", role(*it)),
        ChainEvent::SentState { to, .. } => format!("gives {to} the state"),
        ChainEvent::Restored { index, .. } => format!("has the state after {index}"),
        ChainEvent::HandedOver { to, .. } => format!("HANDS OVER to {to}"),
        ChainEvent::AnsweredReads { clean, dirty, .. } => match (clean, dirty) {
            (clean, 0) => format!("answers {clean} reads"),
            (clean, dirty) => format!("answers {} reads, {dirty} by the tail's word", clean + dirty),
        },
        ChainEvent::AnsweredAnyhow { .. } => "answers what it has".into(),
        ChainEvent::Excluded { epoch, chain, .. } => format!("E{epoch} IS {}", in_order(chain)),
        ChainEvent::Admitted { epoch, server } => format!("E{epoch}: {server} MAY JOIN"),
        ChainEvent::Named { server, was_known: false, .. } => format!("hears of {server}"),
        ChainEvent::Named { epoch, server, was_known: true } => {
            format!("E{epoch} IS WITHOUT {server}, WHICH LOST ITS DISK")
        }
        ChainEvent::SaidHello { .. } => "is nobody yet".into(),
        ChainEvent::Promoted { epoch, chain } => format!("E{epoch} IS {}", in_order(chain)),
        ChainEvent::IgnoredOldEpoch { epoch, .. } => format!("ignores e{epoch}"),
        ChainEvent::FellBehind { epoch, .. } => format!("has not heard of e{epoch}"),
        ChainEvent::IgnoredNonsense { .. } => "ignores it".into(),
        ChainEvent::Booted { .. }
        | ChainEvent::Updated { .. }
        | ChainEvent::Acknowledged { .. }
        | ChainEvent::AskedMaster { .. }
        | ChainEvent::AskedTail { .. }
        | ChainEvent::ToldVersion { .. }
        | ChainEvent::TookRead { .. }
        | ChainEvent::Confirmed { .. } => return None,
    })
}
