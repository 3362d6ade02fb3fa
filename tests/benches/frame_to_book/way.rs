//! One way from frames to a book.

use crate::recordings::Recording;
use hypersentry_model::{Level, Venue};

pub(crate) trait Way {
    /// Starts over with a recording.
    fn begin(&mut self, recording: &Recording);
    /// Takes a frame and gives the number of its levels.
    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize;
    /// The book, best first, if this way keeps one.
    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)>;
}
