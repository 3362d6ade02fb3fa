//! The same inputs under other constants of the conviction engine.

use super::Core;
use super::alpha::Alpha;
use hypersentry_alpha::EngineParams;

impl Core {
    /// From here on the conviction engine judges by these constants. Where they differ from the run's it begins anew: what it remembers was
    /// sampled under the others.
    pub fn judge_by(&mut self, params: &EngineParams) {
        if self.config.alpha != *params {
            self.config.alpha = params.clone();
            self.alpha = Alpha::default();
        }
    }
}
