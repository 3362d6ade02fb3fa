//! Agent credentials from the key to its end.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::typed_data::digest;
use common::{Desk, Wallet, settings, start};
use hypersentry_identity::agent::{AgentState, Network, Terms};
use hypersentry_identity::{
    Authenticated, GrantRow, Grants, LOCAL, Refusal, Repository, Role, WalletKey,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

const DAY: i64 = 86_400_000;

fn terms(n: u8, valid_days: u32) -> Terms {
    Terms {
        account: Wallet::new(n).address(),
        name: "bot".into(),
        valid_days,
        network: Network::Mainnet,
    }
}

async fn approve(
    desk: &Desk,
    by: &Authenticated,
    id: &str,
    wallet: &Wallet,
) -> Result<Value, Refusal> {
    let agents = desk.identity.agents(by);
    let agent = agents.iter().find(|a| a.id == id).unwrap();
    let signature = wallet.sign_digest(&digest(&agent.typed_data()));
    let body = desk.identity.approval(by, id, &signature)?;
    desk.identity.agent_approved(by, id).await?;
    Ok(body)
}

#[tokio::test]
async fn an_agent_acts_from_its_approval_to_its_end() {
    let desk = Desk::new().await;
    let by = desk.user(9, Role::Trader).await.authenticated;
    assert!(!desk.identity.is_agent_ready(&by));
    let agent = desk.identity.create_agent(&by, terms(9, 20)).await.unwrap();
    // Attack 27: being logged in is not enough.
    assert!(!desk.identity.is_agent_ready(&by));
    let refused = desk.identity.agent_key(&by, &agent.id).unwrap_err();
    assert_eq!(refused, Refusal::AgentNotReady);
    let stranger = approve(&desk, &by, &agent.id, &Wallet::new(10)).await;
    assert_eq!(stranger.unwrap_err(), Refusal::AddressMismatch);
    let body = approve(&desk, &by, &agent.id, &Wallet::new(9))
        .await
        .unwrap();
    assert_eq!(body["action"]["type"], "approveAgent");
    assert_eq!(body["action"]["signatureChainId"], "0x1");
    let name = format!("bot valid_until {}", agent.expires_ms);
    assert_eq!(body["action"]["agentName"], name);
    assert_eq!(body["nonce"], body["action"]["nonce"]);
    assert!(desk.identity.is_agent_ready(&by));
    let key = desk.identity.agent_key(&by, &agent.id).unwrap();
    assert_eq!(key.address(), agent.address);
    assert_eq!(
        key.sign(&[7; 32]).unwrap().signer(&[7; 32]),
        Ok(agent.address)
    );
    let mut warnings = Vec::new();
    for _ in 0..20 {
        let now_ms = desk.identity.now_ms();
        warnings.push(desk.identity.agents(&by)[0].warning_at(now_ms));
        desk.later(DAY - 1_000 * 3600);
        desk.login(&Wallet::new(9)).await;
        desk.later(1_000 * 3600);
    }
    let due = |left: usize| match left {
        0..=1 => Some(1),
        2..=3 => Some(3),
        4..=14 => Some(14),
        _ => None,
    };
    let expected: Vec<_> = (1..=20).rev().map(due).collect();
    assert_eq!(warnings, expected);
    // Its time has passed: it acts no more, and its key is forgotten.
    let by = desk.login(&Wallet::new(9)).await.authenticated;
    assert!(!desk.identity.is_agent_ready(&by));
    assert_eq!(
        desk.identity.agent_key(&by, &agent.id).unwrap_err(),
        Refusal::AgentNotReady
    );
    desk.identity.sweep().await.unwrap();
    let agents = desk.identity.agents(&by);
    assert_eq!(
        agents[0].state_at(desk.identity.now_ms()),
        AgentState::Expired
    );
    assert_eq!(agents[0].key, None);
}

#[tokio::test]
async fn attack_30_no_address_is_used_again_and_what_was_replaced_signs_no_more() {
    let desk = Desk::new().await;
    let by = desk.user(9, Role::Trader).await.authenticated;
    let mut addresses = BTreeSet::new();
    let mut id = desk
        .identity
        .create_agent(&by, terms(9, 30))
        .await
        .unwrap()
        .id;
    approve(&desk, &by, &id, &Wallet::new(9)).await.unwrap();
    for _ in 0..20 {
        desk.later(1_000);
        let next = desk.identity.rotate_agent(&by, &id).await.unwrap();
        assert!(addresses.insert(next.address));
        // Until the new one is approved the old one acts.
        assert!(desk.identity.agent_key(&by, &id).is_ok());
        approve(&desk, &by, &next.id, &Wallet::new(9))
            .await
            .unwrap();
        assert_eq!(
            desk.identity.agent_key(&by, &id).unwrap_err(),
            Refusal::AgentNotReady
        );
        let agents = desk.identity.agents(&by);
        let old = agents.iter().find(|a| a.id == id).unwrap();
        assert_eq!((old.state, &old.key), (AgentState::Revoked, &None));
        id = next.id;
    }
    desk.identity.revoke_agent(&by, &id).await.unwrap();
    assert!(!desk.identity.is_agent_ready(&by));
}

#[tokio::test]
async fn agents_belong_to_their_user_and_need_role_and_grant() {
    let desk = Desk::new().await;
    for role in [Role::Viewer, Role::RiskManager] {
        let by = desk.user(8, Role::Viewer).await.authenticated;
        let admin = desk.admin().await;
        desk.identity
            .set_role(&admin, &by.user.id, role)
            .await
            .unwrap();
        let refused = desk.identity.create_agent(&by, terms(8, 30)).await;
        assert_eq!(refused.unwrap_err(), Refusal::RoleRequired);
    }
    let by = desk.user(9, Role::Trader).await.authenticated;
    let refused = desk.identity.create_agent(&by, terms(8, 30)).await;
    assert_eq!(refused.unwrap_err(), Refusal::GrantRequired);
    let agent = desk.identity.create_agent(&by, terms(9, 30)).await.unwrap();
    let other = desk.user(10, Role::Trader).await.authenticated;
    let not_found = Refusal::AgentNotFound;
    assert!(desk.identity.agents(&other).is_empty());
    assert_eq!(
        desk.identity.agent_key(&other, &agent.id).unwrap_err(),
        not_found
    );
    assert_eq!(
        desk.identity
            .rotate_agent(&other, &agent.id)
            .await
            .unwrap_err(),
        not_found
    );
    assert_eq!(
        desk.identity
            .revoke_agent(&other, &agent.id)
            .await
            .unwrap_err(),
        not_found
    );
    approve(&desk, &by, &agent.id, &Wallet::new(9))
        .await
        .unwrap();
    let admin = desk.admin().await;
    desk.identity
        .set_role(&admin, &by.user.id, Role::Viewer)
        .await
        .unwrap();
    assert_eq!(
        desk.identity.agent_key(&by, &agent.id).unwrap_err(),
        Refusal::RoleRequired
    );
    assert!(!desk.identity.is_agent_ready(&by));
}

#[tokio::test]
async fn terms_have_limits_and_keys_need_a_master() {
    let desk = Desk::new().await;
    let by = desk.user(9, Role::Trader).await.authenticated;
    for (name, days) in [
        ("", 30),
        ("a b", 30),
        ("Bot", 30),
        ("12345678901234567", 30),
        ("bot", 0),
        ("bot", 181),
    ] {
        let mut terms = terms(9, days);
        terms.name = name.into();
        let refused = desk.identity.create_agent(&by, terms).await;
        assert_eq!(refused.unwrap_err(), Refusal::AgentTermsInvalid);
    }
    for _ in 0..16 {
        desk.identity.create_agent(&by, terms(9, 1)).await.unwrap();
    }
    let refused = desk.identity.create_agent(&by, terms(9, 1)).await;
    assert_eq!(refused.unwrap_err(), Refusal::TooManyAgents);
    let mut settings = settings();
    settings.master = None;
    let desk = Desk::with(settings).await;
    let by = desk.user(9, Role::Trader).await.authenticated;
    let refused = desk.identity.create_agent(&by, terms(9, 1)).await;
    assert_eq!(refused.unwrap_err(), Refusal::KeystoreUnavailable);
}

#[tokio::test]
async fn a_machines_own_user_needs_no_login_and_its_agents_outlive_a_start() {
    let desk = Desk::new().await;
    let by = desk.identity.local().unwrap();
    let wallet = WalletKey::new(&[9; 32]).unwrap();
    let account = wallet.address();
    // Whose account it is, the account's wallet says; which accounts there are, the user.
    let refused = desk.identity.create_agent(&by, terms(9, 30)).await;
    assert_eq!(refused.unwrap_err(), Refusal::GrantRequired);
    let grants = Grants::ALL;
    let row = GrantRow {
        user: LOCAL.into(),
        account,
        grants,
    };
    desk.identity.set_grant(&by, row).await.unwrap();
    let made = desk.identity.create_agent(&by, terms(9, 30)).await.unwrap();
    let moved = desk.identity.agent_on_chain(&by, &made.id, 42_161).await;
    let moved = moved.unwrap();
    assert_eq!(moved.typed_data()["domain"]["chainId"], 42_161);
    assert_eq!(moved.address, made.address);
    let other = WalletKey::new(&[10; 32]).unwrap();
    assert_eq!(
        moved.approve_by(&other).unwrap_err(),
        Refusal::AddressMismatch
    );
    // What was signed for the chain before is not this agent's approval any more.
    let old = made.approve_by(&wallet).unwrap().to_string();
    let refused = desk.identity.approval(&by, &made.id, &old).unwrap_err();
    assert_eq!(refused, Refusal::AddressMismatch);
    let signature = moved.approve_by(&wallet).unwrap().to_string();
    let body = desk.identity.approval(&by, &made.id, &signature).unwrap();
    assert_eq!(body["action"]["signatureChainId"], "0xa4b1");
    desk.identity.agent_approved(&by, &made.id).await.unwrap();
    let late = desk.identity.agent_on_chain(&by, &made.id, 1).await;
    assert_eq!(late.unwrap_err(), Refusal::AgentNotPending);

    let repository = Arc::clone(&desk.memory) as Arc<dyn Repository>;
    let again = start(settings(), Arc::clone(&desk.clock), repository, 2).await;
    let again = again.unwrap();
    // Before the user is there, nobody is: the session of the last start is none.
    assert!(again.agent_key(&by, &made.id).is_err());
    let by = again.local().unwrap();
    let key = again.agent_key(&by, &made.id).unwrap();
    assert_eq!(key.address(), made.address);
    assert!(again.is_agent_ready(&by));
    // An admin is not kept out of the own machine, and time does not end the session.
    desk.later(400 * DAY);
    again.sweep().await.unwrap();
    assert!(again.recheck(&by).is_ok());
    assert_eq!(again.agents(&by)[0].key, None);
}
