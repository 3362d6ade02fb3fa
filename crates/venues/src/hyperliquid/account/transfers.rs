//! Money that came into an account's perpetual balance, or left it, for another reason than trades and funding.

use super::super::exchange::Address;
use super::{Ask, Unreadable, ask, parse};
use hypersentry_model::{Timestamp, Usd};
use serde::Deserialize;
use serde_json::json;

/// A movement of money.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transfer {
    /// The venue's time.
    pub at: Timestamp,
    /// What tells it from others of its moment: the hash of its transaction, and its kind.
    pub id: String,
    /// Came in; negative when it left. Zero where it moved nothing of the perpetual balance.
    pub came_in: Usd,
    /// What may have been taken beside it: the venue's documentation does not say whether an amount includes its fee, so that it is entered
    /// when the account shows that it was.
    pub fee: Usd,
}

#[derive(Deserialize)]
struct Wire {
    time: i64,
    hash: String,
    delta: Delta,
}

/// All kinds in one: which fields a kind has is told by its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    r#type: String,
    usdc: Option<Usd>,
    amount: Option<Usd>,
    token: Option<String>,
    fee: Option<Usd>,
    user: Option<Address>,
    destination: Option<Address>,
    to_perp: Option<bool>,
    source_dex: Option<String>,
    destination_dex: Option<String>,
    net_withdrawn_usd: Option<Usd>,
}

/// Asks for transfers from a time on, oldest first: at most 500. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve a user's funding history
/// or non-funding ledger updates.
pub fn transfers_request(user: Address, from: Timestamp) -> Ask {
    let from = from.ms();
    ask(
        &json!({"type": "userNonFundingLedgerUpdates", "user": user, "startTime": from}),
        20,
    )
}

/// Reads the answer. A kind that is not known moves nothing here; if it moved money, the account differs from the ledger and is locked.
///
/// # Errors
/// [`Unreadable`]: not as documented, or a known kind without its amount.
pub fn transfers(body: &[u8], user: Address) -> Result<Vec<Transfer>, Unreadable> {
    let wire: Vec<Wire> = parse(body)?;
    wire.into_iter().map(|entry| entry.read(user)).collect()
}

impl Wire {
    fn read(self, user: Address) -> Result<Transfer, Unreadable> {
        let Self { time, hash, delta } = self;
        let kind = delta.r#type.as_str();
        let lacks = || Unreadable(format!("a `{kind}` without its amount"));
        let usdc = || delta.usdc.ok_or_else(lacks);
        let minus = |usd: Usd| Usd::from_units(-usd.units());
        // Both ends may be the same account: then nothing moved.
        let between = |usd: Usd| {
            let left = delta.user == Some(user);
            let came = delta.destination == Some(user);
            match (left, came) {
                (true, false) => (minus(usd), true),
                (false, true) => (usd, false),
                _ => (Usd::ZERO, false),
            }
        };
        let (came_in, pays) = match kind {
            "deposit" | "vaultDistribution" => (usdc()?, false),
            "withdraw" | "vaultCreate" => (minus(usdc()?), true),
            "vaultDeposit" => (minus(usdc()?), false),
            "vaultWithdraw" => (delta.net_withdrawn_usd.ok_or_else(lacks)?, false),
            "accountClassTransfer" if delta.to_perp == Some(true) => (usdc()?, false),
            "accountClassTransfer" => (minus(usdc()?), false),
            "internalTransfer" | "subAccountTransfer" => between(usdc()?),
            // Between the balances of one account or two: the perpetual balance of the first exchange has the empty name.
            "send" if delta.token.as_deref() == Some("USDC") => {
                let amount = delta.amount.ok_or_else(lacks)?;
                let main = |dex: &Option<String>| dex.as_deref() == Some("");
                let left = main(&delta.source_dex) && delta.user == Some(user);
                let came = main(&delta.destination_dex) && delta.destination == Some(user);
                match (left, came) {
                    (true, false) => (minus(amount), true),
                    (false, true) => (amount, false),
                    _ => (Usd::ZERO, false),
                }
            }
            _ => (Usd::ZERO, false),
        };
        let fee = delta.fee.filter(|_| pays).unwrap_or(Usd::ZERO);
        Ok(Transfer {
            at: Timestamp::from_ms(time),
            id: format!("{hash}/{kind}"),
            came_in,
            fee,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = "0x00000000000000000000000000000000000000aa";
    const OTHER: &str = "0x00000000000000000000000000000000000000bb";

    fn moved(delta: &str) -> Result<(String, String), Unreadable> {
        let body = format!(r#"[{{"time":5,"hash":"0x01","delta":{delta}}}]"#);
        let read = transfers(body.as_bytes(), US.parse().unwrap())?;
        assert_eq!(read[0].at, Timestamp::from_ms(5));
        Ok((read[0].came_in.to_string(), read[0].fee.to_string()))
    }

    #[test]
    fn each_kind_moves_what_it_says() {
        let send = |from: &str, to: &str, source: &str, end: &str| {
            format!(
                r#"{{"type":"send","user":"{from}","destination":"{to}","sourceDex":"{source}","destinationDex":"{end}","token":"USDC","amount":"7.5","fee":"1.0"}}"#
            )
        };
        let sub = format!(
            r#"{{"type":"subAccountTransfer","usdc":"3","user":"{OTHER}","destination":"{US}"}}"#
        );
        let out = format!(
            r#"{{"type":"internalTransfer","usdc":"3","user":"{US}","destination":"{OTHER}","fee":"1.0"}}"#
        );
        let left = r#"{"type":"vaultWithdraw","vault":"0x","user":"0x00000000000000000000000000000000000000aa","requestedUsd":"9","commission":"0","closingCost":"0","basis":"0","netWithdrawnUsd":"8.5"}"#;
        for (delta, came_in, fee) in [
            (r#"{"type":"deposit","usdc":"100.5"}"#, "100.5", "0"),
            (
                r#"{"type":"withdraw","usdc":"20","nonce":1,"fee":"1.0"}"#,
                "-20",
                "1",
            ),
            (
                r#"{"type":"accountClassTransfer","usdc":"4","toPerp":false}"#,
                "-4",
                "0",
            ),
            (
                r#"{"type":"accountClassTransfer","usdc":"4","toPerp":true}"#,
                "4",
                "0",
            ),
            (
                r#"{"type":"vaultDeposit","vault":"0x","usdc":"5"}"#,
                "-5",
                "0",
            ),
            (left, "8.5", "0"),
            (sub.as_str(), "3", "0"),
            (out.as_str(), "-3", "1"),
            (send(US, OTHER, "", "spot").as_str(), "-7.5", "1"),
            (send(OTHER, US, "spot", "").as_str(), "7.5", "0"),
            (send(US, US, "spot", "").as_str(), "7.5", "0"),
            (send(US, US, "", "").as_str(), "0", "0"),
            (
                r#"{"type":"liquidation","liquidatedNtlPos":"9","accountValue":"1"}"#,
                "0",
                "0",
            ),
            (
                r#"{"type":"rewardsClaim","amount":"9","token":"HYPE"}"#,
                "0",
                "0",
            ),
        ] {
            assert_eq!(
                moved(delta),
                Ok((came_in.to_owned(), fee.to_owned())),
                "{delta}"
            );
        }
        assert!(moved(r#"{"type":"deposit"}"#).is_err());
    }
}
