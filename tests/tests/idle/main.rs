//! What the server keeps for a client that is quiet.
//!
//! A test of its own, because it counts what the whole process holds: nothing else may run beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use hypersentry_api::Terminal;
use hypersentry_engine::Prepared;
use hypersentry_gateway::auth::AuthArguments;
use hypersentry_gateway::limits::{Limits, Rate};
use hypersentry_gateway::listen::{self, Server};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Clients before those that are counted, so that what is made once is made, and those that are counted.
const WARM: usize = 40;
const COUNTED: usize = 400;

/// Bytes of the heap for each, in a build without optimisation, whose tasks are larger. With what the allocator adds this stays within the
/// 8 KB that `docs/operations.md` promises.
const BOUND: usize = 7 << 10;

/// One best price, and a second in which it is published.
const RECORDING: &str = r#"1700000000000000000 {"channel":"bbo","data":{"coin":"BTC","time":1700000000000,"bbo":[{"px":"100","sz":"1.5","n":1},{"px":"101","sz":"2","n":1}]}}
1700000001000000000 {"channel":"pong"}
"#;

fn held() -> usize {
    let stats = HEAP.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// A client that has subscribed and read the answer; it holds nothing of the heap.
fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut buffer = [0; 4 << 10];
    until(&mut stream, &mut buffer, b"\r\n\r\n");
    let ask = br#"{"type":"subscribe","coin":"BTC"}"#;
    let mut frame = [0; 64];
    frame[..2].copy_from_slice(&[0x81, 0x80 | ask.len() as u8]);
    frame[6..6 + ask.len()].copy_from_slice(ask);
    stream.write_all(&frame[..6 + ask.len()]).unwrap();
    until(&mut stream, &mut buffer, b"subscribed");
    stream
}

/// Reads until this has come.
fn until(stream: &mut TcpStream, buffer: &mut [u8], text: &[u8]) {
    let mut length = 0;
    while !buffer[..length].windows(text.len()).any(|w| w == text) {
        if length == buffer.len() {
            // The text is never longer than what is kept.
            buffer.copy_within(length - text.len().., 0);
            length = text.len();
        }
        let n = stream.read(&mut buffer[length..]).unwrap();
        assert!(n > 0, "the server ends");
        length += n;
    }
}

#[test]
fn an_idle_client_costs_little() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hyperliquid_idle.jsonl");
    std::fs::write(&path, RECORDING).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let address = runtime.block_on(async {
        let terminal = Terminal::start(Prepared::playback(&path).unwrap()).unwrap();
        while terminal.symbols().symbols.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let logins = AuthArguments::default().check(address, false).unwrap();
        let limits = Limits {
            clients_per_address: 1_000,
            connections_per_address: 2_000,
            requests: Rate::new(10_000, 10_000),
            ..Limits::default()
        };
        let server = Server {
            terminal: Arc::new(terminal),
            ui: dir.path().to_owned(),
            limits,
            origins: Default::default(),
            open_metrics: false,
            auth: logins.start(None, None).await.unwrap(),
            tls: None,
            cancel: Default::default(),
        };
        tokio::spawn(listen::serve(listener, server));
        address
    });
    let mut clients: Vec<TcpStream> = Vec::with_capacity(WARM + COUNTED);
    clients.extend((0..WARM).map(|_| connect(address)));
    std::thread::sleep(Duration::from_millis(300));
    let before = held();
    clients.extend((0..COUNTED).map(|_| connect(address)));
    // What belongs to the handshake goes as soon as it is over.
    let bound = before + COUNTED * BOUND;
    let mut after = held();
    for _ in 0..50 {
        if after <= bound {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        after = held();
    }
    let each = after.saturating_sub(before) / COUNTED;
    println!("{each} bytes of heap for each of {COUNTED} idle clients");
    assert!(each <= BOUND, "{each} bytes for each idle client");
}
