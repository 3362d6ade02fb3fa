//! Sessions from the login to the end.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{Desk, Wallet, settings, start};
use hypersentry_identity::repository::sqlite::SqliteRepository;
use hypersentry_identity::{GrantRow, Grants, Refusal, Repository, Role};
use std::sync::Arc;

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn sessions_end_when_nobody_uses_them_and_when_their_time_has_come() {
    let desk = Desk::new().await;
    let idle = desk.login(&Wallet::new(9)).await.token;
    let used = desk.login(&Wallet::new(9)).await.token;
    let auth = |token: &str| desk.identity.authenticate(token).map(drop);
    for _ in 0..13 {
        desk.later(HOUR);
        assert_eq!(auth(used.reveal()), Ok(()));
    }
    assert_eq!(auth(idle.reveal()), Err(Refusal::SessionExpired));
    desk.identity.sweep().await.unwrap();
    assert_eq!(auth(idle.reveal()), Err(Refusal::SessionExpired));
    for _ in 13..7 * 24 - 1 {
        desk.later(HOUR);
        assert_eq!(auth(used.reveal()), Ok(()));
    }
    desk.later(HOUR);
    assert_eq!(auth(used.reveal()), Err(Refusal::SessionExpired));
}

#[tokio::test]
async fn tokens_are_exchanged_and_the_old_one_serves_a_little_longer() {
    let desk = Desk::new().await;
    let old = desk.login(&Wallet::new(9)).await.token;
    assert!(
        !desk
            .identity
            .authenticate(old.reveal())
            .unwrap()
            .rotation_due
    );
    desk.later(HOUR);
    let by = desk.identity.authenticate(old.reveal()).unwrap();
    assert!(by.rotation_due);
    let new = desk.identity.rotate(&by).await.unwrap().unwrap();
    // A request that was under way: it is served, and exchanges nothing.
    assert_eq!(desk.identity.rotate(&by).await.unwrap(), None);
    desk.later(29_999);
    let late = desk.identity.authenticate(old.reveal()).unwrap();
    assert!(!late.rotation_due);
    assert_eq!(late.session.csrf, by.session.csrf);
    desk.later(1);
    let refused = desk.identity.authenticate(old.reveal()).unwrap_err();
    assert_eq!(refused, Refusal::SessionExpired);
    let known = desk.identity.authenticate(new.reveal()).unwrap();
    assert_eq!(known.session.id, by.session.id);
    // What was exchanged does not outlive what it was exchanged for.
    assert_eq!(known.session.expires_ms, by.session.expires_ms);
}

#[tokio::test]
async fn attack_20_and_22_another_users_sessions() {
    let desk = Desk::new().await;
    let mine = desk.login(&Wallet::new(9)).await;
    let other = desk.login(&Wallet::new(10)).await;
    let other_id = &other.authenticated.session.id;
    let refused = desk.identity.revoke(&mine.authenticated, other_id).await;
    assert_eq!(refused, Err(Refusal::SessionNotFound));
    let listed = desk.identity.sessions(&mine.authenticated);
    assert!(listed.iter().all(|s| s.user == mine.authenticated.user.id));
    let audit = desk.identity.audit(&mine.authenticated, 10).unwrap_err();
    assert_eq!(audit, Refusal::RoleRequired);
    assert!(desk.identity.authenticate(other.token.reveal()).is_ok());
}

#[tokio::test]
async fn attack_23_token_after_logout() {
    let desk = Desk::new().await;
    let mine = desk.login(&Wallet::new(9)).await;
    let mut moved = desk.identity.watch();
    moved.mark_unchanged();
    let id = mine.authenticated.session.id.clone();
    desk.identity
        .revoke(&mine.authenticated, &id)
        .await
        .unwrap();
    assert!(moved.has_changed().unwrap());
    let refused = desk.identity.authenticate(mine.token.reveal()).unwrap_err();
    assert_eq!(refused, Refusal::SessionRevoked);
    let refused = desk.identity.recheck(&mine.authenticated).unwrap_err();
    assert_eq!(refused, Refusal::SessionRevoked);
    // Nor does what was authenticated before do anything after.
    let again = desk.identity.revoke_others(&mine.authenticated).await;
    assert_eq!(again, Err(Refusal::SessionRevoked));
}

