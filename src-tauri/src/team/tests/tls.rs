use super::*;
use crate::team::door::Door;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::path::{Path, PathBuf};

/// A company's own authority, which no system knows.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn make(dir: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let file = dir.join(format!("{name}.pem"));
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            file,
        }
    }

    /// A server's certificate for a name or an address.
    fn tls(&self, dir: &Path, name: &str) -> Tls {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let file = |end: &str| dir.join(format!("{name}.{end}"));
        let (cert_file, key_file) = (file("pem"), file("key"));
        std::fs::write(&cert_file, cert.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        Tls::read(&cert_file, &key_file).unwrap()
    }
}

fn trusting(keychain: &Arc<MemoryKeychain>, file: &Path) -> impl FnOnce(&Places) -> Team {
    let (team, door) = (
        team_with(keychain, no_browser()),
        Door::trusting(file).unwrap(),
    );
    move |places| team(places).by(door)
}

#[test]
fn a_server_with_a_certificate_of_the_companys_own_authority() {
    hypersentry_engine::install_tls();
    let dir = tempfile::tempdir().unwrap();
    let own = Authority::make(dir.path(), "own");
    let other = Authority::make(dir.path(), "other");
    let keychain = Arc::<MemoryKeychain>::default();
    let refused = |gateway: &Gateway, team: &mut dyn FnMut(&Places) -> Team| {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::at(dir.path(), team);
        let window = desk.window("main");
        let asked = json!({ "address": gateway.url() });
        assert_eq!(
            code(&window, "team_connect", asked),
            "team_certificate_refused"
        );
        assert_eq!(ask(&window, "team", json!({}))["server"], Value::Null);
    };
    let gateway = Gateway::with(&[], Some(own.tls(dir.path(), "127.0.0.1")));
    assert!(gateway.url().starts_with("https://"));
    // The system does not know the authority, and another one does not help.
    refused(&gateway, &mut |places| {
        team_with(&keychain, no_browser())(places)
    });
    refused(&gateway, &mut |places| {
        trusting(&keychain, &other.file)(places)
    });
    // Who is trusted to name servers names them rightly all the same.
    let foreign = Gateway::with(&[], Some(own.tls(dir.path(), "desk.example")));
    refused(&foreign, &mut |places| {
        trusting(&keychain, &own.file)(places)
    });

    let at = dir.path().join("desk");
    std::fs::create_dir(&at).unwrap();
    let desk = Desk::at(&at, trusting(&keychain, &own.file));
    let window = desk.window("main");
    connect(&window, &gateway);
    ask(&window, "team_sign_in_by_key", json!({}));
    let (status, state) = request(&window, "GET", "/auth/state");
    assert_eq!(
        (status, &state["session_authenticated"]),
        (200, &json!(true))
    );
    let session = watch(&window);
    let ping = json!({ "session": session, "text": r#"{"type":"ping","id":7}"# });
    ask(&window, "request", ping);
    assert_eq!(until(&window, &session, |m| m["type"] == "pong")["id"], 7);
}

#[test]
fn a_file_that_holds_no_authority_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |name: &str, text: Option<&[u8]>| {
        let file = dir.path().join(name);
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let error = Door::trusting(&file).unwrap_err();
        assert!(
            error.message.contains("--team-ca") && error.message.contains(name),
            "{error}"
        );
        error.code
    };
    assert_eq!(refused("missing.pem", None), "team_ca_unreadable");
    let long = vec![b'x'; (1 << 20) + 1];
    assert_eq!(refused("long.pem", Some(&long)), "team_ca_unreadable");
    assert_eq!(refused("empty.pem", Some(b"")), "team_ca_invalid");
    assert_eq!(
        refused("text.pem", Some(b"no certificate")),
        "team_ca_invalid"
    );
    let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(refused("junk.pem", Some(junk)), "team_ca_invalid");
}
