//! The webhook: two paths on a TLS port for the API server, and a plain port for who looks after podgate.
//!
//! An open connection is the API server's to close. podgate ends one with an answer that says so, never under a caller:
//! a review is a POST, and is not sent twice.

pub mod admin;
pub mod body;
pub mod call;
pub mod connection;
pub mod deadline;
pub mod drain;
pub mod evaluate;
pub mod framing;
pub mod guarded;
pub mod in_flight;
pub mod limits;
pub mod listener;
pub mod read_ahead;
pub mod registry;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::cluster::{Kubernetes, Namespaces};
use crate::metrics::Metrics;
use crate::server::drain::{Drain, Pace, Signals};
use crate::server::evaluate::Bench;
use crate::server::in_flight::InFlight;
use crate::server::limits::Limits;
use crate::server::registry::Registry;
use crate::server::tls::Certificates;
use crate::store::Store;

/// What a server is made of.
#[derive(Debug)]
pub struct Parts {
    /// The limits in force.
    pub limits: Limits,
    /// The policies.
    pub policies: Arc<Store>,
    /// The labels of namespaces; [`None`] without a cluster.
    pub namespaces: Option<Arc<Namespaces>>,
    /// The version of Kubernetes whose defaulting applies.
    pub kubernetes: Arc<Kubernetes>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The certificate.
    pub certificates: Arc<Certificates>,
}

/// What all connections have in common.
#[derive(Debug)]
pub struct State {
    limits: Limits,
    policies: Arc<Store>,
    namespaces: Option<Arc<Namespaces>>,
    kubernetes: Arc<Kubernetes>,
    metrics: Arc<Metrics>,
    certificates: Arc<Certificates>,
    bench: Bench,
    in_flight: Arc<InFlight>,
    connections: Arc<Registry>,
    drain: Drain,
}

/// A server that has its ports.
#[derive(Debug)]
pub struct Bound {
    serving: TcpListener,
    admin: TcpListener,
    state: Arc<State>,
}

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`: {error}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

impl State {
    fn new(parts: Parts) -> Self {
        let Parts { limits, policies, namespaces, kubernetes, metrics, certificates } = parts;
        State {
            in_flight: Arc::new(InFlight::new(&limits)),
            bench: Bench::new(
                available_parallelism().map_or(1, |count| u16::try_from(count.get()).unwrap_or(u16::MAX)),
            ),
            connections: Arc::default(),
            drain: Drain::default(),
            limits,
            policies,
            namespaces,
            kubernetes,
            metrics,
            certificates,
        }
    }
}

impl Bound {
    /// Takes the two ports; port 0 takes a free one.
    ///
    /// # Errors
    /// If one cannot be had.
    pub async fn bind(serving: SocketAddr, admin: SocketAddr, parts: Parts) -> Result<Self, BindError> {
        let bind = async |address| TcpListener::bind(address).await.map_err(|error| BindError { address, error });
        Ok(Bound { serving: bind(serving).await?, admin: bind(admin).await?, state: Arc::new(State::new(parts)) })
    }

    /// The addresses of the two ports: that of the webhook, and the plain one.
    ///
    /// # Errors
    /// If the operating system does not say.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.serving.local_addr()?, self.admin.local_addr()?))
    }

    /// Serves until a signal asks for the end, and everybody who calls has been served.
    pub async fn run(self, tls: ServerConfig, pace: Pace, mut signals: Signals) {
        let Bound { serving, admin, state } = self;
        tokio::spawn(admin::serve(admin, Arc::clone(&state)));
        let accepting = tokio::spawn(listener::accept(serving, TlsAcceptor::from(Arc::new(tls)), Arc::clone(&state)));
        let signal = signals.next().await;
        info!(signal, "going: not ready any more, and serving on for {:?}", pace.delay);
        tokio::select! {
            () = go(&state, pace, accepting) => info!("gone, with every call answered"),
            signal = signals.next() => warn!(signal, "gone at once"),
        }
    }
}

/// Ends all connections, as [`Pace`] says.
async fn go(state: &State, pace: Pace, accepting: tokio::task::JoinHandle<()>) {
    state.drain.begin();
    sleep(pace.delay).await;
    state.drain.close();
    let gone = async {
        // It ends by itself, and with it the port.
        let _ = accepting.await;
        state.connections.emptied().await;
    };
    if timeout(pace.most.saturating_sub(pace.delay), gone).await.is_ok() {
        return;
    }
    state.connections.end(false);
    if timeout(pace.grace, state.connections.emptied()).await.is_err() {
        state.connections.end(true);
    }
}
