//! podgate decides about Pods: it answers a Kubernetes API server's AdmissionReviews, and gives the same answer for a
//! file.
#![doc = include_str!("map.md")]

pub mod api_defaults;
pub mod diagnostic;
pub mod document;
pub mod image;
pub mod patch;
pub mod quantity;
pub mod review;
pub mod schema;
pub mod workload;
