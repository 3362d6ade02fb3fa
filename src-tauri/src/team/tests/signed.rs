use super::*;
use crate::tests::signed::{REFUSED, SIGNED, damage, digest, records};
use hypersentry_identity::Signature;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Mutex;

/// A login as the server got it, and how many signatures were on record then.
type Login = (Value, usize);

/// A team server that says what its messages shall say, and looks into the log of whoever logs in.
struct Scripted {
    url: String,
    logins: Arc<Mutex<Vec<Login>>>,
}

impl Scripted {
    /// `domain` is named in its messages; its own, where there is none.
    fn start(log: PathBuf, domain: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let logins = Arc::<Mutex<Vec<Login>>>::default();
        let all = Arc::clone(&logins);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &address.to_string(), domain, &log, &all);
            }
        });
        Self {
            url: format!("http://{address}"),
            logins,
        }
    }
}

fn serve(
    mut stream: TcpStream,
    own: &str,
    domain: Option<&str>,
    log: &std::path::Path,
    all: &Mutex<Vec<Login>>,
) {
    let mut request = Vec::new();
    let (path, body) = loop {
        let mut part = [0; 4096];
        let n = stream.read(&mut part).unwrap_or(0);
        if n == 0 {
            return;
        }
        request.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let path = head.split(' ').nth(1).unwrap().to_owned();
        if head.starts_with("GET") {
            break (path, Value::Null);
        }
        if let Ok(body) = serde_json::from_str(body) {
            break (path, body);
        }
    };
    let answer = match path.as_str() {
        "/auth/state" => json!({ "chains": [{ "id": 1 }] }),
        "/auth/nonce" => {
            let (domain, wallet) = (domain.unwrap_or(own), body["address"].as_str().unwrap());
            let message = format!(
                "{domain} wants you to sign in with your Ethereum account:\n{wallet}\n\nLog in.\n\nURI: http://{own}\nVersion: 1\nChain ID: 1\nNonce: abcdefgh12\nIssued At: 2026-01-01T00:00:00Z"
            );
            json!({ "message": message, "binding": "b" })
        }
        "/auth/login" => {
            let signed = records(log).into_iter().filter(|it| it.kind == SIGNED);
            all.lock().unwrap().push((body, signed.count()));
            json!({ "token": "hs_0" })
        }
        _ => json!({}),
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(format!("{head}{answer}").as_bytes());
}

/// A window at a scripted server, and where its logins are on record.
fn at(dir: &std::path::Path, domain: Option<&'static str>) -> (Desk, Scripted, PathBuf) {
    let log = dir.join("data/signing");
    let server = Scripted::start(log.clone(), domain);
    let desk = Desk::at(dir, team_with(&Arc::default(), no_browser()));
    (desk, server, log)
}

#[test]
fn a_login_by_this_computers_key_is_on_record_before_the_server_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, server, log) = at(dir.path(), None);
    let window = desk.window("main");
    ask(&window, "team_connect", json!({ "address": server.url }));
    let key = ask(&window, "team_key", json!({}));
    ask(&window, "team_sign_in_by_key", json!({}));
    ask(&window, "team_sign_in_by_key", json!({}));
    let logins = server.logins.lock().unwrap().clone();
    let seen: Vec<usize> = logins.iter().map(|(_, on_record)| *on_record).collect();
    assert_eq!(seen, [1, 2]);
    let on_record = records(&log);
    assert_eq!(on_record.len(), 2);
    for (record, (login, _)) in on_record.iter().zip(logins) {
        assert_eq!((record.kind, record.user.as_str()), (SIGNED, "local"));
        let details = &record.details;
        assert_eq!(details["signature"], "login");
        assert_eq!(details["domain"], server.url["http://".len()..]);
        assert_eq!(
            (&details["nonce"], &details["chain_id"]),
            (&json!("abcdefgh12"), &json!(1))
        );
        assert_eq!(details["signer"], key);
        let signature: Signature = login["signature"].as_str().unwrap().parse().unwrap();
        let signer = signature.signer(&digest(record)).unwrap();
        assert_eq!(key, signer.to_string());
    }
}

#[test]
fn without_a_record_there_is_no_login() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, server, log) = at(dir.path(), None);
    let window = desk.window("main");
    ask(&window, "team_connect", json!({ "address": server.url }));
    ask(&window, "team_sign_in_by_key", json!({}));
    damage(&log);
    let error = call(&window, "team_sign_in_by_key", json!({})).unwrap_err();
    assert_eq!(error["code"], "signature_not_recorded");
    assert_eq!(error["details"]["cause"], "audit_damaged");
    assert_eq!(server.logins.lock().unwrap().len(), 1);
}

#[test]
fn a_message_for_another_server_is_on_record_as_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, server, log) = at(dir.path(), Some("another.example"));
    let window = desk.window("main");
    ask(&window, "team_connect", json!({ "address": server.url }));
    assert_eq!(
        code(&window, "team_sign_in_by_key", json!({})),
        "domain_mismatch"
    );
    assert!(server.logins.lock().unwrap().is_empty());
    let on_record = records(&log);
    let [record] = on_record.as_slice() else {
        panic!("{on_record:?}");
    };
    assert_eq!(record.kind, REFUSED);
    assert_eq!(record.details["code"], "domain_mismatch");
    assert_eq!(record.details["domain"], server.url["http://".len()..]);
}
