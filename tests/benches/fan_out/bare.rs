//! The floor: one `write` for each client and burst, of bytes that are ready.

use crate::ours::message;
use crate::readers::{Readers, now_ns};
use crate::{CLIENTS, Way};
use hypersentry_api::Encoded;
use std::io::Write;
use std::net::{TcpListener, TcpStream};

pub(crate) struct Bare {
    sockets: Vec<TcpStream>,
    bytes: Vec<u8>,
}

pub(crate) fn start() -> (Bare, Readers) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let readers = Readers::start(listener.local_addr().expect("an address"), "bare");
    let accept = |_| {
        let (socket, _) = listener.accept().expect("a reader");
        socket.set_nodelay(true).expect("a socket");
        socket
    };
    let sockets = (0..CLIENTS).map(accept).collect();
    let bytes = Vec::new();
    (Bare { sockets, bytes }, readers)
}

impl Way for Bare {
    fn say(&mut self, burst: usize) {
        self.bytes.clear();
        for _ in 0..burst {
            let message = Encoded::json(&message(now_ns()));
            self.bytes.extend_from_slice(message.frame());
        }
        for socket in &mut self.sockets {
            socket.write_all(&self.bytes).expect("the readers read");
        }
    }
}
