//! The list of markets.

use super::bodies::Answer;
use crate::decode::DecodeError;
use crate::json::{Text, decimals, parse};
use hypersentry_model::Symbol;
use serde::Deserialize;

/// One market of `GET /v5/market/instruments-info`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Instrument {
    /// The venue's spelling: `BTCUSDT`.
    pub symbol: Symbol,
    /// What is traded, with the multiplier in its name: `1000PEPE`.
    pub base: Symbol,
    /// What it is priced in.
    pub quote: Symbol,
    /// A perpetual that is margined in its quote: the kind that we follow.
    pub linear_perpetual: bool,
    /// Its status is `Trading`.
    pub trading: bool,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
    /// Minutes between fundings, where told.
    pub funding_interval_min: Option<u32>,
}

/// A page of instruments.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Instruments {
    /// Its markets.
    pub instruments: Vec<Instrument>,
    /// Names the next page; empty on the last.
    pub next: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstrumentsWire<'a> {
    #[serde(borrow)]
    next_page_cursor: Option<Text<'a>>,
    #[serde(borrow)]
    list: Vec<InstrumentWire<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstrumentWire<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    contract_type: Option<Text<'a>>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    base_coin: Text<'a>,
    #[serde(borrow)]
    quote_coin: Text<'a>,
    #[serde(borrow)]
    price_filter: FilterWire<'a>,
    #[serde(borrow)]
    lot_size_filter: FilterWire<'a>,
    funding_interval: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterWire<'a> {
    #[serde(borrow)]
    tick_size: Option<Text<'a>>,
    #[serde(borrow)]
    qty_step: Option<Text<'a>>,
}

/// Decimals where an instrument names no step.
const FINEST_DECIMALS: u32 = 8;

impl Answer<'_> {
    /// As `GET /v5/market/instruments-info`. Markets whose names are no [`Symbol`] are left out.
    ///
    /// # Errors
    /// `malformed_message` or a decimal's code.
    pub fn instruments(&self) -> Result<Instruments, DecodeError> {
        let wire: InstrumentsWire<'_> = parse(self.result.get())?;
        let mut instruments = Vec::with_capacity(wire.list.len());
        for item in &wire.list {
            let names = (
                item.symbol.symbol(),
                item.base_coin.symbol(),
                item.quote_coin.symbol(),
            );
            let (Ok(symbol), Ok(base), Ok(quote)) = names else {
                continue;
            };
            let step = |text: &Option<Text<'_>>| match text {
                Some(step) => step.price().map(|step| decimals(step, FINEST_DECIMALS)),
                None => Ok(FINEST_DECIMALS),
            };
            instruments.push(Instrument {
                symbol,
                base,
                quote,
                linear_perpetual: item
                    .contract_type
                    .as_ref()
                    .is_some_and(|kind| kind.as_str() == "LinearPerpetual"),
                trading: item.status.as_str() == "Trading",
                px_decimals: step(&item.price_filter.tick_size)?,
                sz_decimals: step(&item.lot_size_filter.qty_step)?,
                funding_interval_min: item.funding_interval,
            });
        }
        let next = wire.next_page_cursor;
        Ok(Instruments {
            instruments,
            next: next.map_or(String::new(), |next| next.as_str().to_owned()),
        })
    }
}
