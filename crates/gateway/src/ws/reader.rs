//! Requests out of the bytes of a socket.
//!
//! Frames are taken apart by tungstenite, with no socket below it: it reads from the bytes at hand, and what it wants to say (answers to pings and
//! closes) is collected and goes out between two of our frames.

use std::io::{self, Read, Write};
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, Role, WebSocketConfig, WebSocketContext,
};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The largest request. The longest that makes sense has some 200 bytes.
const MAX_REQUEST: usize = 16 << 10;

/// Bytes that are kept for what was read and is no whole frame yet; more only for a frame that is larger.
const KEPT: usize = 256;

/// The bytes at hand, and what is to be said.
struct Carrier<'a> {
    input: &'a [u8],
    output: &'a mut Vec<u8>,
}

impl Read for Carrier<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.input.read(into)
    }
}

impl Write for Carrier<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a client sent.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A request.
    Text(Utf8Bytes),
    /// A message that no request can be.
    Binary,
    /// A ping or a pong.
    Sign,
}

/// Why nothing more will be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The client closed in order.
    Closed,
    /// A message above the limit.
    TooLarge,
    /// What is no WebSocket frame, or no text.
    Malformed,
}

/// Takes a client's frames apart.
#[derive(Debug)]
pub(crate) struct Reader {
    context: WebSocketContext,
}

impl Reader {
    pub(crate) fn new() -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_REQUEST))
            .max_frame_size(Some(MAX_REQUEST))
            .read_buffer_size(KEPT)
            .write_buffer_size(0)
            .max_write_buffer_size(64 << 10);
        Self {
            context: WebSocketContext::new(Role::Server, Some(config)),
        }
    }

    /// Reads all whole messages of the bytes that came. What is to be said in return is appended to `output`.
    pub(crate) fn read(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        mut heard: impl FnMut(Heard),
    ) -> Result<(), End> {
        let mut carrier = Carrier { input, output };
        loop {
            match self.context.read(&mut carrier) {
                Ok(Message::Text(text)) => heard(Heard::Text(text)),
                Ok(Message::Binary(_)) => heard(Heard::Binary),
                Ok(_) => heard(Heard::Sign),
                Err(Error::Io(e)) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Err(End::Closed),
                Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => {
                    return Err(End::TooLarge);
                }
                Err(error) => {
                    tracing::debug!(%error, "no WebSocket message");
                    return Err(End::Malformed);
                }
            }
        }
    }

    /// The last words: a close frame, unless the client has closed.
    pub(crate) fn close(&mut self, code: u16, reason: &str, output: &mut Vec<u8>) {
        let frame = CloseFrame {
            code: code.into(),
            reason: Utf8Bytes::from(reason),
        };
        let mut carrier = Carrier { input: &[], output };
        // It writes to memory. After the client's own close it has nothing to say.
        let _ = self.context.close(&mut carrier, Some(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

    fn masked(mut frame: Frame) -> Vec<u8> {
        frame.header_mut().mask = Some([1, 2, 3, 4]);
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        bytes
    }

    fn text(part: &str, opcode: Data, last: bool) -> Vec<u8> {
        let part = part.as_bytes().to_vec();
        masked(Frame::message(part, OpCode::Data(opcode), last))
    }

    fn read(reader: &mut Reader, input: &[u8]) -> (Vec<String>, Vec<u8>, Result<(), End>) {
        let (mut heard, mut output) = (Vec::new(), Vec::new());
        let end = reader.read(input, &mut output, |h| heard.push(format!("{h:?}")));
        (heard, output, end)
    }

    #[test]
    fn messages_come_out_however_the_bytes_are_cut() {
        let mut bytes = text("one", Data::Text, true);
        bytes.extend(text("tw", Data::Text, false));
        bytes.extend(masked(Frame::ping(b"p".to_vec())));
        bytes.extend(text("o", Data::Continue, true));
        for step in 1..bytes.len() {
            let mut reader = Reader::new();
            let (mut all, mut answered) = (Vec::new(), Vec::new());
            for part in bytes.chunks(step) {
                let (heard, output, end) = read(&mut reader, part);
                assert_eq!(end, Ok(()));
                all.extend(heard);
                answered.extend(output);
            }
            assert_eq!(all.len(), 3, "{all:?}");
            assert!(all[0].contains("one") && all[2].contains("two"), "{all:?}");
            assert_eq!(answered, [0x8a, 1, b'p']);
        }
    }

    #[test]
    fn what_is_no_message_ends_the_reading() {
        let unmasked = [0x81, 1, b'x'];
        assert_eq!(read(&mut Reader::new(), &unmasked).2, Err(End::Malformed));
        let reserved = [0xf1, 0x80, 0, 0, 0, 0];
        assert_eq!(read(&mut Reader::new(), &reserved).2, Err(End::Malformed));
        let not_text = masked(Frame::message(vec![0xff], OpCode::Data(Data::Text), true));
        assert_eq!(read(&mut Reader::new(), &not_text).2, Err(End::Malformed));
        // The length alone is enough: nothing is kept of it.
        let claim = [0x81, 0xff, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(read(&mut Reader::new(), &claim).2, Err(End::TooLarge));
        let mut reader = Reader::new();
        let part = "x".repeat(MAX_REQUEST / 2);
        let _ = read(&mut reader, &text(&part, Data::Text, false));
        let _ = read(&mut reader, &text(&part, Data::Continue, false));
        let (_, _, end) = read(&mut reader, &text("x", Data::Continue, true));
        assert_eq!(end, Err(End::TooLarge));
    }

    #[test]
    fn a_close_is_answered() {
        let (_, output, end) = read(&mut Reader::new(), &masked(Frame::close(None)));
        assert_eq!((output[0], end), (0x88, Err(End::Closed)));
        let (mut reader, mut output) = (Reader::new(), Vec::new());
        reader.close(1013, "too_many_clients", &mut output);
        assert_eq!(output[..4], [0x88, 18, 0x03, 0xf5]);
    }
}
