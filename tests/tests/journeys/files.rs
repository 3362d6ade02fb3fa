//! The terminal's own files.

use crate::support::gateway::Gateway;
use crate::support::http;
use std::ffi::OsStr;

fn serve(data: &std::path::Path, ui: &std::path::Path) -> Gateway {
    let arguments = [
        OsStr::new("--venues"),
        OsStr::new("sim"),
        OsStr::new("--data-dir"),
        data.as_os_str(),
        OsStr::new("--ui"),
    ];
    Gateway::start(arguments, ui)
}

#[tokio::test]
async fn the_terminal_is_served_and_locked_down() {
    let data = tempfile::tempdir().unwrap();
    let ui = tempfile::tempdir().unwrap();
    std::fs::write(ui.path().join("index.html"), "<!doctype html><p>terminal").unwrap();
    std::fs::create_dir(ui.path().join("assets")).unwrap();
    std::fs::write(ui.path().join("assets/app.js"), "export {}").unwrap();
    std::fs::write(data.path().join("secret"), "s").unwrap();
    let gateway = serve(data.path(), ui.path());
    let page = http::get(gateway.address, "/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.body, "<!doctype html><p>terminal");
    assert_eq!(page.header("content-type"), Some("text/html"));
    let script = http::get(gateway.address, "/assets/app.js").await;
    assert_eq!((script.status, script.body.as_str()), (200, "export {}"));
    assert_eq!(script.header("content-type"), Some("text/javascript"));
    let secret = format!(
        "/../{}/secret",
        data.path().file_name().unwrap().to_str().unwrap()
    );
    let climbing = [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2fetc/passwd",
        &secret,
    ];
    for path in climbing {
        let page = http::get(gateway.address, path).await;
        assert_eq!(page.status, 404, "{path}: {}", page.body);
    }
    for path in ["/", "/assets/app.js", "/healthz", "/nothing"] {
        let page = http::get(gateway.address, path).await;
        let policy = page
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{path} has no policy: {}", page.head));
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "connect-src 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    gateway.terminate();
}

#[tokio::test]
async fn without_files_there_is_a_coded_answer() {
    let data = tempfile::tempdir().unwrap();
    let gateway = serve(data.path(), &data.path().join("no-such-directory"));
    let page = http::get(gateway.address, "/").await;
    assert_eq!(page.status, 404);
    let error = page.json();
    assert_eq!(error["code"], "ui_missing");
    assert_eq!(error["retryable"], false);
    assert!(error["message"].as_str().unwrap().contains("--ui"));
    assert!(error["details"].is_object());
    assert_eq!(http::get(gateway.address, "/healthz").await.status, 200);
    gateway.terminate();
}
