//! Model files, read at the start.

use crate::error::EngineError;
use hypersentry_alpha::probability::{ModelError, NamedModel, file};
use hypersentry_model::Mode;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Models that are used at most: the first forecasts, the others are on trial.
const MOST: usize = 32;

/// The file of a data directory that is read when no model is named.
const DEFAULT: &str = "model.json";

/// Reads model files for a market of this mode; without any, the data directory's own, if it has one.
///
/// # Errors
/// A file cannot be read, is damaged or foreign, or learned from a simulated market and this one is real.
pub fn models(
    named: &[PathBuf],
    data_dir: Option<&Path>,
    mode: Mode,
) -> Result<Vec<NamedModel>, EngineError> {
    let own = data_dir
        .map(|dir| dir.join(DEFAULT))
        .filter(|p| p.is_file());
    let paths = if named.is_empty() {
        own.as_slice()
    } else {
        named
    };
    if paths.len() > MOST {
        let detail = format!("{MOST} models are used at most");
        return Err(EngineError::ConfigInvalid(detail));
    }
    let mut models: Vec<NamedModel> = Vec::new();
    for path in paths {
        let model = read(path)?;
        file::admit(&model, mode).map_err(|e| refused(path, &e))?;
        if models.iter().all(|known| known.id != model.id) {
            models.push(model);
        }
    }
    Ok(models)
}

fn refused(path: &Path, error: &ModelError) -> EngineError {
    EngineError::Model {
        path: path.to_owned(),
        code: error.code(),
        detail: error.to_string(),
    }
}

fn read(path: &Path) -> Result<NamedModel, EngineError> {
    let unreadable = |e: std::io::Error| EngineError::Model {
        path: path.to_owned(),
        code: "model_unreadable",
        detail: e.to_string(),
    };
    // One byte more than is taken tells what is too large.
    let most = file::MOST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).map_err(unreadable)?;
    opened
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    file::read(&bytes).map_err(|e| refused(path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_model_there_is_none_and_a_bad_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(models(&[], Some(dir.path()), Mode::Live).unwrap(), []);
        let missing = [dir.path().join("none.json")];
        let error = models(&missing, None, Mode::Live).unwrap_err();
        assert_eq!(error.code(), "model_unreadable");
        std::fs::write(dir.path().join(DEFAULT), b"{}").unwrap();
        let error = models(&[], Some(dir.path()), Mode::Simulated).unwrap_err();
        assert_eq!(error.code(), "model_malformed");
        assert!(error.to_string().contains(DEFAULT), "{error}");
    }
}
