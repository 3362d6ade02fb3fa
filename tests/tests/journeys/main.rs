//! Journeys across rooms: a desk's day with the gateway, the engine and the simulated venues, and the days when things go wrong.
//!
//! | file | what is held |
//! |---|---|
//! | `bad_input` | a mistake of the user's is one line on stderr and exit code 2, and leaves nothing behind |
//! | `gateway` | HTTP, the protocol of the socket, and books that clients rebuild |
//! | `access` | logins, sessions, roles and agents; what attackers try |
//! | `refusals` | every error code of the socket |
//! | `stalled` | a client that does not read costs others nothing and never holds a wrong state |
//! | `fan_out` | the same, and the limits, without sockets |
//! | `manners` | silent clients, too many of one address, and clients that never stop asking |
//! | `private` | what is said of an account reaches whoever may view it, all of it or with a word |
//! | `paper` | a paper account is opened, filled by prints, and nobody else's |
//! | `journal` | what was seen is in the journal, and replays to the same bytes |
//! | `models` | a model is trained, judged, used in practice and refused for a real market |
//! | `outcome` | a backtest decides as the run did |
//! | `cores` | checkpoints and idle ticks change nothing |
//! | `corpus` | recordings of the real venues |
//! | `demand` | a symbol outside the watch list is followed while it is looked at |
//! | `upstream` | a venue refuses requests: told, bridged and survived |
//! | `venue_faults` | the venues fail in every way that the simulator knows |
//! | `tls` | certificates, handshakes, sockets over TLS |
//! | `files` | the terminal's own files |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod access;
mod alpha;
mod bad_input;
mod cores;
mod corpus;
mod demand;
mod fan_out;
mod files;
mod gateway;
mod journal;
mod manners;
mod models;
mod outcome;
mod paper;
mod private;
mod refusals;
mod stalled;
mod support;
mod tls;
mod upstream;
mod venue_faults;
