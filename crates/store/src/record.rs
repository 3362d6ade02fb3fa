//! The records, and how they lie in a frame.
//!
//! In a frame a record is: payload length, core time less the previous record's, core time less receive time, payload.
//! The three numbers are variable-length, seven bits a byte, low bits first; the signed ones are zigzag-coded. The
//! previous core time of a frame's first record is 0. Sequence numbers are not stored: they ascend by 1 from the frame's
//! first.

use hypersentry_model::Timestamp;

/// One input as it was applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record<P = Vec<u8>> {
    /// Its place in the total order; each record's is one more than its predecessor's.
    pub seq: u64,
    /// The core time at which it was applied; never earlier than its predecessor's in the same run.
    pub core_time: Timestamp,
    /// When it was received at the rim.
    pub receive_time: Timestamp,
    /// What was received. The journal does not look inside.
    pub payload: P,
}

/// The most bytes a record takes in a frame beside its payload.
const OVERHEAD: usize = 30;

/// The most bytes a record with this payload takes in a frame.
pub(crate) const fn max_len(payload: &[u8]) -> usize {
    payload.len() + OVERHEAD
}

/// Appends a record to the body of a frame.
pub(crate) fn encode(
    into: &mut Vec<u8>,
    previous_core: i64,
    core: Timestamp,
    receive: Timestamp,
    payload: &[u8],
) {
    put_varint(into, payload.len() as u64);
    put_varint(into, zigzag(core.ns().wrapping_sub(previous_core)));
    put_varint(into, zigzag(core.ns().wrapping_sub(receive.ns())));
    into.extend_from_slice(payload);
}

/// The records of a frame's body, or nothing if it does not hold exactly `count` of them.
pub(crate) fn decode(mut body: &[u8], first_seq: u64, count: u32) -> Option<Vec<Record>> {
    // A record takes three bytes or more, so this cannot ask for more than the body warrants.
    let mut records = Vec::with_capacity((count as usize).min(body.len() / 3));
    let mut core = 0_i64;
    for index in 0..u64::from(count) {
        let len = usize::try_from(take_varint(&mut body)?).ok()?;
        core = core.wrapping_add(unzigzag(take_varint(&mut body)?));
        let receive = core.wrapping_sub(unzigzag(take_varint(&mut body)?));
        let (payload, rest) = body.split_at_checked(len)?;
        body = rest;
        records.push(Record {
            seq: first_seq.checked_add(index)?,
            core_time: Timestamp::from_ns(core),
            receive_time: Timestamp::from_ns(receive),
            payload: payload.to_vec(),
        });
    }
    body.is_empty().then_some(records)
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

fn take_varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_record_reads_back(
            first_seq in 0..u64::MAX / 2,
            inputs in prop::collection::vec((any::<i64>(), any::<i64>(), prop::collection::vec(any::<u8>(), 0..300)), 0..20),
        ) {
            let mut body = Vec::new();
            let mut previous = 0;
            let mut records = Vec::new();
            for (seq, (core, receive, payload)) in (first_seq..).zip(inputs) {
                let (core_time, receive_time) = (Timestamp::from_ns(core), Timestamp::from_ns(receive));
                let before = body.len();
                encode(&mut body, previous, core_time, receive_time, &payload);
                prop_assert!(body.len() - before <= max_len(&payload));
                previous = core;
                records.push(Record { seq, core_time, receive_time, payload });
            }
            let count = records.len() as u32;
            prop_assert_eq!(decode(&body, first_seq, count), Some(records));
            prop_assert_eq!(decode(&body, first_seq, count + 1), None);
        }

        #[test]
        fn any_bytes_are_safe_to_decode(body in prop::collection::vec(any::<u8>(), 0..200), count in any::<u32>()) {
            let _ = decode(&body, 1, count);
        }
    }
}
