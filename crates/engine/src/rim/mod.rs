//! The rim: everything that touches the outside.

pub(crate) mod agents;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod journal;
pub(crate) mod playback;
pub(crate) mod rest;
pub(crate) mod seat;
pub(crate) mod sequencer;
pub(crate) mod tls;
pub(crate) mod upstream;
