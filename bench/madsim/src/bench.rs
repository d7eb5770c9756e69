//! The rows.
use std::{
    io::Result,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use cpu_time::ThreadTime;
use madsim::{Config, net::Endpoint, runtime::Runtime, time};

const NODES: u8 = 5;
const MS: fn(u64) -> Duration = Duration::from_millis;
/// Of all messages: madsim's sockets have tagged mailboxes.
const TAG: u64 = 1;

pub fn main() -> Result<()> {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let before = ThreadTime::now();
    let delivered = echo(seed);
    row("echo", "delivered messages per CPU second", delivered as f64 / before.elapsed().as_secs_f64());
    let lasts = Duration::from_secs(600);
    let before = ThreadTime::now();
    heartbeats(seed, lasts);
    row("idle", "simulated seconds per CPU second", lasts.as_secs_f64() / before.elapsed().as_secs_f64());
    Ok(())
}

fn row(name: &str, unit: &str, value: f64) {
    println!("{name}\t{unit}\t{value}");
}

fn address(node: u8) -> SocketAddr {
    ([10, 0, 0, node], 9_000).into()
}

/// Latencies of 1 to 10 ms are madsim's default.
fn runtime(seed: u64) -> Runtime {
    Runtime::with_seed_and_config(seed, Config::default())
}

/// Five nodes throw 24 bytes back and forth; twenty balls are in the air.
fn echo(seed: u64) -> u64 {
    let runtime = runtime(seed);
    let heard = Arc::new(AtomicU64::new(0));
    for me in 1..=NODES {
        let heard = heard.clone();
        let node = runtime.create_node().ip(address(me).ip()).build();
        let _detached = node.spawn(async move {
            let socket = Endpoint::bind(address(me)).await?;
            // So that all are there when the first ball comes.
            time::sleep(MS(1)).await;
            for other in (1..=NODES).filter(|other| *other != me) {
                socket.send_to(address(other), TAG, &[0; 24]).await?;
            }
            let mut ball = [0; 64];
            loop {
                let (length, from) = socket.recv_from(TAG, &mut ball).await?;
                heard.fetch_add(1, Relaxed);
                socket.send_to(from, TAG, &ball[..length]).await?;
            }
            #[expect(unreachable_code, reason = "it says what the block returns")]
            Result::Ok(())
        });
    }
    runtime.block_on(async { time::sleep(Duration::from_secs(60)).await });
    heard.load(Relaxed)
}

/// A leader beats every 50 ms, four followers acknowledge it and wait for the next beat with a timeout: the
/// traffic of an idle Raft, without a Raft.
fn heartbeats(seed: u64, lasts: Duration) {
    let runtime = runtime(seed);
    for me in 2..=NODES {
        let node = runtime.create_node().ip(address(me).ip()).build();
        let _detached = node.spawn(async move {
            let socket = Endpoint::bind(address(me)).await?;
            let mut beat = [0; 64];
            loop {
                if let Ok(beat) = time::timeout(MS(150), socket.recv_from(TAG, &mut beat)).await {
                    socket.send_to(beat?.1, TAG, &[0; 24]).await?;
                }
            }
            #[expect(unreachable_code, reason = "it says what the block returns")]
            Result::Ok(())
        });
    }
    let node = runtime.create_node().ip(address(1).ip()).build();
    let _detached = node.spawn(async move {
        let socket = Endpoint::bind(address(1)).await?;
        let mut beats = time::interval(MS(50));
        let mut reply = [0; 64];
        loop {
            beats.tick().await;
            for other in 2..=NODES {
                socket.send_to(address(other), TAG, &[0; 24]).await?;
            }
            for _ in 2..=NODES {
                if time::timeout(MS(45), socket.recv_from(TAG, &mut reply)).await.is_err() {
                    break;
                }
            }
        }
        #[expect(unreachable_code, reason = "it says what the block returns")]
        Result::Ok(())
    });
    runtime.block_on(async { time::sleep(lasts).await });
}
