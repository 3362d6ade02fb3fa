//! One client of a load: frames are taken apart by hand, because the tool shares the machine with what it measures.

use super::tally::Tally;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// The longest that a handshake and the answers may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Bytes that are read at once.
const READ: usize = 16 << 10;

/// The largest frame that is taken.
const MAX_FRAME: usize = 16 << 20;

/// Where clients connect.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    authority: Rc<str>,
    path: Rc<str>,
}

impl Target {
    pub(crate) fn read(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("ws://");
        let rest = rest.ok_or_else(|| format!("--url `{url}` does not begin with ws://"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, "ws"));
        if authority.is_empty() || authority.contains(char::is_whitespace) {
            return Err(format!("--url `{url}` names no host"));
        }
        Ok(Self {
            authority: authority.into(),
            path: path.into(),
        })
    }
}

/// What a client does.
pub(crate) struct Plan {
    pub(crate) target: Target,
    /// The frames with which it subscribes.
    pub(crate) subscribe: Rc<[u8]>,
    /// How many answers they get.
    pub(crate) answers: usize,
    /// It reads nothing after that.
    pub(crate) stalled: bool,
    /// It connects again when this becomes true.
    pub(crate) storm: Option<watch::Receiver<bool>>,
}

/// The time by this machine's clock, UTC ms: the server's stamps are set beside it.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool at the rim that measures how old events are"
)]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as i64)
}

/// A client's frame: masked with zeros, which is allowed and costs nothing.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// The requests for these symbols.
pub(crate) fn subscriptions(symbols: &[String]) -> Vec<u8> {
    let ask = |symbol| serde_json::json!({"type": "subscribe", "coin": symbol, "channels": ["public.market"]});
    let frames = symbols
        .iter()
        .map(|symbol| masked(1, ask(symbol).to_string().as_bytes()));
    frames.flatten().collect()
}

/// A server's frame at the beginning of these bytes: opcode, and where its payload begins and ends.
fn frame(bytes: &[u8]) -> io::Result<Option<(u8, usize, usize)>> {
    let Some([first, second]) = bytes.first_chunk::<2>() else {
        return Ok(None);
    };
    let (start, length) = match *second {
        126 => match bytes.get(2..4) {
            Some(&[a, b]) => (4, usize::from(u16::from_be_bytes([a, b]))),
            _ => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|b| b.first_chunk::<8>()) {
            Some(length) => (10, u64::from_be_bytes(*length) as usize),
            None => return Ok(None),
        },
        short @ 0..=125 => (2, usize::from(short)),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    if length > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let whole = bytes.len() >= start + length;
    Ok(whole.then_some((first & 0x0f, start, start + length)))
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a str>,
    event_type: Option<&'a str>,
    symbol: Option<&'a str>,
    source: Option<&'a str>,
    seq: Option<u64>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    kind: Option<&'a str>,
    base_version: Option<u64>,
    now_ms: Option<i64>,
}

/// A connection and what it holds.
struct Wire {
    stream: TcpStream,
    held: Vec<u8>,
    /// The newest version of each market, by source and symbol.
    versions: BTreeMap<String, u64>,
    answers: usize,
}

pub(crate) async fn run(plan: Plan, tally: Rc<RefCell<Tally>>, gate: Rc<Semaphore>) {
    let mut storm = plan.storm.clone();
    loop {
        let asked = Instant::now();
        let connected = {
            // Never closed.
            let _turn = gate.acquire().await;
            tokio::time::timeout(ANSWER_WITHIN, connect(&plan, &tally)).await
        };
        let mut wire = match connected {
            Ok(Ok(wire)) => wire,
            Ok(Err(e)) if e.kind() == io::ErrorKind::ConnectionRefused => {
                tally.borrow_mut().refused += 1;
                return;
            }
            _ => {
                tally.borrow_mut().failed += 1;
                return;
            }
        };
        tally.borrow_mut().connect(asked.elapsed());
        if plan.stalled {
            return std::future::pending().await;
        }
        let again = async {
            match &mut storm {
                Some(storm) => drop(storm.wait_for(|begun| *begun).await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = wire.listen(&tally, None) => {
                tally.borrow_mut().lost += 1;
                return;
            }
            () = again => storm = None,
        }
    }
}

async fn connect(plan: &Plan, tally: &RefCell<Tally>) -> io::Result<Wire> {
    let authority = &*plan.target.authority;
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let mut wire = Wire {
        stream,
        held: Vec::new(),
        versions: BTreeMap::new(),
        answers: 0,
    };
    let head = format!(
        "GET /{} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        plan.target.path
    );
    wire.send(head.as_bytes()).await?;
    let end = loop {
        let end = wire.held.windows(4).position(|w| w == b"\r\n\r\n");
        match end {
            Some(end) => break end + 4,
            None => wire.read().await?,
        }
    };
    if !wire.held.starts_with(b"HTTP/1.1 101") {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    wire.held.drain(..end);
    wire.send(&plan.subscribe).await?;
    wire.listen(tally, Some(plan.answers)).await?;
    Ok(wire)
}

impl Wire {
    async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> io::Result<()> {
        loop {
            self.stream.readable().await?;
            let mut buffer = [0; READ];
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    self.held.extend_from_slice(&buffer[..n]);
                    return Ok(());
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Takes what comes, until there were so many answers or the connection ends.
    async fn listen(&mut self, tally: &RefCell<Tally>, answers: Option<usize>) -> io::Result<()> {
        loop {
            let mut done = 0;
            while let Some((opcode, start, end)) = frame(&self.held[done..])? {
                let payload = done + start..done + end;
                done += end;
                match opcode {
                    1 => self.take(&payload, &mut tally.borrow_mut()),
                    9 => {
                        let pong = masked(10, &self.held[payload]);
                        self.send(&pong).await?;
                    }
                    8 => return Err(io::ErrorKind::ConnectionAborted.into()),
                    _ => {}
                }
            }
            self.held.drain(..done);
            if self.held.is_empty() && self.held.capacity() > READ {
                self.held = Vec::new();
            }
            if answers.is_some_and(|answers| self.answers >= answers) {
                return Ok(());
            }
            self.read().await?;
        }
    }

    fn take(&mut self, payload: &std::ops::Range<usize>, tally: &mut Tally) {
        let payload = &self.held[payload.clone()];
        let Ok(said) = serde_json::from_slice::<Said<'_>>(payload) else {
            tally.malformed += 1;
            return;
        };
        if said.kind.is_some() {
            self.answers += 1;
            return;
        }
        tally.bytes += payload.len() as u64;
        tally.events += 1;
        let Some(data) = &said.data else {
            return;
        };
        if let Some(now_ms) = data.now_ms {
            tally.age((wall_ms() - now_ms).max(0) as u64);
        }
        let (Some("agg_update"), Some(seq)) = (said.event_type, said.seq) else {
            return;
        };
        let market = format!(
            "{}/{}",
            said.source.unwrap_or_default(),
            said.symbol.unwrap_or_default()
        );
        let before = self.versions.insert(market, seq);
        match (data.kind, before) {
            (Some("snapshot"), Some(before)) => {
                tally.snapshots += 1;
                tally.skipped += seq.saturating_sub(before + 1);
            }
            (Some("snapshot"), None) => {}
            (_, before) if data.base_version == before && before.is_some() => {}
            _ => tally.holes += 1,
        }
    }
}
