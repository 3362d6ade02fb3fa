//! The disk as the writer sees it, behind a trait so that failures can be rehearsed.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// Everything a writer asks of a file system.
pub trait Disk: Debug + Send {
    /// Creates `dir` and its parents where they are missing.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes the exclusive lock `path`, creating the file if needed. It is held until the file is dropped.
    /// Fails with [`io::ErrorKind::WouldBlock`] when someone else holds it.
    fn lock(&self, path: &Path) -> io::Result<File>;

    /// Creates a file, or empties it if it exists.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens an existing file to write at its end.
    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Renames a file in one step, replacing what has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// A file open for writing, positioned at its end.
pub trait DiskFile: Debug + Send {
    /// Appends all of `bytes`, in one call to the operating system where it takes them all.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes `spare` zeros behind the position and stays where it is, so that what is written there next makes the file no longer.
    fn reserve(&mut self, spare: usize) -> io::Result<()>;

    /// Makes the content durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `len` bytes and goes on writing there.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// The file system of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeDisk;

impl Disk for NativeDisk {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(dir)?;
        match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => Ok(()),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(NativeFile(File::create(path)?)))
    }

    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(NativeFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // Elsewhere a directory cannot be opened as a file, and renames are journaled by the file system.
        if cfg!(unix) {
            File::open(dir)?.sync_all()?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct NativeFile(File);

impl DiskFile for NativeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn reserve(&mut self, spare: usize) -> io::Result<()> {
        self.0.write_all(&vec![0; spare])?;
        self.0.seek(SeekFrom::Current(-(spare as i64)))?;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        // Includes the length, without which the data could not be read back; leaves out modification times.
        self.0.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)?;
        self.0.seek(SeekFrom::Start(len))?;
        Ok(())
    }
}
