//! A message as it goes to clients: encoded once, with the frame around it, and shared by all.

use bytes::Bytes;
use hypersentry_model::{StreamKey, Timestamp};
use serde::Serialize;
use std::sync::Arc;

/// The longest header of a frame from a server: two bytes and a length of eight.
const HEADER_MAX: usize = 10;

/// The payload's length up to which the header's second byte holds it, and up to which two further bytes do (RFC 6455, section 5.2).
const SHORT: usize = 125;
const MEDIUM: usize = 0xffff;

/// A whole text frame.
const FINAL_TEXT: u8 = 0x81;

/// A message to clients.
///
/// What a server sends is not masked, so that the frame around a message is the same for every client. It is made once, in front of the payload:
/// a socket is handed header and payload as one piece that all clients share, and carriers without frames take the payload alone. In a client's
/// queue it is one pointer: thousands of queues keep room for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoded(Arc<Message>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Message {
    frame: Bytes,
    born: Option<Born>,
    place: Option<(StreamKey, u64)>,
    /// The messages of a run, pieces of its frame; none of a single message.
    run: Box<[Encoded]>,
}

/// When an event came to be: latencies are told from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Born {
    /// The event's own time, UTC ms.
    pub event_ms: i64,
    /// When the fan-out took it, by the hub's clock.
    pub taken: Timestamp,
}

impl Encoded {
    /// A message as JSON.
    pub fn json(value: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(1_024);
        bytes.resize(HEADER_MAX, 0);
        // Only a map with keys that are no strings can fail, and there is none.
        if serde_json::to_writer(&mut bytes, value).is_err() {
            bytes.truncate(HEADER_MAX);
        }
        Self::around(bytes)
    }

    /// A text as it is.
    pub fn text(text: &str) -> Self {
        let mut bytes = vec![0; HEADER_MAX];
        bytes.extend_from_slice(text.as_bytes());
        Self::around(bytes)
    }

    /// Writes the header in front of the payload, which begins after [`HEADER_MAX`] bytes.
    fn around(mut bytes: Vec<u8>) -> Self {
        let length = bytes.len() - HEADER_MAX;
        let start = if length <= SHORT {
            bytes[HEADER_MAX - 1] = length as u8;
            HEADER_MAX - 2
        } else if length <= MEDIUM {
            bytes[HEADER_MAX - 3] = 126;
            bytes[HEADER_MAX - 2..HEADER_MAX].copy_from_slice(&(length as u16).to_be_bytes());
            HEADER_MAX - 4
        } else {
            bytes[1] = 127;
            bytes[2..HEADER_MAX].copy_from_slice(&(length as u64).to_be_bytes());
            0
        };
        bytes[start] = FINAL_TEXT;
        // What is kept is kept for long by some: no room that is not used.
        bytes.shrink_to_fit();
        Self(Arc::new(Message {
            frame: Bytes::from(bytes).slice(start..),
            born: None,
            place: None,
            run: Box::default(),
        }))
    }

    /// Several messages as one: their frames one behind the other. A client's queue takes them with one entry, and a socket as one piece.
    pub(crate) fn run(messages: &[Self]) -> Self {
        let mut bytes = Vec::with_capacity(messages.iter().map(Self::len).sum());
        for message in messages {
            bytes.extend_from_slice(message.frame());
        }
        let frame = Bytes::from(bytes);
        let mut end = 0;
        let piece = |message: &Self| {
            let start = end;
            end += message.len();
            Self(Arc::new(Message {
                frame: frame.slice(start..end),
                born: message.0.born,
                place: message.0.place,
                run: Box::default(),
            }))
        };
        let run = messages.iter().map(piece).collect();
        Self(Arc::new(Message {
            frame: frame.clone(),
            born: messages.first().and_then(Self::birth),
            place: None,
            run,
        }))
    }

    /// The messages of a run, or itself.
    pub fn messages(&self) -> &[Self] {
        if self.0.run.is_empty() {
            std::slice::from_ref(self)
        } else {
            &self.0.run
        }
    }

    /// The same, with when it came to be.
    pub(crate) fn born(mut self, born: Born) -> Self {
        Arc::make_mut(&mut self.0).born = Some(born);
        self
    }

    /// The same, as an event of a stream and its place there.
    pub(crate) fn of(mut self, stream: StreamKey, seq: u64) -> Self {
        Arc::make_mut(&mut self.0).place = Some((stream, seq));
        self
    }

    /// The stream of which it is an event, and its place there; answers and runs have none.
    pub(crate) fn place(&self) -> Option<(StreamKey, u64)> {
        self.0.place
    }

    /// The stream of which it is an event.
    pub(crate) fn stream(&self) -> Option<StreamKey> {
        self.0.place.map(|(stream, _)| stream)
    }

    /// When it came to be, of a run its first message: of events that were just said, not of states that are sent again.
    pub fn birth(&self) -> Option<Born> {
        self.0.born
    }

    /// The WebSocket frame: header and payload; of a run, all its frames.
    pub fn frame(&self) -> &Bytes {
        &self.0.frame
    }

    /// What is said, without the frame. A run has no payload of its own: its [`Self::messages`] have.
    pub fn payload(&self) -> Bytes {
        let frame = &self.0.frame;
        let header = match frame.get(1) {
            Some(126) => 4,
            Some(127) => HEADER_MAX,
            _ => 2,
        };
        frame.slice(header..)
    }

    /// Bytes of the frame, or of a run's frames.
    pub fn len(&self) -> usize {
        self.0.frame.len()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.payload().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_length() {
        let header = |length: usize| {
            let message = Encoded::text(&"x".repeat(length));
            assert_eq!(message.payload().len(), length);
            assert_eq!(message.len(), message.frame().len());
            message.frame()[..message.len() - length].to_vec()
        };
        assert_eq!(header(0), [0x81, 0]);
        assert_eq!(header(125), [0x81, 125]);
        assert_eq!(header(126), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert!(Encoded::text("").is_empty());
    }

    #[test]
    fn a_run_has_the_frames_of_its_messages() {
        let long = "x".repeat(300);
        let single = [Encoded::text("a"), Encoded::text(&long)];
        let run = Encoded::run(&single);
        let frames: Vec<u8> = single.iter().flat_map(|m| m.frame().to_vec()).collect();
        assert_eq!((run.frame().as_ref(), run.len()), (&frames[..], 307));
        assert_eq!(run.messages(), &single[..]);
        assert_eq!(single[0].messages(), &single[..1]);
    }

    #[test]
    fn json_is_the_payload() {
        let message = Encoded::json(&serde_json::json!({"a": "b".repeat(300)}));
        let value: serde_json::Value = serde_json::from_slice(&message.payload()).unwrap();
        assert_eq!(value["a"].as_str().unwrap().len(), 300);
    }
}
