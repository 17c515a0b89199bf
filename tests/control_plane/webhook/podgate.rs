//! podgate as a process beside the cluster.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::podgate::admit::{self, Endpoint};
use ::podgate::facts::Facts;
use ::podgate::policy::set::PolicySet;
use ::podgate::policy::source::{self, Source};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use libtest_mimic::Failed;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsAcceptor;

/// A running server.
pub struct Podgate {
    pub url: String,
    pub ca: String,
    log: PathBuf,
    runtime: tokio::runtime::Runtime,
}

impl Podgate {
    pub fn start(log: &Path, policies: &Path) -> Result<Podgate, Failed> {
        let sources = [Source::parse("builtin:recommended"), Source::Path(policies.to_owned())];
        let collected = source::collect(&sources);
        if !collected.diagnostics.is_empty() {
            return Err(format!("{:#?}", collected.diagnostics).into());
        }
        let set = Arc::new(PolicySet::new(collected.policies.into_iter().map(Arc::new)));
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
        let key = PrivateKeyDer::from_pem_slice(signing_key.serialize_pem().as_bytes())?;
        let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Runtime::new()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("https://{}", listener.local_addr()?);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, set) = (acceptor.clone(), Arc::clone(&set));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(Arc::clone(&set), request));
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(Podgate { url, ca: cert.pem(), log: log.to_owned(), runtime })
    }

    pub fn log(&self) -> String {
        let _ = &self.runtime;
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

async fn answer(set: Arc<PolicySet>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let endpoint = if request.uri().path() == "/mutate" { Endpoint::Mutate } else { Endpoint::Validate };
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let answer = admit::answer(&set, endpoint, &body, &Facts::default());
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    Ok(response)
}
