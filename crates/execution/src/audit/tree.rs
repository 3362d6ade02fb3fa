//! The Merkle tree of RFC 6962 section 2.1, over SHA-256.
//!
//! A leaf is hashed with 0x00 before it and an inner node with 0x01, so that neither passes for the other. The checks of proofs follow
//! RFC 9162 sections 2.1.3.2 and 2.1.4.2, which has the same tree.

use super::sha256;

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash of one record's bytes as a leaf.
pub fn leaf(bytes: &[u8]) -> Hash {
    sha256(&[&[0], bytes])
}

/// The hash of an inner node.
pub fn inner(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// A tree that grows at its end, reduced to the roots of its whole subtrees: at most 64 hashes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    /// One for each bit of `size`, the largest subtree first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Puts a leaf at the end.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut size = self.size;
        while size & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                hash = inner(&left, &hash);
            }
            size >>= 1;
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root; of no leaves it is the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => sha256(&[]),
            Some(last) => peaks.fold(*last, |right, left| inner(left, &right)),
        }
    }
}

/// The root over these leaves.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree.root()
}

/// The largest power of two below `n`, for `n` of at least 2: so many leaves are on the left.
pub fn split(n: usize) -> usize {
    1 << (n - 1).ilog2()
}

/// The path from leaf `index` to the root over `leaves`, the lowest first; nothing if there is no such leaf.
pub fn inclusion(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut part, mut at) = (leaves, index);
    while part.len() > 1 {
        let (left, right) = part.split_at(split(part.len()));
        if at < left.len() {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            at -= left.len();
            part = right;
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `path` shows that `leaf` is number `index` of the `size` leaves under `root`.
pub fn check_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = inner(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = inner(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The proof that the tree over the first `old` leaves is the beginning of the tree over all; nothing if there are fewer, or `old` is 0.
pub fn consistency(leaves: &[Hash], old: usize) -> Option<Vec<Hash>> {
    if old == 0 || old > leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut part, mut of_it, mut known) = (leaves, old, true);
    while of_it < part.len() {
        let (left, right) = part.split_at(split(part.len()));
        if of_it <= left.len() {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            of_it -= left.len();
            part = right;
            known = false;
        }
    }
    // The old tree's own root is known to who asks.
    if !known {
        path.push(root(part));
    }
    path.reverse();
    Some(path)
}

/// Whether `path` shows that the tree with `old_root` is the beginning of the tree with `new_root`. Everything extends nothing.
pub fn check_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    path: &[Hash],
) -> bool {
    if old == 0 {
        return path.is_empty() && *old_root == sha256(&[]);
    }
    if old >= new {
        return old == new && path.is_empty() && old_root == new_root;
    }
    let whole = old.is_power_of_two().then_some(*old_root);
    let mut steps = whole.iter().chain(path);
    let Some(first) = steps.next() else {
        return false;
    };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = inner(step, &old_hash);
            new_hash = inner(step, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = inner(&new_hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
