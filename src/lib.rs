//! podgate decides about Pods: it answers a Kubernetes API server's AdmissionReviews, and gives the same answer for a
//! file.
#![doc = include_str!("map.md")]

pub mod admit;
pub mod api_defaults;
pub mod builtin;
pub mod cel;
pub mod cli;
pub mod cluster;
pub mod decision;
pub mod derive;
pub mod diagnostic;
pub mod document;
pub mod evaluate;
pub mod facts;
pub mod glob;
pub mod image;
pub mod log;
pub mod metrics;
pub mod patch;
pub mod policy;
pub mod provenance;
pub mod quantity;
pub mod review;
pub mod rollout;
pub mod schema;
pub mod selector;
pub mod server;
pub mod store;
pub mod workload;
