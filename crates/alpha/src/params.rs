//! Every constant of the engine, with its unit and its source.
//!
//! "Specification" is the architecture document of the product, section 21 unless another is named. A table of a configuration file may
//! leave out what it does not change; a name that is none of these is refused.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Weights of the five components. They sum to one, so that a score can be read as a share of the strongest opinion.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Price and open interest together.
    pub regime: f64,
    /// Sweeps, absorption, flow, impulse.
    pub footprint: f64,
    /// Has no direction; its weight stays in the sum.
    pub volatility: f64,
    /// Contrarian.
    pub funding: f64,
    /// Forced closings.
    pub liquidation: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            regime: 0.35,
            footprint: 0.25,
            volatility: 0.15,
            funding: 0.15,
            liquidation: 0.10,
        }
    }
}

impl Weights {
    /// In the order of [`crate::evidence::Component::ALL`].
    pub const fn all(&self) -> [f64; 5] {
        [
            self.regime,
            self.footprint,
            self.volatility,
            self.funding,
            self.liquidation,
        ]
    }
}

/// A factor on the normalised sum by the volatility's regime. The specification's arithmetic has none; the weight of the volatility then leaves the
/// sum of the weights, so that a full opinion stays one.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolAmplifier {
    /// In compression, before its degree is added.
    pub compression: f64,
    /// Times the degree of compression, from 0 to 1.
    pub compression_slope: f64,
    /// In expansion.
    pub expansion: f64,
}

impl Default for VolAmplifier {
    fn default() -> Self {
        Self {
            compression: 1.15,
            compression_slope: 0.25,
            expansion: 0.85,
        }
    }
}

/// The conviction arithmetic.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvictionParams {
    /// Specification, "Component Weights".
    pub weights: Weights,
    /// A signal keeps its full strength for so long, in milliseconds.
    pub fresh_ms: i64,
    /// After that its strength halves in this time, in milliseconds.
    pub half_life_ms: i64,
    /// Share of the own signal where Bitcoin's is blended in.
    pub own_share: f64,
    /// A Bitcoin signal of this age or older is not blended in, in milliseconds.
    pub btc_max_age_ms: i64,
    /// Exponent of the map from normalised sum to strength.
    pub power: f64,
    /// Scores from here up are LONG.
    pub long_from: u8,
    /// Scores up to here are SHORT.
    pub short_to: u8,
    /// Reward to risk without a special regime.
    pub rr_base: f64,
    /// In compression: a large move is expected.
    pub rr_compression: f64,
    /// In expansion: profits are taken earlier.
    pub rr_expansion: f64,
    /// Distance of the score from neutral from which the ratio is multiplied.
    pub rr_strong_from: u8,
    /// That multiplier.
    pub rr_strong: f64,
    /// Whether the volatility's regime amplifies, and how; absent by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vol_amplifier: Option<VolAmplifier>,
    /// How much of Bitcoin's signal an asset shares, from 0 to 1, by symbol; an asset that is not named shares nothing. ETH and SOL are the
    /// specification's ("BTC cross-correlation"), the others those of the system that it describes. At most 64 are read.
    pub btc_coefficients: BTreeMap<String, f64>,
}

impl Default for ConvictionParams {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            fresh_ms: 30_000,
            half_life_ms: 120_000,
            own_share: 0.8,
            btc_max_age_ms: 120_000,
            power: 0.7,
            long_from: 55,
            short_to: 45,
            rr_base: 2.0,
            rr_compression: 3.0,
            rr_expansion: 1.5,
            rr_strong_from: 20,
            rr_strong: 1.2,
            vol_amplifier: None,
            btc_coefficients: [
                ("ETH", 0.85),
                ("SOL", 0.78),
                ("AVAX", 0.72),
                ("LINK", 0.70),
                ("DOGE", 0.65),
                ("ARB", 0.62),
                ("HYPE", 0.55),
            ]
            .map(|(symbol, share)| (symbol.to_owned(), share))
            .into(),
        }
    }
}

/// Price against open interest.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeParams {
    /// Moves are measured over this span, in seconds.
    pub window_s: usize,
    /// Below this many standard deviations a move is none.
    pub dead_band: f64,
    /// At this many standard deviations the strength is full.
    pub full_at: f64,
    /// Standard deviation of the return over one hour, at least: a market that stood still is not moved by one step of its price.
    pub sigma_floor_1h: f64,
    /// Robust scale of relative changes of open interest, at least.
    pub oi_scale_floor: f64,
    /// Minutes of open interest from which the scale is known.
    pub oi_min_samples: usize,
    /// Imbalance of the book from which a quiet market that builds open interest is said to lean.
    pub lean: f64,
}

impl Default for RegimeParams {
    fn default() -> Self {
        Self {
            window_s: 60,
            dead_band: 1.5,
            full_at: 3.5,
            sigma_floor_1h: 5e-4,
            oi_scale_floor: 1e-5,
            oi_min_samples: 10,
            lean: 0.15,
        }
    }
}

/// Compression and expansion.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolatilityParams {
    /// Bars of the short range, in minutes.
    pub short_bars: usize,
    /// Bars of the long range, in minutes.
    pub long_bars: usize,
    /// Ratios that are remembered, one a minute.
    pub history: usize,
    /// Ratios from which a percentile says something.
    pub min_samples: usize,
    /// Compression above this, with falling volume, is a regime.
    pub compressed_from: f64,
    /// Compression below this is expansion.
    pub expanded_to: f64,
}

impl Default for VolatilityParams {
    fn default() -> Self {
        Self {
            short_bars: 5,
            long_bars: 60,
            history: 1_440,
            min_samples: 120,
            compressed_from: 0.8,
            expanded_to: 0.2,
        }
    }
}

