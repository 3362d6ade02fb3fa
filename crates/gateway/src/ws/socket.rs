//! A client's connection below its frames: TCP, or TLS over it. Reading and writing never wait.

use super::lock;
use rustls::ServerConnection;
use std::io::{self, IoSlice, Read, Write};
use std::sync::Mutex;
use tokio::net::TcpStream;

/// A connection.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    tls: Option<Mutex<Box<ServerConnection>>>,
}

/// The connection as TLS uses it.
struct Carrier<'a>(&'a TcpStream);

impl Read for Carrier<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(into)
    }
}

impl Write for Carrier<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the records that wait.
fn push(stream: &TcpStream, tls: &mut ServerConnection) -> io::Result<()> {
    while tls.wants_write() {
        if tls.write_tls(&mut Carrier(stream))? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

impl Socket {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self { stream, tls: None }
    }

    pub(crate) fn tls(stream: TcpStream, tls: ServerConnection) -> Self {
        Self {
            stream,
            tls: Some(Mutex::new(Box::new(tls))),
        }
    }

    /// Each batch is one call already: nothing is gained by waiting for more.
    pub(crate) fn set_nodelay(&self) {
        let _ = self.stream.set_nodelay(true);
    }

    /// Waits until there is something to read.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        if let Some(tls) = &self.tls {
            let waits = lock(tls).process_new_packets();
            // What was read with the handshake makes the socket below readable no more.
            if waits.is_ok_and(|state| state.plaintext_bytes_to_read() > 0) {
                return Ok(());
            }
        }
        self.stream.readable().await
    }

    /// Waits until something can be written.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Reads what is there; nothing at the end.
    pub(crate) fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else {
            return self.stream.try_read(into);
        };
        let tls = &mut **lock(tls);
        loop {
            match tls.reader().read(into) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            if tls.read_tls(&mut Carrier(&self.stream))? == 0 {
                return Ok(0);
            }
            let state = tls.process_new_packets();
            // An alert, or a new key: it goes out now if it can, else with what is written next.
            match push(&self.stream, tls) {
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => return Err(e),
                _ => {}
            }
            state.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        }
    }

    /// As [`Self::try_write_vectored`], of one piece.
    pub(crate) fn try_write(&self, piece: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.stream.try_write(piece);
        }
        self.try_write_vectored(&[IoSlice::new(piece)])
    }

    /// Writes as much as is taken. By TLS what was taken may wait still: see [`Self::try_flush`].
    pub(crate) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(tls) = &self.tls else {
            return self.stream.try_write_vectored(pieces);
        };
        let tls = &mut **lock(tls);
        // Records that wait go first, so that no more than one batch of them ever waits.
        push(&self.stream, tls)?;
        let taken = tls.writer().write_vectored(pieces)?;
        if taken == 0 && pieces.iter().any(|piece| !piece.is_empty()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match push(&self.stream, tls) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            _ => Ok(taken),
        }
    }

    /// Nothing more will be written: by TLS the client is told.
    pub(crate) fn finish(&self) {
        if let Some(tls) = &self.tls {
            let tls = &mut **lock(tls);
            tls.send_close_notify();
            // Whoever takes nothing misses it.
            let _ = push(&self.stream, tls);
        }
    }

    /// Writes what was taken and waits.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match &self.tls {
            None => Ok(()),
            Some(tls) => push(&self.stream, &mut lock(tls)),
        }
    }
}
