//! How the terminal is asked for on the command line.

use std::path::PathBuf;

/// HyperSentry, the crypto terminal for professional desks.
#[derive(Clone, Debug, Default, clap::Parser)]
#[command(name = "hypersentry", version, about)]
pub struct Launch {
    /// Practice on a simulated market: no network, no keys, no money
    #[arg(long, conflicts_with = "replay")]
    pub practice: bool,
    /// Play a recording or a journal in real time
    #[arg(long, value_name = "PATH")]
    pub replay: Option<PathBuf>,
    /// Keep all data here instead of in the user's data directory
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Configuration as TOML, or JSON if its name ends so
    #[arg(
        long,
        value_name = "FILE",
        env = "HYPERSENTRY_CONFIG",
        conflicts_with = "replay"
    )]
    pub config: Option<PathBuf>,
    /// Use this model of the probabilities; a second one is on trial beside it
    #[arg(long = "model", value_name = "FILE", conflicts_with = "replay")]
    pub models: Vec<PathBuf>,
    /// Let the engine trade by itself for this machine's own account, as far as its gates allow
    #[arg(long, env = "RISK_AUTO_MODE_ENABLED")]
    pub risk_auto_mode: bool,
    /// Take orders at the real venue, with real money, signed by the agents that your wallet approved in this app
    #[arg(long, conflicts_with_all = ["practice", "replay"])]
    pub trade_live: bool,
    /// Choose the simulated market
    #[arg(long, value_name = "N", requires = "practice")]
    pub seed: Option<u64>,
    /// Trust the certificates in this file (PEM) for team servers too: those of a company's own authority
    #[arg(long, value_name = "FILE", env = "HYPERSENTRY_TEAM_CA")]
    pub team_ca: Option<PathBuf>,
    /// What is logged to the standard error stream, such as `warn` or `hypersentry_engine=debug`
    #[arg(
        long,
        value_name = "FILTER",
        env = "HYPERSENTRY_LOG",
        default_value = "info"
    )]
    pub log: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    fn parse(args: &[&str]) -> Result<Launch, i32> {
        Launch::try_parse_from([&["hypersentry"], args].concat()).map_err(|e| e.exit_code())
    }

    #[test]
    fn the_definition_is_sound() {
        Launch::command().debug_assert();
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_code_2() {
        // Real orders are asked for in so many words.
        assert!(!parse(&[]).unwrap().trade_live);
        assert!(parse(&["--trade-live"]).unwrap().trade_live);
        assert_eq!(parse(&["--practice", "--seed", "7"]).unwrap().seed, Some(7));
        for args in [
            &["--nonsense"][..],
            &["--practice", "--replay", "a.gz"],
            &["--practice", "--trade-live"],
            &["--trade-live", "--replay", "a.gz"],
            &["--seed", "7"],
            &["--practice", "--seed", "seven"],
            &["--replay"],
            &["a.gz"],
        ] {
            assert_eq!(parse(args).unwrap_err(), 2, "{args:?}");
        }
    }
}
