use super::*;

/// Stands in for a signature: the room has none of its own.
fn sign(public: &[u8; 32], message: &[u8]) -> [u8; 64] {
    let half = sha256(&[public, message]);
    [half, half].concat().try_into().unwrap()
}

fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    sign(public, message) == *signature
}

fn key() -> PublicKey {
    PublicKey::new("log.example/desk", [7; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "log.example/desk".into(),
        size: 42,
        root: [9; 32],
    }
}

#[test]
fn a_known_verifier_key_is_read() {
    // The example of the signed-note format's first implementation.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key = PublicKey::parse(text).unwrap();
    assert_eq!(key.name(), "PeterNeumann");
    assert_eq!(key.to_string(), text);
    for wrong in [
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3",
        "",
    ] {
        assert_eq!(PublicKey::parse(wrong), Err(NoteError::Key), "{wrong}");
    }
}

#[test]
fn a_note_is_read_as_written() {
    let signature = sign(&[7; 32], checkpoint().body().as_bytes());
    let note = checkpoint().note(&key(), &signature);
    let open = |note: &str| Checkpoint::open(note.as_bytes(), &key(), &verify);
    assert_eq!(open(&note), Ok(checkpoint()));
    let exact = Checkpoint::open_exactly(note.as_bytes(), &key(), &verify);
    assert_eq!(exact, Ok(checkpoint()));
    // A witness's line is not looked at in a kept note, and not allowed in the log.
    let witnessed = format!("{note}\u{2014} witness.example AAAAAA==\n");
    assert_eq!(open(&witnessed), Ok(checkpoint()));
    let exact = Checkpoint::open_exactly(witnessed.as_bytes(), &key(), &verify);
    assert_eq!(exact, Err(NoteError::Form));

    assert_eq!(
        open(&note.replace("\n42\n", "\n43\n")),
        Err(NoteError::Signature)
    );
    assert_eq!(open("log.example/desk\n42\n"), Err(NoteError::Form));
    let other = PublicKey::new("log.example/desk", [8; 32]).unwrap();
    let foreign = Checkpoint::open(note.as_bytes(), &other, &verify);
    assert_eq!(foreign, Err(NoteError::Unsigned));
}

#[test]
fn what_is_signed_has_one_spelling() {
    for body in [
        checkpoint().body().replace("42", "042"),
        checkpoint().body() + "more\n",
        checkpoint().body().replace("42", "+42"),
    ] {
        let signature = sign(&[7; 32], body.as_bytes());
        let line = checkpoint().note(&key(), &signature);
        let note = line.replace(&checkpoint().body(), &body);
        let opened = Checkpoint::open(note.as_bytes(), &key(), &verify);
        assert_eq!(opened, Err(NoteError::Form), "{body}");
    }
    let mut other = checkpoint();
    other.origin = "another.example".into();
    let note = other.note(&key(), &sign(&[7; 32], other.body().as_bytes()));
    let opened = Checkpoint::open(note.as_bytes(), &key(), &verify);
    assert_eq!(opened, Err(NoteError::Origin));
}
