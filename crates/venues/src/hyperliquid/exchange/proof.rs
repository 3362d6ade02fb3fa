//! How an unknown outcome ends: what is asked, and from when on the answer is final.
//!
//! | action | asked of `/info` | shows that it was taken | shows that it was not |
//! |---|---|---|---|
//! | `order` | `orderStatus` by client order id, each | any status of it | `unknownOid`, once expired |
//! | `cancel`, `cancelByCloid` | `orderStatus`, each | an end by cancellation; any other end settles it too | still open, once expired |
//! | `modify`, `batchModify` | `orderStatus`, each, of the old and of the new order | the new order's price and size | the old order still open, once expired |
//! | `updateLeverage` | `activeAssetData` | the leverage that was asked for | another one, once expired |
//! | `updateIsolatedMargin` | `clearinghouseState` | the position's margin moved by the amount | it did not, once expired |
//! | `twapOrder`, `twapCancel` | `twapHistory` | the TWAP in it; its end | not in it; still running, once expired |
//! | `scheduleCancel` | nothing shows it | | sent again, with the same time: twice is once |
//! | money and names of the account | `userNonFundingLedgerUpdates`, `subAccounts`, `userRateLimit` | the entry | none, once expired |
//! | `noop` and the rest | nothing has to be shown | | |
//! | `approveAgent` | `extraAgents` | the agent in it | not in it, once its nonce is outside the venue's window |
//! | other messages of wallets | `userNonFundingLedgerUpdates` | the entry | none, once the nonce is outside the venue's window |
//!
//! Expired: the time of the venue's newest block (`exchangeStatus`) is beyond the action's `expiresAfter`, so that the venue cannot take it any more. An
//! answer that was true before that may be overtaken by the action. Actions of wallets cannot expire: they end with the window of nonces, two days later.
//!
//! Sources: Hyperliquid docs, API > Info endpoint, API > Exchange endpoint (`expiresAfter`), API > Nonces and API wallets.

use super::nonce::{VenueTime, WINDOW_BEHIND_MS};
use super::order::OrderId;
use super::{Action, Address, Message};
use serde_json::{Value, json};

/// Something of the account that shows what became of an action.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// An order's state. An order without a name of ours cannot be asked for.
    Order(OrderId),
    /// Leverage and kind of margin of an asset.
    Leverage {
        /// The asset.
        asset: u32,
    },
    /// The positions and their margin.
    Positions,
    /// The account's TWAPs.
    Twaps,
    /// What came in and went out.
    Ledger,
    /// The sub-accounts.
    SubAccounts,
    /// The account's allowance of requests.
    RateLimit,
    /// The account's agents.
    Agents,
}

impl Proof {
    /// The body of the `/info` request about an account: the master's, a sub-account's or a vault's own address; to an agent's the venue answers with
    /// nothing. `coin` names an asset. `since_ms` is where the account's ledger is read from.
    pub fn request(
        self,
        user: Address,
        coin: impl Fn(u32) -> Option<String>,
        since_ms: u64,
    ) -> Option<Value> {
        Some(match self {
            Self::Order(oid) => json!({"type": "orderStatus", "user": user, "oid": oid}),
            Self::Leverage { asset } => {
                json!({"type": "activeAssetData", "user": user, "coin": coin(asset)?})
            }
            Self::Positions => json!({"type": "clearinghouseState", "user": user}),
            Self::Twaps => json!({"type": "twapHistory", "user": user}),
            Self::Ledger => {
                json!({"type": "userNonFundingLedgerUpdates", "user": user, "startTime": since_ms})
            }
            Self::SubAccounts => json!({"type": "subAccounts", "user": user}),
            Self::RateLimit => json!({"type": "userRateLimit", "user": user}),
            Self::Agents => json!({"type": "extraAgents", "user": user}),
        })
    }

    /// What the request weighs of the 1,200 a minute of one IP address. Hyperliquid docs, API > Rate limits and user limits.
    pub const fn weight(self) -> u32 {
        match self {
            Self::Order(_) | Self::Positions => 2,
            _ => 20,
        }
    }
}

impl Action {
    /// What shows what became of it, in the order of its items. Empty where nothing has to be shown or nothing could.
    pub fn proofs(&self) -> Vec<Proof> {
        let named = |cloid| Proof::Order(OrderId::Cloid(cloid));
        match self {
            Self::Order(orders) => {
                let cloids = orders.orders.iter().filter_map(|order| order.cloid);
                cloids.map(named).collect()
            }
            Self::Cancel(cancels) => {
                let oids = cancels.cancels.iter().map(|cancel| cancel.oid);
                oids.map(|oid| Proof::Order(OrderId::Oid(oid))).collect()
            }
            Self::CancelByCloid(cancels) => {
                let cloids = cancels.cancels.iter().map(|cancel| cancel.cloid);
                cloids.map(named).collect()
            }
            Self::Modify(change) => changed(change.oid, change.order.cloid).collect(),
            Self::BatchModify(changes) => changes
                .modifies
                .iter()
                .flat_map(|change| changed(change.oid, change.order.cloid))
                .collect(),
            Self::UpdateLeverage(update) => vec![Proof::Leverage {
                asset: update.asset,
            }],
            Self::UpdateIsolatedMargin(_) => vec![Proof::Positions],
            Self::TwapOrder(_) | Self::TwapCancel(_) => vec![Proof::Twaps],
            Self::SubAccountTransfer(_)
            | Self::SubAccountSpotTransfer(_)
            | Self::VaultTransfer(_)
            | Self::ClaimRewards(_) => vec![Proof::Ledger],
            Self::CreateSubAccount(_) => vec![Proof::SubAccounts],
            Self::ReserveRequestWeight(_) => vec![Proof::RateLimit],
            Self::ScheduleCancel(_)
            | Self::Noop(_)
            | Self::SetReferrer(_)
            | Self::EvmUserModify(_)
            | Self::AgentEnableDexAbstraction(_) => Vec::new(),
        }
    }
}