/// Liquidations about the price.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiquidationParams {
    /// Prints older than this say nothing, in milliseconds. With hours instead of minutes, a price that wandered away from old prints would
    /// look pulled back to them for as long.
    pub max_age_ms: i64,
    /// The bands that are shown, as shares of the price, ascending.
    pub bands: [f64; 4],
    /// Which of them is scored, from 0.
    pub scored_band: usize,
    /// An imbalance within so many times that which coins would make says nothing.
    pub dead_band: f64,
    /// Notional that shrinks small imbalances towards none, in USD, at least.
    pub shrink_usd: f64,
    /// The same as a share of open interest.
    pub shrink_oi: f64,
}

impl Default for LiquidationParams {
    fn default() -> Self {
        Self {
            max_age_ms: 900_000,
            bands: [0.005, 0.01, 0.02, 0.03],
            scored_band: 1,
            dead_band: 1.5,
            shrink_usd: 250_000.0,
            shrink_oi: 1e-4,
        }
    }
}

/// Order flow.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FootprintParams {
    /// Shares of sweep, absorption, flow and impulse in the component.
    pub shares: [f64; 4],
    /// A sweep is looked for in this span, in milliseconds.
    pub sweep_ms: i64,
    /// Net one-sided notional of a sweep, in USD, at least.
    pub sweep_usd: f64,
    /// It must exceed the depth that stood before it by this factor.
    pub sweep_depth: f64,
    /// Strength is full at this multiple of the threshold.
    pub sweep_full: f64,
    /// Absorption is looked for in this span, in milliseconds.
    pub absorption_ms: i64,
    /// Net one-sided notional of an absorption, in USD, at least.
    pub absorption_usd: f64,
    /// The price may move by this share at most while flow is absorbed, or by a quarter of what it usually does.
    pub absorption_move: f64,
    /// Strength is full at this multiple of the threshold.
    pub absorption_full: f64,
    /// Notional of a flow bucket below which its direction says nothing, in USD.
    pub flow_min_usd: f64,
    /// Standard deviations within which a minute is ordinary, and at which the strength is full.
    pub flow_band: (f64, f64),
    /// Buckets of the baseline at most, and from how many on it counts.
    pub flow_buckets: (usize, usize),
    /// An impulse is looked for in this span, in milliseconds.
    pub impulse_ms: i64,
    /// Robust standard deviations that price and flow must both move.
    pub impulse_sd: f64,
    /// Flow of an impulse, in USD, at least.
    pub impulse_usd: f64,
    /// Product of the two multiples at which the strength is full.
    pub impulse_full: f64,
}

impl Default for FootprintParams {
    fn default() -> Self {
        Self {
            shares: [0.20, 0.15, 0.50, 0.15],
            sweep_ms: 500,
            sweep_usd: 50_000.0,
            sweep_depth: 1.0,
            sweep_full: 5.0,
            absorption_ms: 30_000,
            absorption_usd: 100_000.0,
            absorption_move: 2e-4,
            absorption_full: 5.0,
            flow_min_usd: 10_000.0,
            flow_band: (1.5, 4.0),
            flow_buckets: (240, 20),
            impulse_ms: 10_000,
            impulse_sd: 2.0,
            impulse_usd: 50_000.0,
            impulse_full: 5.0,
        }
    }
}

/// Funding against its own history.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FundingParams {
    /// One sample in this span, in milliseconds.
    pub sample_ms: i64,
    /// Samples that are remembered.
    pub history: usize,
    /// Samples from which a deviation says something.
    pub min_samples: usize,
    /// Standard deviation of the hourly rate, at least.
    pub std_floor: f64,
    /// Standard deviations within which funding is ordinary.
    pub dead_band: f64,
}

impl Default for FundingParams {
    fn default() -> Self {
        Self {
            sample_ms: 60_000,
            history: 7 * 1_440,
            min_samples: 240,
            std_floor: 1e-6,
            dead_band: 2.0,
        }
    }
}

/// The gates before an autonomous trade. Specification, section 22.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateParams {
    /// Scores from here up come near to a LONG trade. The specification names one gate for all trades, which no SHORT could pass.
    pub long_from: u8,
    /// Scores up to here come near to a SHORT trade: as far from neutral as the other.
    pub short_to: u8,
    /// Ticks in a row with the same bias.
    pub streak_ticks: u32,
    /// Least size of a trade, in whole USD.
    pub min_usd: u32,
    /// Time between two trades of one symbol, in milliseconds.
    pub cooldown_ms: i64,
    /// Positions of autonomous trades at a time.
    pub max_concurrent: u32,
}

impl Default for GateParams {
    fn default() -> Self {
        Self {
            long_from: 65,
            short_to: 35,
            streak_ticks: 5,
            min_usd: 5,
            cooldown_ms: 60_000,
            max_concurrent: 3,
        }
    }
}

/// All of them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineParams {
    /// The conviction arithmetic.
    pub conviction: ConvictionParams,
    /// Price against open interest.
    pub regime: RegimeParams,
    /// Compression and expansion.
    pub volatility: VolatilityParams,
    /// Liquidations about the price.
    pub liquidation: LiquidationParams,
    /// Order flow.
    pub footprint: FootprintParams,
    /// Funding against its own history.
    pub funding: FundingParams,
    /// The gates before an autonomous trade.
    pub gates: GateParams,
}

impl EngineParams {
    /// The first 16 hexadecimal digits of SHA-256 over these parameters as JSON, whose fields stand in the order of their declaration: an event's
    /// evidence gives its verdict under the parameters of this digest.
    pub fn digest(&self) -> String {
        // The types have string keys only, and writing to a vector cannot fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let hash = Sha256::digest(&json);
        hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
    }
}
