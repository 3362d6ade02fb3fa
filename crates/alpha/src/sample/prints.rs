//! Liquidations of the last hours.

use crate::observe::ForcedClose;
use crate::params::LiquidationParams;
use crate::stages::liquidation::Inputs;
use crate::stats::Ring;
use serde::{Deserialize, Serialize};

/// Prints that are remembered: in a cascade the newest count.
const PRINTS: usize = 1_000;

/// The prints.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Prints {
    prints: Ring<ForcedClose>,
}

impl Default for Prints {
    fn default() -> Self {
        Self {
            prints: Ring::new(PRINTS),
        }
    }
}

impl Prints {
    /// Takes new prints.
    pub fn take(&mut self, new: &[ForcedClose]) {
        for print in new {
            self.prints.push(*print);
        }
    }

    /// The bands about the price at `now_ms`.
    pub fn inputs(
        &self,
        px: Option<f64>,
        open_interest_usd: Option<f64>,
        (fed, now_ms): (bool, i64),
        params: &LiquidationParams,
    ) -> Inputs {
        let mut inputs = Inputs {
            shrink_usd: crate::stages::liquidation::shrink_usd(open_interest_usd, params),
            fed,
            ..Inputs::default()
        };
        let Some(px) = px.filter(|px| *px > 0.0) else {
            return inputs;
        };
        // The same distance up and down, so that the mirror image has the mirrored bands.
        let (top, bottom) = (px * (1.0 + params.band), px / (1.0 + params.band));
        for print in self.prints.iter().rev() {
            if now_ms.saturating_sub(print.ts_ms) > params.max_age_ms {
                continue;
            }
            if !print.long && print.px > px && print.px <= top {
                inputs.up_usd += print.usd;
                inputs.prints += 1;
            } else if print.long && print.px < px && print.px >= bottom {
                inputs.down_usd += print.usd;
                inputs.prints += 1;
            }
        }
        inputs
    }
}
