//! The clients, in a process of their own.

use crate::CLIENTS;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is in every message that counts, near its beginning.
pub(crate) const MARK: &str = r#""source":"coinbase""#;

/// In front of the time at which a message was made, in nanoseconds.
const MADE: &[u8] = br#""id":""#;

/// How the server asks for a sign of life, and the masked answer.
const PING: u8 = 0x89;
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Nanoseconds since the epoch.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| d.as_nanos() as u64)
}

/// The process, seen from the server.
pub(crate) struct Readers {
    process: Child,
    said: ChildStdout,
}

impl Readers {
    /// Connects [`CLIENTS`] clients, with a handshake and a subscription or bare.
    pub(crate) fn start(address: SocketAddr, kind: &str) -> Self {
        let own = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new(own)
            .args(["readers", &address.to_string(), kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the readers start");
        let said = process.stdout.take().expect("the readers' output");
        Self { process, said }
    }

    /// Waits until all clients have all of a burst; how old each message was, in microseconds.
    pub(crate) fn wait(&mut self, burst: usize) -> Vec<u32> {
        let mut bytes = vec![0; 4 * CLIENTS * burst];
        self.said.read_exact(&mut bytes).expect("the readers live");
        let words = bytes.chunks_exact(4);
        let age = |word: &[u8]| u32::from_le_bytes(word.try_into().expect("four bytes"));
        words.map(age).collect()
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A frame at the beginning of these bytes: where its payload begins and ends.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *bytes.get(1)? {
        126 => (
            4,
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        ),
        127 => (
            10,
            u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize,
        ),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= start + length).then_some((start, start + length))
}

fn position(bytes: &[u8], of: &[u8]) -> Option<usize> {
    bytes.windows(of.len()).position(|w| w == of)
}

/// Age of a message that counts.
fn age_us(payload: &[u8]) -> Option<u32> {
    position(&payload[..payload.len().min(160)], MARK.as_bytes())?;
    let digits = &payload[position(payload, MADE)? + MADE.len()..];
    let digits = digits.iter().take_while(|b| b.is_ascii_digit());
    let made = digits.fold(0_u64, |n, d| n * 10 + u64::from(d - b'0'));
    Some((now_ns().saturating_sub(made) / 1_000) as u32)
}

/// A client: reads until the connection ends, and tells the age of each message.
async fn client(stream: tokio::net::TcpStream, ages: tokio::sync::mpsc::UnboundedSender<u32>) {
    let (mut buffer, mut held) = (vec![0; 64 << 10], Vec::new());
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => held.extend_from_slice(&buffer[..n]),
            Err(_) => continue,
        }
        let mut done = 0;
        while let Some((start, end)) = frame(&held[done..]) {
            // Who does not answer is cut off.
            if held[done] == PING {
                let _ = stream.try_write(&PONG);
            }
            if let Some(age) = age_us(&held[done + start..done + end]) {
                let _ = ages.send(age);
            }
            done += end;
        }
        held.drain(..done);
    }
}

/// A socket that has subscribed. What the server says to the handshake is read here, up to the subscription's answer.
fn subscribed(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("a head is sent");
    let ask = br#"{"type":"subscribe","coin":"BTC"}"#;
    let mut frame = vec![0x81, 0x80 | ask.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(ask);
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"\r\n\r\n") {
        stream
            .read_exact(&mut byte)
            .expect("the handshake is answered");
        seen.push(byte[0]);
    }
    stream.write_all(&frame).expect("a subscription is sent");
    while position(&seen, b"subscribed").is_none() {
        stream
            .read_exact(&mut byte)
            .expect("the subscription is answered");
        seen.push(byte[0]);
    }
    // The rest of that frame is passed over: the answer is shorter than 126 bytes or has a length of two.
    let head = position(&seen, b"\r\n\r\n").expect("a head") + 4;
    while self::frame(&seen[head..]).is_none() {
        stream.read_exact(&mut byte).expect("the answer is whole");
        seen.push(byte[0]);
    }
    stream
}

/// Reads until the server is gone.
pub(crate) fn run(arguments: &[String]) {
    let address: SocketAddr = arguments[0].parse().expect("an address");
    let connect = || match arguments[1].as_str() {
        "ours" => subscribed(address),
        _ => TcpStream::connect(address).expect("the server listens"),
    };
    let streams: Vec<TcpStream> = (0..CLIENTS).map(|_| connect()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let (sender, mut ages) = tokio::sync::mpsc::unbounded_channel();
        for stream in streams {
            stream.set_nonblocking(true).expect("a socket");
            let stream = tokio::net::TcpStream::from_std(stream).expect("a socket");
            tokio::spawn(client(stream, sender.clone()));
        }
        drop(sender);
        // Whole bursts alone are told: the server waits for as many as it has sent.
        let mut output = std::io::stdout();
        let mut waiting = Vec::new();
        while let Some(age) = ages.recv().await {
            waiting.extend_from_slice(&age.to_le_bytes());
            if waiting.len() == 4 * CLIENTS {
                if output
                    .write_all(&waiting)
                    .and_then(|()| output.flush())
                    .is_err()
                {
                    return;
                }
                waiting.clear();
            }
        }
    });
}
