//! The AdmissionReview wire format (`admission.k8s.io/v1`), both directions.
//!
//! The uid comes first: whatever else is wrong with a review, an answer that carries its uid is one that the API server
//! accepts, so a request that cannot be judged can still be denied instead of failing open.

pub mod request;
pub mod response;

pub use request::{Operation, Refusal, Request};
pub use response::{Cause, Response, Status, printable};
