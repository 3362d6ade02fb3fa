//! Limits and cadences.
