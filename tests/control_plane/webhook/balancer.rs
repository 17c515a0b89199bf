//! One address before several podgates, as a Service is: each connection goes to one of them and stays there.
//!
//! Nobody tells it that a podgate goes. It asks each for `/readyz`, as the kubelet does, and until it has been told no
//! so often that it believes it, new connections go there. One that is refused is counted.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Between two questions, and how often the answer must be no: the Deployment has 5 seconds and 2.
const PERIOD: Duration = Duration::from_millis(100);
const FAILURES: u32 = 2;

/// Lives as long as the process: its threads end with it.
pub struct Balancer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    backends: Mutex<Vec<Backend>>,
    refused: AtomicUsize,
}

#[derive(Clone, Copy)]
struct Backend {
    address: SocketAddr,
    admin: SocketAddr,
    is_ready: bool,
    failures: u32,
}

impl Balancer {
    pub fn start() -> io::Result<Balancer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let balancer = Balancer { address: listener.local_addr()?, shared: Arc::default() };
        let shared = Arc::clone(&balancer.shared);
        thread::spawn(move || {
            for (number, caller) in listener.incoming().enumerate() {
                let ready: Vec<_> = shared.lock().iter().filter(|backend| backend.is_ready).copied().collect();
                // Without a backend, or one that refuses, the caller's connection is closed.
                if let (Ok(caller), Some(backend)) = (caller, ready.get(number % ready.len().max(1)))
                    && connect(&caller, backend.address).is_err()
                {
                    shared.refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let shared = Arc::clone(&balancer.shared);
        thread::spawn(move || {
            loop {
                shared.probe();
                thread::sleep(PERIOD);
            }
        });
        Ok(balancer)
    }

    /// Sends new connections there, as soon as it is ready.
    pub fn add(&self, address: SocketAddr, admin: SocketAddr) {
        self.shared.lock().push(Backend { address, admin, is_ready: false, failures: 0 });
    }

    /// Whether new connections go there.
    pub fn sends_to(&self, address: SocketAddr) -> bool {
        self.shared.lock().iter().any(|backend| backend.address == address && backend.is_ready)
    }

    /// Sends no new connection there any more; those that are open stay.
    pub fn remove(&self, address: SocketAddr) {
        self.shared.lock().retain(|backend| backend.address != address);
    }

    /// Connections that no podgate took.
    pub fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Backend>> {
        self.backends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probe(&self) {
        let asked: Vec<_> = self.lock().iter().map(|backend| backend.admin).collect();
        let answers: Vec<_> = asked.into_iter().map(|admin| (admin, is_ready(admin).unwrap_or(false))).collect();
        for backend in self.lock().iter_mut() {
            match answers.iter().find(|(admin, _)| *admin == backend.admin) {
                Some((_, true)) => (backend.is_ready, backend.failures) = (true, 0),
                Some((_, false)) => {
                    backend.failures += 1;
                    backend.is_ready &= backend.failures < FAILURES;
                }
                None => {}
            }
        }
    }
}

fn is_ready(admin: SocketAddr) -> io::Result<bool> {
    Ok(get(admin, "/readyz")?.starts_with("HTTP/1.1 200 "))
}

/// What the plain port answers, its head included.
pub fn get(admin: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(admin)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn connect(caller: &TcpStream, backend: SocketAddr) -> io::Result<()> {
    let backend = TcpStream::connect(backend)?;
    for (mut from, mut to) in [(caller.try_clone()?, backend.try_clone()?), (backend, caller.try_clone()?)] {
        to.set_nodelay(true)?;
        thread::spawn(move || {
            // Either side may go away at any time; the other one is told.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
