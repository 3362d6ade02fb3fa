//! Tables as Parquet files: one row group, one page a column, plain encoding, no compression, no missing values. Every reader of the format
//! reads that, and it needs no library.
//!
//! Layout (format specification of Apache Parquet): `PAR1`, then for each column a page (header, values), then the metadata, its length in
//! four bytes, `PAR1`. Headers and metadata are Thrift structures in the compact protocol.

mod thrift;

use thrift::{Kind, Struct};

/// A column's values.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// Whole numbers.
    Int(Vec<i64>),
    /// Floats.
    Float(Vec<f64>),
    /// Texts.
    Text(Vec<String>),
}

/// A named column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its values; all columns of a table have equally many.
    pub(crate) values: Values,
}

const MAGIC: &[u8; 4] = b"PAR1";
/// Numbers of the format's enumerations.
const INT64: i32 = 2;
const DOUBLE: i32 = 5;
const BYTE_ARRAY: i32 = 6;
const REQUIRED: i32 = 0;
const UTF8: i32 = 0;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const UNCOMPRESSED: i32 = 0;
const DATA_PAGE: i32 = 0;

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Int(v) => v.len(),
            Self::Float(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    const fn kind(&self) -> i32 {
        match self {
            Self::Int(_) => INT64,
            Self::Float(_) => DOUBLE,
            Self::Text(_) => BYTE_ARRAY,
        }
    }

    /// Little endian; a text with its length before it.
    fn plain(&self) -> Vec<u8> {
        match self {
            Self::Int(all) => all.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Float(all) => all.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Text(all) => {
                let mut out = Vec::new();
                for text in all {
                    out.extend((text.len() as u32).to_le_bytes());
                    out.extend(text.as_bytes());
                }
                out
            }
        }
    }
}

/// The file's bytes. `None` where columns have different lengths or a page would not fit the format's four bytes.
pub(crate) fn file(columns: &[Column]) -> Option<Vec<u8>> {
    let rows = columns.first().map_or(0, |c| c.values.len());
    if columns.iter().any(|c| c.values.len() != rows) {
        return None;
    }
    let mut out = MAGIC.to_vec();
    let mut chunks = Vec::new();
    let mut total = 0;
    for column in columns {
        let page = column.values.plain();
        let size = i32::try_from(page.len()).ok()?;
        let begin = out.len();
        out.extend(page_header(i32::try_from(rows).ok()?, size));
        out.extend(page);
        let written = (out.len() - begin) as i64;
        total += written;
        chunks.push(chunk(column, rows as i64, begin as i64, written));
    }
    let metadata = metadata(columns, rows as i64, chunks, total);
    let length = u32::try_from(metadata.len()).ok()?;
    out.extend(metadata);
    out.extend(length.to_le_bytes());
    out.extend(MAGIC);
    Some(out)
}

fn page_header(rows: i32, size: i32) -> Vec<u8> {
    let mut data = Struct::new();
    data.int(1, rows);
    data.int(2, PLAIN);
    // Levels of repetition and definition: there are none, as every value is required.
    data.int(3, RLE);
    data.int(4, RLE);
    let mut header = Struct::new();
    header.int(1, DATA_PAGE);
    header.int(2, size);
    header.int(3, size);
    header.structure(5, data);
    header.bytes()
}

fn chunk(column: &Column, rows: i64, begin: i64, written: i64) -> Struct {
    let mut meta = Struct::new();
    meta.int(1, column.values.kind());
    meta.ints(2, &[PLAIN, RLE]);
    meta.texts(3, &[column.name]);
    meta.int(4, UNCOMPRESSED);
    meta.long(5, rows);
    meta.long(6, written);
    meta.long(7, written);
    meta.long(9, begin);
    let mut chunk = Struct::new();
    chunk.long(2, begin);
    chunk.structure(3, meta);
    chunk
}

fn metadata(columns: &[Column], rows: i64, chunks: Vec<Struct>, total: i64) -> Vec<u8> {
    let mut root = Struct::new();
    root.text(4, "schema");
    root.int(5, columns.len() as i32);
    let mut schema = vec![root];
    for column in columns {
        let mut leaf = Struct::new();
        leaf.int(1, column.values.kind());
        leaf.int(3, REQUIRED);
        leaf.text(4, column.name);
        if matches!(column.values, Values::Text(_)) {
            leaf.int(6, UTF8);
        }
        schema.push(leaf);
    }
    let mut group = Struct::new();
    group.list(1, Kind::Struct, chunks);
    group.long(2, total);
    group.long(3, rows);
    let mut file = Struct::new();
    file.int(1, 1);
    file.list(2, Kind::Struct, schema);
    file.long(3, rows);
    file.list(4, Kind::Struct, vec![group]);
    file.text(6, "HyperSentry");
    file.bytes()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may end there")]
mod tests {
    use super::*;

    fn table() -> Vec<Column> {
        vec![
            Column {
                name: "at_ms",
                values: Values::Int(vec![1, -2, i64::MAX]),
            },
            Column {
                name: "equity",
                values: Values::Float(vec![0.5, -1.25, 1e300]),
            },
            Column {
                name: "symbol",
                values: Values::Text(vec!["BTC".into(), String::new(), "币安人生".into()]),
            },
        ]
    }

    /// The layout, by the offsets that the file itself gives.
    #[test]
    fn pages_lie_where_the_metadata_says() {
        let bytes = file(&table()).unwrap();
        assert!(bytes.starts_with(MAGIC) && bytes.ends_with(MAGIC));
        let tail = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap()) as usize;
        let metadata = &bytes[tail - length..tail];
        for name in ["at_ms", "equity", "symbol", "HyperSentry"] {
            assert!(
                metadata.windows(name.len()).any(|w| w == name.as_bytes()),
                "{name}"
            );
        }
        // The first page: its header is a structure that ends with zeros, then three numbers of eight bytes.
        let numbers: Vec<u8> = [1i64, -2, i64::MAX]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert!(bytes.windows(24).any(|w| w == numbers));
    }

    /// These bytes were read back with another implementation of the format, value by value.
    #[test]
    fn the_bytes_are_those_that_other_readers_read() {
        let bytes = file(&table()).unwrap();
        let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(
            (bytes.len(), format!("{sum:016x}").as_str()),
            (310, "4cb6625a1066bdc5")
        );
    }

    #[test]
    fn columns_of_different_lengths_are_no_table() {
        let mut uneven = table();
        uneven[0].values = Values::Int(vec![1]);
        assert!(file(&uneven).is_none());
        assert!(file(&[]).is_some());
    }
}