#[tokio::test]
async fn attack_24_a_login_never_goes_on_with_a_token_that_was_there() {
    let desk = Desk::new().await;
    let before = desk.login(&Wallet::new(10)).await;
    let after = desk.login(&Wallet::new(9)).await;
    assert_ne!(before.token.reveal(), after.token.reveal());
    let planted = desk.identity.authenticate(before.token.reveal()).unwrap();
    assert_ne!(planted.user.id, after.authenticated.user.id);
}

#[tokio::test]
async fn the_33rd_session_ends_the_one_that_was_used_least_recently() {
    let desk = Desk::new().await;
    let first = desk.login(&Wallet::new(9)).await;
    desk.later(1);
    let second = desk.login(&Wallet::new(9)).await;
    desk.later(1);
    desk.identity.authenticate(first.token.reveal()).unwrap();
    for _ in 2..33 {
        desk.later(1);
        desk.login(&Wallet::new(9)).await;
    }
    assert_eq!(desk.identity.sessions(&first.authenticated).len(), 32);
    assert!(desk.identity.authenticate(first.token.reveal()).is_ok());
    let refused = desk
        .identity
        .authenticate(second.token.reveal())
        .unwrap_err();
    assert_eq!(refused, Refusal::SessionRevoked);
    let ended = desk.identity.revoke_others(&first.authenticated).await;
    assert_eq!(ended, Ok(31));
}

#[tokio::test]
async fn attack_26_a_row_of_the_database_is_no_token() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("identity.db");
    let desk = Desk::new().await;
    let repository = Arc::new(SqliteRepository::open(&file).await.unwrap());
    let clock = Arc::clone(&desk.clock);
    let identity = start(settings(), clock, repository as Arc<dyn Repository>, 2).await;
    let desk = Desk {
        identity: Arc::new(identity.unwrap()),
        ..desk
    };
    let mine = desk.login(&Wallet::new(9)).await;
    let mut kept = std::fs::read(&file).unwrap();
    kept.extend(std::fs::read(dir.path().join("identity.db-wal")).unwrap());
    let kept = String::from_utf8_lossy(&kept);
    assert!(kept.contains(&mine.authenticated.session.id));
    let token = mine.token.reveal();
    assert!(!kept.contains(token) && !kept.contains(&token[3..]));
    let hash = String::from(mine.authenticated.session.token);
    assert!(kept.contains(&hash));
    for stolen in [
        hash.clone(),
        format!("hs_{hash}"),
        mine.authenticated.session.id.clone(),
    ] {
        let refused = desk.identity.authenticate(&stolen).unwrap_err();
        assert_eq!(refused, Refusal::SessionRequired);
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("identity.db");
    let desk = Desk::new().await;
    let open = async |seed| {
        let repository = Arc::new(SqliteRepository::open(&file).await.unwrap());
        let repository = repository as Arc<dyn Repository>;
        let identity = start(settings(), Arc::clone(&desk.clock), repository, seed).await;
        Desk {
            identity: Arc::new(identity.unwrap()),
            clock: Arc::clone(&desk.clock),
            memory: Arc::default(),
        }
    };
    let before = open(3).await;
    let admin = before.admin().await;
    let trader = before.user(9, Role::Trader).await;
    let account = Wallet::new(20).address();
    let row = GrantRow {
        user: trader.authenticated.user.id.clone(),
        account,
        grants: Grants::ALL,
    };
    before
        .identity
        .set_grant(&admin, row.clone())
        .await
        .unwrap();
    let gone = before.login(&Wallet::new(9)).await;
    let gone_id = gone.authenticated.session.id.clone();
    before
        .identity
        .revoke(&gone.authenticated, &gone_id)
        .await
        .unwrap();
    let audited = before.identity.audit(&admin, 100).unwrap();
    drop(before);

    let after = open(4).await;
    let known = after.identity.authenticate(trader.token.reveal()).unwrap();
    assert_eq!(known.user, trader.authenticated.user);
    assert_eq!(after.identity.grants(&admin), [row]);
    assert!(after.identity.authenticate(gone.token.reveal()).is_err());
    assert_eq!(after.identity.audit(&admin, 100).unwrap(), audited);
    let first = &audited[audited.len() - 1];
    assert_eq!(
        (first.actor.as_str(), first.action.as_str()),
        ("configuration", "user_made")
    );
    // A trader sees but does not manage the risk of an account that was granted whole.
    let accounts = after.identity.accounts(&known);
    let granted = accounts.iter().find(|(a, _)| *a == account).unwrap().1;
    assert!(granted.view && granted.trade && !granted.manage_risk);
}

