//! What a contract stands for: sizes of derivatives are counts of contracts on the wire.
//!
//! | market | base units of `sz` contracts |
//! |---|---|
//! | spot and margin | `sz` is in base units already |
//! | linear: `ctVal` is in the base currency | `sz * ctVal * ctMult` |
//! | inverse: `ctVal` is in USD | `sz * ctVal * ctMult / px` |
//!
//! Source: `docs-v5`, Public Data > Get instruments, and the description of `sz` on each channel. The values are never written
//! down here: the venue changes them, and a market without a known value is refused.

use crate::decode::DecodeError;
use hypersentry_model::{DecimalError, Price, Size, Symbol, Usd};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Markets whose contracts are remembered; the venue lists some thousands, most of them options. Beyond it, new ones stay unknown.
pub const CONTRACTS_MAX: usize = 16_384;

/// One unit, in the smallest units of [`Size`] and [`Price`].
const ONE: i128 = 10i128.pow(Size::SCALE);

/// A contract's value as a fraction in lowest terms: 0.01 is 1 over 100. Both are at least 1.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Value {
    over: u64,
    under: u64,
}

impl Value {
    /// `ctVal * ctMult`; `None` unless it is positive and neither side needs more than 64 bits.
    pub fn new(value: Size, multiplier: Size) -> Option<Self> {
        let over = value.units().checked_mul(multiplier.units())?;
        let under = ONE.checked_mul(ONE)?;
        if over <= 0 {
            return None;
        }
        let common = gcd(over, under);
        Some(Self {
            over: u64::try_from(over / common).ok()?,
            under: u64::try_from(under / common).ok()?,
        })
    }

    /// `contracts` times this value, exactly.
    #[inline]
    fn times(self, contracts: Size) -> Result<Size, DecimalError> {
        // Nearly all sizes fit 64 bits, where a division is cheap.
        if let Ok(units) = u64::try_from(contracts.units())
            && units % self.under == 0
        {
            let units = i128::from(units / self.under) * i128::from(self.over);
            return bounded(units);
        }
        let product = contracts.units().checked_mul(i128::from(self.over));
        let product = product.ok_or(DecimalError::Overflow)?;
        if product % i128::from(self.under) != 0 {
            return Err(DecimalError::TooPrecise);
        }
        bounded(product / i128::from(self.under))
    }

    /// `contracts` times this value.
    fn usd(self, contracts: Size) -> Result<Usd, DecimalError> {
        self.times(contracts)
            .map(|size| Usd::from_units(size.units()))
    }
}

/// Sizes and amounts stay below 10^18 whole units.
fn bounded(units: i128) -> Result<Size, DecimalError> {
    const LIMIT: i128 = 1_000_000_000_000_000_000 * ONE;
    if (-LIMIT < units) && (units < LIMIT) {
        Ok(Size::from_units(units))
    } else {
        Err(DecimalError::Overflow)
    }
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// How a market's sizes are counted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Contract {
    /// In base units.
    Base,
    /// In contracts of so many base units.
    Linear(Value),
    /// In contracts of so many USD.
    Inverse(Value),
}

impl Contract {
    /// Base units of `sz` at the price `px`. An inverse contract's are rounded toward zero to 10⁻¹², and never to nothing.
    ///
    /// # Errors
    /// Out of range, or more decimals than can be held.
    #[inline]
    pub fn base(self, px: Price, sz: Size) -> Result<Size, DecimalError> {
        match self {
            Self::Base => Ok(sz),
            Self::Linear(value) => value.times(sz),
            Self::Inverse(value) => {
                let usd = value.usd(sz)?;
                if usd.is_zero() {
                    return Ok(Size::ZERO);
                }
                if !px.is_positive() {
                    return Err(DecimalError::Malformed);
                }
                let units = usd.units().checked_mul(ONE).ok_or(DecimalError::Overflow)?;
                match units / px.units() {
                    0 => Err(DecimalError::TooPrecise),
                    units => bounded(units),
                }
            }
        }
    }

    /// USD of `sz` at the price `px`.
    ///
    /// # Errors
    /// As [`Self::base`].
    pub fn notional(self, px: Price, sz: Size) -> Result<Usd, DecimalError> {
        match self {
            Self::Inverse(value) => value.usd(sz),
            _ => px.notional(self.base(px, sz)?),
        }
    }
}

/// Whether sizes of this market are in base units: spot markets are named by two words, derivatives by three or more.
pub fn is_spot(symbol: Symbol) -> bool {
    symbol.as_str().bytes().filter(|byte| *byte == b'-').count() == 1
}

