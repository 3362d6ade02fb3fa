//! What `/info` answers about accounts ("Info endpoint").
//!
//! An agent's address is no account: it gets empty answers and no error, as the venue does.

use serde_json::{Value, json};

use super::account::{Account, Position};
use super::address::{Address, Cloid};
use super::margin::Change;
use super::number::{Micro, USD, div_up, print, usd};
use super::order::{Order, Place};
use super::spec::{MarketSpec, OpenInterest};
use super::state::Exchange;

/// Items in one answer.
const MOST: usize = 2_000;
/// Payments in one answer ("Info endpoint": ranges return at most 500).
const MOST_PAYMENTS: usize = 500;

/// An order in its short form, as `openOrders` and `orderUpdates` show it.
pub(super) fn order_json(order: &Order, spec: &MarketSpec) -> Value {
    let mut json = json!({
        "coin": spec.name,
        "side": order.asked.side.letter(),
        "limitPx": print(order.asked.px.into(), spec.px_decimals()),
        "sz": print(order.left.into(), spec.sz_decimals),
        "oid": order.oid,
        "timestamp": order.placed_ms,
        "origSz": print(order.asked.lots.into(), spec.sz_decimals),
    });
    if let Some(cloid) = order.asked.cloid {
        json["cloid"] = json!(cloid.to_string());
    }
    if order.asked.reduce_only {
        json["reduceOnly"] = json!(true);
    }
    json
}

impl Exchange {
    /// Answers a request about an account; none for a type that is not about accounts or a request that lacks its user.
    #[must_use]
    pub fn info(&self, request: &Value) -> Option<Value> {
        let user = Address::parse(request["user"].as_str()?)?;
        let account = self.accounts.get(&user);
        let from = request["startTime"].as_i64().unwrap_or(i64::MIN);
        let to = request["endTime"].as_i64().unwrap_or(i64::MAX);
        Some(match request["type"].as_str()? {
            "clearinghouseState" => self.clearinghouse_state(user),
            "spotClearinghouseState" => json!({"balances": []}),
            "openOrders" => self.orders_of(account, |order| {
                order_json(order, &self.markets[order.asked.coin].spec)
            }),
            "frontendOpenOrders" => self.frontend_open_orders(account),
            "userFills" => self.fills(account, i64::MIN, i64::MAX, true),
            "userFillsByTime" => self.fills(account, from, to, false),
            "userTwapSliceFills" => self.newest_of(account, "twapSliceFills"),
            "twapHistory" => self.newest_of(account, "history"),
            "userNonFundingLedgerUpdates" => {
                let list: Vec<_> = account
                    .iter()
                    .flat_map(|account| &account.ledger)
                    .filter(|entry| (from..=to).contains(&entry.time_ms))
                    .take(MOST_PAYMENTS)
                    .map(|entry| entry.json())
                    .collect();
                json!(list)
            }
            "userFunding" => {
                let list: Vec<_> = account
                    .iter()
                    .flat_map(|account| &account.fundings)
                    .filter(|payment| (from..=to).contains(&payment.time_ms))
                    .take(MOST_PAYMENTS)
                    .map(|payment| payment.delta(&self.markets[payment.coin].spec))
                    .collect();
                json!(list)
            }
            "orderStatus" => self.order_status(account, &request["oid"])?,
            "historicalOrders" => self.historical(account),
            "extraAgents" => {
                account.map_or_else(|| json!([]), |account| account.agents.json(self.now_ms))
            }
            "userRole" => self.role(user),
            "userRateLimit" => self.rate_limit(account),
            "userFees" => self.fees(),
            // Nothing of these is simulated, which is what the venue answers to who has none.
            "subAccounts" => Value::Null,
            "userVaultEquities" => json!([]),
            "maxBuilderFee" => json!(0),
            "activeAssetData" => {
                let name = request["coin"].as_str()?;
                let mut markets = self.markets.iter();
                let coin = markets.position(|market| market.spec.name == name)?;
                self.active_asset(user, coin)?
            }
            _ => return None,
        })
    }

    pub(super) fn frontend_open_orders(&self, account: Option<&Account>) -> Value {
        self.orders_of(account, |order| self.frontend_order(order, true))
    }

    fn newest_of(&self, account: Option<&Account>, key: &str) -> Value {
        let list = account.map_or_else(Vec::new, |account| self.newest(account, key));
        json!(list)
    }

    /// Coins whose open interest is at its cap.
    pub fn capped(&self) -> impl Iterator<Item = &str> {
        let markets = self.markets.iter();
        markets
            .filter(|market| market.open_interest == OpenInterest::Capped)
            .map(|market| market.spec.name.as_str())
    }

    /// Rates as fractions of the notional. There is one tier for everybody, and no record of volume by day.
    fn fees(&self) -> Value {
        // Millionths, as of dollars.
        let rates = self.rules.fees;
        let (cross, add) = (usd(rates.taker.into()), usd(rates.maker.into()));
        json!({
            "dailyUserVlm": [],
            "feeSchedule": {
                "cross": cross,
                "add": add,
                "tiers": {"vip": [], "mm": []},
                "referralDiscount": "0.0",
                "stakingDiscountTiers": [],
            },
            "userCrossRate": cross,
            "userAddRate": add,
            "activeReferralDiscount": "0.0",
            "trial": null,
            "feeTrialEscrow": "0.0",
            "nextTrialAvailableTimestamp": null,
            "stakingLink": null,
            "activeStakingDiscount": {"bpsOfMaxSupply": "0.0", "discount": "0.0"},
        })
    }

