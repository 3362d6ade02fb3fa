use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn hash(text: &str) -> Hash {
    hex(text).try_into().unwrap()
}

/// The eight leaves with which implementations of Certificate Transparency test their trees.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Their roots by size, from 0.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves() -> Vec<Hash> {
    LEAVES.iter().map(|text| leaf(&hex(text))).collect()
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let leaves = leaves();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(&leaves[..size]), hash(expected), "size {size}");
    }
}

/// The definition of RFC 6962 section 2.1, word for word.
fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            inner(&by_definition(left), &by_definition(right))
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "counts for people")]
fn every_proof_of_small_trees_holds_and_no_other() {
    let leaves: Vec<Hash> = (0..34_u8).map(|n| leaf(&[n])).collect();
    let (mut held, mut refused) = (0, 0);
    for size in 1..=leaves.len() {
        let all = &leaves[..size];
        let whole = by_definition(all);
        assert_eq!(root(all), whole);
        for index in 0..size {
            let path = inclusion(all, index).unwrap();
            let check = |leaf: &Hash, index: usize, size: usize, path: &[Hash]| {
                check_inclusion(leaf, index as u64, size as u64, path, &whole)
            };
            assert!(check(&all[index], index, size, &path));
            held += 1;
            for other in 0..size {
                refused += 1;
                assert!(other == index || !check(&all[index], other, size, &path));
                assert!(other == index || !check(&all[other], index, size, &path));
            }
            for place in 0..path.len() {
                let mut wrong = path.clone();
                wrong[place][0] ^= 1;
                assert!(!check(&all[index], index, size, &wrong));
                wrong.remove(place);
                assert!(!check(&all[index], index, size, &wrong));
            }
            let longer = [&path[..], &[whole]].concat();
            assert!(!check(&all[index], index, size, &longer));
        }
        for old in 1..=size {
            let path = consistency(all, old).unwrap();
            let before = root(&all[..old]);
            let check = |old: usize, before: &Hash, path: &[Hash]| {
                check_consistency(old as u64, before, size as u64, &whole, path)
            };
            assert!(check(old, &before, &path), "{old} of {size}");
            held += 1;
            assert!(!check(old, &leaf(b"another"), &path));
            assert!(
                old == size || !check_consistency(old as u64, &before, size as u64, &before, &path)
            );
            for place in 0..path.len() {
                let mut wrong = path.clone();
                wrong[place][31] ^= 128;
                assert!(!check(old, &before, &wrong));
                wrong.remove(place);
                assert!(!check(old, &before, &wrong));
                refused += 2;
            }
            assert!(!check(old, &before, &[&path[..], &[whole]].concat()));
        }
        assert_eq!(inclusion(all, size), None);
        assert_eq!(consistency(all, 0), None);
        assert_eq!(consistency(all, size + 1), None);
    }
    println!("proofs held: {held}, refused: {refused}");
}

#[test]
fn everything_extends_nothing() {
    let leaves = leaves();
    let nothing = root(&[]);
    assert!(check_consistency(0, &nothing, 8, &root(&leaves), &[]));
    assert!(!check_consistency(8, &root(&leaves), 0, &nothing, &[]));
}

proptest! {
    #[test]
    fn proofs_of_larger_trees_hold(size in 1_usize..400, a in any::<usize>(), b in any::<usize>()) {
        let leaves: Vec<Hash> = (0..size as u32).map(|n| leaf(&n.to_be_bytes())).collect();
        let whole = by_definition(&leaves);
        let (index, old) = (a % size, b % size + 1);
        let path = inclusion(&leaves, index).unwrap();
        prop_assert!(check_inclusion(&leaves[index], index as u64, size as u64, &path, &whole));
        let path = consistency(&leaves, old).unwrap();
        let before = by_definition(&leaves[..old]);
        prop_assert!(check_consistency(old as u64, &before, size as u64, &whole, &path));
    }
}
