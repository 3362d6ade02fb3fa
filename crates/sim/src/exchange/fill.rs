//! Records of an account: fills and funding, with their JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::{Address, Cloid};
use super::book::Side;
use super::number::{Micro, print, usd};
use super::spec::MarketSpec;

/// How a fill came from a liquidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiquidationMark {
    /// Whose position was closed.
    pub user: Address,
    /// Mark price in quanta.
    pub mark: i64,
    /// `market` or `backstop`.
    #[serde(with = "super::saved")]
    pub method: super::saved::Word,
}

/// One fill of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Market.
    pub coin: usize,
    /// Price in quanta.
    pub px: i64,
    /// Lots.
    pub lots: i64,
    /// The order's side.
    pub side: Side,
    /// When.
    pub time_ms: i64,
    /// Lots held before.
    pub before: i64,
    /// Realised, without the fee.
    pub closed_pnl: Micro,
    /// The order.
    pub oid: u64,
    /// The order took.
    pub crossed: bool,
    /// Paid; negative is a rebate.
    pub fee: Micro,
    /// The trade's number: 50 bits, unique here.
    pub tid: u64,
    /// The client's id of the order.
    pub cloid: Option<Cloid>,
    /// The TWAP that the order belongs to.
    pub twap: Option<u64>,
    /// Set on both sides of a liquidation.
    pub liquidation: Option<LiquidationMark>,
}

impl Fill {
    /// What it did to the position, in the venue's words.
    #[must_use]
    pub fn dir(&self) -> &'static str {
        let after = self.before + self.side.sign() * self.lots;
        match (self.before.signum(), self.side) {
            (0, Side::Buy) => "Open Long",
            (0, Side::Sell) => "Open Short",
            (1, Side::Buy) => "Open Long",
            (1, Side::Sell) if after >= 0 => "Close Long",
            (1, Side::Sell) => "Long > Short",
            (_, Side::Sell) => "Open Short",
            (_, Side::Buy) if after <= 0 => "Close Short",
            (_, Side::Buy) => "Short > Long",
        }
    }

    /// As `userFills` shows it. Fills of a TWAP have a hash of zeros.
    #[must_use]
    pub fn json(&self, spec: &MarketSpec) -> Value {
        let hash = if self.twap.is_some() {
            format!("0x{:064x}", 0)
        } else {
            format!(
                "0x{:016x}{:048x}",
                self.tid.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                self.oid
            )
        };
        let mut fill = json!({
            "coin": spec.name,
            "px": print(self.px.into(), spec.px_decimals()),
            "sz": print(self.lots.into(), spec.sz_decimals),
            "side": self.side.letter(),
            "time": self.time_ms,
            "startPosition": print(self.before.into(), spec.sz_decimals),
            "dir": self.dir(),
            "closedPnl": usd(self.closed_pnl),
            "hash": hash,
            "oid": self.oid,
            "crossed": self.crossed,
            "fee": usd(self.fee),
            "tid": self.tid,
            "feeToken": "USDC",
            "twapId": self.twap,
        });
        if let Some(cloid) = self.cloid {
            fill["cloid"] = json!(cloid.to_string());
        }
        if let Some(mark) = &self.liquidation {
            fill["liquidation"] = json!({
                "liquidatedUser": mark.user.to_string(),
                "markPx": print(mark.mark.into(), spec.px_decimals()),
                "method": mark.method,
            });
        }
        fill
    }
}

/// One funding payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingPayment {
    /// When.
    pub time_ms: i64,
    /// Market.
    pub coin: usize,
    /// Received; negative is paid.
    pub received: Micro,
    /// Lots held.
    pub szi: i64,
    /// Rate of the hour in units of 10^-10.
    pub rate_e10: i64,
}

impl FundingPayment {
    /// As `userFundings` shows it.
    #[must_use]
    pub fn json(&self, spec: &MarketSpec) -> Value {
        json!({
            "time": self.time_ms,
            "coin": spec.name,
            "usdc": usd(self.received),
            "szi": print(self.szi.into(), spec.sz_decimals),
            "fundingRate": print(self.rate_e10.into(), 10),
            "nSamples": null,
        })
    }

    /// As `userFunding` of `/info` shows it.
    #[must_use]
    pub fn delta(&self, spec: &MarketSpec) -> Value {
        let mut delta = self.json(spec);
        if let Some(map) = delta.as_object_mut() {
            map.remove("time");
            map.insert("type".to_owned(), json!("funding"));
        }
        json!({"time": self.time_ms, "hash": format!("0x{:064x}", 0), "delta": delta})
    }
}
