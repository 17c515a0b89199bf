//! Takes connections, as many as there may be.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::metrics::RejectedBecause;
use crate::server::State;
use crate::server::connection::{self, Connection};

/// Pause after an error that the next attempt would meet too, as when there are no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until none are to be accepted any more.
pub async fn accept(listener: TcpListener, tls: TlsAcceptor, state: Arc<State>) {
    let mut is_failing = false;
    loop {
        // Whom the operating system let in before the end counts on an answer, so that comes last.
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            () = state.drain.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_peer(&error) => continue,
            Err(error) => {
                state.metrics.rejected(RejectedBecause::Accept);
                if !is_failing {
                    warn!(%error, "a connection cannot be accepted");
                }
                is_failing = true;
                // One that has asked nothing has a descriptor to give.
                if !state.connections.make_room() {
                    sleep(PAUSE).await;
                }
                tokio::task::yield_now().await;
                continue;
            }
        };
        is_failing = false;
        let connection = Arc::new(Connection::new(Arc::clone(&state)));
        let Some(place) = state.connections.add(&connection, state.limits.connections) else {
            debug!(%peer, "a connection is closed, there are too many");
            state.metrics.rejected(RejectedBecause::TooMany);
            continue;
        };
        let id = place.id();
        let counted = state.metrics.connection();
        let tls = tls.clone();
        let task = tokio::spawn(async move {
            let _place = (place, counted);
            connection::serve(connection, tls, stream, peer).await;
        });
        state.connections.served_by(id, task.abort_handle());
    }
}

/// Whether an error is about one connection, and not about accepting.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}