    fn orders_of(&self, account: Option<&Account>, show: impl Fn(&Order) -> Value) -> Value {
        // Children that wait for their parent are shown below it alone.
        let list: Vec<_> = account
            .iter()
            .flat_map(|account| account.open.iter().rev())
            .filter_map(|oid| self.orders.get(oid))
            .filter(|order| order.place != Place::Dormant)
            .map(show)
            .collect();
        json!(list)
    }

    fn frontend_order(&self, order: &Order, with_children: bool) -> Value {
        let spec = &self.markets[order.asked.coin].spec;
        let mut json = order_json(order, spec);
        let children: Vec<_> = order
            .children
            .iter()
            .filter(|_| with_children)
            .filter_map(|child| self.orders.get(child))
            .map(|child| self.frontend_order(child, false))
            .collect();
        let waits = matches!(order.place, Place::Waiting | Place::Dormant);
        let (condition, px) = match order.asked.trigger {
            None => ("N/A".to_owned(), "0.0".to_owned()),
            Some(trigger) => {
                let px = print(trigger.px.into(), spec.px_decimals());
                let word = if trigger.above(order.asked.side) {
                    "above"
                } else {
                    "below"
                };
                let short = px.strip_suffix(".0").unwrap_or(&px);
                (format!("Price {word} {short}"), px)
            }
        };
        json["triggerCondition"] = json!(condition);
        json["isTrigger"] = json!(order.asked.trigger.is_some() && waits);
        json["triggerPx"] = json!(px);
        json["children"] = json!(children);
        json["isPositionTpsl"] = json!(order.of_position);
        json["reduceOnly"] = json!(order.asked.reduce_only);
        json["orderType"] = json!(order.kind());
        json["tif"] = match order.asked.trigger {
            Some(_) if waits => Value::Null,
            _ => json!(order.asked.tif.name()),
        };
        json["cloid"] = json!(order.asked.cloid.map(|cloid| cloid.to_string()));
        json
    }

    fn order_status(&self, account: Option<&Account>, wanted: &Value) -> Option<Value> {
        let oid = match (wanted.as_u64(), wanted.as_str()) {
            (Some(oid), _) => Some(oid),
            (None, Some(text)) => {
                let cloid = Cloid::parse(text)?;
                account.and_then(|account| account.cloids.get(&cloid).copied())
            }
            (None, None) => return None,
        };
        let found = account.zip(oid).and_then(|(account, oid)| {
            if account.open.contains(&oid) {
                let order = self.orders.get(&oid)?;
                return Some((order, "open", order.placed_ms));
            }
            let ended = account.closed(oid)?;
            Some((&ended.order, ended.status, ended.at_ms))
        });
        Some(match found {
            None => json!({"status": "unknownOid"}),
            Some((order, status, at)) => json!({
                "status": "order",
                "order": {
                    "order": self.frontend_order(order, true),
                    "status": status,
                    "statusTimestamp": at,
                },
            }),
        })
    }

    fn historical(&self, account: Option<&Account>) -> Value {
        let list: Vec<_> = account
            .iter()
            .flat_map(|account| account.closed.iter().rev().take(MOST))
            .map(|ended| {
                json!({
                    "order": self.frontend_order(&ended.order, false),
                    "status": ended.status,
                    "statusTimestamp": ended.at_ms,
                })
            })
            .collect();
        json!(list)
    }

    /// Newest first, or by time oldest first.
    fn fills(&self, account: Option<&Account>, from: i64, to: i64, newest_first: bool) -> Value {
        let fills = account.iter().flat_map(|account| &account.fills);
        let shown = fills
            .filter(|fill| (from..=to).contains(&fill.time_ms))
            .map(|fill| fill.json(&self.markets[fill.coin].spec));
        let list: Vec<_> = if newest_first {
            let mut list: Vec<_> = shown.collect();
            list.reverse();
            list.truncate(MOST);
            list
        } else {
            shown.take(MOST).collect()
        };
        json!(list)
    }

    fn role(&self, user: Address) -> Value {
        if self.accounts.contains_key(&user) {
            return json!({"role": "user"});
        }
        match self.masters.get(&user) {
            Some(master) => json!({"role": "agent", "data": {"user": master.to_string()}}),
            None => json!({"role": "missing"}),
        }
    }

    fn rate_limit(&self, account: Option<&Account>) -> Value {
        let (volume, used) = account.map_or((0, 0), |account| (account.volume, account.requests));
        let earned = u64::try_from(volume / USD).unwrap_or(u64::MAX);
        json!({
            "cumVlm": usd(volume),
            "nRequestsUsed": used,
            "nRequestsCap": self.rules.request_buffer.saturating_add(earned),
            "nRequestsSurplus": 0,
        })
    }

