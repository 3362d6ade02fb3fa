//! A disk that fails when told to, and that knows what a power cut would leave.

use hypersentry_store::{Disk, DiskFile, NativeDisk};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Counts the changes made to the disk and lets some fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    changes: u64,
    plan: Option<Plan>,
    files: Vec<Tracked>,
    log: Vec<&'static str>,
}

/// Which change fails, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) at: u64,
    pub(crate) kind: io::ErrorKind,
    /// All that come after it fail too.
    pub(crate) for_good: bool,
    /// A write that fails has written half.
    pub(crate) half: bool,
}

#[derive(Debug)]
struct Tracked {
    path: PathBuf,
    /// Bytes that were written.
    len: u64,
    synced: u64,
    /// Bytes with those that are set aside.
    whole: u64,
    whole_synced: u64,
}

impl FaultyDisk {
    pub(crate) fn new(plan: Plan) -> Self {
        let disk = Self::default();
        disk.0.lock().unwrap().plan = Some(plan);
        disk
    }

    pub(crate) fn boxed(&self) -> Box<dyn Disk> {
        Box::new(self.clone())
    }

    /// What was done, one word for each change.
    pub(crate) fn log(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().log.clone()
    }

    /// From now on the given change fails, counted from now.
    pub(crate) fn arm(&self, plan: Plan) {
        let mut state = self.0.lock().unwrap();
        let at = plan.at + state.changes;
        state.plan = Some(Plan { at, ..plan });
    }

    /// Leaves `kept` of ten parts of what was written but not synced: a beginning, as of a file that grows.
    pub(crate) fn cut_power(&self, kept: u64) {
        for file in &self.0.lock().unwrap().files {
            if let Ok(native) = File::options().write(true).open(&file.path) {
                let unsynced = file.len.saturating_sub(file.synced);
                let left = file.synced + unsynced * kept / 10;
                native.set_len(left).unwrap();
                // What was set aside is there, with zeros.
                native.set_len(left.max(file.whole_synced)).unwrap();
            }
        }
    }

    /// How many pages of so many bytes, from the first that has something of it, hold what was written but not synced.
    pub(crate) fn pages_at_risk(&self, page: u64) -> u64 {
        let state = self.0.lock().unwrap();
        let at_risk = |file: &Tracked| file.len.div_ceil(page) - file.synced / page;
        let written = state.files.iter().filter(|file| file.len > file.synced);
        written.map(at_risk).sum()
    }

    /// Leaves those of the pages at risk that `kept` says by their number, in any order, as a disk does that orders nothing before a sync: what is lost
    /// reads as what was there before, which is zeros. A file that grew is as long as before if `short`, or up to the last page that is left.
    pub(crate) fn lose_pages(&self, page: u64, short: bool, kept: impl Fn(u64) -> bool) {
        let mut number = 0;
        for file in &self.0.lock().unwrap().files {
            let Ok(mut bytes) = fs::read(&file.path) else {
                continue;
            };
            if file.len == file.synced {
                continue;
            }
            let mut end = file.synced.max(file.whole_synced);
            for at in file.synced / page..file.len.div_ceil(page) {
                let (from, to) = (
                    (at * page).max(file.synced),
                    ((at + 1) * page).min(file.len),
                );
                if kept(number) {
                    end = end.max(to);
                } else {
                    bytes[from as usize..to as usize].fill(0);
                }
                number += 1;
            }
            if !short {
                end = end.max(file.whole);
            }
            bytes.truncate(end as usize);
            fs::write(&file.path, bytes).unwrap();
        }
    }

    fn change(&self, what: &'static str) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let number = state.changes;
        state.changes += 1;
        state.log.push(what);
        match state.plan {
            Some(plan) if number == plan.at || plan.for_good && number > plan.at => {
                Err(plan.kind.into())
            }
            _ => Ok(()),
        }
    }

    fn track(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let len = fs::metadata(path).unwrap().len();
        let mut state = self.0.lock().unwrap();
        state.files.retain(|file| file.path != path);
        state.files.push(Tracked {
            path: path.to_owned(),
            len,
            synced: len,
            whole: len,
            whole_synced: len,
        });
        Box::new(FaultyFile {
            disk: self.clone(),
            path: path.to_owned(),
            file,
        })
    }
}

impl Disk for FaultyDisk {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.change("make_dir")?;
        NativeDisk.make_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<File> {
        self.change("lock")?;
        NativeDisk.lock(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.change("create")?;
        Ok(self.track(path, NativeDisk.create(path)?))
    }

    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.change("extend")?;
        Ok(self.track(path, NativeDisk.extend(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change("rename")?;
        NativeDisk.rename(from, to)?;
        let mut state = self.0.lock().unwrap();
        state.files.retain(|file| file.path != to);
        for file in &mut state.files {
            if file.path == from {
                file.path = to.to_owned();
            }
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change("remove")?;
        NativeDisk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.change("sync_dir")?;
        NativeDisk.sync_dir(dir)
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl FaultyFile {
    /// Of so many bytes those that are written.
    fn taken(&self, outcome: &io::Result<()>, bytes: usize) -> usize {
        let state = self.disk.0.lock().unwrap();
        match outcome {
            Ok(()) => bytes,
            Err(_) if state.plan.is_some_and(|plan| plan.half) => bytes / 2,
            Err(_) => 0,
        }
    }

    fn update(&self, change: impl FnOnce(&mut Tracked)) {
        let mut state = self.disk.0.lock().unwrap();
        // A draft is renamed while it is open.
        let named = self.path.to_string_lossy();
        let renamed = Path::new(named.trim_end_matches("-draft"));
        let found = state
            .files
            .iter_mut()
            .find(|file| file.path == self.path || file.path == renamed);
        if let Some(file) = found {
            change(file);
        }
    }
}

impl DiskFile for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let outcome = self.disk.change("write");
        let taken = self.taken(&outcome, bytes.len());
        self.file.write(&bytes[..taken])?;
        self.update(|file| {
            file.len += taken as u64;
            file.whole = file.whole.max(file.len);
        });
        outcome
    }

    fn reserve(&mut self, spare: usize) -> io::Result<()> {
        let outcome = self.disk.change("reserve");
        let taken = self.taken(&outcome, spare);
        self.file.reserve(taken)?;
        self.update(|file| file.whole = file.whole.max(file.len + taken as u64));
        outcome
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.change("sync")?;
        self.file.sync()?;
        self.update(|file| {
            file.synced = file.len;
            file.whole_synced = file.whole;
        });
        Ok(())
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.disk.change("cut")?;
        self.file.cut(len)?;
        self.update(|file| {
            file.len = len;
            file.synced = file.synced.min(len);
            file.whole = len;
            file.whole_synced = file.whole_synced.min(len);
        });
        Ok(())
    }
}
