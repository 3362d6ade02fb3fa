//! Logins with real keys, and what is refused. The numbers are those of the list in docs/security.md.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{Desk, Wallet, settings};
use hypersentry_identity::{Refusal, Role};
use std::sync::Arc;

#[tokio::test]
async fn a_wallet_logs_in_and_is_a_viewer() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let logged_in = desk.login(&wallet).await;
    let known = desk
        .identity
        .authenticate(logged_in.token.reveal())
        .unwrap();
    assert_eq!(known.user.address, wallet.address());
    assert_eq!(known.user.role, Role::Viewer);
    assert_eq!(desk.admin().await.user.role, Role::Admin);
}

/// Signs what the attacker changed, so that the signature is good.
async fn changed(change: impl Fn(String) -> String) -> Refusal {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let text = change(desk.begin(&wallet));
    desk.answer(&text, &wallet.sign(&text)).await.unwrap_err()
}

#[tokio::test]
async fn attack_04_message_for_another_domain() {
    let refused = changed(|t| t.replacen("desk.example", "evil.example", 1)).await;
    assert_eq!(refused, Refusal::DomainMismatch);
    let refused = changed(|t| t.replacen("desk.example", "desk.example.evil.org", 1)).await;
    assert_eq!(refused, Refusal::DomainMismatch);
    let refused = changed(|t| t.replacen("desk.example", "desk.example:444", 1)).await;
    assert_eq!(refused, Refusal::DomainMismatch);
}

#[tokio::test]
async fn attack_05_replayed_nonce() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let text = desk.begin(&wallet);
    let signature = wallet.sign(&text);
    desk.answer(&text, &signature).await.unwrap();
    let again = desk.answer(&text, &signature).await.unwrap_err();
    assert_eq!(again, Refusal::NonceUsed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attack_06_one_of_64_racing_answers_wins() {
    let desk = Arc::new(Desk::new().await);
    let wallet = Wallet::new(9);
    let text = Arc::new(desk.begin(&wallet));
    let signature = Arc::new(wallet.sign(&text));
    let all = Arc::new(tokio::sync::Barrier::new(64));
    let mut racing = Vec::new();
    for _ in 0..64 {
        let (desk, all) = (Arc::clone(&desk), Arc::clone(&all));
        let (text, signature) = (Arc::clone(&text), Arc::clone(&signature));
        racing.push(tokio::spawn(async move {
            all.wait().await;
            desk.answer(&text, &signature).await.map(drop)
        }));
    }
    let mut won = 0;
    for answer in racing {
        match answer.await.unwrap() {
            Ok(()) => won += 1,
            Err(refused) => assert_eq!(refused, Refusal::NonceUsed),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn attack_07_nonce_that_nobody_issued() {
    let refused = changed(|text| {
        let nonce = text.split("Nonce: ").nth(1).unwrap()[..32].to_owned();
        text.replace(&nonce, &"a".repeat(32))
    });
    assert_eq!(refused.await, Refusal::NonceUnknown);
}

#[tokio::test]
async fn attack_08_nonce_of_another_browser() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let text = desk.begin(&wallet);
    let signature = wallet.sign(&text);
    let stolen = desk.answer_from(&text, &signature, "browser two").await;
    assert_eq!(stolen.unwrap_err(), Refusal::NonceOtherBrowser);
    // And the rightful browser was not hurt by it.
    desk.answer(&text, &signature).await.unwrap();
}

#[tokio::test]
async fn attack_09_too_late_or_too_early() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let text = desk.begin(&wallet);
    desk.later(299_999);
    let other = desk.begin(&wallet);
    desk.later(1);
    let late = desk.answer(&text, &wallet.sign(&text)).await.unwrap_err();
    assert_eq!(late, Refusal::NonceExpired);
    desk.answer(&other, &wallet.sign(&other)).await.unwrap();

    let line = "\nExpiration Time: ";
    let with = |insert: &'static str| {
        move |text: String| {
            let (head, tail) = text.split_once(line).unwrap();
            format!("{head}{}", insert.replace("{}", tail))
        }
    };
    let expired = changed(with("\nExpiration Time: 2020-01-01T00:00:00Z")).await;
    assert_eq!(expired, Refusal::MessageExpired);
    let endless = changed(with("")).await;
    assert_eq!(endless, Refusal::MessageMalformed);
    let early = changed(with(
        "\nExpiration Time: {}\nNot Before: 2033-05-18T03:33:20Z",
    ))
    .await;
    assert_eq!(early, Refusal::MessageNotYetValid);
    let issued = changed(|text| {
        let (head, tail) = text.split_once("Issued At: ").unwrap();
        let (_, tail) = tail.split_once('\n').unwrap();
        format!("{head}Issued At: 2033-05-18T03:33:20Z\n{tail}")
    });
    assert_eq!(issued.await, Refusal::MessageNotYetValid);
}

#[tokio::test]
async fn attack_10_wrong_chain() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let foreign = desk.identity.begin(wallet.address(), 56, "b").unwrap_err();
    assert_eq!(foreign, Refusal::ChainNotAllowed);
    let refused = changed(|t| t.replace("Chain ID: 1", "Chain ID: 56")).await;
    assert_eq!(refused, Refusal::ChainNotAllowed);
    let other = changed(|t| t.replace("Chain ID: 1", "Chain ID: 42161")).await;
    assert_eq!(other, Refusal::ChainMismatch);
}

