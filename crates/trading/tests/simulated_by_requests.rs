//! The suite beside this one once more, with all signed actions as requests.

#[path = "simulated.rs"]
mod suite;
