//! Random changes of a frame, byte by byte.
#![allow(unreachable_pub, missing_docs, reason = "shared by test binaries")]

use proptest::prelude::*;

/// What may happen to one byte.
#[derive(Clone, Debug)]
pub enum Edit {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Cut(usize),
    Swap(usize, usize),
}

pub fn edit() -> impl Strategy<Value = Edit> {
    let byte = prop_oneof![
        4 => proptest::sample::select(b"\"\\,:{}[]0123456789.-+eE \n\ttrufalsn".to_vec()),
        1 => any::<u8>(),
    ];
    prop_oneof![
        (any::<usize>(), byte.clone()).prop_map(|(i, b)| Edit::Set(i, b)),
        (any::<usize>(), byte).prop_map(|(i, b)| Edit::Insert(i, b)),
        any::<usize>().prop_map(Edit::Remove),
        any::<usize>().prop_map(Edit::Cut),
        (any::<usize>(), any::<usize>()).prop_map(|(i, j)| Edit::Swap(i, j)),
    ]
}

pub fn mutate(bytes: &mut Vec<u8>, edits: &[Edit]) {
    for edit in edits {
        let len = bytes.len();
        if len == 0 {
            return;
        }
        match *edit {
            Edit::Set(i, b) => bytes[i % len] = b,
            Edit::Insert(i, b) => bytes.insert(i % len, b),
            Edit::Remove(i) => {
                bytes.remove(i % len);
            }
            Edit::Cut(i) => bytes.truncate(i % len),
            Edit::Swap(i, j) => bytes.swap(i % len, j % len),
        }
    }
}
