//! The plain port: whether podgate lives, whether it is ready, and its metrics.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::warn;

use crate::metrics;
use crate::server::State;

/// Open connections.
const CONNECTIONS: usize = 64;

/// A connection on which nothing comes for so long is closed; nobody loses a call by it.
const IDLE: Duration = Duration::from_secs(30);

/// Bytes of the longest header.
const BUFFER: usize = 8 << 10;

/// After an error that the next attempt would meet too.
const PAUSE: Duration = Duration::from_millis(100);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Serves the port for ever.
pub async fn serve(listener: TcpListener, state: Arc<State>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "a connection to the admin port cannot be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let _place = place;
            connection(stream, state).await;
        });
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    let answer = service_fn(move |request| {
        let response = answer(&state, &request);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(BUFFER)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), answer);
    // Whoever went away knows it.
    let _ = connection.await;
}

fn answer(state: &State, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET is answered\n".into());
    }
    match request.uri().path() {
        "/livez" => response(StatusCode::OK, TEXT, "ok\n".into()),
        "/readyz" => {
            let is_verbose = request.uri().query().is_some_and(|query| query.split('&').any(is_verbose));
            let (is_ready, text) = readiness(state, is_verbose);
            let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            response(status, TEXT, text.into())
        }
        "/metrics" => {
            let (calls, bytes) = state.in_flight.now();
            state.metrics.in_flight(calls, bytes);
            let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
            response(StatusCode::OK, kind, state.metrics.scrape().into())
        }
        _ => response(StatusCode::NOT_FOUND, TEXT, "/livez, /readyz and /metrics are here\n".into()),
    }
}

fn is_verbose(pair: &str) -> bool {
    matches!(pair, "verbose" | "verbose=" | "verbose=true" | "verbose=1")
}

/// Whether podgate should be called, and why not.
fn readiness(state: &State, is_verbose: bool) -> (bool, String) {
    let certificate = state.certificates.current();
    let is_valid = Timestamp::now() < certificate.not_after;
    let is_serving = !state.drain.is_draining();
    let mut checks =
        vec![("serving", is_serving, "going"), ("certificate", is_valid, "expired"), ("policies", true, "")];
    if let Some(namespaces) = state.namespaces.as_ref().filter(|_| state.policies.current().needs_namespaces) {
        checks.push(("namespaces", namespaces.is_ready(), "the API server has not told their labels yet"));
    }
    let is_ready = checks.iter().all(|(_, is_good, _)| *is_good);
    let mut text = String::new();
    for (name, is_good, trouble) in &checks {
        // Writing into memory does not fail.
        let _ = match is_good {
            true if is_verbose => writeln!(text, "[+]{name} ok"),
            true => Ok(()),
            false => writeln!(text, "[-]{name} failed: {trouble}"),
        };
    }
    if is_verbose {
        let _ = writeln!(text, "certificate {} until {}", certificate.serial, certificate.not_after);
        let _ = writeln!(text, "kubernetes {}", state.kubernetes.basis());
        let _ = write!(text, "{}", state.policies.status());
        let (calls, bytes) = state.in_flight.now();
        let connections = state.connections.len();
        let _ = writeln!(text, "{connections} connections, {calls} calls and {bytes} bytes in flight");
    }
    if is_ready && !is_verbose {
        text.push_str("ok\n");
    }
    (is_ready, text)
}

fn response(status: StatusCode, kind: HeaderValue, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
