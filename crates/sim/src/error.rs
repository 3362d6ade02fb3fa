//! What can go wrong when a simulator is started.

use std::net::SocketAddr;

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Another program listens there.
    #[error("{address} is in use")]
    AddressInUse {
        /// The wanted address.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The wanted address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
    /// The scenario is not one.
    #[error("the scenario is invalid: {detail}")]
    ScenarioInvalid {
        /// What is wrong, and where.
        detail: String,
    },
    /// The runtime ended while the market was being prepared.
    #[error("interrupted while starting")]
    Interrupted,
}

impl SimError {
    /// A code that stays the same between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AddressInUse { .. } => "address_in_use",
            Self::Listen { .. } => "listen_failed",
            Self::ScenarioInvalid { .. } => "scenario_invalid",
            Self::Interrupted => "interrupted",
        }
    }
}
