//! The open connections, so that one can make room for another and all can be ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::server::connection::{Connection, Phase};

/// The open connections, the oldest first.
#[derive(Debug, Default)]
pub struct Registry {
    open: Mutex<Open>,
    closed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    connection: Arc<Connection>,
    task: Option<AbortHandle>,
}

/// The place of one connection among them. It is given back on drop, also by a task that is aborted.
#[derive(Debug)]
pub struct Place {
    registry: Arc<Registry>,
    id: u64,
}

impl Registry {
    /// Adds a connection, of at most `most`; when there are more, the oldest that has not asked anything is ended for
    /// it. [`None`] if there is none to end.
    pub fn add(self: &Arc<Self>, connection: &Arc<Connection>, most: usize) -> Option<Place> {
        if self.lock().connections.len() >= most && !self.make_room() {
            return None;
        }
        let mut open = self.lock();
        open.next += 1;
        let id = open.next;
        open.connections.insert(id, Entry { connection: Arc::clone(connection), task: None });
        Some(Place { registry: Arc::clone(self), id })
    }

    /// Ends the oldest connection that has not asked anything. Says whether there was one.
    pub fn make_room(&self) -> bool {
        let mut open = self.lock();
        let is_asking = |entry: &Entry| matches!(entry.connection.phase(), Phase::Body | Phase::Busy);
        let unproven = |entry: &Entry| !entry.connection.is_proven() && !is_asking(entry);
        let Some(id) = open.connections.iter().find(|(_, entry)| unproven(entry)).map(|(id, _)| *id) else {
            return false;
        };
        if let Some(task) = open.connections.remove(&id).and_then(|entry| entry.task) {
            task.abort();
        }
        true
    }

    /// Says which task serves a connection.
    pub fn served_by(&self, id: u64, task: AbortHandle) {
        match self.lock().connections.get_mut(&id) {
            Some(entry) => entry.task = Some(task),
            // It ended already, or had to make room.
            None => task.abort(),
        }
    }

    /// Ends those that wait for a request, or all.
    pub fn end(&self, all: bool) {
        for entry in self.lock().connections.values() {
            let is_idle = matches!(entry.connection.phase(), Phase::Fresh | Phase::Idle);
            if let Some(task) = entry.task.as_ref().filter(|_| all || is_idle) {
                task.abort();
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().connections.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until there is none.
    pub async fn emptied(&self) {
        loop {
            let closed = self.closed.notified();
            if self.is_empty() {
                return;
            }
            closed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.lock().connections.remove(&self.id);
        self.registry.closed.notify_waiters();
    }
}
