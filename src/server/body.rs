//! The body of a call, within its bounds.

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};

use crate::server::in_flight::Share;

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is longer than it may be.
    TooLong,
    /// Too much is in flight.
    Busy,
    /// It ended early, or is malformed.
    Broken,
}

/// Reads a body of at most `most` bytes, and adds them to `share`.
///
/// # Errors
/// If it is not taken. What is left of it is not read.
pub async fn read(mut body: Incoming, most: usize, mut share: Share) -> Result<(Bytes, Share), Refused> {
    let said = body.size_hint().exact().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    match said {
        Some(said) if said > most => return Err(Refused::TooLong),
        Some(said) if !share.grow(said) => return Err(Refused::Busy),
        _ => {}
    }
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refused::Broken)?.into_data() else { continue };
        if whole.is_empty() && body.is_end_stream() {
            // The usual case: all of it came in one piece, and is not copied.
            return if data.len() > most { Err(Refused::TooLong) } else { Ok((data, share)) };
        }
        if whole.len() + data.len() > most {
            return Err(Refused::TooLong);
        }
        if whole.is_empty() {
            whole.reserve_exact(said.unwrap_or_default());
        }
        if said.is_none() && !share.grow(data.len()) {
            return Err(Refused::Busy);
        }
        whole.extend_from_slice(&data);
    }
    Ok((whole.into(), share))
}
