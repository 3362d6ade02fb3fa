//! Logins, sessions, roles and agents through the gateway's own door, with real keys.

use crate::support::browser::{Browser, Wallet};
use crate::support::gateway::Gateway;
use serde_json::json;
use std::ffi::OsStr;
use std::path::Path;

/// Agent credentials, and where their keys are not.
mod agents;
/// What attackers try.
mod attacks;
/// Leave to trade by itself.
mod auto;
/// Limits of users, pages of others, logs.
mod limits;
/// Limits of trading, the desk's switch, leases.
mod risk;
/// Sockets of users.
mod sockets;
/// The table of roles.
mod table;
/// The one with which the credentials themselves are tested.
#[path = "../../../crates/identity/tests/common/typed_data.rs"]
mod typed_data;

/// The wallet that is an admin.
pub(crate) const ADMIN: u8 = 1;

/// Over the simulator, with an admin and further flags.
pub(crate) fn desk(data: &Path, flags: &[&str]) -> Gateway {
    let admin = Wallet::new(ADMIN).address();
    let mut arguments = vec!["--venues", "sim", "--admin", &admin];
    arguments.extend(flags);
    arguments.push("--data-dir");
    Gateway::start(arguments.into_iter().map(OsStr::new), data)
}

/// A logged-in user of a role.
pub(crate) async fn user(gateway: &Gateway, admin: &mut Browser, n: u8, role: &str) -> Browser {
    let wallet = Wallet::new(n);
    let invited = json!({ "address": wallet.address(), "name": role, "role": role });
    let page = admin.post("/admin/users", &invited).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let mut browser = Browser::at(gateway.address);
    browser.login(&wallet).await;
    browser
}

#[tokio::test]
async fn a_desk_logs_in_works_and_goes_home() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut stranger = Browser::at(gateway.address);
    let state = stranger.get("/auth/state").await.json();
    assert_eq!(state["session"], json!(null));
    assert_eq!(state["login"], "optional");
    assert_eq!(state["domain"], gateway.address.to_string());

    let mut admin = Browser::at(gateway.address);
    let state = admin.login(&Wallet::new(ADMIN)).await;
    assert_eq!(state["session"]["user"]["role"], "admin");
    assert_eq!(state["session_authenticated"], true);
    // Being logged in is one fact, being able to trade another.
    assert_eq!(state["execution_agent_ready"], false);
    let mut trader = user(&gateway, &mut admin, 9, "trader").await;
    let state = trader.get("/auth/state").await.json();
    let id = state["session"]["user"]["id"].as_str().unwrap().to_owned();
    assert_eq!(state["accounts"][0]["grants"], json!(["view", "trade"]));

    let account = "0x00000000000000000000000000000000000000aa";
    let grant =
        json!({ "user": id, "account": account, "grants": ["view", "trade", "manage_risk"] });
    assert_eq!(
        admin
            .send("PUT", "/admin/grants", Some(&grant))
            .await
            .status,
        204
    );
    let state = trader.get("/auth/state").await.json();
    assert_eq!(state["accounts"].as_array().unwrap().len(), 2);

    let path = format!("/admin/users/{id}/role");
    let role = json!({ "role": "viewer" });
    assert_eq!(admin.send("PUT", &path, Some(&role)).await.status, 200);
    let state = trader.get("/auth/state").await.json();
    assert_eq!(state["session"]["user"]["role"], "viewer");
    assert_eq!(state["accounts"][0]["grants"], json!(["view"]));

    let own = format!("/admin/users/{}/role", "nobody");
    let page = admin.send("PUT", &own, Some(&role)).await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (404, json!("user_not_found"))
    );
    let actions = admin.get("/admin/audit").await.json();
    let actions = actions["entries"].as_array().unwrap().iter();
    let actions: Vec<&str> = actions.map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions[..3],
        ["role_set", "grant_set", "login"],
        "{actions:?}"
    );

    // What was decided outlives the process; so does the session.
    gateway.terminate();
    let gateway = desk(data.path(), &[]);
    trader.address = gateway.address;
    trader.origin = Some(format!("http://{}", gateway.address));
    let state = trader.get("/auth/state").await.json();
    assert_eq!(state["session"]["user"]["id"], id);
    assert_eq!(trader.post("/auth/logout", &json!({})).await.status, 204);
    assert!(trader.cookies.is_empty());
    gateway.terminate();
}
