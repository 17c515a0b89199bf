//! What a caller may take: bytes, connections and time.
//!
//! The idle time stands above the 90 seconds for which an API server keeps a connection. Closing one that it is about to
//! use would fail a call, because it does not send a POST twice.

use std::time::Duration;

/// All limits of the serving port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one body.
    pub body: usize,
    /// Bytes of all bodies that are being read or judged.
    pub bytes_in_flight: usize,
    /// Calls that are being read or judged.
    pub calls_in_flight: usize,
    /// Open connections.
    pub connections: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the handshake to the first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its header.
    pub header: Duration,
    /// From the end of the header to the end of the body.
    pub body_time: Duration,
    /// For a caller to take a piece of an answer.
    pub write: Duration,
    /// Between two requests of one connection.
    pub idle: Duration,
    /// After about this time an answer ends its connection, so that callers spread over all replicas.
    pub age: Duration,
}

impl Limits {
    /// What is in force unless something else was asked for.
    ///
    /// The API server takes 3 MiB, and a review of an update holds the object twice. Its tree may take five times its
    /// bytes; with these bounds podgate stays below 64 MiB whatever it is sent.
    pub const DEFAULT: Limits = Limits {
        body: 7 << 20,
        bytes_in_flight: 12 << 20,
        calls_in_flight: 256,
        connections: 512,
        handshake: Duration::from_secs(5),
        first_byte: Duration::from_secs(10),
        header: Duration::from_secs(5),
        body_time: Duration::from_secs(5),
        write: Duration::from_secs(5),
        idle: Duration::from_secs(120),
        age: Duration::from_secs(300),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::drain::POOL;

    #[test]
    fn an_idle_connection_outlives_the_pool_of_the_api_server() {
        assert!(Limits::DEFAULT.idle > POOL);
    }
}