/// The old order, and the new one where it goes by another name.
fn changed(old: OrderId, new: Option<super::Cloid>) -> impl Iterator<Item = Proof> {
    let new = new.map(OrderId::Cloid).filter(|new| *new != old);
    std::iter::once(old).chain(new).map(Proof::Order)
}

impl Message {
    /// As [`Action::proofs`].
    pub const fn proof(&self) -> Proof {
        match self {
            Self::ApproveAgent(_) => Proof::Agents,
            _ => Proof::Ledger,
        }
    }
}

/// From when on the venue cannot take an action any more, in milliseconds of its own time.
pub const fn ends_ms(nonce: u64, expires_after: Option<u64>) -> u64 {
    let window = nonce.saturating_add(WINDOW_BEHIND_MS.unsigned_abs());
    match expires_after {
        Some(expires) if expires < window => expires,
        _ => window,
    }
}

/// Whether an action that ends at `ends_ms` cannot be taken any more, wherever within its uncertainty the venue's clock is. Only then is an
/// answer that does not show the action a proof that there was none.
pub fn is_over(ends_ms: u64, time: VenueTime) -> bool {
    let earliest = i128::from(time.ms) - i128::from(time.uncertainty_ms.unsigned_abs());
    earliest > i128::from(ends_ms)
}

#[cfg(test)]
mod tests {
    use super::super::Cloid;
    use super::super::order::{
        BatchModify, Cancel, CancelByCloid, Cancels, CancelsByCloid, Change,
    };
    use super::super::order::{Grouping, Order, OrderKind, Orders, Tif};
    use super::*;

    fn order(cloid: Option<Cloid>) -> Order {
        Order {
            asset: 3,
            is_buy: true,
            px: "1".parse().unwrap(),
            sz: "1".parse().unwrap(),
            reduce_only: false,
            kind: OrderKind::Limit { tif: Tif::Gtc },
            cloid,
        }
    }

    #[test]
    fn each_item_is_asked_for() {
        let (one, two) = (Cloid::new([1; 16]), Cloid::new([2; 16]));
        let proof = |cloid| Proof::Order(OrderId::Cloid(cloid));
        let orders = Action::Order(Orders {
            orders: vec![order(Some(one)), order(Some(two))],
            grouping: Grouping::Na,
            builder: None,
        });
        assert_eq!(orders.proofs(), [proof(one), proof(two)]);
        let cancels = Action::Cancel(Cancels {
            cancels: vec![Cancel { asset: 3, oid: 9 }],
            fast: false,
        });
        assert_eq!(cancels.proofs(), [Proof::Order(OrderId::Oid(9))]);
        let cancels = Action::CancelByCloid(CancelsByCloid {
            cancels: vec![CancelByCloid {
                asset: 3,
                cloid: two,
            }],
            fast: false,
        });
        assert_eq!(cancels.proofs(), [proof(two)]);
        let change = |oid, cloid| Change {
            oid,
            order: order(cloid),
        };
        let changes = Action::BatchModify(BatchModify {
            modifies: vec![
                change(OrderId::Oid(9), Some(one)),
                change(OrderId::Cloid(two), Some(two)),
            ],
            always_place: false,
        });
        let expected = [Proof::Order(OrderId::Oid(9)), proof(one), proof(two)];
        assert_eq!(changes.proofs(), expected);
    }

    #[test]
    fn requests_name_the_account() {
        let user = Address::new([0xab; 20]);
        let coin = |asset| (asset == 3).then(|| "SOL".to_owned());
        let ask = |proof: Proof| proof.request(user, coin, 5);
        let cloid = Cloid::new([1; 16]);
        assert_eq!(
            ask(Proof::Order(OrderId::Cloid(cloid))),
            Some(
                json!({"type": "orderStatus", "user": user.to_string(), "oid": cloid.to_string()})
            )
        );
        assert_eq!(
            ask(Proof::Order(OrderId::Oid(9))),
            Some(json!({"type": "orderStatus", "user": user.to_string(), "oid": 9}))
        );
        assert_eq!(
            ask(Proof::Leverage { asset: 3 }),
            Some(json!({"type": "activeAssetData", "user": user.to_string(), "coin": "SOL"}))
        );
        assert_eq!(ask(Proof::Leverage { asset: 4 }), None);
        assert_eq!(Proof::Positions.weight(), 2);
        assert_eq!(Proof::Twaps.weight(), 20);
    }

    #[test]
    fn an_action_is_over_when_no_clock_of_the_venue_would_take_it() {
        let day = WINDOW_BEHIND_MS.unsigned_abs();
        assert_eq!(ends_ms(1_000, Some(16_000)), 16_000);
        assert_eq!(ends_ms(1_000, None), 1_000 + day);
        // The window of nonces may close before.
        assert_eq!(ends_ms(1_000, Some(u64::MAX)), 1_000 + day);
        let at = |ms, uncertainty_ms| VenueTime { ms, uncertainty_ms };
        assert!(!is_over(16_000, at(16_000, 0)));
        assert!(is_over(16_000, at(16_001, 0)));
        assert!(!is_over(16_000, at(16_050, 50)));
        assert!(is_over(16_000, at(16_051, 50)));
        assert!(!is_over(0, at(i64::MIN, i64::MIN)));
    }
}
