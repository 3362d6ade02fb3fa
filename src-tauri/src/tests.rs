//! The commands as a window calls them, on a runtime without windows, with the real capabilities.