/// The contracts that are known.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Contracts {
    known: BTreeMap<Symbol, Contract>,
}

impl Contracts {
    /// Remembers a market's contract. Says whether there was room.
    pub fn learn(&mut self, symbol: Symbol, contract: Contract) -> bool {
        if self.known.len() >= CONTRACTS_MAX && !self.known.contains_key(&symbol) {
            return false;
        }
        self.known.insert(symbol, contract);
        true
    }

    /// How sizes of this market are counted, if that is known.
    #[inline]
    pub fn get(&self, symbol: Symbol) -> Option<Contract> {
        if is_spot(symbol) {
            return Some(Contract::Base);
        }
        self.known.get(&symbol).copied()
    }

    /// As [`Self::get`].
    ///
    /// # Errors
    /// `contract_unknown`, with what to do.
    pub fn of(&self, symbol: Symbol) -> Result<Contract, DecodeError> {
        self.get(symbol).ok_or_else(|| {
            let detail = format!(
                "{symbol} is counted in contracts: decode the answer of GET /api/v5/public/instruments that lists it first"
            );
            DecodeError::new("contract_unknown", detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> Size {
        Size::parse(text).unwrap()
    }

    fn price(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    fn value(value: &str, multiplier: &str) -> Value {
        Value::new(size(value), size(multiplier)).unwrap()
    }

    #[test]
    fn contracts_become_base_units() {
        for (contract, px, sz, base, usd) in [
            (Contract::Base, "61837.5", "0.31", "0.31", "19169.625"),
            (
                Contract::Linear(value("0.01", "1")),
                "97437.5",
                "31",
                "0.31",
                "30205.625",
            ),
            (
                Contract::Linear(value("0.01", "1")),
                "100",
                "0.01",
                "0.0001",
                "0.01",
            ),
            (
                Contract::Linear(value("1000", "1")),
                "0.5",
                "7.3",
                "7300",
                "3650",
            ),
            (Contract::Linear(value("1", "0.1")), "20", "15", "1.5", "30"),
            (
                Contract::Inverse(value("100", "1")),
                "50000",
                "25",
                "0.05",
                "2500",
            ),
            (
                Contract::Inverse(value("10", "1")),
                "3",
                "1",
                "3.333333333333",
                "10",
            ),
            (Contract::Inverse(value("10", "1")), "0", "0", "0", "0"),
        ] {
            let (px, sz) = (price(px), size(sz));
            assert_eq!(contract.base(px, sz).unwrap().to_string(), base);
            assert_eq!(contract.notional(px, sz).unwrap().to_string(), usd);
        }
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        let linear = Contract::Linear(value("0.000001", "1"));
        assert_eq!(
            linear.base(price("1"), size("0.0000001")),
            Err(DecimalError::TooPrecise)
        );
        let inverse = Contract::Inverse(value("1", "1"));
        assert_eq!(
            inverse.base(price("0"), size("1")),
            Err(DecimalError::Malformed)
        );
        assert_eq!(
            inverse.base(price("100000000"), size("0.00001")),
            Err(DecimalError::TooPrecise)
        );
        let large = Contract::Linear(value("1000", "1"));
        assert_eq!(
            large.base(price("1"), size("999999999999999999")),
            Err(DecimalError::Overflow)
        );
        assert_eq!(Value::new(size("0"), size("1")), None);
        assert_eq!(Value::new(size("-1"), size("1")), None);
    }

    #[test]
    fn an_unknown_contract_is_named() {
        let mut contracts = Contracts::default();
        let swap = Symbol::new("BTC-USDT-SWAP").unwrap();
        let spot = Symbol::new("BTC-USDT").unwrap();
        assert_eq!(contracts.of(spot), Ok(Contract::Base));
        let error = contracts.of(swap).unwrap_err();
        assert_eq!(error.code, "contract_unknown");
        assert!(error.detail.contains("instruments"));
        let contract = Contract::Linear(value("0.01", "1"));
        assert!(contracts.learn(swap, contract));
        assert_eq!(contracts.of(swap), Ok(contract));
    }

    #[test]
    fn memory_is_bounded() {
        let mut contracts = Contracts::default();
        let contract = Contract::Linear(value("1", "1"));
        for i in 0..CONTRACTS_MAX {
            let symbol = Symbol::new(&format!("A-B-{i}")).unwrap();
            assert!(contracts.learn(symbol, contract));
        }
        assert!(!contracts.learn(Symbol::new("C-D-E").unwrap(), contract));
        assert!(contracts.learn(Symbol::new("A-B-0").unwrap(), contract));
    }
}
