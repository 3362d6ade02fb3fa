//! Why the engine says what it says: the tree of a conviction's inputs down to single prices and prints, and the same in words.

/// The feeds at the tree's ends.
mod ends;
/// The footprint's four stages.
mod footprint;
/// The text.
pub mod lines;
/// The other components.
mod parts;
/// The tree.
mod tree;

pub use tree::tree;
