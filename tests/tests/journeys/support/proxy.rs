//! A relay between the engine and the simulator that notes every request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// A request: when it came, and its first line.
type Noted = Arc<Mutex<Vec<(Instant, String)>>>;

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    noted: Noted,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Proxy {
    /// Relays to `target`. Where an answer has the header `retry-after`, `retry_after_s` takes its place: a minute would be long.
    pub(crate) async fn to(target: SocketAddr, retry_after_s: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let noted = Noted::default();
        let notes = Arc::clone(&noted);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(target).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(requests(from_client, to_server, Arc::clone(&notes)));
                tokio::spawn(answers(from_server, to_client, retry_after_s));
            }
        });
        Self {
            address,
            noted,
            serving,
        }
    }

    /// When requests came whose first line contains `part`.
    pub(crate) fn requests(&self, part: &str) -> Vec<Instant> {
        let noted = self.noted.lock().unwrap();
        noted
            .iter()
            .filter(|(_, line)| line.contains(part))
            .map(|(at, _)| *at)
            .collect()
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, noted: Noted) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut chunk).await {
        let got = &chunk[..read];
        if got.starts_with(b"GET ") || got.starts_with(b"POST ") {
            let line = got.split(|b| *b == b'\r').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line).into_owned();
            noted.lock().unwrap().push((Instant::now(), line));
        }
        if read == 0 || to.write_all(got).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, retry_after_s: u32) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut chunk).await {
        let got = &chunk[..read];
        const NAME: &[u8] = b"retry-after: ";
        let value = got
            .starts_with(b"HTTP/1.1 429")
            .then(|| got.windows(NAME.len()).position(|w| w == NAME))
            .flatten()
            .map(|at| at + NAME.len());
        let sent = match value {
            Some(at) => {
                let end = at + got[at..].iter().take_while(|b| b.is_ascii_digit()).count();
                let shown = retry_after_s.to_string();
                to.write_all(&[&got[..at], shown.as_bytes(), &got[end..]].concat())
                    .await
            }
            None => to.write_all(got).await,
        };
        if read == 0 || sent.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
