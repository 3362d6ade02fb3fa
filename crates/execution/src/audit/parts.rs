//! Details that are longer than a record may hold: several records, read as one.
//!
//! Each part begins with `part 2 of 5:` and goes on with its share of the bytes. The parts of one entry stand directly behind each other, in their
//! order, under the same ids. The first tells what happened; the others are [`What::Noted`]. Of a set that is not whole nothing is read: it was never
//! acknowledged.

use super::record::{Entry, LONGEST_DETAILS, RecordError, What};

/// Bytes of details in all: the parts' shares together.
pub const LONGEST_WHOLE: usize = 256 << 10;
/// Bytes of a part that are its share: the rest is for its beginning.
const SHARE: usize = LONGEST_DETAILS - 32;
/// Parts of one entry.
const MOST_PARTS: usize = LONGEST_WHOLE.div_ceil(SHARE);

fn opening(part: usize, of: usize) -> Vec<u8> {
    format!("part {part} of {of}:").into_bytes()
}

/// The part's number, how many there are, and its share; nothing of what is no part.
fn opened(details: &[u8]) -> Option<(usize, usize, &[u8])> {
    let rest = details.strip_prefix(b"part ")?;
    let end = rest.iter().take(32).position(|byte| *byte == b':')?;
    let (numbers, share) = (
        std::str::from_utf8(rest.get(..end)?).ok()?,
        &rest[end + 1..],
    );
    let (part, of) = numbers.split_once(" of ")?;
    let (part, of) = (part.parse().ok()?, of.parse().ok()?);
    let written = details.starts_with(&opening(part, of));
    (written && (1..=of).contains(&part) && of <= MOST_PARTS).then_some((part, of, share))
}

/// The records that an entry takes: itself, or its parts.
///
/// # Errors
/// [`RecordError::Details`]: more than [`LONGEST_WHOLE`] bytes, or details that would be read as a part.
pub fn split(entry: Entry) -> Result<Vec<Entry>, RecordError> {
    if opened(&entry.details).is_some() || entry.details.len() > LONGEST_WHOLE {
        return Err(RecordError::Details);
    }
    if entry.details.len() <= LONGEST_DETAILS {
        return Ok(vec![entry]);
    }
    let of = entry.details.len().div_ceil(SHARE);
    let parts = entry.details.chunks(SHARE).zip(1..).map(|(share, part)| {
        let what = if part == 1 { entry.what } else { What::Noted };
        let mut details = opening(part, of);
        details.extend_from_slice(share);
        Entry {
            at: entry.at,
            what,
            ids: entry.ids.clone(),
            details,
        }
    });
    Ok(parts.collect())
}

/// Puts parts together again; given every record of a log in order. Holds [`LONGEST_WHOLE`] bytes at the most.
#[derive(Clone, Debug, Default)]
pub struct Joiner {
    /// What was read of a set: how many parts there are, how many of them were read, and the entry so far.
    begun: Option<(usize, usize, Entry)>,
}

impl Joiner {
    /// Takes the next record; an entry where one is whole with it.
    pub fn take(&mut self, entry: Entry) -> Option<Entry> {
        let begun = self.begun.take();
        let Some((part, of, share)) = opened(&entry.details) else {
            return Some(entry);
        };
        let whole = if part == 1 {
            Entry {
                details: share.to_vec(),
                ..entry
            }
        } else {
            let next = |(all, read, first): &(usize, usize, Entry)| {
                (*all, *read + 1) == (of, part) && first.ids == entry.ids
            };
            let (_, _, mut first) = begun.filter(next)?;
            first.details.extend_from_slice(share);
            first
        };
        if part == of {
            return Some(whole);
        }
        self.begun = Some((of, part, whole));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Id, Ids};
    use super::*;
    use hypersentry_model::Timestamp;
    use proptest::prelude::*;

    fn entry(details: Vec<u8>) -> Entry {
        Entry {
            at: Timestamp::from_ms(7),
            what: What::Signed,
            ids: Ids {
                user: Id::new("ann").unwrap(),
                ..Ids::default()
            },
            details,
        }
    }

    fn read(records: impl IntoIterator<Item = Entry>) -> Vec<Entry> {
        let mut joiner = Joiner::default();
        let taken = records.into_iter().filter_map(|it| joiner.take(it));
        taken.collect()
    }

    #[test]
    fn what_is_too_long_or_looks_like_a_part_is_refused() {
        let refused = |details| split(entry(details)) == Err(RecordError::Details);
        assert!(refused(vec![b'x'; LONGEST_WHOLE + 1]));
        assert!(refused(b"part 1 of 2:x".to_vec()));
        let most = split(entry(vec![b'x'; LONGEST_WHOLE])).unwrap();
        assert_eq!(most.len(), MOST_PARTS);
        assert!(most.iter().all(|it| it.check().is_ok()));
        for plain in [
            &b"part 0 of 2:"[..],
            b"part 3 of 2:",
            b"part +1 of 2:",
            b"part 1 of 2",
        ] {
            let kept = entry(plain.to_vec());
            assert_eq!(read(split(kept.clone()).unwrap()), [kept]);
        }
    }

    #[test]
    fn a_torn_set_counts_as_not_there() {
        let (long, other) = (entry(vec![b'x'; 9_000]), entry(b"y".to_vec()));
        let parts = split(long.clone()).unwrap();
        assert_eq!(parts.len(), 3);
        let [first, second, third] = parts.as_slice() else {
            panic!("three parts");
        };
        for torn in [
            vec![first, second, &other],
            vec![first, third, &other],
            vec![second, third, &other],
            vec![third, &other],
            vec![first, &other, second, third],
        ] {
            let read = read(torn.into_iter().cloned());
            assert_eq!(read, std::slice::from_ref(&other));
        }
        // Another set may begin where one was torn.
        let again = [first, second, first, second, third].map(Clone::clone);
        assert_eq!(read(again), [long]);
        let mut strange = third.clone();
        strange.ids = Ids::default();
        assert_eq!(read([first.clone(), second.clone(), strange]), []);
    }

    proptest! {
        #[test]
        fn entries_of_any_length_are_read_as_they_were_written(
            lengths in prop::collection::vec((0_usize..20_000, any::<u8>()), 1..12),
        ) {
            let written: Vec<Entry> = lengths.into_iter().map(|(length, byte)| entry(vec![byte; length])).collect();
            let records: Vec<Entry> = written.iter().flat_map(|it| split(it.clone()).unwrap()).collect();
            prop_assert!(records.iter().all(|it| it.check().is_ok()));
            prop_assert_eq!(read(records), written);
        }
    }
}
