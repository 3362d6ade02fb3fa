use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request as a browser sends it: status, head, body.
pub(crate) fn http(host: &str, head: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    stream
        .write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

pub(crate) fn place(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    (host.to_owned(), format!("/{path}"))
}

pub(crate) fn visit(url: &str) -> (u16, String, String) {
    let (host, path) = place(url);
    http(
        &host,
        &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nsec-fetch-site: none\r\n"),
        "",
    )
}

/// The page's server has ended.
pub(crate) fn nobody_listens(url: &str) {
    let (host, _) = place(url);
    for _ in 0..200 {
        if TcpStream::connect(&host).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("somebody listens at {host}");
}

pub(crate) fn proof(page: &str) -> String {
    let after = page.split_once("proof = \"").unwrap().1;
    after.split_once('"').unwrap().0.to_owned()
}

pub(crate) fn tell(url: &str, proof: &str, body: &Value) -> (u16, Value) {
    let (host, path) = place(url);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncontent-type: application/json\r\nx-hypersentry-login: {proof}\r\n"
    );
    let (status, _, body) = http(&host, &head, &body.to_string());
    (status, serde_json::from_str(&body).unwrap())
}
