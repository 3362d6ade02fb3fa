//! Every bit of a log of a thousand records.
//!
//! A verifier goes through a log once, so what it says of a flipped bit depends on what it knew before that frame and on what follows from there. Each
//! bit is tried from its own frame on, where the verifier stands as it does in the undamaged log; one bit of every
//! fourth frame is tried from the beginning too.

use std::thread;

use hypersentry_execution::audit::{Entry, Follower, Id, Ids, What};
use hypersentry_model::Timestamp;

use super::error::AuditError;
use super::frame::{Frame, PRELUDE, prelude};
use super::sign::Signer;
use super::verify::{Image, frames, verify_images, walk};

const RECORDS: u64 = 1_000;
/// Records before a checkpoint, and checkpoints of a segment.
const BATCH: u64 = 10;
const BATCHES: u64 = 25;

/// A place from which a log is gone on with: before a segment, or before one of its frames.
struct Place {
    segment: usize,
    from: usize,
    to: usize,
    follower: Follower,
}

fn log(signer: &Signer) -> (Vec<Image>, Vec<Place>) {
    let mut follower = Follower::new(signer.key().clone());
    let (mut images, mut places) = (Vec::<Image>::new(), Vec::new());
    while follower.size() < RECORDS {
        if follower.size().is_multiple_of(BATCH * BATCHES) {
            let first = follower.size();
            let bytes = prelude(first);
            places.push(Place {
                segment: images.len(),
                from: 0,
                to: PRELUDE,
                follower: follower.clone(),
            });
            images.push(Image { first, bytes });
        }
        let segment = images.len() - 1;
        let bytes = &mut images[segment].bytes;
        let mut put = |frame: Frame<'_>, follower: &Follower| {
            let from = bytes.len();
            frame.encode(bytes);
            places.push(Place {
                segment,
                from,
                to: bytes.len(),
                follower: follower.clone(),
            });
        };
        for _ in 0..BATCH {
            let before = follower.clone();
            let n = before.size();
            let id = |text: String| Id::new(&text).unwrap();
            let entry = Entry {
                at: Timestamp::from_ns(1_700_000_000_000_000_000 + n as i64),
                what: What::Created,
                ids: Ids {
                    request: id(format!("request-{n}")),
                    order: id(format!("0x{n:032x}")),
                    ..Ids::default()
                },
                details: vec![b'd'; (n % 40) as usize],
            };
            let record = follower.append(entry).unwrap();
            put(Frame::Record(&record), &before);
        }
        let note = signer.note(&follower.head()).unwrap();
        put(Frame::Checkpoint(note.as_bytes()), &follower);
        follower.mark_signed();
    }
    (images, places)
}

/// Flips each bit of every other place; how many, and how many of them from the beginning of the log.
fn flip(images: &[Image], places: &[Place], signer: &Signer, part: usize) -> (u64, u64) {
    let (mut flips, mut whole) = (0, 0);
    let mut images = images.to_vec();
    for (number, place) in places.iter().enumerate().skip(part).step_by(2) {
        let named = place.follower.size();
        for bit in 8 * place.from..8 * place.to {
            let (byte, mask) = (bit / 8, 1 << (bit % 8));
            images[place.segment].bytes[byte] ^= mask;
            let image = &images[place.segment];
            let mut follower = place.follower.clone();
            let damage = if place.from == 0 {
                walk(image, &mut follower, &mut |_| {})
            } else {
                frames(image, place.from, &mut follower, &mut |_| {})
            };
            assert_eq!(damage.unwrap_err().index, named, "bit {bit}");
            flips += 1;
            let chosen = 8 * place.from + (number * 37) % (8 * (place.to - place.from));
            if bit == chosen && number / 2 % 4 == 0 {
                match verify_images(&images, signer.key(), None) {
                    Err(AuditError::Damaged { damage }) => assert_eq!(damage.index, named),
                    other => panic!("bit {bit}: {other:?}"),
                }
                whole += 1;
            }
            images[place.segment].bytes[byte] ^= mask;
        }
    }
    (flips, whole)
}

#[test]
#[expect(clippy::print_stdout, reason = "a test tells what it saw")]
fn each_bit_of_a_thousand_records_is_found_at_its_record() {
    let signer = Signer::from_seed("audit.test/desk", &[1; 32]).unwrap();
    let (images, places) = log(&signer);
    let verified = verify_images(&images, signer.key(), None).unwrap();
    assert_eq!(verified.head.size, RECORDS);
    let bytes: usize = images.iter().map(|image| image.bytes.len()).sum();
    let (flips, whole) = thread::scope(|scope| {
        let parts = [0, 1].map(|part| {
            let (images, places, signer) = (&images, &places, &signer);
            scope.spawn(move || flip(images, places, signer, part))
        });
        let parts = parts.map(|part| part.join().unwrap());
        (parts[0].0 + parts[1].0, parts[0].1 + parts[1].1)
    });
    assert_eq!(flips, 8 * bytes as u64);
    assert!(whole >= places.len() as u64 / 4);
    println!(
        "{RECORDS} records, {flips} bits flipped, each found at its record; {whole} of them from the beginning too"
    );
}