#[tokio::test]
async fn roles_are_changed_by_admins_and_one_admin_remains() {
    let desk = Desk::new().await;
    let admin = desk.admin().await;
    for role in [Role::Viewer, Role::Trader, Role::RiskManager] {
        let user = desk.user(9, Role::Viewer).await;
        let id = user.authenticated.user.id.clone();
        desk.identity.set_role(&admin, &id, role).await.unwrap();
        let by = desk.identity.authenticate(user.token.reveal()).unwrap();
        assert_eq!(by.user.role, role);
        let refused = desk.identity.set_role(&by, &id, Role::Admin).await;
        assert_eq!(refused.unwrap_err(), Refusal::RoleRequired);
        assert_eq!(desk.identity.users(&by).unwrap_err(), Refusal::RoleRequired);
        let row = GrantRow {
            user: id.clone(),
            account: Wallet::new(20).address(),
            grants: Grants::ALL,
        };
        let refused = desk.identity.set_grant(&by, row.clone()).await;
        assert_eq!(refused, Err(Refusal::RoleRequired));
        // The own account is the user's to share.
        let own = GrantRow {
            account: by.user.address,
            user: admin.user.id.clone(),
            ..row
        };
        assert_eq!(desk.identity.set_grant(&by, own).await, Ok(()));
    }
    let id = admin.user.id.clone();
    let last = desk.identity.set_role(&admin, &id, Role::Viewer).await;
    assert_eq!(last.unwrap_err(), Refusal::LastAdmin);
    let last = desk.identity.set_disabled(&admin, &id, true).await;
    assert_eq!(last.unwrap_err(), Refusal::LastAdmin);
    let second = desk.user(11, Role::Admin).await;
    desk.identity
        .set_role(&admin, &id, Role::Viewer)
        .await
        .unwrap();
    let refused = desk.identity.users(&admin).unwrap_err();
    assert_eq!(refused, Refusal::RoleRequired);
    assert!(desk.identity.users(&second.authenticated).is_ok());
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_does_not_come_back() {
    let desk = Desk::new().await;
    let admin = desk.admin().await;
    let user = desk.user(9, Role::Trader).await;
    let id = &user.authenticated.user.id;
    desk.identity.set_disabled(&admin, id, true).await.unwrap();
    let refused = desk.identity.authenticate(user.token.reveal()).unwrap_err();
    assert_eq!(refused, Refusal::SessionRevoked);
    let text = desk.begin(&Wallet::new(9));
    let refused = desk.answer(&text, &Wallet::new(9).sign(&text)).await;
    assert_eq!(refused.unwrap_err(), Refusal::UserDisabled);
    desk.identity.set_disabled(&admin, id, false).await.unwrap();
    desk.login(&Wallet::new(9)).await;
}
