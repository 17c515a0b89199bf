//! One call of a webhook: whether it is one, its body, and the answer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::header::{RETRY_AFTER, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};
use tokio::time::Instant;

use crate::admit::Endpoint;
use crate::metrics::RefusedBecause;
use crate::server::body::{self, Refused};
use crate::server::connection::{Connection, Phase};
use crate::server::{deadline, evaluate};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A call that gets no review as its answer.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong, for a person.
    pub message: String,
    /// Under what it is counted; [`None`] if that was done.
    pub reason: Option<RefusedBecause>,
}

/// Counts a call whose caller goes away before it has an answer.
struct Unanswered<'c>(Option<&'c Connection>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.0 {
            connection.state().metrics.refused(RefusedBecause::Aborted);
        }
    }
}

/// Answers one request on `connection`.
pub async fn answer(
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    connection.enter(Phase::Busy);
    let mut unanswered = Unanswered(Some(&connection));
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = match review(&connection, request).await {
        Ok(body) => {
            connection.prove();
            let mut response = Response::new(Full::new(body));
            response.headers_mut().insert(CONTENT_TYPE, JSON);
            response
        }
        Err(refusal) => {
            if let Some(reason) = refusal.reason {
                connection.state().metrics.refused(reason);
            }
            connection.refuse();
            refusal.into_response()
        }
    };
    // Where a length is a matter of opinion, nothing should follow on the same connection.
    if is_chunked || connection.should_end() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    unanswered.0 = None;
    connection.enter(Phase::Answered);
    Ok(response)
}

async fn review(connection: &Connection, request: Request<Incoming>) -> Result<Bytes, Refusal> {
    let start = Instant::now();
    let state = connection.state();
    let endpoint = match request.uri().path() {
        "/mutate" => Endpoint::Mutate,
        "/validate" => Endpoint::Validate,
        _ => {
            return Err(refused(
                StatusCode::NOT_FOUND,
                RefusedBecause::NotFound,
                "only /mutate and /validate are here",
            ));
        }
    };
    check(connection, &request)?;
    let busy = || refused(StatusCode::SERVICE_UNAVAILABLE, RefusedBecause::Busy, "too much is in flight; ask again");
    let too_long = || {
        let message = format!("a body may have {} bytes", state.limits.body);
        Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, message, reason: Some(RefusedBecause::TooLarge) }
    };
    let said = request.body().size_hint().lower();
    if said > u64::try_from(state.limits.body).unwrap_or(u64::MAX) {
        return Err(too_long());
    }
    let share = state.in_flight.share().ok_or_else(busy)?;
    let deadline = start + deadline::of_query(request.uri().query());
    connection.expect_body(deadline.min(start + state.limits.body_time));
    let mut read = pin!(body::read(request.into_body(), state.limits.body, share));
    // The stream looks at the clock, and only while it waits for its peer.
    let read = poll_fn(|context| match read.as_mut().poll(context) {
        Poll::Pending if connection.is_slow() => Poll::Ready(None),
        polled => polled.map(Some),
    });
    let (body, share) = match read.await {
        Some(Ok(read)) => read,
        Some(Err(Refused::TooLong)) => return Err(too_long()),
        Some(Err(Refused::Busy)) => return Err(busy()),
        Some(Err(Refused::Broken)) => {
            return Err(refused(StatusCode::BAD_REQUEST, RefusedBecause::Aborted, "the body ends early"));
        }
        None => {
            return Err(refused(
                StatusCode::REQUEST_TIMEOUT,
                RefusedBecause::SlowBody,
                "the body did not come in time",
            ));
        }
    };
    connection.enter(Phase::Busy);
    let answer = evaluate::answer(state, endpoint, body, share, deadline).await;
    state.metrics.took(endpoint, start.elapsed());
    answer
}

/// Refuses what is not a call, before its body is read.
fn check(connection: &Connection, request: &Request<Incoming>) -> Result<(), Refusal> {
    let bad = |message| Err(refused(StatusCode::BAD_REQUEST, RefusedBecause::NotAReview, message));
    let unsupported = |message| Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, RefusedBecause::ContentType, message));
    let headers = request.headers();
    if request.method() != Method::POST {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, RefusedBecause::Method, "a review is sent by POST"));
    }
    if request.version() == Version::HTTP_11 && !headers.contains_key(HOST) && request.uri().host().is_none() {
        return bad("the header `Host` is missing");
    }
    let is_chunked = headers.contains_key(TRANSFER_ENCODING);
    if is_chunked && (headers.contains_key(CONTENT_LENGTH) || !connection.is_chunked_only()) {
        return bad("`Transfer-Encoding` and `Content-Length` are two lengths for one body");
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return unsupported("an encoded body is not read");
    }
    if !is_json(headers) {
        return unsupported("a review is `application/json`");
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (types.next(), types.next()) else { return false };
    let kind = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn refused(status: StatusCode, reason: RefusedBecause, message: &str) -> Refusal {
    Refusal { status, message: message.to_owned(), reason: Some(reason) }
}

impl Refusal {
    /// The answer, in the form of the API's own errors. It ends the connection: what follows on it may be the body.
    fn into_response(self) -> Response<Full<Bytes>> {
        let Refusal { status, message, reason: _ } = self;
        let body = serde_json::json!({
            "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": status.as_u16(), "message": message,
        });
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        match status {
            StatusCode::METHOD_NOT_ALLOWED => headers.insert(ALLOW, HeaderValue::from_static("POST")),
            StatusCode::SERVICE_UNAVAILABLE => headers.insert(RETRY_AFTER, HeaderValue::from_static("1")),
            _ => None,
        };
        response
    }
}
