//! Trades of an account, funding payments, fee rates.

use super::super::exchange::{Address, Cloid};
use super::{Ask, Unreadable, about, ask, parse};
use hypersentry_model::{Price, Rate, Size, Symbol, Timestamp, Usd};
use serde::Deserialize;
use serde_json::json;

/// A trade of the account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fill {
    /// The venue's number of the trade.
    pub tid: u64,
    /// The venue's number of the order.
    pub oid: u64,
    /// The order's name, where the venue tells it.
    pub cloid: Option<Cloid>,
    /// The venue's name of the market.
    pub symbol: Symbol,
    /// Whether it bought.
    pub is_buy: bool,
    /// Price.
    pub px: Price,
    /// Base units.
    pub size: Size,
    /// Base units held before it; negative when short.
    pub before: Size,
    /// Paid in USDC; negative when it is a rebate.
    pub fee: Usd,
    /// What closing a position brought, before the fee.
    pub closed_pnl: Usd,
    /// Whether it took what rested.
    pub taker: bool,
    /// The venue's time.
    pub at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireFill {
    coin: String,
    px: Price,
    sz: Size,
    side: String,
    time: i64,
    start_position: Size,
    closed_pnl: Usd,
    oid: u64,
    crossed: bool,
    fee: Usd,
    tid: u64,
    cloid: Option<Cloid>,
    fee_token: Option<String>,
}

impl WireFill {
    pub(super) fn read(self) -> Result<Fill, Unreadable> {
        let is_buy = match self.side.as_str() {
            "B" => true,
            "A" => false,
            other => return Err(Unreadable(format!("side `{other}`"))),
        };
        if self.fee_token.as_deref().is_some_and(|it| it != "USDC") {
            return Err(Unreadable("a fee in another token than USDC".to_owned()));
        }
        Ok(Fill {
            tid: self.tid,
            oid: self.oid,
            cloid: self.cloid,
            symbol: Symbol::new(&self.coin).map_err(|error| Unreadable(error.to_string()))?,
            is_buy,
            px: self.px,
            size: self.sz,
            before: self.start_position,
            fee: self.fee,
            closed_pnl: self.closed_pnl,
            taker: self.crossed,
            at: Timestamp::from_ms(self.time),
        })
    }
}

/// Asks for fills from a time on, oldest first: at most 2,000. Hyperliquid docs, API > Info endpoint > Retrieve a user's fills by time.
pub fn fills_request(user: Address, from: Timestamp) -> Ask {
    let from = from.ms();
    ask(
        &json!({"type": "userFillsByTime", "user": user, "startTime": from}),
        20,
    )
}

/// Reads the answer. Fills of spot pairs and of other exchanges than the venue's own are left out ([`is_elsewhere`]).
///
/// # Errors
/// [`Unreadable`].
pub fn fills(body: &[u8]) -> Result<Vec<Fill>, Unreadable> {
    let wire: Vec<WireFill> = parse(body)?;
    wire.into_iter()
        .filter(|fill| !is_elsewhere(&fill.coin))
        .map(WireFill::read)
        .collect()
}

/// Whether a name belongs neither to the venue's own perpetuals nor to the money behind them: a spot pair (`@107`, `PURR/USDC`), whose fees may be in
/// tokens, or a perpetual of an exchange that others run (HIP-3, `dex:COIN`), whose margin is apart. The lists of an account's trades and payments
/// have them all; `clearinghouseState`, with which the books are compared, has only the venue's own.
pub(super) fn is_elsewhere(coin: &str) -> bool {
    coin.starts_with('@') || coin.contains('/') || coin.contains(':')
}

impl WireFill {
    pub(super) fn is_elsewhere(&self) -> bool {
        is_elsewhere(&self.coin)
    }
}

/// A funding payment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Payment {
    /// The venue's time.
    pub at: Timestamp,
    /// The market.
    pub symbol: Symbol,
    /// Received; negative when paid.
    pub received: Usd,
}

#[derive(Deserialize)]
struct WirePayment {
    time: i64,
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    coin: String,
    usdc: Usd,
}

/// Asks for funding payments from a time on, oldest first: at most 500. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve a user's funding
/// history.
pub fn payments_request(user: Address, from: Timestamp) -> Ask {
    let from = from.ms();
    ask(
        &json!({"type": "userFunding", "user": user, "startTime": from}),
        20,
    )
}

/// Reads the answer. Payments of other exchanges than the venue's own are left out ([`is_elsewhere`]).
///
/// # Errors
/// [`Unreadable`].
pub fn payments(body: &[u8]) -> Result<Vec<Payment>, Unreadable> {
    let wire: Vec<WirePayment> = parse(body)?;
    wire.into_iter()
        .filter(|paid| !is_elsewhere(&paid.delta.coin))
        .map(|paid| {
            let symbol = Symbol::new(&paid.delta.coin);
            Ok(Payment {
                at: Timestamp::from_ms(paid.time),
                symbol: symbol.map_err(|error| Unreadable(error.to_string()))?,
                received: paid.delta.usdc,
            })
        })
        .collect()
}

/// Rates of fees, as shares of the notional.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fees {
    /// Of what takes.
    pub taker: Rate,
    /// Of what rests; negative when it is a rebate.
    pub maker: Rate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFees {
    user_cross_rate: Rate,
    user_add_rate: Rate,
}

/// Asks for the account's rates. Hyperliquid docs, API > Info endpoint > Query user fees.
pub fn fees_request(user: Address) -> Ask {
    about("userFees", user, 20)
}

/// Reads the answer.
///
/// # Errors
/// [`Unreadable`].
pub fn fees(body: &[u8]) -> Result<Fees, Unreadable> {
    let wire: WireFees = parse(body)?;
    Ok(Fees {
        taker: wire.user_cross_rate,
        maker: wire.user_add_rate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_reads_and_another_token_is_refused() {
        let fill = |coin: &str, token: &str| {
            format!(
                r#"[{{"coin":"{coin}","px":"97000.0","sz":"0.01","side":"B","time":7,"startPosition":"0","dir":"Open Long","closedPnl":"0.0",
                "hash":"0x0","oid":3,"crossed":true,"fee":"0.43","tid":9,"feeToken":"{token}"}}]"#
            )
        };
        let read = fills(fill("BTC", "USDC").as_bytes()).unwrap();
        assert!(read[0].is_buy && read[0].taker);
        assert_eq!(read[0].fee, Usd::parse("0.43").unwrap());
        assert!(fills(fill("BTC", "HYPE").as_bytes()).is_err());
        for elsewhere in ["@107", "PURR/USDC", "xyz:GOLD"] {
            assert_eq!(fills(fill(elsewhere, "HYPE").as_bytes()), Ok(Vec::new()));
        }
    }

    #[test]
    fn payments_and_rates_read() {
        let paid = br#"[{"time":5,"hash":"0x0","delta":{"type":"funding","coin":"ETH","usdc":"-0.12","szi":"1","fundingRate":"0.0000125","nSamples":null}}]"#;
        assert_eq!(
            payments(paid).unwrap()[0].received,
            Usd::parse("-0.12").unwrap()
        );
        let elsewhere = String::from_utf8_lossy(paid).replace("ETH", "xyz:GOLD");
        assert_eq!(payments(elsewhere.as_bytes()), Ok(Vec::new()));
        let rates =
            fees(br#"{"userCrossRate":"0.00045","userAddRate":"0.00015","dailyUserVlm":[]}"#);
        assert_eq!(rates.unwrap().taker, Rate::parse("0.00045").unwrap());
    }
}
