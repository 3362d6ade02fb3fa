//! Recorded frames of books, by venue.

use crate::plain;
use hypersentry_model::Venue;
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The frames of one book, in order.
pub(crate) struct Recording {
    pub(crate) file: String,
    pub(crate) venue: Venue,
    pub(crate) frames: Vec<Vec<u8>>,
    /// The REST body with which a book of changes begins; without one, the first frame is a whole book.
    pub(crate) snapshot: Option<Vec<u8>>,
    /// Number of first frames that the snapshot includes.
    pub(crate) included: usize,
}

/// Where the corpus is.
pub(crate) fn root() -> Option<PathBuf> {
    let root = match std::env::var_os("HYPERSENTRY_CORPUS") {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    root.is_dir().then_some(root)
}

/// The payloads of a file with one a line, perhaps packed, perhaps each after its receive time.
fn payloads(path: &Path) -> Vec<Vec<u8>> {
    let mut bytes = std::fs::read(path).expect("a recording can be read");
    if path.extension().is_some_and(|e| e == "gz") {
        let packed = std::mem::take(&mut bytes);
        flate2::read::MultiGzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .expect("a recording can be unpacked");
    }
    bytes
        .split(|b| *b == b'\n')
        .filter_map(|line| Some(&line[line.iter().position(|b| *b == b'{')?..]))
        .map(<[u8]>::to_vec)
        .collect()
}

/// The files below a folder of the corpus whose names begin so.
fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_dir() {
            found.extend(files(&path, prefix));
        } else if name.is_some_and(|name| name.starts_with(prefix)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Binance's: changes, begun from the REST snapshot that lies in each file.
fn binance(root: &Path, venue: Venue) -> Vec<Recording> {
    #[derive(Deserialize)]
    struct Snapshot {
        #[serde(rename = "lastUpdateId")]
        last: u64,
    }
    let read = |path: &PathBuf| {
        let lines = payloads(path);
        let is_snapshot = |line: &&Vec<u8>| line.starts_with(b"{\"lastUpdateId\"");
        let snapshot = lines.iter().find(is_snapshot).cloned().expect("a snapshot");
        let frames: Vec<Vec<u8>> = lines
            .into_iter()
            .filter(|line| contains(line, b"\"depthUpdate\""))
            .collect();
        let held = serde_json::from_slice::<Snapshot>(&snapshot).unwrap().last;
        let last = |frame: &Vec<u8>| plain::binance(frame).last;
        let included = frames.iter().take_while(|f| last(f) <= held).count();
        let first = plain::binance(&frames[included]);
        let after = first.previous.unwrap_or(first.first - 1);
        assert!(after <= held, "a gap at the splice");
        Recording {
            file: name(path),
            venue,
            frames,
            snapshot: Some(snapshot),
            included,
        }
    };
    let prefix = format!("{venue}_");
    let paths = files(&root.join("recordings"), &prefix);
    paths.iter().map(read).collect()
}

fn hyperliquid(root: &Path) -> Vec<Recording> {
    let mut paths = files(&root.join("recordings"), "hyperliquid_");
    paths.extend(files(&root.join("venue-samples/hyperliquid"), "ws_l2Book"));
    let mut recordings: Vec<Recording> = Vec::new();
    for path in paths {
        let mut frames = payloads(&path);
        frames.retain(|frame| frame.starts_with(b"{\"channel\":\"l2Book\""));
        // The samples were cut from the recording: a frame counts once.
        frames.retain(|frame| !recordings.iter().any(|r| r.frames.contains(frame)));
        if !frames.is_empty() {
            recordings.push(Recording {
                file: name(&path),
                venue: Venue::Hyperliquid,
                frames,
                snapshot: None,
                included: 0,
            });
        }
    }
    recordings
}

/// Those that begin with a whole book in a frame: each market of the files from there on.
fn in_band(paths: &[PathBuf], venue: Venue, markets: &[&str], whole: &[u8]) -> Vec<Recording> {
    let lines: Vec<Vec<u8>> = paths.iter().flat_map(|path| payloads(path)).collect();
    let of = |market: &&str| {
        let named = format!("\"{market}\"");
        let mut frames: Vec<Vec<u8>> = lines
            .iter()
            .filter(|l| contains(l, named.as_bytes()) && !contains(l, b"\"event\""))
            .cloned()
            .collect();
        let begin = frames.iter().position(|frame| contains(frame, whole))?;
        frames.drain(..begin);
        // Another whole book begins the same again.
        (frames.len() > 1).then(|| Recording {
            file: format!(
                "{} {market}",
                paths.first().map(|p| name(p)).unwrap_or_default()
            ),
            venue,
            frames,
            snapshot: None,
            included: 0,
        })
    };
    markets.iter().filter_map(of).collect()
}

/// All of a venue.
pub(crate) fn of(root: &Path, venue: Venue) -> Vec<Recording> {
    let samples = root.join("venue-samples");
    match venue {
        Venue::Hyperliquid => hyperliquid(root),
        Venue::BinanceSpot | Venue::BinanceUsdm => binance(root, venue),
        Venue::Coinbase => {
            let folder = samples.join("coinbase-exchange");
            let mut paths = files(&folder, "ws2021_snapshot");
            paths.extend(files(&folder, "ws2021_l2update"));
            let markets = ["SKL-BTC", "SKL-GBP", "YFI-BTC", "BAND-GBP", "CRV-EUR"];
            in_band(&paths, venue, &markets, b"\"snapshot\"")
        }
        Venue::Bybit => {
            let paths = files(&samples.join("bybit"), "ob500");
            in_band(&paths, venue, &["XRPUSDT"], b"\"snapshot\"")
                .into_iter()
                .chain(in_band(
                    &paths,
                    venue,
                    &["orderbook.500.XRPUSDT"],
                    b"\"snapshot\"",
                ))
                .take(1)
                .collect()
        }
        // The only one of the recorded books that is counted in base units.
        Venue::Okx => in_band(
            &files(&samples.join("okx"), "ws2022_books"),
            venue,
            &["BTC-USDT"],
            b"\"snapshot\"",
        ),
    }
}
