//! Accounts as files, so that they outlive the process.

use hypersentry_sim::exchange::{Address, Exchange};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Error, Write};
use std::path::{Path, PathBuf};

/// An account as it is saved.
pub(crate) type Text = (Address, String);

fn file(dir: &Path, user: Address) -> PathBuf {
    dir.join(format!("{user}.json"))
}

/// Reads what is saved in a directory, which is made if it is not there.
///
/// # Errors
/// The directory or a file cannot be read; the text names it.
pub(crate) fn read(dir: &Path) -> Result<BTreeMap<Address, Exchange>, Error> {
    fs::create_dir_all(dir)?;
    let mut read = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let json = path.extension().is_some_and(|ending| ending == "json");
        let Some(user) = name.filter(|_| json).and_then(Address::parse) else {
            continue;
        };
        let wrong = |what: String| {
            let path = path.display();
            Error::other(format!(
                "{path}: {what}; move the file away to begin that paper account anew"
            ))
        };
        let text = fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
        let exchange: Exchange = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if exchange.account(user).is_none() {
            return Err(wrong("it is another account's".to_owned()));
        }
        read.insert(user, exchange);
    }
    Ok(read)
}

/// Writes accounts, each in the place of its file before or not at all, so that they outlive a power cut.
///
/// # Errors
/// The disk's.
pub(crate) fn write(dir: &Path, accounts: &[Text]) -> Result<(), Error> {
    for (user, text) in accounts {
        let new = dir.join(format!("{user}.new"));
        let mut to = File::create(&new)?;
        to.write_all(text.as_bytes())?;
        to.sync_all()?;
        fs::rename(&new, file(dir, *user))?;
    }
    // Elsewhere a directory cannot be opened as a file, and renames are journaled by the file system.
    if cfg!(unix) && !accounts.is_empty() {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_sim::exchange::{MarketSpec, Rules, USD};

    #[test]
    fn what_is_written_is_read_and_what_is_broken_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("accounts");
        assert!(read(&place).unwrap().is_empty());
        let user = Address([9; 20]);
        let specs = vec![MarketSpec::new("BTC", 5, 40)];
        let mut exchange = Exchange::new(specs, Rules::default(), 5);
        exchange.pay_in(user, 7 * USD).unwrap();
        let text = serde_json::to_string(&exchange).unwrap();
        write(&place, &[(user, text.clone())]).unwrap();
        let again = read(&place).unwrap();
        assert_eq!(again[&user].account(user).unwrap().cash, 7 * USD);
        fs::write(file(&place, Address([8; 20])), &text).unwrap();
        let told = read(&place).unwrap_err().to_string();
        assert!(told.contains("another account's"), "{told}");
        fs::write(file(&place, Address([8; 20])), &text[..40]).unwrap();
        assert!(read(&place).is_err());
    }
}
