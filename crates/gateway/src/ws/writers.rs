//! The threads that write to all sockets.
//!
//! A task for each client costs a wake-up for each client and event, which is more than all else that the server does beside the system call. Here
//! an event wakes a thread once, and it goes through all clients for whom something waits. It never waits for a client: where a socket is full,
//! the client's own task takes over.

use super::link::Link;
use hypersentry_api::Encoded;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// More threads than this would have nothing to do.
const MOST: usize = 4;

/// Pieces that are taken from a client's queue, and written, at once: messages, or runs of them.
pub(crate) const BATCH: usize = 64;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can leave a half-made state behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Clients for whom something waits; at most all of them, each once.
#[derive(Debug, Default)]
struct Rung {
    links: Vec<Arc<Link>>,
    asleep: bool,
    ended: bool,
}

/// One thread's list.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    rung: Mutex<Rung>,
    wake: Condvar,
}

impl Desk {
    pub(crate) fn push(&self, link: Arc<Link>) {
        let mut rung = lock(&self.rung);
        rung.links.push(link);
        let wake = std::mem::take(&mut rung.asleep);
        drop(rung);
        if wake {
            self.wake.notify_one();
        }
    }

    fn write(&self) {
        let mut links = Vec::new();
        let mut scratch: Vec<Encoded> = Vec::with_capacity(BATCH);
        loop {
            {
                let mut rung = lock(&self.rung);
                while rung.links.is_empty() {
                    if rung.ended {
                        return;
                    }
                    rung.asleep = true;
                    rung = self.wake.wait(rung).unwrap_or_else(PoisonError::into_inner);
                }
                rung.asleep = false;
                std::mem::swap(&mut rung.links, &mut links);
            }
            for link in links.drain(..) {
                link.write(&mut scratch);
            }
        }
    }
}

/// The threads. They end with this value.
#[derive(Debug)]
pub(crate) struct Writers {
    desks: Vec<Arc<Desk>>,
    next: AtomicUsize,
}

impl Writers {
    /// Starts half as many as there are cores: the others read, decode and compute.
    ///
    /// # Errors
    /// The system starts no thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut desks = Vec::new();
        for n in 0..(cores / 2).clamp(1, MOST) {
            let desk = Arc::new(Desk::default());
            let of_thread = Arc::clone(&desk);
            std::thread::Builder::new()
                .name(format!("writer-{n}"))
                .spawn(move || of_thread.write())?;
            desks.push(desk);
        }
        Ok(Self {
            desks,
            next: AtomicUsize::new(0),
        })
    }

    /// The list of the thread that will write for a new client: each in turn.
    pub(crate) fn desk(&self) -> Option<Arc<Desk>> {
        let n = self.next.fetch_add(1, Ordering::Relaxed) % self.desks.len().max(1);
        self.desks.get(n).cloned()
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        for desk in &self.desks {
            lock(&desk.rung).ended = true;
            desk.wake.notify_all();
        }
    }
}