#[tokio::test]
async fn attack_11_wrong_uri() {
    for uri in [
        "https://evil.example",
        "http://desk.example",
        "https://desk.example/x",
    ] {
        let refused = changed(|t| t.replace("URI: https://desk.example", &format!("URI: {uri}")));
        assert_eq!(refused.await, Refusal::UriMismatch, "{uri}");
    }
}

#[tokio::test]
async fn attack_12_and_13_other_forms_of_signature() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let text = desk.begin(&wallet);
    let good = wallet.sign(&text);
    let parity = if good.ends_with("1b") { "00" } else { "01" };
    let forms = [
        (
            format!("{}{parity}", &good[..130]),
            Refusal::SignatureInvalid,
        ),
        (good[..130].to_owned(), Refusal::SignatureInvalid),
        (format!("{good}00"), Refusal::SignatureInvalid),
        (good[2..].to_owned(), Refusal::SignatureInvalid),
        (format!("0x{}", "7f".repeat(65)), Refusal::SignatureInvalid),
        (high_s(&good), Refusal::SignatureMalleable),
    ];
    for (signature, refusal) in forms {
        let text = desk.begin(&wallet);
        let signature = if refusal == Refusal::SignatureMalleable {
            high_s(&wallet.sign(&text))
        } else {
            signature
        };
        let refused = desk.answer(&text, &signature).await.unwrap_err();
        assert_eq!(refused, refusal, "{signature}");
    }
}

fn high_s(signature: &str) -> String {
    let byte = |i: usize| u8::from_str_radix(&signature[2 + 2 * i..4 + 2 * i], 16).unwrap();
    let bytes: Vec<u8> = (0..65).map(byte).collect();
    let low = k256::ecdsa::Signature::from_slice(&bytes[..64]).unwrap();
    let high = k256::ecdsa::Signature::from_scalars(low.r(), -low.s()).unwrap();
    let hex: String = high.to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("0x{hex}{:02x}", 55 - bytes[64])
}

#[tokio::test]
async fn attack_14_lines_injected_into_the_statement() {
    let refused = changed(|t| {
        t.replace(
            "moves nothing.",
            "moves nothing.\nURI: https://evil.example",
        )
    });
    assert!(matches!(
        refused.await,
        Refusal::MessageMalformed | Refusal::UriMismatch
    ));
    let words = changed(|t| t.replace("moves nothing.", "moves everything."));
    assert_eq!(words.await, Refusal::MessageMismatch);
}

