//! One address before several podgates, as a Service is: each connection goes to one of them and stays there.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Lives as long as the process: its threads end with it.
pub struct Balancer {
    pub address: SocketAddr,
    backends: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    pub fn start() -> io::Result<Balancer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let balancer = Balancer { address: listener.local_addr()?, backends: Arc::default() };
        let backends = Arc::clone(&balancer.backends);
        thread::spawn(move || {
            for (number, caller) in listener.incoming().enumerate() {
                let backend = {
                    let backends = backends.lock().unwrap_or_else(PoisonError::into_inner);
                    backends.get(number % backends.len().max(1)).copied()
                };
                // Without a backend, or one that refuses, the caller's connection is closed.
                if let (Ok(caller), Some(backend)) = (caller, backend) {
                    let _ = connect(&caller, backend);
                }
            }
        });
        Ok(balancer)
    }

    /// Sends new connections there from now on.
    pub fn add(&self, backend: SocketAddr) {
        self.backends.lock().unwrap_or_else(PoisonError::into_inner).push(backend);
    }

    /// Sends no new connection there any more; those that are open stay.
    pub fn remove(&self, backend: SocketAddr) {
        self.backends.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != backend);
    }
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
