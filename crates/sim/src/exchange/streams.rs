//! What user streams send whole: the snapshots that some begin with, and the states that others repeat ("Subscriptions").

use serde_json::{Value, json};

use super::account::Account;
use super::address::Address;
use super::events::{UserFrame, frame};
use super::number::{Micro, usd};
use super::state::Exchange;

/// Entries of a snapshot, the newest.
const MOST: usize = 2_000;

impl Exchange {
    /// What a new subscription is sent first, by the name that it is subscribed by; none for the streams without a snapshot.
    #[must_use]
    pub fn snapshot(&self, user: Address, kind: &str) -> Option<UserFrame> {
        let (channel, key) = match kind {
            "userFills" => ("userFills", "fills"),
            "userFundings" => ("userFundings", "fundings"),
            "userTwapSliceFills" => ("userTwapSliceFills", "twapSliceFills"),
            "userTwapHistory" => ("userTwapHistory", "history"),
            "userNonFundingLedgerUpdates" => {
                ("userNonFundingLedgerUpdates", "nonFundingLedgerUpdates")
            }
            _ => return self.state_frame(user, kind),
        };
        let account = self.accounts.get(&user);
        let entries = account.map_or_else(Vec::new, |account| self.newest(account, key));
        let data = json!({"isSnapshot": true, "user": user.to_string(), key: entries});
        Some(frame(channel, data))
    }

    /// Newest first.
    pub(super) fn newest(&self, account: &Account, key: &str) -> Vec<Value> {
        let spec = |coin: usize| &self.markets[coin].spec;
        match key {
            "fills" => {
                let list = account.fills.iter().rev().take(MOST);
                list.map(|fill| fill.json(spec(fill.coin))).collect()
            }
            "fundings" => {
                let list = account.fundings.iter().rev().take(MOST);
                list.map(|payment| payment.json(spec(payment.coin)))
                    .collect()
            }
            "twapSliceFills" => {
                let list = account.twap_fills.iter().rev().take(MOST);
                list.map(|fill| json!({"fill": fill.json(spec(fill.coin)), "twapId": fill.twap}))
                    .collect()
            }
            "history" => {
                let list = account.twap_history.iter().rev().take(MOST);
                list.map(|record| record.json(spec(record.twap.asked.coin)))
                    .collect()
            }
            _ => {
                let list = account.ledger.iter().rev().take(MOST);
                list.map(|entry| entry.json()).collect()
            }
        }
    }

    /// The frame of a stream that always sends all there is, by the name that it is subscribed by.
    #[must_use]
    pub fn state_frame(&self, user: Address, kind: &str) -> Option<UserFrame> {
        let name = user.to_string();
        Some(match kind {
            "clearinghouseState" => {
                let state = self.clearinghouse_state(user);
                let data = json!({"dex": "", "user": name, "clearinghouseState": state});
                frame("clearinghouseState", data)
            }
            "allDexsClearinghouseState" => {
                let states = json!([["", self.clearinghouse_state(user)]]);
                let data = json!({"user": name, "clearinghouseStates": states});
                frame("allDexsClearinghouseState", data)
            }
            "openOrders" => {
                let orders = self.frontend_open_orders(self.accounts.get(&user));
                let data = json!({"dex": "", "user": name, "orders": orders});
                frame("openOrders", data)
            }
            "twapStates" => {
                let running = self.twaps.values().filter(|twap| twap.owner == user);
                let states: Vec<_> = running
                    .map(|twap| json!([twap.id, twap.json(&self.markets[twap.asked.coin].spec)]))
                    .collect();
                let data = json!({"dex": "", "user": name, "states": states});
                frame("twapStates", data)
            }
            "spotState" => {
                let data = json!({"user": name, "spotState": {"balances": []}});
                frame("spotState", data)
            }
            "webData3" => frame("webData3", self.web_data(user)),
            _ => return None,
        })
    }

    /// The frame of `activeAssetData`; none before the market has a mark price.
    #[must_use]
    pub fn active_asset_frame(&self, user: Address, coin: usize) -> Option<UserFrame> {
        let data = self.active_asset(user, coin)?;
        Some(frame("activeAssetData", data))
    }

    fn web_data(&self, user: Address) -> Value {
        let account = self.accounts.get(&user);
        let agent = account.and_then(|account| account.agents.unnamed(self.now_ms));
        let paid: Micro = account
            .iter()
            .flat_map(|account| &account.ledger)
            .map(|entry| entry.amount)
            .sum();
        let capped: Vec<_> = self.capped().collect();
        json!({
            "userState": {
                "agentAddress": agent.map(|agent| agent.address.to_string()),
                "agentValidUntil": agent.map(|agent| agent.valid_until_ms),
                "serverTime": self.now_ms,
                "cumLedger": usd(paid),
                "isVault": false,
                "user": user.to_string(),
            },
            "perpDexStates": [{
                "totalVaultEquity": "0.0",
                "perpsAtOpenInterestCap": capped,
                "leadingVaults": [],
            }],
        })
    }
}