#[tokio::test]
async fn attack_15_fields_twice() {
    for line in ["Chain ID: 1", "Version: 1", "URI: https://desk.example"] {
        let refused = changed(|t| t.replace(line, &format!("{line}\n{line}"))).await;
        assert_eq!(refused, Refusal::MessageMalformed, "{line}");
    }
    let resources = changed(|t| format!("{t}\nResources:\n- https://desk.example")).await;
    assert_eq!(resources, Refusal::MessageMismatch);
    let request = changed(|t| format!("{t}\nRequest ID: 1")).await;
    assert_eq!(request, Refusal::MessageMismatch);
}

#[tokio::test]
async fn attack_16_domain_that_looks_alike() {
    for domain in [
        "d\u{0435}sk.example",
        "desk.ex\u{0430}mple",
        "DESK.example",
        "desk.example.",
    ] {
        let refused = changed(|t| t.replacen("desk.example", domain, 1)).await;
        assert!(
            matches!(refused, Refusal::DomainMismatch | Refusal::MessageMalformed),
            "{domain}: {refused}"
        );
    }
}

/// A contract's signature (EIP-1271, EIP-6492) is as long as it likes; nothing here asks a node about it.
#[tokio::test]
async fn attacks_17_and_18_signatures_of_contracts() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let magic = "6492".repeat(16);
    for signature in [
        "0x".to_owned(),
        "0x1626ba7e".to_owned(),
        format!("0x{}{magic}", "00".repeat(96)),
    ] {
        let text = desk.begin(&wallet);
        let refused = desk.answer(&text, &signature).await.unwrap_err();
        assert_eq!(refused, Refusal::SignatureInvalid);
    }
}

#[tokio::test]
async fn a_signature_of_another_wallet_is_refused_and_uses_the_nonce_up() {
    let desk = Desk::new().await;
    let (wallet, thief) = (Wallet::new(9), Wallet::new(10));
    let text = desk.begin(&wallet);
    let refused = desk.answer(&text, &thief.sign(&text)).await.unwrap_err();
    assert_eq!(refused, Refusal::AddressMismatch);
    let again = desk.answer(&text, &wallet.sign(&text)).await.unwrap_err();
    assert_eq!(again, Refusal::NonceUsed);
    let own = changed(|t| {
        let (wallet, thief) = (Wallet::new(9).address(), Wallet::new(10).address());
        t.replace(&wallet.to_string(), &thief.to_string())
    });
    assert_eq!(own.await, Refusal::AddressMismatch);
}

#[tokio::test]
async fn logins_under_way_are_bounded() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    for _ in 0..4_096 {
        desk.begin(&wallet);
    }
    let refused = desk.identity.begin(wallet.address(), 1, "b").unwrap_err();
    assert_eq!(refused, Refusal::LoginRateLimited);
    assert!(refused.is_retryable());
    desk.later(300_000);
    desk.begin(&wallet);
}

#[tokio::test]
async fn where_only_invited_users_log_in_others_do_not() {
    let mut settings = settings();
    settings.invited_only = true;
    let desk = Desk::with(settings).await;
    let wallet = Wallet::new(9);
    let text = desk.begin(&wallet);
    let refused = desk.answer(&text, &wallet.sign(&text)).await.unwrap_err();
    assert_eq!(refused, Refusal::UserUnknown);
    desk.user(9, Role::Trader).await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_done() {
    let desk = Desk::new().await;
    let wallet = Wallet::new(9);
    let text = desk.begin(&wallet);
    desk.memory.fail(true);
    let refused = desk.answer(&text, &wallet.sign(&text)).await.unwrap_err();
    assert_eq!(refused, Refusal::StoreFailed);
    desk.memory.fail(false);
    let admin = desk.admin().await;
    assert_eq!(desk.identity.users(&admin).unwrap().len(), 1);
}
