//! turmoil at the work of `synod-bench-simulator`: `synod-bench-turmoil SEED` prints, per row, its name, its
//! unit and one figure, with tabs between them.
use std::{cell::Cell, net::Ipv4Addr, rc::Rc, time::Duration};

use cpu_time::ThreadTime;
use turmoil::{Builder, Result, Sim, net::UdpSocket};

const NODES: u32 = 5;
const PORT: u16 = 9_000;
const MS: fn(u64) -> Duration = Duration::from_millis;

fn main() -> Result {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let before = ThreadTime::now();
    let delivered = echo(seed)?;
    row("echo", "delivered messages per CPU second", delivered as f64 / before.elapsed().as_secs_f64());
    for (name, tick) in [("idle", 1), ("idle, ticks of 10 ms", 10)] {
        let lasts = Duration::from_secs(60);
        let before = ThreadTime::now();
        heartbeats(seed, MS(tick), lasts)?;
        row(name, "simulated seconds per CPU second", lasts.as_secs_f64() / before.elapsed().as_secs_f64());
    }
    Ok(())
}

fn row(name: &str, unit: &str, value: f64) {
    println!("{name}\t{unit}\t{value}");
}

/// Latencies of 1 to 10 ms, as the others have them.
fn sim(seed: u64, tick: Duration, lasts: Duration) -> Sim<'static> {
    Builder::new()
        .rng_seed(seed)
        .tick_duration(tick)
        .simulation_duration(lasts + tick)
        .min_message_latency(MS(1))
        .max_message_latency(MS(10))
        .udp_capacity(4_096)
        .build()
}

fn name(node: u32) -> String {
    format!("n{node}")
}

fn run(mut sim: Sim<'static>, lasts: Duration) -> Result {
    while sim.elapsed() < lasts {
        sim.step()?;
    }
    Ok(())
}

/// Five nodes throw 24 bytes back and forth; twenty balls are in the air.
fn echo(seed: u64) -> Result<u64> {
    let lasts = Duration::from_secs(20);
    let mut sim = sim(seed, MS(1), lasts);
    let heard = Rc::new(Cell::new(0u64));
    for me in 1..=NODES {
        let heard = heard.clone();
        sim.host(name(me), move || {
            let heard = heard.clone();
            async move {
                let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
                for other in (1..=NODES).filter(|other| *other != me) {
                    socket.send_to(&[0; 24], (name(other), PORT)).await?;
                }
                let mut ball = [0; 64];
                loop {
                    let (length, from) = socket.recv_from(&mut ball).await?;
                    heard.set(heard.get() + 1);
                    socket.send_to(&ball[..length], from).await?;
                }
            }
        });
    }
    run(sim, lasts)?;
    Ok(heard.get())
}

/// A leader beats every 50 ms, four followers acknowledge it and wait for the next beat with a timeout: the
/// traffic of an idle Raft, without a Raft.
fn heartbeats(seed: u64, tick: Duration, lasts: Duration) -> Result {
    let mut sim = sim(seed, tick, lasts);
    for me in 2..=NODES {
        sim.host(name(me), move || async move {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
            let mut beat = [0; 64];
            loop {
                if let Ok(beat) = tokio::time::timeout(MS(150), socket.recv_from(&mut beat)).await {
                    socket.send_to(&[0; 24], beat?.1).await?;
                }
            }
        });
    }
    sim.host(name(1), move || async move {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
        let mut beats = tokio::time::interval(MS(50));
        let mut reply = [0; 64];
        loop {
            beats.tick().await;
            for other in 2..=NODES {
                socket.send_to(&[0; 24], (name(other), PORT)).await?;
            }
            for _ in 2..=NODES {
                // None is lost, and each is back within 20 ms; with coarse ticks it may be later.
                if tokio::time::timeout(MS(45), socket.recv_from(&mut reply)).await.is_err() {
                    break;
                }
            }
        }
    });
    run(sim, lasts)
}
