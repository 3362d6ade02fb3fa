use super::*;
use crate::order::TABLE;
use proptest::prelude::*;

fn entry(what: What) -> Entry {
    Entry {
        at: Timestamp::from_ns(1_700_000_000_000_000_001),
        what,
        ids: Ids {
            order: Id::new("0xabc").unwrap(),
            user: Id::new("u1").unwrap(),
            ..Ids::default()
        },
        details: b"d".to_vec(),
    }
}

#[test]
fn the_bytes_are_as_documented() {
    let record = Record {
        index: 5,
        previous: [0xee; 32],
        entry: entry(What::Step {
            from: State::Sent,
            step: Step::Ack,
            to: State::Acked,
        }),
    };
    let mut expected = b"HSA\x01".to_vec();
    expected.extend([0, 0, 0, 0, 0, 0, 0, 5]);
    expected.extend(1_700_000_000_000_000_001_i64.to_be_bytes());
    expected.extend([0xee; 32]);
    expected.extend([2, 11, 4, 6]);
    expected.extend(b"\x00\x00\x02u1\x050xabc\x00");
    expected.extend(b"\x00\x00\x00\x01d");
    assert_eq!(record.to_bytes().unwrap(), expected);
    assert_eq!(Record::from_bytes(&expected).unwrap(), record);
}

/// Rows of a table of the page: the number in the first cell, the name in the second.
fn numbers(page: &str, heading: &str) -> Vec<(usize, String)> {
    let part = page.split(heading).nth(1).unwrap();
    part.lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| {
            let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`'));
            let number = cells.nth(1)?.parse().ok()?;
            Some((number, cells.next()?.to_owned()))
        })
        .collect()
}

fn snake(name: String) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[test]
fn the_page_has_the_numbers_of_states_and_steps() {
    let page = include_str!("../../../../docs/audit.md");
    let states = numbers(page, "### Numbers of states");
    let steps = numbers(page, "### Numbers of steps");
    let ours: Vec<_> = (1..)
        .zip(STATES.map(|state| snake(format!("{state:?}"))))
        .collect();
    assert_eq!(states, ours);
    let ours: Vec<_> = (1..)
        .zip(STEPS.map(|step| snake(format!("{step:?}"))))
        .collect();
    assert_eq!(steps, ours);
    for state in State::ALL {
        assert!(number(&STATES, &state) > 0);
    }
    for step in Step::ALL {
        assert!(number(&STEPS, &step) > 0);
    }
}

#[test]
fn only_steps_of_the_table_are_steps() {
    let (mut steps, mut contradictions) = (0, 0);
    for from in State::ALL {
        for step in Step::ALL {
            let row = next(from, step);
            for to in State::ALL {
                let fits = entry(What::Step { from, step, to }).check().is_ok();
                assert_eq!(fits, row == Some(to));
                steps += usize::from(fits);
            }
            let contradiction = entry(What::Contradiction { state: from, step });
            assert_eq!(contradiction.check().is_ok(), row.is_none());
            contradictions += usize::from(row.is_none());
        }
    }
    assert_eq!(steps, TABLE.len());
    assert_eq!(steps + contradictions, 12 * 16);
}

#[test]
fn bounds_are_kept() {
    assert!(Id::new(&"x".repeat(64)).is_ok());
    for text in ["x".repeat(65), "a b".into(), "é".into(), "\n".into()] {
        assert_eq!(Id::new(&text), Err(RecordError::Id));
    }
    let mut large = entry(What::Signed);
    large.details = vec![0; LONGEST_DETAILS];
    assert!(large.check().is_ok());
    large.details.push(0);
    assert_eq!(large.check(), Err(RecordError::Details));
    let mut nameless = entry(What::Created);
    nameless.ids.order = Id::default();
    assert_eq!(nameless.check(), Err(RecordError::NoOrder));
    let mut signing = entry(What::SigningRefused);
    signing.ids.order = Id::default();
    assert!(signing.check().is_ok());
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(
        index in any::<u64>(), at in any::<i64>(), previous in any::<[u8; 32]>(),
        row in 0..TABLE.len(), ids in prop::collection::vec("[!-~]{1,64}", 5),
        details in prop::collection::vec(any::<u8>(), 0..200),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut in 0_usize..4,
    ) {
        let (from, step, to) = TABLE[row];
        let id = |n: usize| Id::new(&ids[n]).unwrap();
        let ids = Ids { request: id(0), session: id(1), user: id(2), order: id(3), trace: id(4) };
        let at = Timestamp::from_ns(at);
        let entry = Entry { at, what: What::Step { from, step, to }, ids, details };
        let record = Record { index, previous, entry };
        let mut bytes = record.to_bytes().unwrap();
        prop_assert!(bytes.len() <= LONGEST_RECORD);
        prop_assert_eq!(Record::from_bytes(&bytes).unwrap(), record);
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        bytes.truncate(bytes.len() - cut);
        if let Ok(read) = Record::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        }
    }
}
