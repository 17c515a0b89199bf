//! Why a request or a connection came to nothing: fixed sets, so that they can be labels.

/// Why an HTTP request got no review as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedBecause {
    /// 404.
    NotFound,
    /// 405.
    Method,
    /// 415, or 400 for an encoding of the body that is not served.
    ContentType,
    /// 413.
    TooLarge,
    /// 400: the body is not an AdmissionReview.
    NotAReview,
    /// 408: the body did not come in time.
    SlowBody,
    /// 503: too many requests or bytes in flight.
    Busy,
    /// 504: the time that the API server gave is over.
    Deadline,
    /// The connection ended before the body did.
    Aborted,
}

/// Why a connection was closed before its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectedBecause {
    /// There are too many.
    TooMany,
    /// The TLS handshake failed.
    Handshake,
    /// The TLS handshake did not end in time.
    SlowHandshake,
    /// The headers did not come in time.
    SlowHeaders,
    /// Accepting it failed, for want of descriptors for example.
    Accept,
}

impl RefusedBecause {
    /// Every reason.
    pub const ALL: [RefusedBecause; 9] = [
        RefusedBecause::NotFound,
        RefusedBecause::Method,
        RefusedBecause::ContentType,
        RefusedBecause::TooLarge,
        RefusedBecause::NotAReview,
        RefusedBecause::SlowBody,
        RefusedBecause::Busy,
        RefusedBecause::Deadline,
        RefusedBecause::Aborted,
    ];

    /// The label.
    pub const fn name(self) -> &'static str {
        match self {
            RefusedBecause::NotFound => "not-found",
            RefusedBecause::Method => "method",
            RefusedBecause::ContentType => "content-type",
            RefusedBecause::TooLarge => "too-large",
            RefusedBecause::NotAReview => "not-a-review",
            RefusedBecause::SlowBody => "slow-body",
            RefusedBecause::Busy => "busy",
            RefusedBecause::Deadline => "deadline",
            RefusedBecause::Aborted => "aborted",
        }
    }
}

impl RejectedBecause {
    /// Every reason.
    pub const ALL: [RejectedBecause; 5] = [
        RejectedBecause::TooMany,
        RejectedBecause::Handshake,
        RejectedBecause::SlowHandshake,
        RejectedBecause::SlowHeaders,
        RejectedBecause::Accept,
    ];

    /// The label.
    pub const fn name(self) -> &'static str {
        match self {
            RejectedBecause::TooMany => "too-many",
            RejectedBecause::Handshake => "handshake",
            RejectedBecause::SlowHandshake => "slow-handshake",
            RejectedBecause::SlowHeaders => "slow-headers",
            RejectedBecause::Accept => "accept",
        }
    }
}