    /// What may still be bought and sold, by the free margin at the account's leverage.
    pub(super) fn active_asset(&self, user: Address, coin: usize) -> Option<Value> {
        let spec = &self.markets.get(coin)?.spec;
        let mark = self.markets[coin].mark?;
        let nobody = Account::default();
        let account = self.accounts.get(&user).unwrap_or(&nobody);
        let leverage = account.leverage(coin, spec.max_leverage());
        let free = self.cross_equity(account) - self.initial(account, Change::default());
        let free = free.max(0);
        let szi = account.szi(coin);
        let value = i128::from(leverage.value.max(1));
        // Against a position its own margin is free too, and the position itself is closed on the way.
        let freed = match leverage.is_cross {
            true => i128::from(szi.abs()) * i128::from(mark) * 2 / value,
            false => 0,
        };
        let (buy, sell) = match szi.signum() {
            1 => (free, free + freed),
            -1 => (free + freed, free),
            _ => (free, free),
        };
        let lots = |money: Micro| print(money * value / i128::from(mark), spec.sz_decimals);
        Some(json!({
            "user": user.to_string(),
            "coin": spec.name,
            "leverage": leverage_json(leverage.is_cross, leverage.value, None),
            "maxTradeSzs": [lots(buy), lots(sell)],
            "availableToTrade": [usd(buy), usd(sell)],
            "markPx": print(mark.into(), spec.px_decimals()),
        }))
    }

    pub(super) fn clearinghouse_state(&self, user: Address) -> Value {
        let nobody = Account::default();
        let account = self.accounts.get(&user).unwrap_or(&nobody);
        let positions: Vec<_> = account
            .positions
            .iter()
            .map(|(coin, position)| {
                json!({"type": "oneWay", "position": self.position_json(account, *coin, position)})
            })
            .collect();
        let summary = |cross_only: bool| {
            let counted = || {
                account
                    .positions
                    .iter()
                    .filter(move |(_, position)| !cross_only || position.isolated.is_none())
            };
            let (value, raw) = if cross_only {
                (self.cross_equity(account), account.cash)
            } else {
                (self.equity(account), account.total_cash())
            };
            let notional: Micro = counted()
                .map(|(coin, position)| position.value(self.mark_px(*coin)).abs())
                .sum();
            let used: Micro = counted()
                .map(|(coin, position)| self.margin_used(account, *coin, position))
                .sum();
            json!({
                "accountValue": usd(value),
                "totalNtlPos": usd(notional),
                "totalRawUsd": usd(raw),
                "totalMarginUsed": usd(used),
            })
        };
        json!({
            "marginSummary": summary(false),
            "crossMarginSummary": summary(true),
            "crossMaintenanceMarginUsed": usd(self.cross_maintenance(account)),
            "withdrawable": usd(self.withdrawable(user)),
            "assetPositions": positions,
            "time": self.now_ms,
        })
    }

    fn margin_used(&self, account: &Account, coin: usize, position: &Position) -> Micro {
        let worth = position.value(self.mark_px(coin));
        match position.isolated {
            Some(own) => own + worth,
            None => {
                let max = self.markets[coin].spec.max_leverage();
                let leverage = account.leverage(coin, max).value;
                div_up(worth.abs(), i128::from(leverage.max(1)))
            }
        }
    }

    fn position_json(&self, account: &Account, coin: usize, position: &Position) -> Value {
        let spec = &self.markets[coin].spec;
        let mark = self.mark_px(coin);
        let leverage = account.leverage(coin, spec.max_leverage());
        let used = self.margin_used(account, coin, position);
        let size = i128::from(position.szi);
        let entry = match size {
            0 => 0,
            _ => (2 * position.cost + size) / (2 * size),
        };
        let profit = position.unrealized(mark);
        // Profit over the margin that the entry took, to ten decimals.
        let staked = div_up(position.cost.abs(), i128::from(leverage.value.max(1))).max(1);
        let liquidation = self
            .liquidation_px(account, coin, position)
            .map(|px| print(px.into(), spec.px_decimals()));
        json!({
            "coin": spec.name,
            "szi": print(size, spec.sz_decimals),
            "leverage": leverage_json(position.isolated.is_none(), leverage.value, position.isolated),
            "entryPx": print(entry, spec.px_decimals()),
            "positionValue": usd(position.value(mark).abs()),
            "unrealizedPnl": usd(profit),
            "returnOnEquity": print(profit * 10_000_000_000 / staked, 10),
            "liquidationPx": liquidation,
            "marginUsed": usd(used),
            "maxLeverage": spec.max_leverage(),
            "cumFunding": {
                "allTime": usd(position.funding_since_open),
                "sinceOpen": usd(position.funding_since_open),
                "sinceChange": usd(position.funding_since_change),
            },
        })
    }
}

fn leverage_json(is_cross: bool, value: u32, raw: Option<Micro>) -> Value {
    let mut json = json!({"type": if is_cross { "cross" } else { "isolated" }, "value": value});
    if let Some(raw) = raw {
        json["rawUsd"] = json!(usd(raw));
    }
    json
}
