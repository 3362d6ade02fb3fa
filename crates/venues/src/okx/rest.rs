//! The requests that the session makes.
