use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// It keeps what it was sent. An agent named `refused` is refused; the answer for one named `lost` gets lost.
pub(super) struct Venue {
    url: String,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Venue {
    pub(super) fn start() -> Self {
        Self::hearing(|| ())
    }

    /// `heard` is called with each approval, before it is answered.
    pub(super) fn hearing(heard: impl Fn() + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
        let all = Arc::clone(&sent);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &all, &heard);
            }
        });
        Self { url, sent }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    pub(super) fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, all: &Mutex<Vec<Value>>, heard: &impl Fn()) {
    let mut request = Vec::new();
    let body = loop {
        let mut part = [0; 4096];
        let n = stream.read(&mut part).unwrap_or(0);
        if n == 0 {
            return;
        }
        request.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str::<Value>(body)
        {
            break body;
        }
    };
    if body["type"] != "extraAgents" {
        heard();
    }
    let Some(answer) = answer(all, body) else {
        return;
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(format!("{head}{answer}").as_bytes());
}

fn answer(all: &Mutex<Vec<Value>>, body: Value) -> Option<Value> {
    let mut sent = all.lock().unwrap();
    if body["type"] == "extraAgents" {
        let agents = sent.iter().map(|body| {
            let name = body["action"]["agentName"].as_str().unwrap();
            let (name, until) = name.split_once(" valid_until ").unwrap();
            json!({ "name": name, "address": body["action"]["agentAddress"], "validUntil": until.parse::<i64>().unwrap() })
        });
        return Some(agents.collect());
    }
    let name = body["action"]["agentName"].as_str().unwrap().to_owned();
    if name.starts_with("refused") {
        return Some(json!({ "status": "err", "response": "Extra agent already used." }));
    }
    sent.push(body);
    (!name.starts_with("lost"))
        .then(|| json!({ "status": "ok", "response": { "type": "default" } }))
}
